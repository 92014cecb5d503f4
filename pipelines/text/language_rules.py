"""Reads `pipelines/rules/languages.toml`: what mends lid.176, as data."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Family:
    """Languages that lid.176 confuses, and the words by which they are told apart."""

    labels: frozenset[str]
    words: Mapping[str, frozenset[str]]
    fallback: str | None = None
    """The member that a distrusted label stands for where the words don't decide."""
    distrusted: frozenset[str] = frozenset()
    """Labels that are in doubt however probable lid.176 finds them."""
    marks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Pieces of words that speak for a member; a space stands for a word's beginning or end."""
    own: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Letters that running text in this language has; a text without them leaves the label in doubt."""
    scripts: bool = False
    """The fallback is written in two scripts, and its tag says in which."""
    by_block: bool = False
    """Each block is decided by its own words, since the members do meet in one article."""


@dataclass(frozen=True)
class Rules:
    """`pipelines/rules/languages.toml`, read; the file says what each figure means."""

    cyrillic: Mapping[str, frozenset[str]]
    families: Mapping[str, Family]
    """lid.176's label -> its family."""
    transliteration: Mapping[str, frozenset[str]]
    publisher: Mapping[str, str]
    """Last part of a domain -> the usual language there."""
    sure: float
    agreed: float
    rival: float
    margin: float
    transliterated_below: float
    transliterated_share: float
    foreign_share: float
    foreign_words: float
    known_words: int
    confidence: tuple[tuple[float, int], ...]


@cache
def load_rules() -> Rules:
    """The language data, read once a process."""
    path = Path(__file__).parents[1] / "rules" / "languages.toml"
    tables = tomllib.loads(path.read_text("utf-8"))
    families = [_read_family(table) for table in tables["family"].values()]
    trust = tables["trust"]
    return Rules(
        cyrillic=_letter_sets(tables["cyrillic"]),
        families={label: family for family in families for label in family.labels},
        transliteration=_word_sets(tables["transliteration"]),
        publisher=tables["publisher"],
        confidence=tuple((low, percent) for low, percent in trust.pop("confidence")),
        **trust,
    )


def _read_family(table: dict[str, Any]) -> Family:
    return Family(
        labels=frozenset(table.pop("labels")),
        words=_word_sets(table.pop("words")),
        distrusted=frozenset(table.pop("distrusted", ())),
        marks={
            tag: tuple(m.replace("_", " ") for m in marks.split())
            for tag, marks in table.pop("marks", {}).items()
        },
        own=_letter_sets(table.pop("own", {})),
        **table,
    )


def _letter_sets(table: Mapping[str, str]) -> Mapping[str, frozenset[str]]:
    return {tag: frozenset(letters) for tag, letters in table.items()}


def _word_sets(table: Mapping[str, str]) -> Mapping[str, frozenset[str]]:
    return {tag: frozenset(words.split()) for tag, words in table.items()}
