"""Runs the pipeline on an engine and brings back its counters."""

from __future__ import annotations

from collections import Counter
from typing import Any

import apache_beam as beam
from apache_beam.metrics.metric import MetricsFilter
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from connectors import runner as fn_api_runner
from connectors.delivery import NAMESPACE
from pipelines import engines
from pipelines.config import Config
from pipelines.news_enrichment import build


def run(config: Config) -> Counter[str]:
    """Run a pipeline until it ends or is drained, and return its counters.

    Raises:
        engines.Unsafe: the engine's settings would lose records of a live source.
        Exception: whatever made the pipeline fail, as the runner reports it.
    """
    return wait(submit(config, engines.options(config.runner, is_live=config.source.kind == "kafka")))


def submit(config: Config, options: dict[str, Any]) -> Any:
    """Start the pipeline with Beam's options (see `engines.options`), and return Beam's result.

    On the local runner it has ended when this returns.

    Raises:
        engines.Unsafe: the engine's settings would lose records of a live source.
    """
    if config.source.kind == "kafka":
        engines.refuse_unsafe(config.runner, () if config.source.options.until_end else config.sinks)
    pipeline = _pipeline(config.runner.kind, options)
    build(pipeline, config)
    return pipeline.run()


def wait(result: Any) -> Counter[str]:
    """Wait for a pipeline's end, and return its counters.

    Raises:
        Exception: whatever made the pipeline fail, as the runner reports it.
    """
    result.wait_until_finish()
    counters = result.metrics().query(MetricsFilter().with_namespace(NAMESPACE))["counters"]
    counts: Counter[str] = Counter()
    for counter in counters:
        counts[counter.key.metric.name] += counter.result or 0  # Prism: None where it is 0
    return counts


def _pipeline(kind: str, options: dict[str, Any]) -> beam.Pipeline:
    if kind == "direct":
        fn_api_runner.install()
        # Not "DirectRunner": that one may switch to Prism, a binary that it downloads.
        return beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions.from_dictionary(options))
    return beam.Pipeline(options=PipelineOptions.from_dictionary(options))
