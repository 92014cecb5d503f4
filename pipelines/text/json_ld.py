"""What a page says of its article in JSON-LD (schema.org), the most exact source there is."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import unescape
from typing import Any

from lxml.html import HtmlElement

MAX_NODES = 2000
"""So many objects are looked at; a page's own have been at most some hundreds."""
_WRAPPING = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/)|(?://\s*)?(?:\]\]>|-->)\s*$|;\s*$"
)
_TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
_MISSING_VALUE = re.compile(r":(?=\s*[,}])")
_BREAK = re.compile(r"[\r\n]+|<\s*(?:br|/?p|/?div|/li)\b[^<>]{0,300}>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,300}>")

Node = Mapping[str, Any]


def find_article(root: HtmlElement, *, is_headline: Callable[[str], bool]) -> Node | None:
    """The page's article among its JSON-LD objects, or None.

    Args:
        root: the page.
        is_headline: a predicate on a `headline`: whether the page shows it as its own. A page may
            describe other stories too: the first article whose headline is the page's, or else the
            first article.
    """
    articles = [node for node in _nodes(root) if _rank(node) > 0]
    shown = [node for node in articles if is_headline(text(node, "headline") or text(node, "name") or "")]
    candidates = shown or [node for node in articles if _rank(node) > 1][:1] or articles[:1]
    return max(candidates, key=_rank, default=None)


def text(node: Node, name: str) -> str | None:
    """A property as plain text, or None."""
    value = node.get(name)
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        value = value[0]
    if isinstance(value, Mapping):
        value = value.get("@value") or value.get("name")
    if not isinstance(value, str):
        return None
    plain = " ".join(_TAG.sub("", unescape(unescape(value))).split())
    return plain or None


def paragraphs(node: Node, name: str) -> tuple[str, ...]:
    """A property's text, a paragraph each where it tells them apart by line breaks or tags."""
    value = node.get(name)
    if not isinstance(value, str):
        return ()
    lines = (" ".join(_TAG.sub("", line).split()) for line in _BREAK.split(unescape(unescape(value))))
    return tuple(filter(None, lines))


def names(node: Node, name: str) -> list[str]:
    """The names in a property that holds people or organisations, in order."""
    found = []
    value = node.get(name)
    for person in value if isinstance(value, list) else [value]:
        if isinstance(person, str):
            found.append(" ".join(unescape(person).split()))
        elif isinstance(person, Mapping):
            called = person.get("name")
            for one in called if isinstance(called, list) else [called]:
                if isinstance(one, str):
                    found.append(" ".join(unescape(one).split()))
    return [one for one in found if one]


def is_accessible_for_free(node: Node) -> bool | None:
    """Whether the page says that all may read it; None where it says nothing."""
    value = str(node.get("isAccessibleForFree", "")).lower()
    return {"true": True, "false": False}.get(value.removeprefix("http://schema.org/"))


def _rank(node: Node) -> int:
    """2 for an article, 1 for a page that has a headline or a day, 0 for anything else."""
    kinds = node.get("@type")
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        if isinstance(kind, str) and kind.lower().endswith(("article", "posting", "report")):
            return 2
    return int("headline" in node or "datePublished" in node)


def _nodes(root: HtmlElement) -> Iterator[Node]:
    left = MAX_NODES
    for script in root.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower():
            continue
        waiting = deque([_load(script.text or "")])
        while waiting and left > 0:
            value = waiting.popleft()
            if isinstance(value, list):
                waiting.extend(value)
            elif isinstance(value, Mapping):
                left -= 1
                yield value
                waiting.extend(value[name] for name in ("@graph", "mainEntity") if name in value)


def _load(source: str) -> Any:
    """The JSON of a script; mended where editors' templates leave a comma or no value behind."""
    source = _WRAPPING.sub("", _WRAPPING.sub("", source))
    mended = _MISSING_VALUE.sub(": null", _TRAILING_COMMA.sub("", source))
    for attempt in dict.fromkeys((source, mended)):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    return None
