"""The learned line scorer: how likely a short line is junk, where no rule has decided.

Boosted trees over `line_features` and one linear score of the line's words, in plain Python: a page has
few lines that are scored. Trained by `pipelines/models/train_lines.py`.
"""

from __future__ import annotations

import math
import re
import zlib
from array import array
from base64 import b64decode
from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson

from pipelines.models import registry
from pipelines.text.line_features import NAMES, STEM_LETTERS, rows
from pipelines.text.page import Page

WORD_BITS = 18
"""Words are counted in 2 to this power buckets."""
MAX_WEIGHT = 127
"""A bucket's weight is a whole number of steps up to this, either way: one byte."""

EARLY_TREES = 20
EARLY_TOTAL = -0.7
"""A line that the first trees hold for body is not looked at further: most lines are settled there."""

_TOKEN = re.compile(r"[^\W\d_]+|\d+|[^\w\s]")
_DIGITS = str.maketrans("123456789", "000000000")


def buckets(line: str) -> dict[int, float]:
    """A line's words, their stems (words bend at their ends), its first words and its last one as a sparse
    vector of length 1; a digit is a digit."""
    words = _TOKEN.findall(line.lower().translate(_DIGITS))
    if not words:
        return {}
    tokens = [*words, "^" + words[0], "^" + " ".join(words[:2]), "$" + words[-1]]
    tokens += ["s" + word[:STEM_LETTERS] for word in words if len(word) > STEM_LETTERS]
    mask = (1 << WORD_BITS) - 1
    counts: dict[int, int] = {}
    for token in tokens:
        bucket = zlib.crc32(token.encode("utf-8", "surrogatepass")) & mask
        counts[bucket] = counts.get(bucket, 0) + 1
    norm = math.sqrt(sum(count * count for count in counts.values()))
    return {bucket: count / norm for bucket, count in counts.items()}


class LineModel:
    """A trained scorer.

    Args:
        content: the model as trained: `features`, `languages`, `threshold`, `words` (a signed byte a
            bucket, in base 64), `word_scale`, `word_bias`, `trees`; each tree is a list of nodes `[feature,
            threshold, left, right]`, a leaf is `[-1, value]`.

    Raises:
        ValueError: it was trained on other features.
    """

    def __init__(self, content: Mapping[str, Any]) -> None:
        words = content["words"]
        self._words = array("b", b64decode(words) if isinstance(words, str) else b"")
        if content["features"] != [*NAMES, "words"] or len(self._words) != 1 << WORD_BITS:
            raise ValueError("the line model was trained on other features: train it again")
        self.languages = frozenset[str](content["languages"])
        """Primary language tags of the pages it was trained on; of others it knows nothing."""
        self.threshold: float = content["threshold"]
        """A line that scores as much is junk (0-1)."""
        self._word_scale: float = content["word_scale"]
        self._word_bias: float = content["word_bias"]
        self._trees = [_nested(tree) for tree in content["trees"]]

    def scores(self, page: Page, chosen: list[int], title: str | None) -> list[float]:
        """How likely each of the chosen lines is junk (0-1)."""
        if not chosen:
            return []
        return [
            self._score([*row, self._word_score(page.lines[index])])
            for index, row in zip(chosen, rows(page, chosen, title), strict=True)
        ]

    def _word_score(self, line: str) -> float:
        weights = self._words
        score = sum([weights[bucket] * share for bucket, share in buckets(line).items()])
        return self._word_bias + self._word_scale * score

    def _score(self, row: list[float]) -> float:
        total = 0.0
        for number, tree in enumerate(self._trees):
            if number == EARLY_TREES and total < EARLY_TOTAL:
                return 0.0
            feature, value, low, high = tree
            while feature >= 0:
                feature, value, low, high = low if row[feature] <= value else high
            total += value
        return 1 / (1 + math.exp(-total)) if total > -500 else 0.0


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
