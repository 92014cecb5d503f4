"""The page of `newsbeam explain --html`: one file that needs no other, for an editor's browser.

Without a script: marks are shown and hidden by CSS, and the page's own policy lets none run, so that an
article can do nothing in it, whatever it holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pipelines.commands.facts import facts
from pipelines.explained import Explained
from pipelines.pages.template import fill
from schemas.article import Article


def page(explained: Sequence[Explained]) -> str:
    """The page as HTML. Everything that comes from an article is escaped."""
    articles = [one for one in explained if isinstance(one.article, Article)]
    kinds = Counter(
        removal.kind
        for one in articles
        if isinstance(one.article, Article)
        for removal in one.article.removed
    )
    return fill(
        "explain.html",
        kinds=sorted(kinds.items(), key=lambda item: (-item[1], item[0])),
        articles=[
            {
                "one": one,
                "article": one.article,
                "facts": facts(one.article, {}) if isinstance(one.article, Article) else {},
                "is_refused": not isinstance(one.article, Article),
            }
            for one in explained
        ],
    )
