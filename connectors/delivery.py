"""Delivers outcomes to a sink's writer: the half that every sink shares.

A sink's module brings `Options`, `write(options, delivery) -> PTransform` and a `Writer`; `Deliver` drives
the writer in a bundle's rhythm and counts what became of each record. It sends in `process` and waits
for what it sent in `finish_bundle`, so that a bundle is accepted only when the sink holds it.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

import apache_beam as beam
from apache_beam.metrics import Metrics
from apache_beam.transforms.window import GlobalWindows

from connectors import metrics
from schemas.article import Article
from schemas.dead_letter import DeadLetter, Fault, Kind, Reason
from schemas.outcome import Outcome
from schemas.withdrawal import Withdrawal

log = logging.getLogger(__name__)

NAMESPACE = "newsbeam"
OnFailure = Literal["stop", "dead_letter"]
HELD_RECORDS, HELD_BYTES = 2_000, 32 * 1024 * 1024
"""With `on_failure = "dead_letter"` a sink is asked after so many records, or bytes as they were received,
whether it holds them: what becomes a dead letter at most when it fails."""
PAUSE_SECONDS = 10.0
"""How long a sink that failed is left alone; meanwhile its records become dead letters at once."""


class Undeliverable(Exception):
    """Raised by `Writer.write` when the sink can never take this record (too large, say)."""


class DeliveryFailed(Exception):
    """Raised by a `Writer` when its server did not take what was sent in time; the bundle must run again."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What every sink is told besides its own options."""

    sink: str
    """The sink's name in the config; its counters are `NAME/delivered`, `NAME/withdrawn` and
    `NAME/undelivered`."""
    takes: type[Article] | type[DeadLetter]
    """The type of value it takes; other outcomes pass it by, uncounted. Who takes articles takes withdrawals,
    too."""
    version: str
    """newsbeam's version, for the dead letters."""
    on_failure: OnFailure = "stop"
    """What a sink that fails, or cannot be opened, does: stop the pipeline, or turn what it may not hold into
    dead letters, and be tried again."""

    def has(self, value: object) -> bool:
        """Whether a value is for this sink."""
        return type(value) is self.takes or (type(value) is Withdrawal and self.takes is Article)

    @property
    def kind(self) -> str:
        """What it takes, as configs and metrics call it."""
        return "articles" if self.takes is Article else "dead_letters"

    def undelivered(self, outcome: Outcome, why: str) -> Outcome:
        """What becomes of a record that the sink could not take."""
        letter = DeadLetter.of(
            outcome.received,
            kind=Kind.UNDELIVERED,
            fault=Fault(Reason.SINK, why),
            step=self.sink,
            newsbeam=self.version,
            id=outcome.value.id,
        )
        return Outcome(outcome.received, letter)

    def report(self, counts: Counter[str]) -> None:
        """Count up what became of a bundle's records."""
        for name, count in counts.items():
            Metrics.counter(NAMESPACE, f"{self.sink}/{name}").inc(count)
            metrics.DELIVERED.labels(self.sink, self.kind, name).inc(count)


def result(value: object) -> str:
    """What a value that the sink holds counts as."""
    return "withdrawn" if type(value) is Withdrawal else "delivered"


class Writer(Protocol):
    """A sink's own half, in plain Python. Pickled to the workers before `open`.

    On Flink a DoFn instance may live for one bundle only: keep clients that are costly to open in a
    module-level registry, and let `open` be called again.
    """

    def open(self) -> None:
        """Connect. What it raises stops the job, or as `on_failure` says."""

    def write(self, value: Any) -> None:
        """Take one `Article`, `Withdrawal` or `DeadLetter`; may only buffer it.

        A withdrawal removes the article of its id; a sink that cannot remove lists it. Raises
        `Undeliverable` for a record's own fault.
        """

    def flush(self) -> None:
        """Return when all that was written since the last flush is safe; raises when it is not."""

    def close(self) -> None:
        """Let go of what `open` took, and forget what was not flushed."""


class Deliver(beam.PTransform):
    """`PCollection[Outcome] -> PCollection[Outcome]`: writes, and returns what was undelivered."""

    def __init__(self, writer: Writer, delivery: Delivery) -> None:
        super().__init__()
        fn = _DeliverFn if delivery.on_failure == "stop" else _DeliverOrHoldFn
        self._fn = fn(writer, delivery)

    def expand(self, outcomes: beam.PCollection) -> beam.PCollection:
        return outcomes | beam.ParDo(self._fn)


class _DeliverFn(beam.DoFn):
    """Stops the pipeline where the sink fails: the bundle runs again."""

    def __init__(self, writer: Writer, delivery: Delivery) -> None:
        self._writer, self._delivery = writer, delivery

    def setup(self) -> None:
        sink, kind = self._delivery.sink, self._delivery.kind
        self._ages = metrics.Times(metrics.AGE_SECONDS, sink)
        metrics.SINK_FAILURES.labels(sink, kind)  # at 0, to show its first rise
        metrics.DELIVERED.labels(sink, kind, "undelivered")
        self._open()

    def _open(self) -> None:
        with self._failures_counted():
            self._writer.open()

    def start_bundle(self) -> None:
        self._counts: Counter[str] = Counter()
        self._received_at: list[datetime] = []

    def process(self, outcome: Outcome) -> Iterator[Outcome]:
        if not self._delivery.has(outcome.value):
            return
        try:
            self._writer.write(outcome.value)
        except Undeliverable as fault:
            self._counts["undelivered"] += 1
            yield self._delivery.undelivered(outcome, str(fault))
        except Exception:
            self._count_failure()
            raise
        else:
            self._count(outcome)

    def finish_bundle(self) -> None:
        with self._failures_counted():
            self._flush()
        self._report()

    def _flush(self) -> None:
        with metrics.SINK_SECONDS.labels(self._delivery.sink).time():
            self._writer.flush()

    def _count(self, outcome: Outcome) -> None:
        self._counts[result(outcome.value)] += 1
        if (received_at := outcome.received.origin.timestamp) is not None:
            self._received_at.append(received_at)

    @contextmanager
    def _failures_counted(self) -> Iterator[None]:
        try:
            yield
        except Exception:
            self._count_failure()
            raise

    def _count_failure(self) -> None:
        metrics.SINK_FAILURES.labels(self._delivery.sink, self._delivery.kind).inc()

    def _report(self) -> None:
        self._delivery.report(self._counts)
        now = datetime.now(UTC)
        for received_at in self._received_at:
            self._ages.add(max(0.0, (now - received_at).total_seconds()))
        self._ages.report()

    def teardown(self) -> None:
        self._writer.close()


class _DeliverOrHoldFn(_DeliverFn):
    """Holds records until the sink has them safe; where it fails, they become dead letters."""

    def start_bundle(self) -> None:
        super().start_bundle()
        self._held: list[Outcome] = []
        self._held_bytes = 0

    def process(self, outcome: Outcome) -> Iterator[Outcome]:
        if not self._delivery.has(outcome.value):
            return
        self._held.append(outcome)
        self._held_bytes += len(outcome.received.payload)
        if self._failure is not None and time.monotonic() >= self._try_at:
            self._open()
        if self._failure is not None:
            yield from self._give_up(self._failure)
            return
        try:
            self._writer.write(outcome.value)
        except Undeliverable as fault:
            self._held.pop()
            self._counts["undelivered"] += 1
            yield self._delivery.undelivered(outcome, str(fault))
        except Exception as error:
            yield from self._give_up(self._fail(error))
        else:
            if len(self._held) >= HELD_RECORDS or self._held_bytes >= HELD_BYTES:
                yield from self._settle()

    def finish_bundle(self) -> Iterator[Any]:  # type: ignore[override]
        for outcome in self._settle():
            yield GlobalWindows.windowed_value(outcome)
        self._report()

    def _settle(self) -> Iterator[Outcome]:
        try:
            if self._held:
                self._flush()
        except Exception as error:
            yield from self._give_up(self._fail(error))
        else:
            for outcome in self._held:
                self._count(outcome)
            self._let_go()

    def _give_up(self, failure: str) -> Iterator[Outcome]:
        for outcome in self._held:
            self._counts["undelivered"] += 1
            yield self._delivery.undelivered(outcome, failure)
        self._let_go()

    def _let_go(self) -> None:
        self._held.clear()
        self._held_bytes = 0

    _failure: str | None = None
    """What the sink failed with, until it is open again."""
    _try_at = 0.0

    def _open(self) -> None:
        """Also at the start: a worker that starts while the sink is away must not stop the others."""
        try:
            self._writer.open()
        except Exception as error:
            self._fail(error)
        else:
            if self._failure is not None:
                log.warning("sink %s: open again", self._delivery.sink)
            self._failure = None

    def _fail(self, error: Exception) -> str:
        """Leave the sink alone for a while. Returns what it failed with."""
        self._count_failure()
        log.error("sink %s: %s; its records become dead letters", self._delivery.sink, error)
        self._writer.close()
        self._failure, self._try_at = f"{type(error).__name__}: {error}", time.monotonic() + PAUSE_SECONDS
        return self._failure
