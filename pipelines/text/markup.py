"""What class names and ids say of a page's parts, by the words of `rules/markup.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple

from lxml.html import HtmlElement

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_NAMES_CHARS = 400  # longer class lists are utility classes, or an attack
_NAMES_KEPT = 4096  # sites repeat their names; a page has some hundred different ones


class Meaning(NamedTuple):
    """What the names of an element say."""

    is_junk: bool
    """Related stories, advertisements, captions, share bars and the like."""
    is_pointer: bool
    """A link to another story, or a text that unfolds."""
    is_lead: bool
    """The lead, where it stands between the headline and the text."""
    is_subtitle: bool
    """A second headline."""


class _Words(NamedTuple):
    """Words and pairs of words ("read more")."""

    words: frozenset[str]
    pairs: frozenset[str]

    def are_in(self, words: set[str], pairs: set[str]) -> bool:
        return not self.words.isdisjoint(words) or not self.pairs.isdisjoint(pairs)


def meaning(element: HtmlElement) -> Meaning:
    """What the class, id and itemprop of an element say of it; not what its parents' say."""
    attributes = element.attrib
    names = " ".join(value for name in ("class", "id", "itemprop") if (value := attributes.get(name)))
    return _meaning(names[:_NAMES_CHARS]) if names else _NO_MEANING


_NO_MEANING = Meaning(False, False, False, False)


@lru_cache(_NAMES_KEPT)
def _meaning(names: str) -> Meaning:
    vocabulary = _vocabulary()
    words: set[str] = set()
    pairs: set[str] = set()
    for name in names.split():
        parts = [word.lower() for word in _WORD.findall(name)]
        words.update(parts)
        pairs.update(f"{first} {second}" for first, second in pairwise(parts))
    is_body = vocabulary["body"].are_in(words, pairs)
    return Meaning(
        is_junk=not is_body and vocabulary["junk"].are_in(words, pairs),
        is_pointer=vocabulary["pointer"].are_in(words, pairs),
        is_lead=vocabulary["lead"].are_in(words, pairs),
        is_subtitle=vocabulary["subtitle"].are_in(words, pairs),
    )


@cache
def _vocabulary() -> Mapping[str, _Words]:
    text = files("pipelines").joinpath("rules", "markup.toml").read_text(encoding="utf-8")
    vocabulary = {}
    for kind, table in tomllib.loads(text).items():
        pairs = table.get("phrases", [])
        written_as_one = (pair.replace(" ", "") for pair in pairs)
        vocabulary[kind] = _Words(frozenset((*table.get("words", ()), *written_as_one)), frozenset(pairs))
    return vocabulary
