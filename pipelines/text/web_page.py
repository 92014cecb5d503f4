"""An article's page: its text and what it says of itself."""

from __future__ import annotations

from typing import NamedTuple

from lxml.etree import LxmlError

from pipelines.text.page_body import extract_body
from pipelines.text.page_facts import Facts, read_facts
from pipelines.text.page_tree import parse
from schemas.dead_letter import ArticleRejected, Reason


class Page(NamedTuple):
    """A page that was read."""

    text: str
    """The article's paragraphs, one a line, without its headline."""
    facts: Facts


def read_page(html: str, url: str | None = None) -> Page:
    """Read the article out of a page.

    The same page gives the same answer, whatever was read before it, and in bounded time: some 20 to
    80 ms for a usual page, at most seconds for a hostile one.

    Args:
        html: the page's source.
        url: where it was found, if that is known; nothing is fetched.

    Raises:
        ArticleRejected: `not_html`, `no_text` or `too_large`.
    """
    root = parse(html)
    facts = read_facts(root, url)
    try:
        text = extract_body(root, titles=facts.titles, descriptions=facts.descriptions, stated=facts.body)
    except (LxmlError, RecursionError) as error:
        raise ArticleRejected(Reason.NO_TEXT, f"a tree that cannot be read: {error}") from error
    if not text:
        raise ArticleRejected(Reason.NO_TEXT, f"a page of {len(html)} characters without an article")
    return Page(text, facts)
