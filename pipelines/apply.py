"""Runs a step in Beam: the only place that catches what a step raises.

Railway: every element is an `Outcome`. A step turns its value into the next one; a `DeadLetter` or a
`Withdrawal` passes through untouched, so that one split at the end finds every record, whatever became of it.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Iterator
from typing import Any, Protocol

import apache_beam as beam
from apache_beam.metrics import Metrics

from connectors import metrics
from connectors.delivery import NAMESPACE
from pipelines.version import VERSION
from schemas.dead_letter import ArticleRejected, DeadLetter, Fault, Kind, Reason
from schemas.outcome import Outcome
from schemas.received import Received
from schemas.withdrawal import Withdrawal

log = logging.getLogger(__name__)


class Step(Protocol):
    """A station, in plain Python. Pickled to the workers: `setup` loads what `convert` needs."""

    def setup(self) -> None:
        """Load models and packs. What it raises stops the job: the environment is at fault."""

    def convert(self, value: Any, /) -> Any:
        """Turn one value into the next; raises `ArticleRejected` when the record is at fault."""


class Apply(beam.PTransform):
    """`PCollection[Received | Outcome] -> PCollection[Outcome]`, one for one.

    Args:
        step: the station; its class name is the `step` of the dead letters it makes.
    """

    def __init__(self, step: Step) -> None:
        super().__init__(label=type(step).__name__)
        self._step = step

    def expand(self, records: beam.PCollection) -> beam.PCollection:
        return records | beam.ParDo(_ApplyStep(self._step))


def apply(step: Step, record: Received | Outcome) -> Outcome:
    """Run one step on one record, outside Beam too. Never raises for a record's sake."""
    received, value = record if isinstance(record, Outcome) else (record, record)
    if isinstance(value, DeadLetter | Withdrawal):
        return Outcome(received, value)
    try:
        return Outcome(received, step.convert(value))
    except ArticleRejected as rejection:
        kind, fault = Kind.REJECTED, rejection.fault
    except Exception as error:
        # Not the message: it may quote the article. The dead letter holds it.
        where = traceback.extract_tb(error.__traceback__)[-1]
        log.error(
            "%s failed on %s: %s at %s:%s",
            type(step).__name__,
            received.origin,
            type(error).__name__,
            where.filename,
            where.lineno,
        )
        kind, fault = Kind.BUG, Fault(Reason.EXCEPTION, f"{type(error).__name__}: {error}")
    return Outcome(
        received,
        DeadLetter.of(
            received,
            kind=kind,
            fault=fault,
            step=type(step).__name__,
            newsbeam=VERSION,
            id=getattr(value, "id", None),
        ),
    )


class _ApplyStep(beam.DoFn):
    def __init__(self, step: Step) -> None:
        self._step = step

    def setup(self) -> None:
        self._step.setup()
        self._times = metrics.Times(metrics.STATION_SECONDS, type(self._step).__name__)

    def process(self, record: Received | Outcome) -> Iterator[Outcome]:
        begun = time.perf_counter()
        outcome = apply(self._step, record)
        self._times.add(time.perf_counter() - begun)
        yield outcome

    def finish_bundle(self) -> None:
        Metrics.counter(NAMESPACE, f"microseconds/{type(self._step).__name__}").inc(
            round(self._times.seconds * 1e6)
        )
        self._times.report()
