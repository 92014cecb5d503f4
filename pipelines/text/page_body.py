"""The article's text out of a page: trafilatura, mended by what the markup says.

trafilatura reads the page as it is. From its lines go those that stand in parts which the markup shows
to be no article (`page_junk`) and the headline, which is a field of its own; a lead and pieces that it
left out (`page_pieces`) come back. `tests/quality` holds the figures.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

import trafilatura
from lxml.html import HtmlElement

from pipelines.text.markup import meaning
from pipelines.text.page_junk import linked_chars, split_text
from pipelines.text.page_pieces import with_pieces, with_stated
from pipelines.text.page_tree import is_line, letters, squash, text_of

LEAD_CHARS = range(40, 1501)
LEAD_LINK_SHARE = 0.4
LEAD_WINDOW_CHARS = 1500
"""A lead stands at most so many characters of text after the headline."""
MIN_TITLE_CHARS = 12
"""Letters from which on a line that equals the headline is the headline."""
MAX_COMPARED_CHARS = 500_000_000
"""Lines times letters that are compared, in half a second; on a page with more no part is dropped."""
_DESCRIPTION_CHARS = range(40, 61)  # letters: a description repeats the lead's start, if not all of it

_HEADINGS = ("h1", "h2", "h3", "h4", "h5")
_LEAD_TAGS = ("p", "div", "span", "strong", "li", *_HEADINGS[1:4])
_NOT_LEAD_WITHIN = frozenset(("aside", "nav", "footer", "figure", "blockquote"))

# It reports every page that it finds odd; what becomes of the page says it all.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)


def extract_body(
    root: HtmlElement, *, titles: Sequence[str], descriptions: Sequence[str], stated: Sequence[str] = ()
) -> str:
    """The article's paragraphs, one a line, without its headline; empty where there are none.

    Args:
        root: the page. It is changed.
        titles: what the page calls its headline, the chosen one first.
        descriptions: what the page says of the article in one sentence, often its lead.
        stated: the article's paragraphs as the page's own data have them, often all in one.
    """
    _drop_unseen(root)
    headlines = {key for title in titles if len(key := letters(title)) >= MIN_TITLE_CHARS}
    leads = list(_find_leads(root, letters(titles[0]) if titles else "", descriptions))
    kept, cut = split_text(root)
    text = trafilatura.extract(root, include_comments=False, include_formatting=False, deduplicate=False)
    lines = with_stated(root, with_pieces(root, (text or "").splitlines()), stated)
    lines = [line for line in lines if letters(line) not in headlines]
    if len(lines) * (len(cut) + len(kept)) <= MAX_COMPARED_CHARS:
        lines = [line for line in lines if _is_in_article(letters(line), kept, cut)] or lines
    present = letters("".join(lines))
    missing = next((lead for lead in leads if letters(lead)[:80] not in present), None) if lines else None
    return "\n".join(lines if missing is None else [missing, *lines])


def _is_in_article(key: str, kept: str, cut: str) -> bool:
    return not key or key not in cut or key in kept


def _drop_unseen(root: HtmlElement) -> None:
    for element in list(root.iter("script", "style", "template")):
        if element.get("type") != "application/ld+json":  # trafilatura's last resort reads it
            element.drop_tree()


def _find_leads(root: HtmlElement, headline: str, descriptions: Sequence[str]) -> Iterator[str]:
    """Texts between the headline and the article that may be its lead, in the page's order."""
    headings = [(element, letters(text_of(element))) for element in root.iter(*_HEADINGS)]
    begins = {element for element, key in headings if key == headline}
    begins = begins or {element for element, _ in headings if element.tag == "h1"}
    keys = (letters(description)[: _DESCRIPTION_CHARS[-1]] for description in descriptions)
    starts = [key for key in keys if len(key) in _DESCRIPTION_CHARS]
    left = 0
    for element in root.iter():
        if element in begins:
            left = LEAD_WINDOW_CHARS
        elif left > 0:
            if element.tag in _LEAD_TAGS and _may_be_lead(element, starts):
                yield text_of(element)
            left -= len(squash(element.text or "")) + len(squash(element.tail or ""))


def _may_be_lead(element: HtmlElement, starts: Sequence[str]) -> bool:
    here, above = meaning(element), meaning(element.getparent())
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
    is_linked = linked_chars(element) > LEAD_LINK_SHARE * len(key)
    return not is_linked and not any(outer.tag in _NOT_LEAD_WITHIN for outer in element.iterancestors())
