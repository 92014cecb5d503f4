"""Runs a replay in one process or in several, each on its own part of the input."""

from __future__ import annotations

import dataclasses
import multiprocessing
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from multiprocessing.sharedctypes import SynchronizedArray
from typing import NamedTuple

from connectors import drain
from connectors.progress import progress
from pipelines import logs
from pipelines.config import Config

_REPORT_SECONDS = 0.2
_FIGURES = 2  # bytes read, records done


class Done(NamedTuple):
    """What a replay did, and its wall time from the first record on (start-up aside)."""

    counts: Counter[str]
    seconds: float


class _Part(NamedTuple):
    counts: Counter[str]
    begun: float | None
    ended: float


class WorkerFailed(Exception):
    """A worker process died or its pipeline failed; the message is what it said."""


class SharedProgress:
    """How far all workers have come, readable from the parent."""

    def __init__(self, workers: int) -> None:
        # Spawned, not forked: Beam and gRPC have threads that a fork would lose.
        self.context = multiprocessing.get_context("spawn")
        self.figures: SynchronizedArray[int] = self.context.Array("q", _FIGURES * workers)

    @property
    def bytes_read(self) -> int:
        """Bytes of input behind the workers; each reads a shared file whole, so this is their mean."""
        read = self.figures[0::_FIGURES]
        return sum(read) // len(read)

    @property
    def records_done(self) -> int:
        """Records that have passed the pipeline."""
        return sum(self.figures[1::_FIGURES])


def run_workers(config: Config, workers: int, shared: SharedProgress) -> Done:
    """Run a bounded pipeline whose source is `files`.

    Raises:
        WorkerFailed: a worker's pipeline failed; the others are stopped.
    """
    if workers == 1:
        parts = [_run_part(config, 0, shared.figures)]
    else:
        with _processes(config, workers, shared) as (processes, connections):
            parts = [_answer(connection, processes) for connection in connections]
    counts: Counter[str] = Counter()
    for part in parts:
        counts.update(part.counts)
    begun = [part.begun for part in parts if part.begun is not None]
    return Done(counts, max(part.ended for part in parts) - min(begun) if begun else 0.0)


@contextmanager
def _processes(
    config: Config, workers: int, shared: SharedProgress
) -> Iterator[tuple[list[SpawnProcess], list[Connection]]]:
    connections: list[Connection] = []
    processes: list[SpawnProcess] = []
    try:
        for worker in range(workers):
            ours, theirs = shared.context.Pipe(duplex=False)
            part = _part(config, worker, workers)
            process = shared.context.Process(target=_work, args=(part, worker, shared.figures, theirs))
            process.start()
            theirs.close()
            connections.append(ours)
            processes.append(process)
        yield processes, connections
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.join()


def _part(config: Config, worker: int, workers: int) -> Config:
    options = dataclasses.replace(config.source.options, worker=worker, workers=workers)
    return dataclasses.replace(config, source=dataclasses.replace(config.source, options=options))


def _answer(connection: Connection, processes: list[SpawnProcess]) -> _Part:
    asked = False
    while not connection.poll(_REPORT_SECONDS):
        if drain.is_requested() and not asked:
            asked = True
            for process in processes:
                process.terminate()  # a worker drains on SIGTERM
    try:
        answer = connection.recv()
    except EOFError:
        raise WorkerFailed("a worker process died without a word (killed? out of memory?)") from None
    if not isinstance(answer, _Part):
        raise WorkerFailed(answer)
    return answer


def _work(config: Config, worker: int, figures: SynchronizedArray[int], connection: Connection) -> None:
    drain.on_signals()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it, too, and tells us
    logs.configure()
    try:
        connection.send(_run_part(config, worker, figures))
    except Exception as error:
        connection.send(f"{type(error).__name__}: {error}")


def _run_part(config: Config, worker: int, figures: SynchronizedArray[int]) -> _Part:
    from pipelines.running import run

    over = threading.Event()

    def report() -> None:
        while not over.wait(_REPORT_SECONDS):
            figures[_FIGURES * worker : _FIGURES * (worker + 1)] = [
                progress.bytes_read,
                progress.records_done,
            ]

    threading.Thread(target=report, daemon=True).start()
    try:
        counts = run(config)
        return _Part(counts, progress.first_record_at, time.monotonic())
    finally:
        over.set()
