"""What the removed lines tell: junk is data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipelines.text.dates import read_day
from schemas.article import DateCandidate, DateOrigin, RemovalKind

_MAX_FOUND = 100
"""Of each kind at most this many are kept as fields; the ledger has them all."""

_DATE_ORIGINS = {
    RemovalKind.INJECTED_DATE: DateOrigin.INJECTED,
    RemovalKind.MASTHEAD_DATE: DateOrigin.MASTHEAD,
}
_RELATED = frozenset({RemovalKind.RELATED_LINK, RemovalKind.RELATED_TAIL})
_CREDITS = frozenset({RemovalKind.CREDIT, RemovalKind.SOURCE_CREDIT})


@dataclass
class Findings:
    """Collected while lines are removed; each list in the order of the text, without repeats."""

    language: str | None
    """The language that dates are read in."""
    title: str | None = None
    related: list[str] = field(default_factory=list)
    credits: list[str] = field(default_factory=list)
    agency: str | None = None
    comment_count: int | None = None
    authors: list[str] = field(default_factory=list)
    dates: list[DateCandidate] = field(default_factory=list)

    def add(self, kind: RemovalKind, text: str, groups: Mapping[str, str]) -> None:
        """Take up one removal.

        Args:
            kind: what was removed.
            text: the removed text.
            groups: the rule's named groups that matched; `{}` where the pattern has none.
        """
        if "headline" in groups:
            _append(self.related, groups["headline"])
        elif kind in _RELATED and not groups:
            _append(self.related, text)
        if "credit" in groups:
            _append(self.credits, groups["credit"])
        elif kind in _CREDITS and not groups:
            _append(self.credits, text)
        if "author" in groups:
            _append(self.authors, groups["author"])
        if "agency" in groups and self.agency is None:
            self.agency = groups["agency"].strip()
        if "count" in groups and self.comment_count is None and groups["count"].isdecimal():
            self.comment_count = int(groups["count"][:9])
        if kind in _DATE_ORIGINS:
            candidate = read_day(text, origin=_DATE_ORIGINS[kind], language=self.language)
            if candidate and candidate not in self.dates and len(self.dates) < _MAX_FOUND:
                self.dates.append(candidate)


def _append(found: list[str], text: str) -> None:
    text = text.strip()
    if text and text not in found and len(found) < _MAX_FOUND:
        found.append(text)
