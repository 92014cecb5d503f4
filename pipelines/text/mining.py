"""Finds what recurs on the pages of one site: lines, shapes of lines, markers, that no rule removes yet.

Meant for a corpus of a million pages: a line is held only from the second page on that has it. The
first sighting sets two bits of a table of fixed size (a Bloom filter), and of the lines held the rarest are
forgotten when they grow too many. So a count may be one too high (by a collision) or too low (for a line
forgotten meanwhile); memory stays below some 300 MB whatever the corpus (1.2 KB a line held).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from pipelines.text import line_shape
from pipelines.text.page import SENTENCE_CHARS

MAX_HELD = 200_000
"""So many lines, shapes and markers of all sites are held at most; then the rarer half is forgotten."""
SEEN_BITS = 28
"""The table of first sightings has 2 to this power bits: 32 MB, for some 30 million lines."""

MAX_LINE_CHARS = 600
"""Longer lines are not looked at: furniture is shorter."""
SHAPE_CHARS = 200
"""In longer lines names are not made general."""
EDGE_LINES = 3
"""So many lines at a page's beginning and end count as its head and its foot."""
EXAMPLES = 4
"""Different lines kept of each candidate."""
MIN_SHARE = 0.01
"""A candidate stands on this share of its site's pages at least."""
MIN_LETTERS = 3
"""Letters that a pattern fixes; with fewer it would match anything."""
MAX_PROPOSALS = 40
"""Of each site, the most frequent."""


class Form(StrEnum):
    """What recurs."""

    LINE = "line"
    """A whole line, or lines of one shape."""
    LEAD = "lead"
    """A marker with a colon, and anything after it."""
    TAIL = "tail"
    """Anything, and a last part after a dash or a bar."""


@dataclass(slots=True)
class _Held:
    site: int
    form: Form
    pages: int
    examples: list[str]
    places: list[int] = field(default_factory=lambda: [0, 0, 0])
    first: date | None = None
    last: date | None = None


@dataclass(slots=True)
class _Site:
    number: int
    pages: int = 0
    repeats: int = 0
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class Proposal:
    """Something that recurs on a site and might be furniture."""

    form: Form
    pattern: str
    """For a rule of the site's pack; it may use the common definitions."""
    pages: int
    share: float
    """Of the site's pages (0-1)."""
    head: int
    middle: int
    foot: int
    """How often it stood among the first three lines of a page's clean text, the last three, or between."""
    examples: tuple[str, ...]
    first: date | None
    last: date | None
    """The days of the oldest and the latest page that has it, as far as known."""


@dataclass(frozen=True)
class SiteReport:
    """One site of the corpus."""

    site: str
    pages: int
    repeats: int
    """Pages left out because they repeat another: an article sent twice would look like furniture."""
    first: date | None
    last: date | None
    proposals: tuple[Proposal, ...]


class Miner:
    """Takes in pages one by one; then tells what recurs.

    Args:
        min_pages: a line recurs when so many pages of one site have it (2 or more).
    """

    def __init__(self, min_pages: int) -> None:
        self._min_pages = max(min_pages, 2)
        self._sites: dict[str, _Site] = {}
        self._held: dict[int, _Held] = {}
        self._seen = bytearray(1 << (SEEN_BITS - 3))
        self.forgotten = 0
        """Lines that were held and had to be forgotten."""

    def add(self, site: str, text: str, day: date | None) -> None:
        """Take in one page.

        Args:
            site: its domain.
            text: its text as the rules left it.
            day: its date, if known.
        """
        lines = [line for raw in text.split("\n") if (line := line_shape.folded(raw).strip())]
        record = self._sites.setdefault(site, _Site(len(self._sites)))
        prefix = f"{record.number}\0"
        if self._is_repeat(prefix, lines):
            record.repeats += 1
            return
        record.pages += 1
        record.first, record.last = _span(record.first, record.last, day)
        keys: set[int] = set()
        for index, line in enumerate(lines):
            if len(line) > MAX_LINE_CHARS:
                continue
            place = 0 if index < EDGE_LINES else 2 if index >= len(lines) - EDGE_LINES else 1
            for form, shape in _shapes(line):
                key = _hash(f"{prefix}{form}\0{shape}")
                if key not in keys:
                    keys.add(key)
                    self._count(key, record.number, form, line, place, day)
        if len(self._held) > MAX_HELD:
            self._forget()

    def reports(self) -> Iterator[SiteReport]:
        """The sites with what recurs on them, the one with the most pages first."""
        of_site: dict[int, list[_Held]] = {}
        for held in self._held.values():
            of_site.setdefault(held.site, []).append(held)
        for name, site in sorted(self._sites.items(), key=lambda item: (-item[1].pages, item[0])):
            found = tuple(self._proposals(of_site.get(site.number, []), site.pages))
            yield SiteReport(name, site.pages, site.repeats, site.first, site.last, found)

    def _is_repeat(self, prefix: str, lines: list[str]) -> bool:
        """Whether all long lines of a page were on pages before; of a page without any, whether all of it."""
        probes = [line for line in lines if len(line) >= SENTENCE_CHARS] or ["\n".join(lines)]
        known = [self._see(_hash(f"{prefix}page\0{probe}")) for probe in probes]
        return all(known)

    def _count(self, key: int, site: int, form: Form, line: str, place: int, day: date | None) -> None:
        held = self._held.get(key)
        if held is None:
            if self._see(key):
                held = self._held[key] = _Held(site, form, 2, [line])
        else:
            held.pages += 1
            if len(held.examples) < EXAMPLES and line not in held.examples:
                held.examples.append(line)
        if held is not None:
            held.places[place] += 1
            held.first, held.last = _span(held.first, held.last, day)

    def _see(self, key: int) -> bool:
        """Whether a key was seen before; it is from now on."""
        known = True
        for bit in (key & ((1 << SEEN_BITS) - 1), key >> (64 - SEEN_BITS)):
            if not self._seen[bit >> 3] & (1 << (bit & 7)):
                known = False
                self._seen[bit >> 3] |= 1 << (bit & 7)
        return known

    def _forget(self) -> None:
        """Let go of the rarer half; among equals, of those that were held first."""
        keys = sorted(self._held, key=lambda key: self._held[key].pages)
        for key in keys[: len(keys) // 2]:
            del self._held[key]
        self.forgotten += len(keys) // 2

    def _proposals(self, found: list[_Held], pages: int) -> list[Proposal]:
        enough = max(self._min_pages, MIN_SHARE * pages)
        found = sorted(
            (held for held in found if held.pages >= enough),
            key=lambda held: (-held.pages, held.form is not Form.LINE, held.examples),
        )
        proposals: dict[str, Proposal] = {}
        covered: set[tuple[Form, str]] = set()
        proposed: set[tuple[Form, str]] = set()
        for held in found:
            markers = {shape for shape in _shapes(held.examples[0]) if shape[0] is not Form.LINE}
            if held.form is Form.LINE:
                # Where one line makes up a marker's sightings, the marker itself says nothing.
                covered |= markers if len(held.examples) == 1 else set()
                if markers & proposed:
                    continue
            elif len(held.examples) == 1 or any((held.form, shape) in covered for _, shape in markers):
                continue
            pattern = _pattern(held)
            if pattern is not None and pattern not in proposals:
                proposals[pattern] = _proposal(held, pattern, pages)
                proposed.add((held.form, pattern))
                if len(proposals) == MAX_PROPOSALS:
                    break
        return list(proposals.values())


def _shapes(line: str) -> Iterator[tuple[Form, str]]:
    """What a line is counted as: itself by its shape, and by its markers."""
    yield Form.LINE, line_shape.pattern(line, names=len(line) <= SHAPE_CHARS)
    if len(line) > SHAPE_CHARS:
        return
    marker = line_shape.lead(line)
    if marker is not None:
        yield Form.LEAD, rf"{line_shape.pattern(marker, names=False)}\S.*"
    marker = line_shape.tail(line)
    if marker is not None:
        yield Form.TAIL, rf".*\S{line_shape.pattern(marker, names=False)}"


def _pattern(held: _Held) -> str | None:
    """The pattern of a candidate, as particular as its examples let it be; None where it fixes nothing."""
    line = held.examples[0]
    if held.form is not Form.LINE:
        return next(shape for form, shape in _shapes(line) if form is held.form)
    exact = {line_shape.pattern(example, names=False) for example in held.examples}
    names = len(exact) > 1
    if line_shape.letters(line, names=names) < MIN_LETTERS:
        return None
    return line_shape.pattern(line, names=True) if names else exact.pop()


def _proposal(held: _Held, pattern: str, pages: int) -> Proposal:
    return Proposal(
        form=held.form,
        pattern=pattern,
        pages=held.pages,
        share=min(held.pages / pages, 1.0),
        head=held.places[0],
        middle=held.places[1],
        foot=held.places[2],
        examples=tuple(held.examples),
        first=held.first,
        last=held.last,
    )


def _span(first: date | None, last: date | None, day: date | None) -> tuple[date | None, date | None]:
    if day is None:
        return first, last
    return (min(first, day) if first else day), (max(last, day) if last else day)


def _hash(text: str) -> int:
    """64 bits; the same in every process."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")
