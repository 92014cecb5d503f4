"""The ledger of what was cut out of a text: offsets into the raw text, exact both ways.

Clean text is made by cutting only. A cut takes along the white space that would be left doubled, so
that two paragraphs around a removed line stay one blank line apart.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from schemas.article import Removal, RemovalKind

_CLOSING = frozenset(".,;:!?…)]»”")


class Cut(NamedTuple):
    """A span to take out of the current text; half-open, in code points."""

    start: int
    end: int
    kind: RemovalKind
    rule: str
    score: float | None = None


class Ledger:
    """A raw text, and what was cut out of it so far.

    Cuts are made in the current text; the removals they leave point into the raw one.
    """

    def __init__(self, raw: str) -> None:
        self._raw = raw
        self._removed: list[Removal] = []
        self._kept: list[tuple[int, int, int]] = [(0, 0, len(raw))]
        """(start in the current text, start in the raw text, length), in order."""
        self.text = raw
        """The current text."""

    @property
    def removed(self) -> tuple[Removal, ...]:
        """What was cut out, in order, without overlaps."""
        return tuple(sorted(self._removed, key=lambda removal: removal.start))

    def cut(self, cuts: Iterable[Cut]) -> list[Cut]:
        """Take spans out of the current text.

        Args:
            cuts: in order, without overlaps.

        Returns:
            The cuts with the white space they took along, in the text as it was before.
        """
        made = with_white_space(self.text, cuts)
        starts = [piece[0] for piece in self._kept]
        for cut in made:
            self._removed.extend(self._removals(cut, starts))
        self._kept = self._without(made)
        self.text = "".join([self._raw[raw : raw + size] for _, raw, size in self._kept])
        return made

    def _removals(self, cut: Cut, starts: list[int]) -> Iterable[Removal]:
        index = bisect_right(starts, cut.start) - 1
        while index < len(self._kept) and self._kept[index][0] < cut.end:
            current, raw, size = self._kept[index]
            start = raw + max(cut.start - current, 0)
            end = raw + min(cut.end - current, size)
            if start < end:
                yield Removal(start, end, self._raw[start:end], cut.kind, cut.rule, cut.score)
            index += 1

    def _without(self, made: Sequence[Cut]) -> list[tuple[int, int, int]]:
        removed = sorted((removal.start, removal.end) for removal in self._removed)
        kept = []
        position = current = 0
        for start, end in [*removed, (len(self._raw), len(self._raw))]:
            if start > position:
                kept.append((current, position, start - position))
                current += start - position
            position = end
        return kept or [(0, 0, 0)]


def with_white_space(text: str, cuts: Iterable[Cut]) -> list[Cut]:
    """Widen cuts by the white space that would be left doubled.

    Cuts that only white space divides are one hole: it keeps the wider of the gaps around it, none
    at the text's start, and the one that stood after it at the text's end.
    """
    made: list[Cut] = []
    hole: list[Cut] = []
    for cut in cuts:
        if hole and not text[hole[-1].end : cut.start].strip():
            hole[-1] = hole[-1]._replace(end=cut.start)
        elif hole:
            made.extend(_close(text, hole))
            hole = []
        hole.append(cut)
    if hole:
        made.extend(_close(text, hole))
    return made


def _close(text: str, hole: list[Cut]) -> list[Cut]:
    start, end = hole[0].start, hole[-1].end
    before, after = start, end
    while before > 0 and text[before - 1].isspace():
        before -= 1
    while after < len(text) and text[after].isspace():
        after += 1
    if before == 0:
        start, end = before, after
    elif after == len(text):
        start = before
    elif after == end:
        if text[end] in _CLOSING:
            start = before
    elif before < start:
        if text.count("\n", end, after) > text.count("\n", before, start):
            start = before
        else:
            end = after
    hole[0] = hole[0]._replace(start=start)
    hole[-1] = hole[-1]._replace(end=end)
    return hole


def restore(text: str, removed: Sequence[Removal]) -> str:
    """The raw text of a clean one: `restore(cleaned.text, cleaned.removed) == raw`.

    Raises:
        ValueError: the removals are out of order, overlap, or do not fit the text.
    """
    parts = []
    position = taken = 0
    for removal in removed:
        kept = removal.start - position
        if kept < 0 or removal.end - removal.start != len(removal.text) or taken + kept > len(text):
            raise ValueError(f"the removal at {removal.start} does not fit")
        parts.append(text[taken : taken + kept])
        parts.append(removal.text)
        taken += kept
        position = removal.end
    parts.append(text[taken:])
    return "".join(parts)
