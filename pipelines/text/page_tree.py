"""A page's markup as a tree, whatever the markup is like, in bounded time and memory."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lxml.etree import LxmlError, fromstring
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from schemas.dead_letter import ArticleRejected, Reason

MAX_CHARS = 10_000_000
"""A longer page is refused. The largest of 1,171 real pages has 1.6 million characters."""
MAX_ELEMENTS = 20_000
"""A page with more is refused: what trafilatura does is quadratic in places, and takes three seconds
for as many. Of 1,171 real pages the largest has 10,106; 99 % have less than 3,000."""
MAX_ATTRIBUTES = 100_000
"""A page with more on all its elements is refused. Of 1,171 real pages the most is 10,154."""
MAX_ATTRIBUTES_OF_ONE = 200
"""A page with more on one element is refused: libxml2 walks over all that an element has to add another, and
100,000 take minutes. Of 1,171 real pages the most is 64."""
MAX_NAMES_CHARS = 5_000
"""A longer class, id or style is dropped: trafilatura looks for hundreds of words in each."""

_CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f]")
_HIDDEN = re.compile("[\u00ad\u200b\u2060\ufeff]")  # where a word may be broken
_NOT_LETTER = re.compile(r"[\W_]+")
_ANY_TAG = re.compile(
    r"<(?:!doctype\s+html|html|head|body|title|meta|article|main|section|div|p|br|h[1-6]|span|table|ul|a)\b",
    re.IGNORECASE,
)
# fmt: off
_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header",
    "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tbody", "td", "tfoot", "th",
    "thead", "tr", "ul",
))
# fmt: on


def parse(html: str) -> HtmlElement:
    """The root of a page, without comments and control characters.

    What is nested more than 256 deep is not read: libxml2's bound, which guards its stack.

    Raises:
        ArticleRejected: `not_html` where there is no markup at all, `too_large` over `MAX_CHARS`,
            `MAX_ELEMENTS`, `MAX_ATTRIBUTES` or `MAX_ATTRIBUTES_OF_ONE`.
    """
    if len(html) > MAX_CHARS:
        raise ArticleRejected(Reason.TOO_LARGE, f"a page of {len(html)} characters, over {MAX_CHARS}")
    if _ANY_TAG.search(html) is None:
        raise ArticleRejected(Reason.NOT_HTML, "no HTML tag in it")
    # As bytes, since lxml refuses a str that declares an encoding, and lone surrogates.
    source = _CONTROL.sub("", html).encode("utf-8", "replace")
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        fromstring(source, HTMLParser(encoding="utf-8", target=_Attributes()))  # raises before a tree grows
        root = document_fromstring(source, parser=parser)
    except (LxmlError, ValueError) as error:
        raise ArticleRejected(Reason.NOT_HTML, f"no tree in it: {error}") from error
    count = int(root.xpath("count(//*)"))
    if count > MAX_ELEMENTS:
        raise ArticleRejected(Reason.TOO_LARGE, f"a page of {count} elements, over {MAX_ELEMENTS}")
    for name in ("class", "id", "style"):
        for element in root.xpath(f"//*[string-length(@{name}) > {MAX_NAMES_CHARS}]"):
            del element.attrib[name]
    return root


class _Attributes:
    """Counts attributes as a parser meets the start tags, without a tree."""

    def __init__(self) -> None:
        self._found = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._found += len(attributes)
        if len(attributes) > MAX_ATTRIBUTES_OF_ONE or self._found > MAX_ATTRIBUTES:
            said = f"{len(attributes)} attributes on one element, {self._found} so far"
            raise ArticleRejected(Reason.TOO_LARGE, f"a page with {said}")

    def close(self) -> None:
        """Nothing is handed out."""


def is_block(element: HtmlElement) -> bool:
    """Whether the element stands on lines of its own."""
    return element.tag in _BLOCKS


def is_line(element: HtmlElement) -> bool:
    """Whether the element holds text and no further blocks."""
    return not any(map(is_block, element.iterdescendants()))


def squash(text: str) -> str:
    """The text with every run of white space as one space, none at its ends, and no hidden marks."""
    return " ".join(_HIDDEN.sub("", text).split())


def text_of(element: HtmlElement) -> str:
    """The text of an element and what is in it, squashed."""
    return squash("".join(element.itertext()))


def letters(text: str) -> str:
    """The letters and digits of a text, in lower case: what is compared to find a text again."""
    return _NOT_LETTER.sub("", text).lower()
