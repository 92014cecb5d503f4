"""Which articles a sink keeps: one stream of records feeds several readers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import apache_beam as beam
from apache_beam.metrics import Metrics

from connectors import metrics
from connectors.delivery import NAMESPACE
from schemas.article import Article
from schemas.dead_letter import DeadLetter
from schemas.outcome import Outcome
from schemas.subjects import subjects


@dataclass(frozen=True, slots=True)
class Keeps:
    """Conditions on an article; it is kept where it meets each that is given."""

    languages: tuple[str, ...] = ()
    """BCP 47 tags, one of which is the article's language; `pt` takes `pt-BR`, too."""
    topics: tuple[str, ...] = ()
    """Media Topics (`medtop:16000000`), one of which the article has, itself or a topic under it."""
    publishers: tuple[str, ...] = ()
    """Outlets as the records name them, one of which is the article's; case does not matter."""

    def has(self, article: Article) -> bool:
        """Whether an article meets all conditions."""
        return (
            (not self.languages or any(_is_in(article.language.tag, tag) for tag in self.languages))
            and (not self.topics or any(subject.code in self.topics for subject in subjects(article)))
            and (not self.publishers or _folded(article.publisher) in map(_folded, self.publishers))
        )

    def __bool__(self) -> bool:
        return bool(self.languages or self.topics or self.publishers)


class Condition(Protocol):
    """What says which articles are kept: `Keeps`, or `connectors.changed.ChangedSince`."""

    def has(self, article: Article, /) -> bool:
        """Whether an article is kept."""


class Keep(beam.PTransform):
    """`PCollection[Outcome] -> PCollection[Outcome]`: what a sink for articles is to take.

    Counts what it leaves out as `NAME/kept_out`. Withdrawals pass: the article may be there.

    Args:
        keeps: the conditions.
        sink: the sink's name in the config.
    """

    def __init__(self, keeps: Condition, sink: str) -> None:
        super().__init__()
        self._fn = _KeepFn(keeps, sink)

    def expand(self, outcomes: beam.PCollection) -> beam.PCollection:
        return outcomes | beam.ParDo(self._fn)


class _KeepFn(beam.DoFn):
    def __init__(self, keeps: Condition, sink: str) -> None:
        self._keeps, self._sink = keeps, sink

    def start_bundle(self) -> None:
        self._kept_out = 0

    def process(self, outcome: Outcome) -> Iterator[Outcome]:
        value = outcome.value
        if type(value) is not Article or self._keeps.has(value):
            if type(value) is not DeadLetter:
                yield outcome
        else:
            self._kept_out += 1

    def finish_bundle(self) -> None:
        if self._kept_out:
            Metrics.counter(NAMESPACE, f"{self._sink}/kept_out").inc(self._kept_out)
            metrics.DELIVERED.labels(self._sink, "articles", "kept_out").inc(self._kept_out)


def _is_in(tag: str, kept: str) -> bool:
    return f"{tag}-".casefold().startswith(f"{kept}-".casefold())


def _folded(name: str | None) -> str:
    return (name or "").casefold()
