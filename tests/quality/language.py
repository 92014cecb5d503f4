"""How often the language is right, by language, on articles and on single sentences.

The articles are those that readers labelled by topic (their language was given by the crawler, so some
Uzbek ones pass for Russian and a few Russian ones for Ukrainian: the figures are a little too low); the
sentences are those of SIB-200 in `topics_train`, which were written in their language by translators.
"""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import orjson

from pipelines.models.registry import load_fasttext
from pipelines.text.language import LanguageIdentifier

TABLE = "language"
ARTICLE_CHARS = 300
SENTENCE_CHARS = 40
FEWEST = 30
"""A language with fewer texts has no figure of its own."""

_SAME = {"bs": "sr", "hr": "sr", "nn": "no", "nb": "no"}


def figures(shared: Path) -> dict[str, float]:
    """Share that is right (0-1): `articles`, `articles_bg`, …, `sentences`, `sentences_bg`, …"""
    identifier = LanguageIdentifier(load_fasttext("language"))
    hits: dict[str, list[bool]] = defaultdict(list)
    for kind, language, text in _texts(shared / "data"):
        right = _base(identifier.identify(text)[0].tag) == _base(language)
        hits[kind].append(right)
        hits[f"{kind}_{language}"].append(right)
    return {name: sum(rights) / len(rights) for name, rights in hits.items() if len(rights) >= FEWEST}


def _texts(data: Path) -> Iterator[tuple[str, str, str]]:
    for row in _rows(data / "topics_labelled.jsonl.gz"):
        if len(row["text"]) >= ARTICLE_CHARS:
            yield "articles", row["lang"], row["text"]
    for row in _rows(data / "topics_train.jsonl.gz"):
        if (
            row["source"].startswith("sib200")
            and row["unit"] == "sent"
            and len(row["text"]) >= SENTENCE_CHARS
        ):
            yield "sentences", row["lang"], row["text"]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rb") as lines:
        yield from map(orjson.loads, lines)


def _base(tag: str) -> str:
    if tag in ("ru-Latn", "bg-Latn"):
        return tag
    language = tag.split("-")[0]
    return _SAME.get(language, language)
