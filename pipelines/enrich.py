"""Cleaning and tagging of one article, without Beam: the same stations in a plain call.

>>> enricher = Enricher()
>>> article = enricher.enrich({"text": "Още: ...", "url": "https://example.org/1"})
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson

from pipelines.apply import apply
from pipelines.config import Cleaning, Limits
from pipelines.news_enrichment import stations
from schemas.article import Article
from schemas.dead_letter import DeadLetter
from schemas.origin import Media, Origin
from schemas.outcome import Outcome
from schemas.received import Received
from schemas.withdrawal import Withdrawal


class Enricher:
    """Holds the models and rule packs; make one and call it often. Safe in one thread.

    Args:
        limits: how large a record may be.
        cleaning: the rule packs of one's own, if any.

    Raises:
        PackError: those packs are not well formed.
    """

    def __init__(self, limits: Limits = Limits(), cleaning: Cleaning = Cleaning()) -> None:  # noqa: B008
        self._stations = stations(limits, cleaning)
        for station in self._stations:
            station.setup()

    def enrich(self, raw: Mapping[str, Any] | str) -> Article | Withdrawal | DeadLetter:
        """One article: a raw article, version 1, as a mapping, or its plain text.

        Never raises for the article's sake: what is refused comes back as a `DeadLetter`, and
        what says `withdrawn` as a `Withdrawal`.

        Raises:
            TypeError: `raw` holds what JSON does not know.
        """
        origin = Origin("call", "-", 0)
        if isinstance(raw, str):
            return self.convert(Received(raw.encode("utf-8", "surrogatepass"), origin, Media.TEXT))
        try:
            payload = orjson.dumps(dict(raw))
        except TypeError:  # half a surrogate pair, an integer beyond 64 bits: json takes them
            payload = json.dumps(dict(raw)).encode()
        return self.convert(Received(payload, origin))

    def convert(self, received: Received) -> Article | Withdrawal | DeadLetter:
        """One record as a source hands it over."""
        record: Received | Outcome = received
        for station in self._stations:
            record = apply(station, record)
        assert isinstance(record, Outcome) and isinstance(record.value, Article | Withdrawal | DeadLetter)
        return record.value
