"""What the learned scorer sees of a line: its shape, its neighbours, and whether it speaks of the story.

No words are features: a line's stems only count by how many of them begin a word of the page's paragraphs, so
the scorer needs no language. What a glance shows settles most lines; the rest costs a search of the text.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from itertools import compress

from pipelines.text.page import CLOSED, SENTENCE_CHARS, Page

STEM_LETTERS = 5
"""A word's first letters stand for its stem."""
MAX_OPEN_CHARS = 300
"""A line of this length is never scored: body text is sacred. Nor is one of `SENTENCE_CHARS` that ends as a
sentence does."""
MAX_LINES = 400
"""A page of more lines is not scored: it is no article."""
BODY_CHARS = 50_000
"""A line's words are looked for in so much of the running text."""

_WORD = re.compile(r"[^\W\d_]{3,}")

GLANCE_NAMES = (
    "chars",
    "words",
    "end",
    "start",
    "digits",
    "capital_words",
    "marks",
    "commas",
    "lines",
    "index",
    "from_end",
    "previous_chars",
    "next_chars",
    "previous_cut",
    "next_cut",
    "previous_end",
    "next_end",
)
"""The features seen at a glance, in their order."""

FURTHER_NAMES = (
    "capitals",
    "inner_stops",
    "paragraphs_before",
    "paragraphs_after",
    "since_paragraph",
    "to_paragraph",
    "run",
    "run_share",
    "same_as_title",
    "in_body",
    "capitals_in_body",
    "previous_in_body",
    "next_in_body",
    "stems",
    "repeats",
    "body_chars",
    "cut_share",
    "paragraph_chars",
)
"""The features seen at a second look, in their order."""

_END_CLASSES = {
    ".": 1,
    "!": 2,
    "?": 3,
    "…": 4,
    ":": 5,
    ",": 6,
    ";": 6,
    ")": 7,
    '"': 8,
    "“": 8,
    "”": 8,
    "»": 8,
}
_MARKS = frozenset("|/©@•→»>+*#–—")


def candidates(page: Page) -> list[int]:
    """The lines that may be scored: undecided, short or not ended as a sentence is, beside other text."""
    if len(page.lines) > MAX_LINES:
        return []
    undecided = page.undecided()
    chosen = [index for index in undecided if _may_be_scored(page.lines[index])]
    return chosen if len(chosen) < len(undecided) else []


def short_line(page: Page, index: int) -> str | None:
    """The line there; None where there is none or it is too long to be scored."""
    if not 0 <= index < len(page.lines):
        return None
    line = page.lines[index]
    return line if len(line) < MAX_OPEN_CHARS else None


def _may_be_scored(line: str) -> bool:
    return len(line) < (SENTENCE_CHARS if line[-1] in CLOSED else MAX_OPEN_CHARS)


class LineFeatures:
    """The features of a page's lines.

    Args:
        page: the page, as far as it is decided.
        title: the article's, if known.
    """

    def __init__(self, page: Page, title: str | None) -> None:
        self._page = page
        self._title = title
        self._shares: dict[int, tuple[float, float, int]] = {}

    def glance(self, index: int) -> list[float]:
        """A line's `GLANCE_NAMES`."""
        lines, cuts = self._page.lines, self._page.cuts
        line = lines[index]
        previous = lines[index - 1] if index else ""
        following = lines[index + 1] if index < len(lines) - 1 else ""
        words = line.split(" ")
        return [
            float(len(line)),
            float(len(words)),
            float(_END_CLASSES.get(line[-1], 10 if line[-1].isdecimal() else 0)),
            float(_start_class(line[0])),
            sum(map(str.isdecimal, line)) / len(line),
            sum([word[:1].isupper() for word in words]) / len(words),
            float(sum(map(_MARKS.__contains__, line))),
            float(line.count(",")),
            float(len(lines)),
            float(index),
            float(len(lines) - 1 - index),
            float(len(previous) if previous else -1),
            float(len(following) if following else -1),
            float(bool(previous) and cuts[index - 1] is not None),
            float(bool(following) and cuts[index + 1] is not None),
            float(_END_CLASSES.get(previous[-1], 0) if previous else -1),
            float(_END_CLASSES.get(following[-1], 0) if following else -1),
        ]

    def further(self, index: int) -> list[float]:
        """A line's `FURTHER_NAMES`."""
        line, count = self._page.lines[index], len(self._page.lines)
        is_paragraph = self._is_paragraph
        first = index
        while first > 0 and not is_paragraph[first - 1]:
            first -= 1
        last = index
        while last < count - 1 and not is_paragraph[last + 1]:
            last += 1
        before, paragraphs = sum(is_paragraph[:index]), sum(is_paragraph)
        body_chars = len(self._running) + 1
        in_body, names_in_body, stems = self._share(index)
        return [
            sum(map(str.isupper, line)) / len(line),
            float(line.count(". ") + line.count("! ") + line.count("? ")),
            float(before),
            float(paragraphs - before),
            float(index - first + 1 if first > 0 else -1),
            float(last - index + 1 if last < count - 1 else -1),
            float(last - first + 1),
            (index - first) / (last - first + 1),
            self._same_as_title(line),
            in_body,
            names_in_body,
            self._share(index - 1)[0],
            self._share(index + 1)[0],
            float(stems),
            float(self._repeats[line]),
            float(body_chars),
            self._cut_share,
            body_chars / paragraphs if paragraphs else 0.0,
        ]

    @cached_property
    def _is_paragraph(self) -> list[bool]:
        page = self._page
        return [cut is None and page.is_paragraph(index) for index, cut in enumerate(page.cuts)]

    @cached_property
    def _running(self) -> str:
        return " ".join(compress(self._page.lines, self._is_paragraph))

    @cached_property
    def _body(self) -> str:
        return f" {self._running[:BODY_CHARS]}"

    @cached_property
    def _lower(self) -> str:
        return self._body.lower()

    @cached_property
    def _repeats(self) -> Counter[str]:
        return Counter(self._page.lines)

    @cached_property
    def _cut_share(self) -> float:
        return sum(cut is not None for cut in self._page.cuts) / len(self._page.cuts)

    @cached_property
    def _title_stems(self) -> set[str]:
        return _stems(_WORD.findall(self._title)) if self._title else set()

    def _same_as_title(self, line: str) -> float:
        if not self._title_stems:
            return 0.0
        own = _stems(_WORD.findall(line))
        return len(own & self._title_stems) / len(own) if own else 0.0

    def _share(self, index: int) -> tuple[float, float, int]:
        """The share of a line's stems, and of its capitalised words, that the paragraphs have; its stems."""
        found = self._shares.get(index)
        if found is None:
            found = (2.0, 2.0, 0)
            if 0 <= index < len(self._page.lines) and not self._is_paragraph[index]:
                words = _WORD.findall(self._page.lines[index])
                stems, names = _stems(words), {word for word in words if word[0].isupper()}
                found = (
                    sum([f" {stem}" in self._lower for stem in stems]) / len(stems) if stems else -1.0,
                    sum([name in self._body for name in names]) / len(names) if names else -1.0,
                    len(stems),
                )
            self._shares[index] = found
        return found


def _stems(words: list[str]) -> set[str]:
    return {word[:STEM_LETTERS].lower() for word in words}


def _start_class(char: str) -> int:
    if char.isupper():
        return 1
    if char.islower():
        return 2
    if char.isdecimal():
        return 3
    return 4 if char in "-–—" else 5 if char in '"„“«»' else 6
