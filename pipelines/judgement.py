"""How well the shipped models do on articles that somebody labelled."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from pipelines.record_files import UNREADABLE, open_records
from pipelines.text import language, topics
from pipelines.text.topics import media_topics

NONE = "none"
"""Stands for an article that was given no topic."""
_BANDS = (0, 20, 40, 60, 80, 101)


class LabelFault(ValueError):
    """A file is not what the judge expects; the message names file and line."""


@dataclass
class Tally:
    """What was labelled and what was found."""

    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(labelled, found) -> articles."""
    said: dict[int, list[bool]] = field(default_factory=lambda: defaultdict(list))
    """Confidence -> whether each answer given with it was right."""
    in_set: int = 0
    """Articles whose main topic is among the labelled ones, the secondary included."""

    @property
    def total(self) -> int:
        return self.pairs.total()

    @property
    def right(self) -> float:
        """Share that is right (0-1); 0 for none."""
        return sum(n for (given, found), n in self.pairs.items() if given == found) / max(self.total, 1)

    def rows(self) -> list[dict[str, Any]]:
        """For each label: `name`, `total`, `recall`, `precision`, `f1` (0-1) and the commonest mistakes."""
        names = sorted({name for pair in self.pairs for name in pair})
        rows = []
        for name in names:
            hits = self.pairs[name, name]
            labelled = sum(n for (given, _), n in self.pairs.items() if given == name)
            found = sum(n for (_, answer), n in self.pairs.items() if answer == name)
            wrong = Counter({f: n for (g, f), n in self.pairs.items() if g == name and f != name})
            if labelled:
                rows.append(
                    {
                        "name": name,
                        "total": labelled,
                        "recall": hits / labelled,
                        "precision": hits / found if found else 0.0,
                        "f1": 2 * hits / (labelled + found),
                        "mistakes": wrong.most_common(3),
                    }
                )
        return rows

    def reliability(self) -> list[dict[str, Any]]:
        """For each band of confidence: how many answers, the mean said and the share that is right (0-1)."""
        bands = []
        for low, high in itertools.pairwise(_BANDS):
            answers = [
                (said, right) for said, all_ in self.said.items() if low <= said < high for right in all_
            ]
            if answers:
                bands.append(
                    {
                        "band": f"{low}-{high - 1 if high <= 100 else 100}",
                        "total": len(answers),
                        "said": sum(said for said, _ in answers) / len(answers) / 100,
                        "right": sum(right for _, right in answers) / len(answers),
                    }
                )
        return bands

    def matrix(self) -> tuple[list[str], list[list[int]]]:
        """The names, most frequent first, and how often each (row) was taken for each (column)."""
        often: Counter[str] = Counter()
        for (given, found), n in self.pairs.items():
            often[given] += n
            often[found] += 0
        names = [name for name, _ in often.most_common()]
        return names, [[self.pairs[given, found] for found in names] for given in names]


@dataclass
class Judgement:
    """All that was judged; a tally is empty where no article has its labels."""

    languages: Tally = field(default_factory=Tally)
    topics: Tally = field(default_factory=Tally)


def judge(paths: Iterable[Path]) -> Judgement:
    """Hold language and topics against the labels of articles.

    Args:
        paths: `.jsonl` files (`.gz`, `.zst`), an article a line: `text`, `title`, and either or both of
            `lang` (BCP 47) and `primary` (a topic's key or medtop code) with `secondary` (further ones).

    Raises:
        LabelFault: a line is no labelled article, or a file cannot be read.
        ModelFault: a model is missing or broken.
    """
    identifier = language.load()
    tagger = topics.load()
    keys = {code: key for key, (code, _) in media_topics().items()}
    judged = Judgement()
    for where, row in _rows(paths):
        text, title = row.get("text"), row.get("title") or ""
        if not isinstance(text, str) or not isinstance(title, str):
            raise LabelFault(f"{where}: no text")
        if row.get("lang"):
            found, _ = identifier.identify(text)
            given, tag = str(row["lang"]).split("-")[0], found.tag
            right = tag == row["lang"] or (given == tag.split("-")[0] and not tag.endswith("-Latn"))
            right = right or (given, tag) in (("sr", "sr-Latn"), ("sr", "hr"), ("sr", "bs"))
            judged.languages.pairs[given, given if right else tag] += 1
            judged.languages.said[found.confidence].append(right)
        if row.get("primary"):
            primary = keys.get(row["primary"], row["primary"])
            if primary not in media_topics():
                raise LabelFault(f"{where}: {primary!r} is no topic; they are {', '.join(media_topics())}")
            also = {keys.get(key, key) for key in row.get("secondary") or ()}
            named = [(keys[topic.code], topic.confidence) for topic in tagger.tag(title, text)]
            main = named[0][0] if named else NONE
            judged.topics.pairs[primary, main] += 1
            judged.topics.in_set += main in {primary, *also}
            for key, confidence in named:
                judged.topics.said[confidence].append(key in {primary, *also})
    return judged


def _rows(paths: Iterable[Path]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in paths:
        try:
            with open_records(path) as lines:
                for number, line in enumerate(lines, 1):
                    yield f"{path.name}:{number}", _row(line, f"{path.name}:{number}")
        except UNREADABLE as error:
            raise LabelFault(f"{path}: {error}") from None


def _row(line: bytes, where: str) -> dict[str, Any]:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise LabelFault(f"{where}: not JSON ({error.msg})") from None
    if not isinstance(row, dict):
        raise LabelFault(f"{where}: not an object")
    return row
