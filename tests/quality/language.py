"""How often the language is right, by language: on articles, on paragraphs and on single sentences.

Articles are those that readers labelled by topic, paragraphs the body lines of the gold pages, sentences
those of SIB-200, which translators wrote in their language. The language of articles and pages was given by
a crawler; `languages_corrected.toml` holds what a reader found where that is wrong. A paragraph is running
text: a table, a line-up or a programme, most of whose words are names, has no language to speak of.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import orjson

from pipelines.text import language

TABLE = "language"
ARTICLE_CHARS = 300
PARAGRAPH_CHARS = 40
FEWEST = 30
"""A language with fewer texts has no figure of its own."""

_SAME = {"bs": "sr", "hr": "sr", "nn": "no", "nb": "no"}
_WORD = re.compile(r"[^\W\d_]+")
_RUNNING_WORDS = 5


class Answer(NamedTuple):
    """One text, judged."""

    kind: str
    """`articles`, `paragraphs`, `sentences`."""
    given: str
    """The language it is in."""
    found: str
    confidence: int


@cache
def answers(shared: Path) -> tuple[Answer, ...]:
    """What the identifier says of each text."""
    identifier = language.load()
    judged = []
    for kind, given, text in _texts(shared):
        found, _ = identifier.identify(text)
        judged.append(Answer(kind, _base(given), _base(found.tag), found.confidence))
    return tuple(judged)


def figures(shared: Path) -> dict[str, float]:
    """Share that is right (0-1): `articles`, `articles_bg`, …, `paragraphs`, …, `sentences`, …; and
    `calibrated`: 1 less how far confidences are from the share that is right."""
    hits: dict[str, list[bool]] = defaultdict(list)
    for answer in answers(shared):
        right = answer.found == answer.given
        hits[answer.kind].append(right)
        hits[f"{answer.kind}_{answer.given}"].append(right)
    measured = {name: sum(rights) / len(rights) for name, rights in hits.items() if len(rights) >= FEWEST}
    bands = reliability(shared)
    total = sum(count for _, count, _ in bands)
    error = sum(count * abs(said / 100 - right) for said, count, right in bands) / total
    return {**measured, "calibrated": 1 - error}


def reliability(shared: Path) -> list[tuple[int, int, float]]:
    """For each confidence that was said: how many texts, and the share (0-1) that is right. Without `und`."""
    said: dict[int, list[bool]] = defaultdict(list)
    for answer in answers(shared):
        if answer.found != "und":
            said[answer.confidence].append(answer.found == answer.given)
    return [
        (confidence, len(rights), sum(rights) / len(rights)) for confidence, rights in sorted(said.items())
    ]


def confusions(shared: Path, kind: str) -> Counter[tuple[str, str]]:
    """(given, found) -> how many texts of a kind; the wrong ones only."""
    return Counter((a.given, a.found) for a in answers(shared) if a.kind == kind and a.given != a.found)


def _texts(shared: Path) -> Iterator[tuple[str, str, str]]:
    corrected = tomllib.loads((Path(__file__).parent / "languages_corrected.toml").read_text("utf-8"))
    for row in _rows(shared / "data" / "topics_labelled.jsonl.gz"):
        if len(row["text"]) >= ARTICLE_CHARS:
            yield "articles", _given(corrected["articles"], row["text"], row["lang"]), row["text"]
    seen = set()
    for name in ("cleaning_dev", "cleaning_train"):
        for line in (shared / "gold" / f"{name}.jsonl").read_bytes().splitlines():
            page = orjson.loads(line)
            for text, label in zip(page["lines"], page["labels"], strict=True):
                if label == "body" and text not in seen and _is_paragraph(text):
                    seen.add(text)
                    yield "paragraphs", _given(corrected["paragraphs"], text, page["lang"]), text
    for row in _rows(shared / "data" / "topics_train.jsonl.gz"):
        if (
            row["source"].startswith("sib200")
            and row["unit"] == "sent"
            and len(row["text"]) >= PARAGRAPH_CHARS
        ):
            yield "sentences", row["lang"], row["text"]


def _is_paragraph(text: str) -> bool:
    words = _WORD.findall(text)
    running = sum(word[0].islower() for word in words)
    return len(text) >= PARAGRAPH_CHARS and running >= _RUNNING_WORDS and 2 * running >= len(words)


def _given(corrected: Mapping[str, str], text: str, language: str) -> str:
    return corrected.get(hashlib.sha256(text.encode()).hexdigest(), language)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rb") as lines:
        yield from map(orjson.loads, lines)


def _base(tag: str) -> str:
    if tag in ("ru-Latn", "bg-Latn"):
        return tag
    language = tag.split("-")[0]
    return _SAME.get(language, language)
