"""The page of `newsbeam explain --html`: one file that needs no other, for an editor's browser.

Without a script: marks are shown and hidden by CSS, and the page's own policy lets none run, so that an
article can do nothing in it, whatever it holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.commands.console import printable
from pipelines.commands.facts import facts
from pipelines.explained import Explained
from pipelines.version import VERSION
from schemas.article import Article


def page(explained: Sequence[Explained]) -> str:
    """The page as HTML. Everything that comes from an article is escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["printable"] = lambda text: printable(str(text)).encode("utf-8", "replace").decode()
    articles = [one for one in explained if isinstance(one.article, Article)]
    kinds = Counter(
        removal.kind
        for one in articles
        if isinstance(one.article, Article)
        for removal in one.article.removed
    )
    return environment.get_template("explain.html").render(
        version=VERSION,
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
