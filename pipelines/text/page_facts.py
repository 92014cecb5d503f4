"""What a page says of its article beside the text: headline, authors, time, language, with the place.

The page's own data come first: JSON-LD, then the headline as shown and the meta tags, then what
trafilatura and htmldate make out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import trafilatura.metadata
from lxml.html import HtmlElement

from pipelines.text import address, json_ld, page_title
from pipelines.text.page_dates import read_dates
from pipelines.text.page_title import Headline, is_same
from pipelines.text.page_tree import letters, squash, text_of
from schemas.article import DateCandidate

MAX_AUTHOR_CHARS = 80
"""A longer one is a sentence about the author."""
MAX_AUTHORS = 10
MAX_HEADLINES = 100
"""So many `h1` are compared with each other; one or two are usual."""
MAX_VALUES = 10
"""So many titles, descriptions and site names are taken of each meta tag."""

_BY = re.compile(
    r"^(?:(?:article|posted|written|story|words) by|by|von|par|por|di|door"
    r"|автор|autor|autore|author|szerző|tekst|текст)\b\s*:?\s*",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"https?:|www\.|@|\.(?:com|net|org)\b")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a page says of its article."""

    headline: Headline | None
    titles: tuple[str, ...]
    """All that the page calls its headline, without the site's name; the chosen one first."""
    descriptions: tuple[str, ...]
    authors: tuple[str, ...]
    authors_origin: str | None
    """`json_ld`, `meta`, `microdata` or `trafilatura`."""
    dates: tuple[DateCandidate, ...]
    """Candidates of origin `markup`, the best first."""
    language: str | None
    """A BCP 47 tag, as the page has it."""
    publisher: str | None
    url: str | None
    """The page's canonical address."""
    is_accessible_for_free: bool | None
    body: tuple[str, ...]
    """The article's paragraphs as JSON-LD's `articleBody` has them, often all in one."""


def read_facts(root: HtmlElement, url: str | None = None) -> Facts:
    """What the page says of its article; does not change the page.

    Args:
        root: the page.
        url: where it was found, if that is known.
    """
    metas = _read_metas(root)

    def said_in(*names: str) -> list[str]:
        return [value for name in names for value in metas.get(name, ())[:MAX_VALUES]]

    canonical = _canonical(root) or next(iter(metas.get("og:url", ())), None)
    sites = said_in("og:site_name", "application-name")
    host = address.host(url) or address.host(canonical) or ""
    shown = [text for h1 in islice(root.iter("h1"), MAX_HEADLINES) if (text := text_of(h1))]

    def titles(origin: str, values: Sequence[str]) -> list[Headline]:
        cut = (page_title.without_site(value, sites=sites, host=host, shown=shown) for value in values)
        return [Headline(origin, text) for text in cut if text]

    h1s = [Headline("h1", text) for text in shown]
    said = titles("og", said_in("og:title")) + titles("twitter", said_in("twitter:title"))
    said += titles("title_tag", [text_of(tag) for tag in root.iter("title")][:1])
    keys = [letters(one.text) for one in (*h1s, *said)]
    article = json_ld.find_article(root, is_headline=lambda text: is_same(letters(text), keys)) or {}
    stated = titles("json_ld", [json_ld.text(article, "headline") or ""])
    headline = page_title.choose([*stated, *h1s, *said])
    # Of several h1 one is the headline, and others may be subheads.
    names = [one.text for one in (headline, *stated, *h1s[:1], *said) if one is not None]
    language = _language(root, article, metas)
    authors_origin, authors = _read_authors(root, article, metas)
    described = (json_ld.text(article, "description"), *said_in("og:description", "description"))
    return Facts(
        headline=headline,
        titles=tuple(dict.fromkeys(names)),
        descriptions=tuple(dict.fromkeys(filter(None, described))),
        authors=authors,
        authors_origin=authors_origin,
        dates=read_dates(root, article, metas, url=url or canonical, language=language),
        language=language,
        publisher=next(iter([*sites[:1], *json_ld.names(article, "publisher")]), None),
        url=canonical,
        is_accessible_for_free=json_ld.is_accessible_for_free(article),
        body=json_ld.paragraphs(article, "articleBody"),
    )


def _read_metas(root: HtmlElement) -> dict[str, list[str]]:
    metas: dict[str, list[str]] = {}
    for meta in root.iter("meta"):
        name = meta.get("property") or meta.get("name") or meta.get("itemprop")
        content = squash(meta.get("content") or "")
        if name and content:
            metas.setdefault(name.strip().lower(), []).append(content)
    return metas


def _canonical(root: HtmlElement) -> str | None:
    for link in root.iter("link"):
        if (link.get("rel") or "").lower() == "canonical" and (link.get("href") or "").startswith("http"):
            return str(link.get("href")).strip()
    return None


def _read_authors(
    root: HtmlElement, article: json_ld.Node, metas: Mapping[str, Sequence[str]]
) -> tuple[str | None, tuple[str, ...]]:
    def from_meta() -> list[str]:
        return [name for place in ("author", "article:author", "dc.creator") for name in metas.get(place, ())]

    def from_microdata() -> list[str]:
        tagged = root.xpath("//*[@rel='author' or @itemprop='author']")[:MAX_AUTHORS]
        return [text_of(next(iter(one.xpath(".//*[@itemprop='name']")), one)) for one in tagged]

    def from_trafilatura() -> list[str]:
        return (trafilatura.metadata.extract_author(root) or "").split("; ")

    places: tuple[tuple[str, Callable[[], list[str]]], ...] = (
        ("json_ld", lambda: json_ld.names(article, "author")),
        ("meta", from_meta),
        ("microdata", from_microdata),
        ("trafilatura", from_trafilatura),
    )
    for origin, read in places:
        names = (_BY.sub("", squash(name)).strip(" ,;|") for name in read())
        kept = [name for name in names if 2 < len(name) <= MAX_AUTHOR_CHARS and _ADDRESS.search(name) is None]
        if kept:
            return origin, tuple(dict.fromkeys(kept))[:MAX_AUTHORS]
    return None, ()


def _language(root: HtmlElement, article: json_ld.Node, metas: Mapping[str, Sequence[str]]) -> str | None:
    locale = next(iter(metas.get("og:locale", ())), None)
    for tag in (root.get("lang"), root.get("xml:lang"), json_ld.text(article, "inLanguage"), locale):
        if tag and _LANGUAGE.fullmatch(tag.strip()):
            return tag.strip().replace("_", "-")
    return None
