"""Runs a pipeline that never ends in a thread of the test, and drains it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

import apache_beam as beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from connectors import drain, runner
from connectors.kafka import consumers, producers
from tests.integration import collected


@contextlib.contextmanager
def running(build: Callable[[beam.Pipeline], object], seconds: float = 60) -> Iterator[threading.Thread]:
    """The pipeline runs in a thread while the block does, and is drained then; raises what made it fail."""
    failures: list[BaseException] = []

    def work() -> None:
        try:
            run(build)
        except BaseException as failure:
            failures.append(failure)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        drain.request()
        thread.join(seconds)
        drain.forget()
        if thread.is_alive():
            raise AssertionError(f"the pipeline did not drain within {seconds} s")
        if failures:
            raise failures[0]


def run(build: Callable[[beam.Pipeline], object]) -> beam.runners.runner.PipelineResult:
    """Run a pipeline to its end, in this process, with clients of its own."""
    runner.install()
    pipeline = beam.Pipeline(runner=FnApiRunner())
    build(pipeline)
    try:
        return pipeline.run()
    finally:
        consumers.close_all()
        producers.close_all()


def wait_until(is_true: Callable[[], bool], seconds: float = 30, what: str = "") -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what} ({len(collected.arrivals)} arrived)")
        time.sleep(0.02)
