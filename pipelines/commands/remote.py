"""The part of `newsbeam run` that hands the pipeline to an engine elsewhere, and waits for it or not."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pipelines.commands.console import stderr, stdout
from pipelines.flink import ENDED, Flink, FlinkError

if TYPE_CHECKING:
    from pipelines.config import Config

REMOTE = ("portable", "flink", "dataflow")
"""These run on when the command that submitted the job has ended."""
START_SECONDS = 300
"""How long a job may take until all its tasks run: an upload of 118 MB and the start of the workers."""
_CANCEL_SECONDS = 30


class _Left(BaseException):
    """SIGINT or SIGTERM: whoever waits goes, the job stays."""


def run_there(settings: Config, *, detach: bool) -> Counter[str] | None:
    """Submit the pipeline and print the job's name on standard output.

    Args:
        settings: the run.
        detach: return once the job runs; else wait for its end.

    Returns:
        The counters of a job that ended; None where it runs on.

    Raises:
        Exception: whatever made it fail.
    """
    from pipelines import engines, running

    options = engines.options(settings.runner, is_live=settings.source.kind == "kafka")
    address = options.get("flink_master") if settings.runner.kind in ("flink", "portable") else None
    cluster = Flink(str(address)) if address else None
    earlier = [job.id for job in cluster.jobs()] if cluster else []
    result = running.submit(settings, options)
    named = str(options["job_name"])
    if cluster:
        try:
            named = cluster.wait_until_running(named, START_SECONDS, earlier).id
        except FlinkError as error:
            _cancel(cluster, named, earlier)
            raise FlinkError(explained(str(error))) from None
    stdout.print(f"job {named}", markup=False, highlight=False)
    stop = f"newsbeam stop {named} --flink {address}" if address else "the engine's own tools"
    if detach:
        stderr.print(f"it runs on; stop it with: {stop}", markup=False, highlight=False)
        return None
    stderr.print(f"Ctrl-C leaves it running; stop it with: {stop}", markup=False, highlight=False)
    try:
        _leave_on_signals()
        return running.wait(result)
    except _Left:
        stderr.print(f"the job runs on; stop it with: {stop}", markup=False, highlight=False)
        return None


def _cancel(cluster: Flink, name: str, earlier: Collection[str]) -> None:
    """Cancel a job that does not come up: with free slots it would, beside the one of the next try."""
    with suppress(FlinkError):
        for job in cluster.jobs():
            if job.name == name and job.id not in earlier and job.state not in ENDED:
                cluster.cancel(job.id, _CANCEL_SECONDS)


def _leave_on_signals() -> None:
    def leave(number: int, frame: Any) -> None:
        raise _Left

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)


def explained(message: str) -> str:
    """A failure of Flink's in the words of this command, where it has some."""
    if "allowNonRestoredState" in message or "Cannot map checkpoint/savepoint state" in message:
        return (
            "the savepoint holds state of a station that this pipeline does not have: its graph is another. "
            "Go on from it with the newsbeam that wrote it, or drop what does not fit with "
            "--allow-non-restored-state: the source then begins at the group's committed offsets, and what "
            f"the last bundles held is delivered again\n{message}"
        )
    return message
