"""Runs the pipeline to its end on an engine and brings back its counters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import apache_beam as beam
from apache_beam.metrics.metric import MetricsFilter
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from connectors import runner as fn_api_runner
from connectors.delivery import NAMESPACE
from pipelines.config import Config, Runner, Sink
from pipelines.news_enrichment import build

_BEAM_NAMES = {
    "prism": "PrismRunner",
    "portable": "PortableRunner",
    "flink": "FlinkRunner",
    "dataflow": "DataflowRunner",
}


class Unsafe(Exception):
    """These settings would lose records."""


def run(config: Config) -> Counter[str]:
    """Run a pipeline until it ends or is drained, and return its counters.

    Raises:
        Unsafe: the engine's settings would lose records of a live source.
        Exception: whatever made the pipeline fail, as the runner reports it.
    """
    if config.source.kind == "kafka":
        refuse_unsafe(config.runner, () if config.source.options.until_end else config.sinks)
    pipeline = _pipeline(config.runner)
    build(pipeline, config)
    result = pipeline.run()
    result.wait_until_finish()
    counters = result.metrics().query(MetricsFilter().with_namespace(NAMESPACE))["counters"]
    counts: Counter[str] = Counter()
    for counter in counters:
        counts[counter.key.metric.name] += counter.result
    return counts


def refuse_unsafe(runner: Runner, sinks: Sequence[Sink] = ()) -> None:
    """Refuse engine settings with which a live source loses records.

    Raises:
        Unsafe: on the local runner more than one `direct_num_workers`, or a sink that would never write;
            on Flink no checkpoints.
    """
    if runner.kind == "direct" and any(sink.kind == "bigquery" for sink in sinks):
        raise Unsafe(
            "the bigquery sink loads behind a GroupByKey, which the local runner holds back until the source "
            "ends: run it on Dataflow, or with --until-end"
        )
    if runner.kind == "direct" and runner.options.get("direct_num_workers", 1) != 1:
        raise Unsafe(
            "direct_num_workers > 1 silently drops what a live source hands on to its next bundle; "
            "use --workers, which starts processes on disjoint partitions"
        )
    if runner.kind in ("flink", "portable") and not runner.options.get("checkpointing_interval"):
        raise Unsafe(
            "without checkpointing_interval (ms) in [runner.options] Flink never confirms what was read, "
            "and a failure begins again at the committed offsets of long ago"
        )


def _pipeline(runner: Runner) -> beam.Pipeline:
    options: dict[str, Any] = {"pipeline_type_check": False, **runner.options}
    if runner.kind == "direct":
        fn_api_runner.install()
        # Not "DirectRunner": that one may switch to Prism, a binary that it downloads.
        return beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions.from_dictionary(options))
    options["runner"] = _BEAM_NAMES[runner.kind]
    return beam.Pipeline(options=PipelineOptions.from_dictionary(options))
