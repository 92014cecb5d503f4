"""What class names and ids say of a page's parts, by the words of `rules/markup.toml`."""

from __future__ import annotations

import re
import tomllib
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
    is_lead: bool
    """The lead, where it stands between the headline and the text."""


class _Vocabulary(NamedTuple):
    junk: frozenset[str]
    junk_phrases: frozenset[str]
    lead: frozenset[str]


def meaning(element: HtmlElement) -> Meaning:
    """What the class, id and itemprop of an element say of it; not what its parents' say."""
    attributes = element.attrib
    names = " ".join(value for name in ("class", "id", "itemprop") if (value := attributes.get(name)))
    return _meaning(names[:_NAMES_CHARS]) if names else _NO_MEANING


_NO_MEANING = Meaning(False, False)


@lru_cache(_NAMES_KEPT)
def _meaning(names: str) -> Meaning:
    vocabulary = _vocabulary()
    words = [word.lower() for word in _WORD.findall(names)]
    pairs = {f"{first} {second}" for first, second in pairwise(words)}
    is_junk = not vocabulary.junk.isdisjoint(words) or not vocabulary.junk_phrases.isdisjoint(pairs)
    return Meaning(is_junk, not vocabulary.lead.isdisjoint(words))


@cache
def _vocabulary() -> _Vocabulary:
    text = files("pipelines").joinpath("rules", "markup.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    junk, phrases = table["junk"]["words"], table["junk"]["phrases"]
    written_as_one = {phrase.replace(" ", "") for phrase in phrases}
    return _Vocabulary(
        frozenset(junk) | written_as_one, frozenset(phrases), frozenset(table["lead"]["words"])
    )
