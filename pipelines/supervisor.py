"""Runs a live pipeline in several processes on disjoint partitions, and starts again what fails."""

from __future__ import annotations

import dataclasses
import logging
import multiprocessing
import pickle
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import TYPE_CHECKING, Any, NamedTuple

from prometheus_client import multiprocess

from connectors import drain, metrics
from pipelines import logs, refusals
from pipelines.refusals import Refusals
from pipelines.workers import WorkerFailed

if TYPE_CHECKING:
    from pipelines.config import Config  # imports Beam, which warns of this and that before logging is set up

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.2
_SOUND_SECONDS = 45.0
"""A worker that fails sooner has a wrong configuration; one that fails later, or is killed, has met bad luck.
Its start counts, too: some seconds, and half a minute on a machine that has other work."""
_LONGEST_PAUSE_SECONDS = 30.0
_DRAIN_SECONDS = 150.0
"""How long workers may take to finish their bundles: more than a Kafka delivery may (120 s)."""


@dataclass
class _Worker:
    number: int
    process: SpawnProcess | None = None
    connection: Connection | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    failures: int = 0
    was_sound: bool = False
    is_over: bool = False
    refusals: Refusals = Refusals()  # noqa: RUF009 - a tuple
    said: list[str] = field(default_factory=list)


class _Ended(NamedTuple):
    """What a worker says at its end."""

    counts: Counter[str]
    refusals: Refusals


def supervise(config: Config, workers: int) -> tuple[Counter[str], Refusals]:
    """Run workers until all are done or drained, and return the sum of their counters, and what they refused.

    When one stops because its input has gone bad, the others are drained.

    A worker that fails is started again, after a pause that doubles up to 30 s, from the group's
    committed offsets. What a failed worker had counted is lost with it.

    Raises:
        WorkerFailed: a worker failed (and was not killed) at its first start, or failed while draining;
            the others are drained.
    """
    counts: Counter[str] = Counter()
    crew = [_Worker(number) for number in range(workers)]
    for worker in crew:
        metrics.RESTARTS.labels(str(worker.number))  # at 0, to show its first rise
    asked_at: float | None = None
    try:
        while not all(worker.is_over for worker in crew):
            if drain.is_requested() and asked_at is None:
                asked_at = time.monotonic()
                _ask_to_drain(crew)
            if asked_at is not None and time.monotonic() - asked_at > _DRAIN_SECONDS:
                raise WorkerFailed(f"the workers did not drain within {_DRAIN_SECONDS:.0f} s")
            for worker in crew:
                _look_after(worker, config, workers, counts, is_draining=asked_at is not None)
            time.sleep(_LOOK_SECONDS)
    finally:
        for worker in crew:
            if worker.process is not None:
                worker.process.kill()
                worker.process.join()
    if failed := [worker for worker in crew if worker.said]:
        raise WorkerFailed("; ".join(f"worker {worker.number}: {worker.said[-1]}" for worker in failed))
    return counts, refusals.together(worker.refusals for worker in crew)


def _look_after(
    worker: _Worker, config: Config, workers: int, counts: Counter[str], *, is_draining: bool
) -> None:
    if worker.is_over:
        return
    if worker.process is None or worker.connection is None:
        if is_draining:
            worker.is_over = True
        elif time.monotonic() >= worker.start_at:
            _start(worker, config, workers)
        return
    ran = time.monotonic() - worker.started_at
    worker.was_sound = worker.was_sound or ran > _SOUND_SECONDS
    if ran > _LONGEST_PAUSE_SECONDS:
        worker.failures = 0
    if not worker.connection.poll() and worker.process.is_alive():
        return
    try:
        answer: Any = worker.connection.recv()
        was_killed = False
    except EOFError:
        answer, was_killed = "died without a word (killed? out of memory?)", True
    worker.process.join()
    multiprocess.mark_process_dead(worker.process.pid)  # type: ignore[no-untyped-call]
    worker.process = None
    if isinstance(answer, _Ended):
        counts.update(answer.counts)
        worker.refusals, worker.is_over = answer.refusals, True
        if answer.refusals.stopped:
            drain.request()
    elif is_draining or not (worker.was_sound or was_killed):
        worker.said.append(answer)
        worker.is_over = True
        drain.request()
    else:
        worker.failures += 1
        metrics.RESTARTS.labels(str(worker.number)).inc()
        pause = min(_LONGEST_PAUSE_SECONDS, 2.0 ** (worker.failures - 1))
        log.error("worker %d: %s; starting it again in %.0f s", worker.number, answer, pause)
        worker.start_at = time.monotonic() + pause


def _start(worker: _Worker, config: Config, workers: int) -> None:
    # Spawned, not forked: Beam and kafka-python have threads that a fork would lose.
    context = multiprocessing.get_context("spawn")
    worker.connection, theirs = context.Pipe(duplex=False)
    share = pickle.dumps(_share(config, worker.number, workers, is_again=worker.failures > 0))
    worker.process = context.Process(target=_work, args=(share, theirs), daemon=True)
    with drain.signals_held():
        worker.process.start()
    theirs.close()
    worker.started_at = time.monotonic()


def _share(config: Config, number: int, workers: int, *, is_again: bool) -> Config:
    from connectors.sources.kafka import Share

    options = config.source.options
    fields = {item.name: getattr(options, item.name) for item in dataclasses.fields(options)}
    if is_again:
        fields["start"] = "committed"
    share = Share(**(fields | {"worker": number, "workers": workers}))
    return dataclasses.replace(config, source=dataclasses.replace(config.source, options=share))


def _ask_to_drain(crew: list[_Worker]) -> None:
    for worker in crew:
        if worker.process is not None:
            worker.process.terminate()  # a worker drains on SIGTERM


def _work(config: bytes, connection: Connection) -> None:
    drain.in_worker()
    logs.configure()
    threading.Thread(target=_drain_when_orphaned, daemon=True).start()
    try:
        from pipelines.running import run

        # Pickled apart: it imports Beam.
        connection.send(_Ended(run(pickle.loads(config)), refusals.taken()))
    except Exception as error:
        connection.send(f"{type(error).__name__}: {error}")


def _drain_when_orphaned() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        drain.request()
