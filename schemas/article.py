"""An article on its way: raw, as a producer sent it, and enriched, as newsbeam writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self, TypeVar

from schemas.origin import Origin

_T = TypeVar("_T")


class RemovalKind(StrEnum):
    """What a removed span was. Closed."""

    INJECTED_DATE = "injected_date"
    """A date that a crawler put in front of the text: ` date 2025-08-13 `."""
    MASTHEAD_DATE = "masthead_date"
    """The page's own date line. On a crawled page it is the crawl's day, not the article's."""
    TITLE = "title"
    BYLINE = "byline"
    CREDIT = "credit"
    CAPTION = "caption"
    RELATED_LINK = "related_link"
    """A pointer to another article, in or between paragraphs."""
    RELATED_TAIL = "related_tail"
    """The list of other stories under the article."""
    PROMO = "promo"
    AD = "ad"
    SHARE = "share"
    COMMENTS = "comments"
    LEGAL = "legal"
    TAGS = "tags"
    UI = "ui"
    SOURCE_CREDIT = "source_credit"


class Precision(StrEnum):
    """How exactly a time is known."""

    DAY = "day"
    MINUTE = "minute"
    SECOND = "second"


class DateOrigin(StrEnum):
    """Where a date came from, the most trusted first."""

    MARKUP = "markup"
    """The page's own data: JSON-LD, meta, `<time>`."""
    PRODUCER = "producer"
    """The raw record's `published_at`."""
    INJECTED = "injected_date"
    """The crawler's prefix: the day the crawler held for the article."""
    MASTHEAD = "masthead_date"
    """A date line of the page: often the day of the crawl."""
    KAFKA = "kafka_time"
    """When the record entered Kafka: the article is not younger. Never chosen."""


@dataclass(frozen=True, slots=True)
class DateCandidate:
    """One date that might be the article's, and where it was found."""

    value: datetime
    """Aware, UTC; midnight where only the day is known."""
    precision: Precision
    origin: DateOrigin
    text: str | None = None
    """The words it was read from."""


@dataclass(frozen=True, slots=True)
class Removal:
    """A span that was cut out of the raw text.

    `start` and `end` are Unicode code points, half-open, into the text as it was after
    `ExtractText`; `text` is what stood there. The spans of one article are in order and do not
    overlap, so that putting them back restores the raw text exactly.
    """

    start: int
    end: int
    text: str
    kind: RemovalKind
    rule: str
    """The id of the rule that did it; `line_model` for the learned scorer."""
    score: float | None = None
    """The learned scorer's score (0-1); null for a rule."""


@dataclass(frozen=True, slots=True)
class Language:
    """A language tag (BCP 47; `und` unsure, `mul` mixed) and how sure we are (0-100)."""

    tag: str
    confidence: int


@dataclass(frozen=True, slots=True)
class LanguageShare:
    """The share (0-1) of the text that is in one language."""

    tag: str
    share: float


@dataclass(frozen=True, slots=True)
class Topic:
    """An IPTC Media Topic: its code (`medtop:11000000`), English name, confidence (0-100)."""

    code: str
    name: str
    confidence: int


@dataclass(frozen=True, slots=True)
class Provenance:
    """What made the record: enough to make it again."""

    newsbeam: str
    rules: Mapping[str, str] = field(default_factory=dict)
    """Rule pack -> digest of the packs that were applied."""
    models: Mapping[str, str] = field(default_factory=dict)
    """Job (`language`, `topics`) -> model id."""


@dataclass(frozen=True)
class RawArticle:
    """A raw article, version 1, as decoded; after `ExtractText` its `text` is set, `html` gone."""

    id: str
    origin: Origin
    text: str | None = None
    html: str | None = None
    url: str | None = None
    publisher: str | None = None
    title: str | None = None
    authors: tuple[str, ...] = ()
    language: str | None = None
    """The producer's word on the language: a hint, never the answer."""
    dates: tuple[DateCandidate, ...] = ()
    """The producer's `published_at` and what the markup says."""
    fetched_at: datetime | None = None
    withdrawn: bool = False
    """The publisher took the article back: it is to leave every sink that can let go of it. Such a record
    needs no text: without one, `text` is empty."""
    hints: Mapping[str, str] = field(default_factory=dict)
    """Side information by name: `language` (producer), `html_language`, …"""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the raw record that newsbeam does not know, as they came."""
    warnings: tuple[str, ...] = ()

    def evolve(self, **changes: Any) -> Self:
        """A copy with some fields changed (a tenth of the cost of `dataclasses.replace`)."""
        return _evolve(self, changes)


@dataclass(frozen=True)
class Article:
    """An enriched article, version 1 (`schemas/wire/article.v1.*`). Field order is wire order."""

    id: str
    text: str
    """The clean text: the raw text with the `removed` spans cut out, and nothing else changed."""
    text_sha256: str
    """Lower-case hex digest of `text` in UTF-8."""
    char_count: int
    word_count: int
    origin: Origin
    provenance: Provenance
    url: str | None = None
    publisher: str | None = None
    title: str | None = None
    authors: tuple[str, ...] = ()
    language: Language = Language("und", 0)
    languages: tuple[LanguageShare, ...] = ()
    topics: tuple[Topic, ...] = ()
    published_at: datetime | None = None
    published_at_precision: Precision | None = None
    published_at_origin: DateOrigin | None = None
    date_candidates: tuple[DateCandidate, ...] = ()
    date_conflict: bool = False
    fetched_at: datetime | None = None
    removed: tuple[Removal, ...] = ()
    related: tuple[str, ...] = ()
    """Headlines of other stories that stood in the text."""
    credits: tuple[str, ...] = ()
    agency: str | None = None
    comment_count: int | None = None
    hints: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def evolve(self, **changes: Any) -> Self:
        """A copy with some fields changed (a tenth of the cost of `dataclasses.replace`)."""
        return _evolve(self, changes)


def _evolve(value: _T, changes: Mapping[str, Any]) -> _T:
    copy = object.__new__(type(value))
    copy.__dict__.update(value.__dict__)
    copy.__dict__.update(changes)
    return copy
