"""Scores clean texts against line gold, by the rules of the gold's own scorer.

A line counts as kept when at least 80 % of its six-word runs stand in the clean text, as gone below
50 %; a line under 25 characters must stand as a line of its own. `unsure` lines and junk that also
stands inside body text are not scored.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

KEEP = frozenset({"body", "subhead"})
_RUN_WORDS = 6
_SHORT_CHARS = 25


class Mistake(NamedTuple):
    """A line that was judged otherwise than by the reader."""

    page: str
    line: int
    label: str
    text: str


@dataclass
class Score:
    """Counts over pages; junk is what is to be found."""

    found: int = 0
    missed: int = 0
    wrong: int = 0
    """Body lines that were removed."""
    body_chars: int = 0
    body_kept_chars: float = 0.0
    spans: int = 0
    spans_removed: int = 0
    pages: int = 0
    exact_pages: int = 0
    kinds: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """Gold label -> found, missed."""
    mistakes: list[Mistake] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.found / (self.found + self.wrong) if self.found + self.wrong else 1.0

    @property
    def recall(self) -> float:
        return self.found / (self.found + self.missed) if self.found + self.missed else 1.0

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    @property
    def body_kept(self) -> float:
        return self.body_kept_chars / self.body_chars if self.body_chars else 1.0


def score(pages: Iterable[tuple[Mapping[str, Any], str]]) -> Score:
    """The score of clean texts.

    Args:
        pages: gold rows, each with the page's clean text.
    """
    total = Score()
    for row, clean in pages:
        _add(total, row, clean)
    return total


def _add(total: Score, row: Mapping[str, Any], clean: str) -> None:
    flat = _flat(clean)
    clean_lines = {_flat(line) for line in clean.split("\n")}
    body = [_flat(line) for line, label in zip(row["lines"], row["labels"], strict=True) if label in KEEP]
    exact = True
    for index, (line, label) in enumerate(zip(row["lines"], row["labels"], strict=True)):
        if label == "unsure":
            continue
        junk = (row.get("partial") or {}).get(str(index), [])
        rest = line
        for part in junk:
            rest = rest.replace(part, " ")
        kept = _kept_share(rest, flat, clean_lines) if _flat(rest) else 0.0
        if label in KEEP:
            total.body_chars += len(line)
            total.body_kept_chars += kept * len(line)
            removed = sum(_flat(part) not in flat for part in junk)
            total.spans += len(junk)
            total.spans_removed += removed
            exact &= removed == len(junk) and kept > 0.999
            if kept < 0.8:
                total.wrong += 1
                total.mistakes.append(Mistake(row["id"], index, label, line))
        elif not any(_flat(line) in paragraph for paragraph in body):
            gone = kept < 0.5
            exact &= gone
            total.found += gone
            total.missed += not gone
            total.kinds[label]["found" if gone else "missed"] += 1
            if not gone:
                total.mistakes.append(Mistake(row["id"], index, label, line))
    total.pages += 1
    total.exact_pages += exact


def _flat(text: str) -> str:
    return " ".join(text.split())


def _kept_share(line: str, flat: str, clean_lines: set[str]) -> float:
    line = _flat(line)
    if len(line) < _SHORT_CHARS:
        return float(line in clean_lines)
    if line in flat:
        return 1.0
    words = line.split(" ")
    size = min(_RUN_WORDS, len(words))
    runs = [" ".join(words[i : i + size]) for i in range(len(words) - size + 1)]
    return sum(run in flat for run in runs) / len(runs)
