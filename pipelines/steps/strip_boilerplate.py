"""The station that takes a page's residue out of the text and makes the article's record."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pipelines.models import registry
from pipelines.text import dates, language, line_model, packs
from pipelines.text.boilerplate import Hints, strip_boilerplate
from pipelines.text.language import UNSURE
from pipelines.version import VERSION
from schemas.article import Article, DateCandidate, DateOrigin, Precision, Provenance, RawArticle
from schemas.dead_letter import ArticleRejected, Reason


class StripBoilerplate:
    """`RawArticle -> Article`. Rejects: no_text_left.

    Args:
        rules: the rules folder; the package's by default.
        own_packs: a folder of more packs, if any.
    """

    def __init__(self, rules: Path | None = None, own_packs: Path | None = None) -> None:
        self._folders = (rules, own_packs)

    def setup(self) -> None:
        """Load the packs, lid.176 and the line scorer, once a process. Raises `PackError`, `ModelFault`."""
        self._library = packs.load(*self._folders)
        self._identifier = language.load()
        self._line_model = line_model.shipped()
        self._models = {"lines": registry.entries()["lines"].id}

    def convert(self, raw: RawArticle) -> Article:
        raw_text = raw.text or ""
        chosen = self._library.select(self.language_of(raw), raw.url or raw.publisher)
        cleaned = strip_boilerplate(raw_text, chosen, Hints(raw.title), self._line_model)
        if not (text := cleaned.text) or text.isspace():
            raise ArticleRejected(Reason.NO_TEXT_LEFT, f"all of {len(raw_text):,} characters is boilerplate")
        candidates = (*raw.dates, *cleaned.dates, *_kafka_time(raw))
        published, conflict = dates.choose(candidates, text)
        return Article(
            id=raw.id,
            text=text,
            text_sha256=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
            char_count=len(text),
            word_count=len(text.split()),
            origin=raw.origin,
            provenance=Provenance(VERSION, chosen.digests, self._models),
            url=raw.url,
            publisher=raw.publisher,
            title=raw.title or cleaned.title,
            authors=raw.authors or cleaned.authors,
            published_at=published.value if published else None,
            published_at_precision=published.precision if published else None,
            published_at_origin=published.origin if published else None,
            date_candidates=candidates,
            date_conflict=conflict,
            fetched_at=raw.fetched_at,
            removed=cleaned.removed,
            related=cleaned.related,
            credits=cleaned.credits,
            agency=cleaned.agency,
            comment_count=cleaned.comment_count,
            hints=raw.hints,
            extra=raw.extra,
            warnings=raw.warnings,
        )

    def language_of(self, raw: RawArticle) -> str | None:
        """The language that chooses the packs: a cheap guess; where it is unsure, the producer's word."""
        guessed = self._identifier.guess(raw.text or "")
        return guessed if guessed != UNSURE else raw.language or raw.hints.get("html_language")


def _kafka_time(raw: RawArticle) -> tuple[DateCandidate, ...]:
    timestamp = raw.origin.timestamp
    return () if timestamp is None else (DateCandidate(timestamp, Precision.SECOND, DateOrigin.KAFKA),)
