"""Counts what becomes of the records, in Beam's metrics, so that every runner can tell.

Added up in a bundle and reported at its end: a metric costs as much as a step.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import apache_beam as beam
from apache_beam.metrics import Metrics

from connectors import metrics
from connectors.delivery import NAMESPACE
from pipelines import in_use, refusals
from schemas.article import Article
from schemas.dead_letter import DeadLetter
from schemas.outcome import Outcome
from schemas.withdrawal import Withdrawal


class Tally(beam.PTransform):
    """`PCollection[Outcome] -> PCollection` of nothing.

    Args:
        stop: when the input has gone bad, if ever: then the run is stopped (`pipelines/refusals.py`).
        own_packs: the folder of the run's own rule packs, whose versions are told to Prometheus, too.
    """

    def __init__(self, stop: refusals.Stop | None = None, own_packs: Path | None = None) -> None:
        super().__init__()
        self._stop, self._own_packs = stop, own_packs

    def expand(self, outcomes: beam.PCollection) -> beam.PCollection:
        return outcomes | beam.ParDo(_TallyFn(self._stop, self._own_packs))


class _TallyFn(beam.DoFn):
    def __init__(self, stop: refusals.Stop | None, own_packs: Path | None) -> None:
        self._stop, self._own_packs = stop, own_packs

    def setup(self) -> None:
        in_use.tell(self._own_packs)

    def start_bundle(self) -> None:
        self._counts: Counter[str] = Counter()

    def process(self, outcome: Outcome) -> None:
        count(outcome.value, self._counts)
        refusals.note(outcome.value, self._stop)

    def finish_bundle(self) -> None:
        for name, number in self._counts.items():
            Metrics.counter(NAMESPACE, name).inc(number)
            group, _, member = name.partition("/")
            if group == "outcome":
                metrics.OUTCOMES.labels(member).inc(number)
            elif group == "reason":
                metrics.REJECTED.labels(member).inc(number)
        metrics.report_memory()


def count(value: object, counts: Counter[str]) -> None:
    """Add one outcome to the counts: `outcome/…`, `language/…`, `topic/…`, `junk/…`, `reason/…`."""
    if isinstance(value, Article):
        counts["outcome/enriched"] += 1
        counts[f"language/{value.language.tag}"] += 1
        for topic in value.topics or (None,):
            counts[f"topic/{topic.name if topic else 'none'}"] += 1
        for removal in value.removed:
            counts[f"junk/{removal.kind}"] += 1
    elif isinstance(value, Withdrawal):
        counts["outcome/withdrawn"] += 1
    elif isinstance(value, DeadLetter):
        counts[f"outcome/{value.kind}"] += 1
        counts[f"reason/{value.reason}"] += 1
    else:
        raise TypeError(f"a record ended as {type(value).__name__}")
