"""Delivers outcomes to a sink's writer: the half that every sink shares.

A sink's module brings `Options`, `write(options) -> PTransform` and a `Writer`; `Deliver` drives the
writer in a bundle's rhythm and counts what became of each record. It sends in `process` and waits
for what it sent in `finish_bundle`, so that a bundle is accepted only when the sink holds it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Protocol

import apache_beam as beam
from apache_beam.metrics import Metrics

from connectors import metrics
from schemas.article import Article
from schemas.dead_letter import DeadLetter, Fault, Kind, Reason
from schemas.outcome import Outcome

NAMESPACE = "newsbeam"


class Undeliverable(Exception):
    """Raised by `Writer.write` when the sink can never take this record (too large, say)."""


class Writer(Protocol):
    """A sink's own half, in plain Python. Pickled to the workers before `open`.

    On Flink a DoFn instance may live for one bundle only: keep clients that are costly to open in a
    module-level registry, and let `open` be called again.
    """

    def open(self) -> None:
        """Connect. What it raises stops the job."""

    def write(self, value: Article | DeadLetter) -> None:
        """Take one record; may only buffer it. Raises `Undeliverable` for a record's own fault."""

    def flush(self) -> None:
        """Return when all that was written since the last flush is safe; raises when it is not."""

    def close(self) -> None:
        """Let go of what `open` took."""


class Deliver(beam.PTransform):
    """`PCollection[Outcome] -> PCollection[Outcome]`: writes, and returns what was undelivered.

    Args:
        writer: the sink's writer.
        sink: the sink's name in the config; its counters are `NAME/delivered` and `NAME/undelivered`.
        takes: the type of value this sink takes; other outcomes pass it by, uncounted.
        version: newsbeam's version, for the dead letters.
    """

    def __init__(self, writer: Writer, *, sink: str, takes: type[Article] | type[DeadLetter], version: str):
        super().__init__()
        self._fn = _DeliverFn(writer, sink, takes, version)

    def expand(self, outcomes: beam.PCollection) -> beam.PCollection:
        return outcomes | beam.ParDo(self._fn)


class _DeliverFn(beam.DoFn):
    def __init__(self, writer: Writer, sink: str, takes: type, version: str) -> None:
        self._writer, self._sink, self._takes, self._version = writer, sink, takes, version

    def setup(self) -> None:
        self._writer.open()

    def start_bundle(self) -> None:
        self._counts: Counter[str] = Counter()

    def process(self, outcome: Outcome) -> Iterator[Outcome]:
        value = outcome.value
        if type(value) is not self._takes:
            return
        try:
            self._writer.write(value)  # type: ignore[arg-type]
        except Undeliverable as fault:
            self._counts["undelivered"] += 1
            letter = DeadLetter.of(
                outcome.received,
                kind=Kind.UNDELIVERED,
                fault=Fault(Reason.SINK, str(fault)),
                step=self._sink,
                newsbeam=self._version,
                id=value.id,  # type: ignore[union-attr]
            )
            yield Outcome(outcome.received, letter)
        else:
            self._counts["delivered"] += 1

    def finish_bundle(self) -> None:
        self._writer.flush()
        for name, count in self._counts.items():
            Metrics.counter(NAMESPACE, f"{self._sink}/{name}").inc(count)
            metrics.DELIVERED.labels(self._sink, name).inc(count)

    def teardown(self) -> None:
        self._writer.close()
