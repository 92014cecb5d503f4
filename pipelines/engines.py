"""What an engine is told beside what the configuration says, and what would lose records on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from pipelines.config import Runner, Sink

BEAM_NAMES = {
    "prism": "PrismRunner",
    "portable": "PortableRunner",
    "flink": "FlinkRunner",
    "dataflow": "DataflowRunner",
}

_FLINK: dict[str, Any] = {
    # A job that failed, was cancelled or lost its JobManager goes on from its last checkpoint.
    "externalized_checkpoints_enabled": True,
    "retain_externalized_checkpoints_on_cancellation": True,
    # Else what a bundle puts out while a checkpoint is made waits for the next bundle of its stage; behind
    # the stage that lists the partitions, whose only input is one element, there never is one.
    "finish_bundle_before_checkpointing": True,
    # A partition's next slice comes by a timer, and timers do not count towards a bundle's size: without a
    # quick clock (ms; Beam's is 1,000) a bundle waits for it with all its partitions read.
    "max_bundle_size": 1,
    "max_bundle_time_mills": 100,
}


class Unsafe(Exception):
    """These settings would lose records."""


def options(runner: Runner, *, is_live: bool) -> dict[str, Any]:
    """All of Beam's options for a run, by name; the configuration's own come first.

    Args:
        runner: the engine. A job elsewhere without a `job_name` gets one of its own, to be found by.
        is_live: whether the source has no end.
    """
    found: dict[str, Any] = {"pipeline_type_check": False}
    if runner.kind in BEAM_NAMES:
        found["runner"] = BEAM_NAMES[runner.kind]
    if runner.kind not in ("direct", "prism"):
        found["job_name"] = f"newsbeam-{uuid4().hex[:8]}"
    if runner.kind == "flink":
        found |= _FLINK
        if runner.options.get("environment_config"):
            found["environment_type"] = "EXTERNAL"
    if is_live and runner.kind != "direct":
        found["streaming"] = True
    return found | dict(runner.options)


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
            "and a failure begins again at the committed offsets of long ago; 5000 is a good start "
            "(Beam takes it from the job, whatever the cluster's own configuration says)"
        )
