"""Station: a page becomes its text."""

from __future__ import annotations

from pipelines.text.web_page import read_page
from schemas.article import RawArticle


class ExtractText:
    """`RawArticle` with a page -> `RawArticle` with its text; one with a text passes untouched.

    What the producer said (title, publisher, address) stands; the page fills what is missing, adds its
    authors, its language and its date candidates, and says in `hints` where the title
    (`title_origin`) and the authors (`authors_origin`) were found.

    Rejects `not_html`, `no_text` and `too_large`.
    """

    def setup(self) -> None:
        """Nothing to load."""

    def convert(self, article: RawArticle) -> RawArticle:
        """The article with its text."""
        if article.html is None:
            return article
        text, facts = read_page(article.html, article.url)
        hints = dict(article.hints)
        if facts.language is not None:
            hints["html_language"] = facts.language
        if facts.is_accessible_for_free is not None:
            hints["is_accessible_for_free"] = str(facts.is_accessible_for_free).lower()
        if article.title is None and facts.headline is not None:
            hints["title_origin"] = facts.headline.origin
        if facts.authors_origin is not None and not article.authors:
            hints["authors_origin"] = facts.authors_origin
        return article.evolve(
            text=text,
            html=None,
            url=article.url or facts.url,
            publisher=article.publisher or facts.publisher,
            title=article.title or (facts.headline.text if facts.headline is not None else None),
            authors=article.authors or facts.authors,
            dates=(*article.dates, *facts.dates),
            hints=hints,
        )
