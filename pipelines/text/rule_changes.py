"""What another version of the rules changes on a corpus, by rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from schemas.article import Removal

EXAMPLES = 5
"""Kept of each rule and change."""
EXAMPLE_CHARS = 300


class Change(StrEnum):
    """What became of a part of a text."""

    REMOVED = "removed"
    """It stayed before."""
    KEPT = "no longer removed"
    """It was removed before."""
    MOVED = "removed by another rule"
    """Removed before and now, but not by the same rule or not as the same kind."""


class Difference(NamedTuple):
    """One part of one text that is treated differently."""

    change: Change
    rule: str
    """The rule that removes it now; for `KEPT` the one that did before."""
    text: str
    before: str | None = None
    """For `MOVED`: the rule that removed it before."""


@dataclass
class RuleChange:
    """All that one rule does differently in one way."""

    change: Change
    rule: str
    before: str | None
    parts: int = 0
    pages: int = 0
    examples: list[tuple[str, str]] = field(default_factory=list)
    """(page, text), the first few."""


class RuleChanges:
    """Takes in pages one by one; memory stays bounded by the number of rules."""

    def __init__(self) -> None:
        self.pages = 0
        self.changed_pages = 0
        self._found: dict[tuple[Change, str, str | None], RuleChange] = {}

    def add(self, page: str, before: Sequence[Removal], now: Sequence[Removal]) -> None:
        """Take in one page: its name, and its removals under the old and the new rules."""
        self.pages += 1
        differences = list(compare(before, now))
        self.changed_pages += bool(differences)
        seen = set()
        for difference in differences:
            key = (difference.change, difference.rule, difference.before)
            entry = self._found.setdefault(key, RuleChange(*key))
            entry.parts += 1
            if key not in seen:
                seen.add(key)
                entry.pages += 1
            if len(entry.examples) < EXAMPLES:
                entry.examples.append((page, " ".join(difference.text.split())[:EXAMPLE_CHARS]))

    def by_rule(self) -> list[RuleChange]:
        """Every change, rule by rule."""
        return sorted(self._found.values(), key=lambda entry: (entry.rule, entry.change, entry.before or ""))


def compare(before: Sequence[Removal], now: Sequence[Removal]) -> Iterator[Difference]:
    """Where two cleanings of one text differ. White space that a removal takes along does not count."""
    old, new = [_Span.of(removal) for removal in before], [_Span.of(removal) for removal in now]
    for span, text in _without(new, old):
        yield Difference(Change.REMOVED, span.rule, text)
    for span, text in _without(old, new):
        yield Difference(Change.KEPT, span.rule, text)
    same = {(span.start, span.end): span for span in old}
    for span in new:
        was = same.get((span.start, span.end))
        if was is not None and (was.rule, was.kind) != (span.rule, span.kind):
            yield Difference(Change.MOVED, span.rule, span.text, was.rule)


class _Span(NamedTuple):
    start: int
    end: int
    text: str
    rule: str
    kind: str

    @classmethod
    def of(cls, removal: Removal) -> _Span:
        text = removal.text.strip()
        start = removal.start + removal.text.find(text) if text else removal.start
        return cls(start, start + len(text), text, removal.rule, removal.kind)

    def part(self, start: int, end: int) -> str:
        """What this span holds between two offsets, without the white space around it."""
        return self.text[start - self.start : end - self.start].strip()


def _without(spans: Sequence[_Span], others: Sequence[_Span]) -> Iterator[tuple[_Span, str]]:
    """The parts of spans, not blank, that no other covers. Both are in order, without overlaps."""
    first = 0
    for span in spans:
        while first < len(others) and others[first].end <= span.start:
            first += 1
        position, index = span.start, first
        while index < len(others) and others[index].start < span.end:
            if position < others[index].start and (text := span.part(position, others[index].start)):
                yield span, text
            position = others[index].end
            index += 1
        if position < span.end and (text := span.part(position, span.end)):
            yield span, text
