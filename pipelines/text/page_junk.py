"""Which parts of a page are no article, as its markup tells: names, captions, links without words."""

from __future__ import annotations

import re

from lxml.etree import iterwalk
from lxml.html import HtmlElement

from pipelines.text.markup import meaning
from pipelines.text.page_tree import letters

JUNK_SHARE = 0.1
"""A part that holds more of the page's text is kept, whatever its names say."""
LINK_SHARE = 0.9
"""A paragraph or list is nothing but links where this share of its letters is linked."""
POINTED_SHARE = 0.5
"""The same where it begins with a pointer and a colon, or is named as a pointer."""
MIN_LINK_CHARS = 20
"""Letters from which on a link is another story's headline, not a name or a source."""
MIN_LIST_LINKS = 2

# fmt: off
_NAMED_TAGS = (
    "a", "article", "aside", "div", "dl", "figcaption", "figure", "footer", "form", "li", "ol", "p",
    "section", "small", "span", "table", "ul", "h2", "h3", "h4", "h5",
)
# fmt: on
_IN_A_ROW = frozenset(("li", "td", "th", "dd"))
_POINTER = re.compile(r"\s*[^\W\d_][^:.!?\n]{0,30}:\s")


def split_text(root: HtmlElement) -> tuple[str, str]:
    """The letters of the page in what may be its article, and in what is not, both in its order."""
    junk = _find_junk(root)
    kept: list[str] = []
    cut: list[str] = []
    depth = 0
    for event, element in iterwalk(root, events=("start", "end")):
        is_junk = element in junk
        if event == "start":
            depth += is_junk
            text = element.text
        else:
            depth -= is_junk
            text = element.tail
        if text:
            (cut if depth else kept).append(text)
    return letters("".join(kept)), letters("".join(cut))


def linked_chars(element: HtmlElement) -> int:
    """How many of an element's letters are linked."""
    return sum(len(letters(link.text_content())) for link in element.iter("a"))


def _find_junk(root: HtmlElement) -> set[HtmlElement]:
    limit = JUNK_SHARE * len(root.text_content())
    junk = {element for element in root.iter(*_NAMED_TAGS) if _is_named(element, limit)}
    junk.update(paragraph for paragraph in root.iter("p") if _is_link_to_other(paragraph))
    junk.update(rows for rows in root.iter("ul", "ol") if _is_list_of_links(rows))
    return junk


def _is_named(element: HtmlElement, limit: float) -> bool:
    names = meaning(element)
    is_junk = names.is_junk or element.tag == "figcaption"
    if not is_junk and not names.is_pointer:
        return False
    text = element.text_content()
    if len(text) > limit or element.find(".//h1") is not None:
        return False
    return is_junk or linked_chars(element) > POINTED_SHARE * len(letters(text))


def _is_link_to_other(paragraph: HtmlElement) -> bool:
    """Whether a paragraph is only a link, or a pointer and a link: "Още: <a>…</a>"."""
    parent = paragraph.getparent()
    if parent is None or parent.tag in _IN_A_ROW or (linked := linked_chars(paragraph)) < MIN_LINK_CHARS:
        return False
    text = paragraph.text_content()
    if "://" in text:
        return False
    share = linked / len(letters(text))
    return share > LINK_SHARE or (share > POINTED_SHARE and _POINTER.match(text) is not None)


def _is_list_of_links(rows: HtmlElement) -> bool:
    """Whether a list holds headlines of other stories: nothing but links, and long ones."""
    items = [item for item in rows.iterchildren("li") if letters(item.text_content())]
    if len(items) < MIN_LIST_LINKS:
        return False
    linked = sum(map(linked_chars, items))
    total = sum(len(letters(item.text_content())) for item in items)
    return linked > LINK_SHARE * total and linked >= MIN_LINK_CHARS * len(items)
