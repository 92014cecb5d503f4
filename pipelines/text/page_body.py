"""The article's text out of a page: trafilatura, helped by what the markup says.

The markup is heard before and after: parts whose names say that they are no article, captions, and
paragraphs that are nothing but a link go before trafilatura reads; a headline, which is a field of its
own, and a lead that it left out are mended after. `tests/quality` holds the figures for each.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

import trafilatura
from lxml.html import HtmlElement

from pipelines.text.markup import meaning
from pipelines.text.page_tree import is_line, letters, squash, text_of

JUNK_SHARE = 0.1
"""A part that holds more of the page's text is kept, whatever its names say."""
LINK_SHARE = 0.9
"""A paragraph is nothing but a link where this share of its letters is linked."""
MIN_LINK_CHARS = 20
"""Letters from which on such a paragraph is another story's headline, not a name or a source."""
LEAD_CHARS = range(40, 1501)
LEAD_LINK_SHARE = 0.4
LEAD_WINDOW_CHARS = 1500
"""A lead stands at most so many characters of text after the headline."""
MIN_TITLE_CHARS = 12
"""Letters from which on a line that equals the headline is the headline."""
_DESCRIPTION_CHARS = 40  # letters: a description repeats the lead's start, if not all of it

_HEADINGS = ("h1", "h2", "h3", "h4", "h5")
# fmt: off
_JUNK_TAGS = (
    "a", "article", "aside", "div", "dl", "figcaption", "figure", "footer", "form", "li", "ol", "p",
    "section", "small", "span", "table", "ul", *_HEADINGS[1:],
)
# fmt: on
_LEAD_TAGS = ("p", "div", "span", "strong", "li", *_HEADINGS[1:4])
_NOT_LEAD_WITHIN = frozenset(("aside", "nav", "footer", "figure", "blockquote"))
_IN_A_ROW = frozenset(("li", "td", "th", "dd"))

# It reports every page that it finds odd; what becomes of the page says it all.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)


def extract_body(
    root: HtmlElement, *, titles: Sequence[str], descriptions: Sequence[str], trust_names: bool = True
) -> str:
    """The article's paragraphs, one a line, without its headline; empty where there are none.

    Args:
        root: the page. It is changed.
        titles: what the page calls its headline.
        descriptions: what the page says of the article in one sentence, often its lead.
        trust_names: whether parts go whose names say that they are no article.
    """
    _drop_unseen(root)
    headlines = {key for title in titles if len(key := letters(title)) >= MIN_TITLE_CHARS}
    headlines |= {key for h1 in root.iter("h1") if len(key := letters(text_of(h1))) >= MIN_TITLE_CHARS}
    leads = list(_find_leads(root, headlines, descriptions))
    if trust_names:
        _drop_junk(root)
    lines = [line for line in _extract(root) if letters(line) not in headlines]
    text = letters("".join(lines))
    missing = next((lead for lead in leads if letters(lead)[:80] not in text), None) if lines else None
    return "\n".join(lines if missing is None else [missing, *lines])


def _extract(root: HtmlElement) -> list[str]:
    text = trafilatura.extract(root, include_comments=False, include_formatting=False, deduplicate=False)
    return [] if text is None else text.splitlines()


def _drop_unseen(root: HtmlElement) -> None:
    for element in list(root.iter("script", "style", "template")):
        if element.get("type") != "application/ld+json":  # trafilatura's last resort reads it
            element.drop_tree()


def _drop_junk(root: HtmlElement) -> None:
    limit = JUNK_SHARE * len(root.text_content())
    for element in list(root.iter(*_JUNK_TAGS)):
        if element.getparent() is None:
            continue
        is_junk = element.tag == "figcaption" or meaning(element).is_junk
        if is_junk and element.find(".//h1") is None and len(element.text_content()) <= limit:
            element.drop_tree()
    for element in list(root.iter("p")):
        if element.getparent() is not None and _is_link_to_other(element):
            element.drop_tree()


def _is_link_to_other(paragraph: HtmlElement) -> bool:
    links = paragraph.findall(".//a")
    if not links or paragraph.getparent().tag in _IN_A_ROW:
        return False
    text = paragraph.text_content()
    if "://" in text:
        return False
    count = len(letters(text))
    return count >= MIN_LINK_CHARS and _linked(paragraph) > LINK_SHARE * count


def _linked(element: HtmlElement) -> int:
    return sum(len(letters(link.text_content())) for link in element.iter("a"))


def _find_leads(root: HtmlElement, headlines: set[str], descriptions: Sequence[str]) -> Iterator[str]:
    """Texts between the headline and the article that may be its lead, in the page's order."""
    starts = [start for d in descriptions if len(start := letters(d)[:60]) >= _DESCRIPTION_CHARS]
    left = 0
    for element in root.iter():
        if element.tag in _HEADINGS and (element.tag == "h1" or letters(text_of(element)) in headlines):
            left = LEAD_WINDOW_CHARS
        elif left > 0:
            if element.tag in _LEAD_TAGS and _may_be_lead(element, starts):
                yield text_of(element)
            left -= len(squash(element.text or "")) + len(squash(element.tail or ""))


def _may_be_lead(element: HtmlElement, starts: Sequence[str]) -> bool:
    parent = element.getparent()
    here, above = meaning(element), meaning(parent)
    if here.is_junk or above.is_junk or here.is_subtitle or above.is_subtitle:
        return False
    is_named = here.is_lead or above.is_lead
    if not is_named and (not starts or element.tag in _HEADINGS):
        return False
    text = text_of(element)
    if len(text) not in LEAD_CHARS or not is_line(element):
        return False
    key = letters(text)
    if not is_named and not any(key.startswith(start) for start in starts):
        return False
    is_linked = _linked(element) > LEAD_LINK_SHARE * len(key)
    return not is_linked and not any(outer.tag in _NOT_LEAD_WITHIN for outer in element.iterancestors())
