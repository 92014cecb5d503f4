"""What the learned scorer sees of a line: its shape, its neighbours, and whether it speaks of the story.

No words are features: a line's stems only count by how many of them begin a word of the page's paragraphs, so
the scorer needs no language.
"""

from __future__ import annotations

import re
from collections import Counter

from pipelines.text.page import SENTENCE_CHARS, Page

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

NAMES = (
    "chars",
    "words",
    "end",
    "start",
    "digits",
    "capitals",
    "capital_words",
    "inner_stops",
    "marks",
    "commas",
    "lines",
    "index",
    "from_end",
    "paragraphs_before",
    "paragraphs_after",
    "since_paragraph",
    "to_paragraph",
    "run",
    "run_share",
    "previous_chars",
    "next_chars",
    "previous_cut",
    "next_cut",
    "previous_end",
    "next_end",
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
"""The features, in the order of a row."""

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
_SENTENCE_ENDS = frozenset('.!?…:;,"“”»')
_MARKS = frozenset("|/©@•→»>+*#–—")


def candidates(page: Page) -> list[int]:
    """The lines that may be scored: undecided, short or not ended as a sentence is, beside other text."""
    if len(page.lines) > MAX_LINES:
        return []
    undecided = [index for index, cut in enumerate(page.cuts) if cut is None]
    chosen = [index for index in undecided if _may_be_scored(page.lines[index])]
    return chosen if len(chosen) < len(undecided) else []


def _may_be_scored(line: str) -> bool:
    return len(line) < (SENTENCE_CHARS if line[-1] in _SENTENCE_ENDS else MAX_OPEN_CHARS)


def rows(page: Page, chosen: list[int], title: str | None) -> list[list[float]]:
    """One row of `NAMES` for each chosen line."""
    count = len(page.lines)
    is_paragraph = [page.cuts[index] is None and page.is_paragraph(index) for index in range(count)]
    paragraphs = [index for index in range(count) if is_paragraph[index]]
    running = " ".join([page.lines[index] for index in paragraphs])
    body_chars = len(running) + 1
    body = f" {running[:BODY_CHARS]}"
    lower = body.lower()
    title_stems = {word[:STEM_LETTERS].lower() for word in _WORD.findall(title)} if title else set()
    shares: dict[int, tuple[float, float, int]] = {}
    counts = Counter(page.lines)

    def share(index: int) -> tuple[float, float, int]:
        if index not in shares:
            if 0 <= index < count and not is_paragraph[index]:
                words = _WORD.findall(page.lines[index])
                stems = {word[:STEM_LETTERS].lower() for word in words}
                names = {word for word in words if word[0].isupper()}
                shares[index] = (
                    sum([f" {stem}" in lower for stem in stems]) / len(stems) if stems else -1.0,
                    sum([name in body for name in names]) / len(names) if names else -1.0,
                    len(stems),
                )
            else:
                shares[index] = (2.0, 2.0, 0)
        return shares[index]

    before = 0
    paragraphs_before = []
    for index in range(count):
        paragraphs_before.append(before)
        before += is_paragraph[index]
    cut_share = sum(cut is not None for cut in page.cuts) / count
    made = []
    for index in chosen:
        line = page.lines[index]
        first = index
        while first > 0 and not is_paragraph[first - 1]:
            first -= 1
        last = index
        while last < count - 1 and not is_paragraph[last + 1]:
            last += 1
        words = line.split(" ")
        in_body, names_in_body, stems = share(index)
        title_share = 0.0
        if title_stems:
            own = {word[:STEM_LETTERS].lower() for word in _WORD.findall(line)}
            title_share = len(own & title_stems) / len(own) if own else 0.0
        made.append(
            [
                float(len(line)),
                float(len(words)),
                float(_END_CLASSES.get(line[-1], 10 if line[-1].isdecimal() else 0)),
                float(_start_class(line[0])),
                sum(map(str.isdecimal, line)) / len(line),
                sum(map(str.isupper, line)) / len(line),
                sum([word[:1].isupper() for word in words]) / len(words),
                float(line.count(". ") + line.count("! ") + line.count("? ")),
                float(sum(map(_MARKS.__contains__, line))),
                float(line.count(",")),
                float(count),
                float(index),
                float(count - 1 - index),
                float(paragraphs_before[index]),
                float(before - paragraphs_before[index]),
                float(index - first + 1 if first > 0 else -1),
                float(last - index + 1 if last < count - 1 else -1),
                float(last - first + 1),
                (index - first) / (last - first + 1),
                float(len(page.lines[index - 1]) if index else -1),
                float(len(page.lines[index + 1]) if index < count - 1 else -1),
                float(index > 0 and page.cuts[index - 1] is not None),
                float(index < count - 1 and page.cuts[index + 1] is not None),
                float(_END_CLASSES.get(page.lines[index - 1][-1], 0) if index else -1),
                float(_END_CLASSES.get(page.lines[index + 1][-1], 0) if index < count - 1 else -1),
                title_share,
                in_body,
                names_in_body,
                share(index - 1)[0],
                share(index + 1)[0],
                float(stems),
                float(counts[line]),
                float(body_chars),
                cut_share,
                body_chars / len(paragraphs) if paragraphs else 0.0,
            ]
        )
    return made


def _start_class(char: str) -> int:
    if char.isupper():
        return 1
    if char.islower():
        return 2
    if char.isdecimal():
        return 3
    return 4 if char in "-–—" else 5 if char in '"„“«»' else 6
