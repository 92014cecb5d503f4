"""Paragraphs of an article that trafilatura left out: it takes one part of a page and stops there.

Two things tell of more: containers like the one that was read, where a template cuts the article into
pieces (around ads), and the text that the page itself calls its `articleBody` in JSON-LD.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from lxml.html import HtmlElement

from pipelines.text.markup import meaning
from pipelines.text.page_junk import linked_chars
from pipelines.text.page_tree import is_line, letters, text_of

MIN_CHARS = 20
"""Letters of a paragraph that counts; a shorter one is found in other texts by chance."""
MAX_LINK_SHARE = 0.5
MAIN_SHARE = 0.9
"""So much of what was read stands in the containers whose like are looked for."""
MISSING_SHARE = 0.15
"""Fewer missing letters for each that was read are a box, not a piece of the article."""
COVERED_SHARE = 0.7
"""So much of the page's own `articleBody` has to be read; else it stands for the text."""
PARAGRAPHS_SHARE = 0.9
"""The page's paragraphs stand for `articleBody`, which has none, where they hold so much of it."""
MAX_PARAGRAPHS = 2_000
MAX_COMPARED_CHARS = 500_000_000
"""Paragraphs times letters that are compared, in half a second; a larger page is left as it was read."""

_TITLES = ("h1", "header")
Place = tuple[int, int | None]
"""The story that a paragraph belongs to, and a number of the way to it (`_Ways`)."""


def with_pieces(root: HtmlElement, lines: Sequence[str]) -> list[str]:
    """The lines, and in their places the paragraphs that stand in containers just like theirs.

    Args:
        root: the page.
        lines: what was read of it, a paragraph a line.
    """
    read = letters("".join(lines))
    paragraphs = _paragraphs(root)
    if not read or len(paragraphs) * len(read) > MAX_COMPARED_CHARS:
        return list(lines)
    found: Counter[Place] = Counter()
    placed = []
    stories, ways = _stories(root), _Ways()
    for element, key in paragraphs:
        place = (stories[element], ways.to(element.getparent()))
        is_read = key in read
        found[place] += len(key) * is_read
        placed.append((element, key, place, is_read))
    main, chars = max(found.items(), key=lambda pair: pair[1], default=((0, None), 0))
    if main[1] is None or chars < MAIN_SHARE * len(read):
        return list(lines)
    missing = {
        key: text_of(element)
        for element, key, place, is_read in placed
        if place == main and not is_read and not _is_linked(element, key)
    }
    if sum(map(len, missing)) < MISSING_SHARE * chars:
        return list(lines)
    return _merged(lines, [(key, missing.get(key)) for _, key, place, _ in placed if place == main])


def with_stated(root: HtmlElement, lines: Sequence[str], stated: Sequence[str]) -> list[str]:
    """The lines, or, where they lack much of what the page itself calls its article, that.

    Args:
        root: the page.
        lines: what was read of it, a paragraph a line.
        stated: the paragraphs of `articleBody`, often all in one.
    """
    body = letters("".join(stated))
    if len(letters("".join(lines))) >= COVERED_SHARE * len(body):
        return list(lines)
    paragraphs = _paragraphs(root)
    if len(paragraphs) * len(body) > MAX_COMPARED_CHARS:
        return list(lines)
    own = {key: text_of(element) for element, key in paragraphs if key in body}
    return list(own.values()) if sum(map(len, own)) >= PARAGRAPHS_SHARE * len(body) else list(stated)


def _paragraphs(root: HtmlElement) -> list[tuple[HtmlElement, str]]:
    found = []
    for element in root.iter("p"):
        if is_line(element) and len(key := letters(text_of(element))) >= MIN_CHARS:
            found.append((element, key))
            if len(found) == MAX_PARAGRAPHS:
                break
    return found


def _stories(root: HtmlElement) -> dict[HtmlElement, int]:
    """How many headlines stand before each paragraph: behind one more another story begins."""
    count = 0
    stories = {}
    for element in root.iter("p", *_TITLES):
        if element.tag == "p":
            stories[element] = count
        else:
            count += 1
    return stories


class _Ways:
    """Numbers for the ways to elements: one for all ways with the same tags and classes, from the root or
    from an `article` on. Each element is looked at once, however many paragraphs stand in it."""

    def __init__(self) -> None:
        self._found: dict[HtmlElement, int | None] = {}
        self._numbers: dict[object, int] = {}

    def to(self, element: HtmlElement | None) -> int | None:
        """The number of the way to an element; None where it leads through a part that is no article."""
        if element is None:
            return 0
        if element not in self._found:
            self._found[element] = self._read(element)
        return self._found[element]

    def _read(self, element: HtmlElement) -> int | None:
        if meaning(element).is_junk:
            return None
        if element.tag == "article":
            return self._number(element)
        above = self.to(element.getparent())
        classes = " ".join((element.get("class") or "").split())
        return None if above is None else self._number((above, element.tag, classes))

    def _number(self, way: object) -> int:
        return self._numbers.setdefault(way, len(self._numbers) + 1)


def _is_linked(element: HtmlElement, key: str) -> bool:
    within_link = any(outer.tag == "a" for outer in element.iterancestors())
    return within_link or linked_chars(element) > MAX_LINK_SHARE * len(key)


def _merged(lines: Sequence[str], pieces: Sequence[tuple[str, str | None]]) -> list[str]:
    """The lines with each missing paragraph after the one before it on the page."""
    merged = [(letters(line), line) for line in lines]
    at = 0
    done = set()
    for key, missing in pieces:
        if missing is None:
            at = next((i + 1 for i in range(at, len(merged)) if key in merged[i][0]), at)
        elif key not in done:
            done.add(key)
            merged.insert(at, (key, missing))
            at += 1
    return [line for _, line in merged]
