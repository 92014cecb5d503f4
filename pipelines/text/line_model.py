"""The learned line scorer: how likely a short line is junk, where no rule has decided.

Boosted trees over `line_features` and two linear scores of the line's words, in plain Python: a page has few
lines that are scored. Trained by `pipelines/models/train_lines.py`.
"""

from __future__ import annotations

import math
import re
import zlib
from array import array
from base64 import b64decode
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

import orjson

from pipelines.models import registry
from pipelines.text.line_features import (
    FURTHER_NAMES,
    GLANCE_NAMES,
    STEM_LETTERS,
    LineFeatures,
    short_line,
)
from pipelines.text.page import Page

WORD_BITS = 18
"""A token has one of 2 to this power buckets for its weight."""
MAX_WEIGHT = 127
"""A bucket's weight is a whole number of steps up to this, either way: one byte."""

GLANCE_TOTAL = -1.0
"""A line whose trees at a glance sum up to less is held for body: it is not looked at further. In log odds;
one line in a hundred that would be taken is lost so, and two in three need no second look."""
REMEMBERED = 1 << 15
"""So many tokens' buckets are kept at hand."""

WORD_SCORES = ("words_of_pages", "words_written")
"""The linear scores of a line's words: as labelled pages taught them, and as written lines did."""
FEATURES = (*GLANCE_NAMES, *WORD_SCORES, *FURTHER_NAMES, "previous_words_of_pages", "next_words_of_pages")
"""What the trees see, in the order of a row; those at a glance see the first two groups."""
NO_LINE = -9.0
"""The word score of a neighbour that is not there, or is too long to be looked at."""

_TOKEN = re.compile(r"[^\W\d_]+|\d+|[^\w\s]")
_DIGITS = str.maketrans("123456789", "000000000")


def tokens(line: str) -> list[str]:
    """A line's words, their stems (words bend at their ends), its first words and its last one; a digit is a
    digit."""
    words = _TOKEN.findall(line.lower().translate(_DIGITS))
    if not words:
        return []
    stems = ["s" + word[:STEM_LETTERS] for word in words if len(word) > STEM_LETTERS]
    return [*words, *stems, "^" + words[0], "^" + " ".join(words[:2]), "$" + words[-1]]


@lru_cache(REMEMBERED)
def bucket(token: str) -> int:
    """Where a token's weight stands."""
    return zlib.crc32(token.encode("utf-8", "surrogatepass")) & ((1 << WORD_BITS) - 1)


class WordScore:
    """A linear score of a line's words.

    Args:
        content: as trained: `weights` (a signed byte a bucket, in base 64), `scale`, `bias`.

    Raises:
        ValueError: there is not one weight a bucket.
    """

    def __init__(self, content: Mapping[str, Any]) -> None:
        weights = array("b", b64decode(content["weights"]))
        if len(weights) != 1 << WORD_BITS:
            raise ValueError("the line model's words were trained with other buckets: train it again")
        self._weight = weights.__getitem__
        self._scale: float = content["scale"]
        self._bias: float = content["bias"]

    def of(self, buckets: list[int]) -> float:
        """The log odds of being junk of a line whose tokens have these buckets."""
        if not buckets:
            return self._bias
        return self._bias + self._scale * sum(map(self._weight, buckets)) / math.sqrt(len(buckets))


class LineModel:
    """A trained scorer.

    Args:
        content: the model as trained: `features`, `languages`, `threshold`, the `WORD_SCORES`, `glance` and
            `trees`; a tree is a list of nodes `[feature, threshold, left, right]`, a leaf is `[-1, value]`.

    Raises:
        ValueError: it was trained on other features.
    """

    def __init__(self, content: Mapping[str, Any]) -> None:
        if content["features"] != [*FEATURES]:
            raise ValueError("the line model was trained on other features: train it again")
        self.languages = frozenset[str](content["languages"])
        """Primary language tags of the pages it was trained on; of others it knows nothing."""
        self.threshold: float = content["threshold"]
        """A line that scores as much is junk (0-1)."""
        self._of_pages, self._written = (WordScore(content[name]) for name in WORD_SCORES)
        self._glance = [_nested(tree) for tree in content["glance"]]
        self._trees = [_nested(tree) for tree in content["trees"]]

    def scores(self, page: Page, chosen: list[int], title: str | None) -> list[float]:
        """How likely each of the chosen lines is junk (0-1); 0 where a glance tells."""
        features = LineFeatures(page, title)
        return [self._score(page, features, index) for index in chosen]

    def _score(self, page: Page, features: LineFeatures, index: int) -> float:
        buckets = list(map(bucket, tokens(page.lines[index])))
        row = [*features.glance(index), self._of_pages.of(buckets), self._written.of(buckets)]
        if _total(self._glance, row) < GLANCE_TOTAL:
            return 0.0
        row += features.further(index)
        row += [self._neighbour(page, index - 1), self._neighbour(page, index + 1)]
        total = _total(self._trees, row)
        return 1 / (1 + math.exp(-total)) if total > -500 else 0.0

    def _neighbour(self, page: Page, index: int) -> float:
        line = short_line(page, index)
        return NO_LINE if line is None else self._of_pages.of(list(map(bucket, tokens(line))))


def _total(trees: list[tuple[Any, ...]], row: list[float]) -> float:
    total = 0.0
    for feature, value, low, high in trees:
        while feature >= 0:
            feature, value, low, high = low if row[feature] <= value else high
        total += value
    return total


def _nested(tree: list[list[Any]]) -> tuple[Any, ...]:
    """A tree's root: (feature, threshold, node below, node above); a leaf is (-1, value, None, None)."""
    nodes: list[tuple[Any, ...]] = []
    for feature, value, *below in reversed(tree):  # children stand behind their parents
        low, high = (nodes[len(tree) - 1 - number] for number in below) if below else (None, None)
        nodes.append((feature, value, low, high))
    return nodes[-1]


@cache
def shipped() -> LineModel:
    """The shipped model, verified and read once a process. Raises `ModelFault`."""
    return LineModel(orjson.loads(registry.verified("lines").read_bytes()))
