"""What the parent of some workers does with their answers."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections import Counter
from typing import Any

import pytest

from connectors import drain
from pipelines.refusals import Refusals
from pipelines.workers import WorkerFailed, _answers, _Part


class Process:
    def __init__(self) -> None:
        self.times_asked = 0

    def terminate(self) -> None:
        self.times_asked += 1


def test_workers_are_asked_to_drain_once_though_one_is_late() -> None:
    # A second SIGTERM would end a worker before it has drained.
    pipes = [multiprocessing.Pipe(duplex=False) for _ in range(2)]
    processes: list[Any] = [Process(), Process()]
    parts = [_Part(Counter(read=number), None, 0.0, Refusals()) for number in range(2)]

    def answer() -> None:
        pipes[0][1].send(parts[0])
        time.sleep(1)
        pipes[1][1].send(parts[1])

    drain.request()
    try:
        threading.Thread(target=answer).start()
        assert list(_answers(processes, [ours for ours, _ in pipes])) == parts
    finally:
        drain.forget()
    assert [process.times_asked for process in processes] == [1, 1]


def test_a_failure_is_heard_while_another_worker_is_busy() -> None:
    pipes = [multiprocessing.Pipe(duplex=False) for _ in range(2)]
    pipes[1][1].send("OSError: disk full")
    with pytest.raises(WorkerFailed, match="disk full"):
        list(_answers([], [ours for ours, _ in pipes]))
