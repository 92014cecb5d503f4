"""Runs a replay in one process or in several, each on its own part of the input."""

from __future__ import annotations

import ctypes
import dataclasses
import multiprocessing
import os
import pickle
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import TYPE_CHECKING, NamedTuple

from connectors import drain
from connectors.progress import progress
from pipelines import logs, refusals
from pipelines.refusals import Refusals

if TYPE_CHECKING:
    from pipelines.config import Config  # imports Beam, which warns of this and that before logging is set up

_REPORT_SECONDS = 0.2
_FIGURES = 2  # bytes read, records done
Figures = ctypes.Array[ctypes.c_longlong]


class Done(NamedTuple):
    """What a replay did, and its wall time from the first record on (start-up aside)."""

    counts: Counter[str]
    seconds: float
    refusals: Refusals


class _Part(NamedTuple):
    counts: Counter[str]
    begun: float | None
    ended: float
    refusals: Refusals


class WorkerFailed(Exception):
    """A worker process died or a pipeline failed; the message is what it said."""


class SharedProgress:
    """How far all workers have come, readable from the parent."""

    def __init__(self, workers: int) -> None:
        # Spawned, not forked: Beam and gRPC have threads that a fork would lose.
        self.context = multiprocessing.get_context("spawn")
        # Without a lock: each worker writes its own figures.
        self.figures: Figures = self.context.RawArray(ctypes.c_longlong, _FIGURES * workers)

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
        WorkerFailed: a pipeline failed; the other workers are stopped.
    """
    if workers == 1:
        try:
            parts = [_run_part(config, 0, shared.figures)]
        except Exception as error:  # a pipeline fails in as many ways as there are disks and engines
            raise WorkerFailed(f"{type(error).__name__}: {error}") from error
    else:
        with _processes(config, workers, shared) as (processes, connections):
            parts = list(_answers(processes, connections))
    counts: Counter[str] = Counter()
    for part in parts:
        counts.update(part.counts)
    begun = [part.begun for part in parts if part.begun is not None]
    seconds = max(part.ended for part in parts) - min(begun) if begun else 0.0
    return Done(counts, seconds, refusals.together(part.refusals for part in parts))


@contextmanager
def _processes(
    config: Config, workers: int, shared: SharedProgress
) -> Iterator[tuple[list[SpawnProcess], list[Connection]]]:
    connections: list[Connection] = []
    processes: list[SpawnProcess] = []
    try:
        for worker in range(workers):
            ours, theirs = shared.context.Pipe(duplex=False)
            part = pickle.dumps(_part(config, worker, workers))
            process = shared.context.Process(target=_work, args=(part, worker, shared.figures, theirs))
            with drain.signals_held():
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


def _answers(processes: list[SpawnProcess], connections: list[Connection]) -> Iterator[_Part]:
    """What the workers say, as it comes in; asks them once to drain when this process is asked."""
    waiting, asked = list(connections), False
    while waiting:
        for connection in wait(waiting, _REPORT_SECONDS):
            assert isinstance(connection, Connection)
            waiting.remove(connection)
            part = _answer(connection)
            if part.refusals.stopped:
                drain.request()  # the others, too
            yield part
        if drain.is_requested() and not asked:
            asked = True
            for process in processes:
                process.terminate()  # a worker drains on SIGTERM


def _answer(connection: Connection) -> _Part:
    try:
        answer = connection.recv()
    except EOFError:
        raise WorkerFailed("a worker process died without a word (killed? out of memory?)") from None
    if not isinstance(answer, _Part):
        raise WorkerFailed(answer)
    return answer


def _work(config: bytes, worker: int, figures: Figures, connection: Connection) -> None:
    threading.Thread(target=_die_when_orphaned, daemon=True).start()
    drain.in_worker()
    logs.configure()
    try:
        # Pickled apart: it imports Beam.
        connection.send(_run_part(pickle.loads(config), worker, figures))
    except Exception as error:
        connection.send(f"{type(error).__name__}: {error}")


def _die_when_orphaned() -> None:
    """A worker that wrote on after its parent was killed would double what --resume does again."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _run_part(config: Config, worker: int, figures: Figures) -> _Part:
    from pipelines.running import run

    refusals.taken()
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
        return _Part(counts, progress.first_record_at, time.monotonic(), refusals.taken())
    finally:
        over.set()
