"""Runs the pipeline to its end on an engine and brings back its counters."""

from __future__ import annotations

from collections import Counter
from typing import Any

import apache_beam as beam
from apache_beam.metrics.metric import MetricsFilter
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from connectors.delivery import NAMESPACE
from pipelines.config import Config, Runner
from pipelines.news_enrichment import build

_BEAM_NAMES = {
    "prism": "PrismRunner",
    "portable": "PortableRunner",
    "flink": "FlinkRunner",
    "dataflow": "DataflowRunner",
}


def run(config: Config) -> Counter[str]:
    """Run a bounded pipeline and return its counters.

    Raises:
        Exception: whatever made the pipeline fail, as the runner reports it.
    """
    pipeline = _pipeline(config.runner)
    build(pipeline, config)
    result = pipeline.run()
    result.wait_until_finish()
    counters = result.metrics().query(MetricsFilter().with_namespace(NAMESPACE))["counters"]
    counts: Counter[str] = Counter()
    for counter in counters:
        counts[counter.key.metric.name] += counter.result
    return counts


def _pipeline(runner: Runner) -> beam.Pipeline:
    options: dict[str, Any] = {"pipeline_type_check": False, **runner.options}
    if runner.kind == "direct":
        # Not "DirectRunner": that one may switch to Prism, a binary that it downloads.
        return beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions.from_dictionary(options))
    options["runner"] = _BEAM_NAMES[runner.kind]
    return beam.Pipeline(options=PipelineOptions.from_dictionary(options))
