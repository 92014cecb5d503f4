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
class Subtopic:
    """A Media Topic under one of the article's topics: its code (`medtop:20000056`) and English name."""

    code: str
    name: str
    confidence: int
    """How probable it is that the article is about it (0-100)."""
    topic: str
    """The code of the topic it belongs to, which the article has, too."""


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
    """The producer's; else sha256 of the canonical URL, else of the place it was read from."""
    text: str
    """The clean text: the raw text with the `removed` spans cut out, and nothing else changed."""
    text_sha256: str
    """Lower-case hex digest of `text` in UTF-8."""
    char_count: int
    """Unicode code points of `text`."""
    word_count: int
    """Words of `text`, as white space divides them."""
    origin: Origin
    """Where the record was read."""
    provenance: Provenance
    """What made the record."""
    url: str | None = None
    """As the producer sent it; else the page's own."""
    publisher: str | None = None
    """The outlet: a name or a domain."""
    title: str | None = None
    """The headline: the producer's, else the page's, else found in the text."""
    authors: tuple[str, ...] = ()
    """As the page or the producer names them."""
    language: Language = Language("und", 0)
    """The language of the clean text."""
    languages: tuple[LanguageShare, ...] = ()
    """Each language that holds a tenth of the text or more, by falling share; none for `und`."""
    topics: tuple[Topic, ...] = ()
    """At most three, the main one first; none where the model is unsure."""
    subtopics: tuple[Subtopic, ...] = ()
    """The level below, where words and model agree; silent where unsure."""
    published_at: datetime | None = None
    """When it was published (UTC); null where no candidate could be trusted."""
    published_at_precision: Precision | None = None
    """How exactly `published_at` is known."""
    published_at_origin: DateOrigin | None = None
    """Where `published_at` was found."""
    date_candidates: tuple[DateCandidate, ...] = ()
    """All dates found that might be the article's, the chosen one included."""
    date_conflict: bool = False
    """Whether trusted candidates name different days."""
    fetched_at: datetime | None = None
    """When the producer fetched the page (UTC)."""
    removed: tuple[Removal, ...] = ()
    """What was cut out of the raw text, in order; put back, it gives the raw text again."""
    related: tuple[str, ...] = ()
    """Headlines of other stories that stood in the text."""
    credits: tuple[str, ...] = ()
    """Photographers and agencies that stood under pictures."""
    agency: str | None = None
    """The news agency that the text credits."""
    comment_count: int | None = None
    """The number of comments that the page showed."""
    hints: Mapping[str, str] = field(default_factory=dict)
    """Side information by name: `language` (the producer's word), `html_language`, `publisher_language`, …"""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the raw record that newsbeam does not know, as they came."""
    warnings: tuple[str, ...] = ()
    """What was odd about the raw record: fields that were dropped, and why."""

    def evolve(self, **changes: Any) -> Self:
        """A copy with some fields changed (a tenth of the cost of `dataclasses.replace`)."""
        return _evolve(self, changes)


def _evolve(value: _T, changes: Mapping[str, Any]) -> _T:
    copy = object.__new__(type(value))
    copy.__dict__.update(value.__dict__)
    copy.__dict__.update(changes)
    return copy
