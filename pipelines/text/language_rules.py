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
    letters: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Letters that only this member has; one counts as much as a word."""
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
    sure: float
    margin: float
    transliterated_below: float
    transliterated_share: float
    foreign_share: float
    confidence: tuple[tuple[float, int], ...]


@cache
def load_rules(path: Path = Path(__file__).parents[1] / "rules" / "languages.toml") -> Rules:
    """Read the language data. Raises `OSError`, `tomllib.TOMLDecodeError`, `KeyError` or `TypeError`."""
    tables = tomllib.loads(path.read_text("utf-8"))
    families = [_read_family(table) for table in tables["family"].values()]
    trust = tables["trust"]
    return Rules(
        cyrillic={tag: frozenset(letters) for tag, letters in tables["cyrillic"].items()},
        families={label: family for family in families for label in family.labels},
        transliteration=_word_sets(tables["transliteration"]),
        confidence=tuple((low, percent) for low, percent in trust.pop("confidence")),
        **trust,
    )


def _read_family(table: dict[str, Any]) -> Family:
    return Family(
        labels=frozenset(table.pop("labels")),
        words=_word_sets(table.pop("words")),
        distrusted=frozenset(table.pop("distrusted", ())),
        letters={tag: frozenset(letters) for tag, letters in table.pop("letters", {}).items()},
        **table,
    )


def _word_sets(table: Mapping[str, str]) -> Mapping[str, frozenset[str]]:
    return {tag: frozenset(words.split()) for tag, words in table.items()}
