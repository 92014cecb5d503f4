"""When a page says that its article was published."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta, timezone

import htmldate
from lxml.html import HtmlElement

from pipelines.text import dates, json_ld
from pipelines.text.page_tree import text_of
from schemas.article import DateCandidate, DateOrigin, Precision

MASTHEAD_ELEMENTS = 60
"""A date line stands at most so many elements after the headline."""
MASTHEAD_CHARS = 80
"""A longer line is no date line."""
# fmt: off
_PUBLISHED = (
    "article:published_time", "og:article:published_time", "og:published_time", "article:published",
    "published_time", "published_at", "datepublished", "date.published", "article.published",
    "publish-date", "publish_date", "publication_date", "publicationdate", "pubdate", "dc.date.issued",
    "dcterms.created", "dcterms.date", "dc.date.created", "dc.date", "parsely-pub-date",
    "sailthru.date", "cxenseparse:recs:publishtime", "og:article:time", "isodatetime", "datecreated", "date",
)  # the most exact first
# fmt: on
_MODIFIED = ("article:modified_time", "og:updated_time", "datemodified", "last-modified")
_URL_DAY = re.compile(r"/(20\d\d)[-/]?([01]\d)[-/]?([0-3]\d)(?=\D|$)")
_CLOCK = re.compile(r"\d\d:\d\d")
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)$")


def read_dates(
    root: HtmlElement,
    article: json_ld.Node,
    metas: Mapping[str, Sequence[str]],
    *,
    url: str | None,
    language: str | None,
) -> tuple[DateCandidate, ...]:
    """Every different time of publication that the page names, the most trusted place first.

    Places: JSON-LD, meta tags, else a tag marked `datePublished`; the day in the address; where there
    is none of these, what htmldate makes out, else a date line under the headline (origin
    `masthead_date`). Where all of these name a day only, a `<time>` of that day adds its hour. A time
    without a zone has that of the page's other times, or else is good for its day only.

    Args:
        root: the page.
        article: its JSON-LD object, or an empty one.
        metas: its meta tags' contents by name.
        url: its address, if that is known.
        language: its language, a BCP 47 tag, if that is known.
    """
    found = dict.fromkeys(_stated(root, article, metas))
    if (match := _URL_DAY.search(url or "")) and (
        day := dates.read_day("-".join(match.groups()), origin=DateOrigin.MARKUP)
    ):
        found[day] = None
    if not found:
        # The bounds are fixed and the extensive search is off: htmldate and dateparser, which it asks
        # then, read today's clock.
        day_found = htmldate.find_date(
            root,
            extensive_search=False,
            original_date=True,
            min_date="1990-01-01",
            max_date=f"{dates.LAST_YEAR}-01-01",
        )
        guess = (
            dates.read_time(day_found, DateOrigin.MARKUP, zone=None)
            if day_found
            else next(_mastheads(root, language), None)
        )
        if guess is not None:
            found[guess] = None
    if found and all(one.precision is Precision.DAY for one in found):
        found.update(dict.fromkeys(_hours(root, next(iter(found)).value.date())))
    return tuple(found)


def _hours(root: HtmlElement, day: date) -> Iterator[DateCandidate]:
    """The first time tag that gives the hour of a day; others may be other stories'."""
    said = day.isoformat()
    for tag in root.iter("time"):
        stamp = (tag.get("datetime") or "").strip()
        found = dates.read_time(stamp, DateOrigin.MARKUP, zone=None) if stamp.startswith(said) else None
        if found is not None and found.precision is not Precision.DAY:
            yield found
            return


def _mastheads(root: HtmlElement, language: str | None) -> Iterator[DateCandidate]:
    primary = language.partition("-")[0].lower() if language else None
    left = 0
    for element in root.iter():
        if element.tag == "h1":
            left = MASTHEAD_ELEMENTS
        elif left > 0:
            left -= 1
            text = element.text or ""
            if len(text) <= MASTHEAD_CHARS and (day := dates.read_day(text, language=primary)):
                yield day


def _stated(
    root: HtmlElement, article: json_ld.Node, metas: Mapping[str, Sequence[str]]
) -> Iterator[DateCandidate]:
    published = [json_ld.text(article, "datePublished") or json_ld.text(article, "dateCreated") or ""]
    published += [value for name in _PUBLISHED for value in metas.get(name, ())]
    if not any(published):
        # The first only: the following may be other stories'.
        for tag in root.xpath("//*[not(self::meta)][@itemprop='datePublished' or @pubdate]")[:1]:
            published.append(tag.get("datetime") or tag.get("content") or text_of(tag))
    modified = [json_ld.text(article, "dateModified") or ""]
    modified += [value for name in _MODIFIED for value in metas.get(name, ())]
    zone = _zone([*published, *modified])
    for text in published:
        found = dates.read_time(text, DateOrigin.MARKUP, zone=zone)
        found = found or dates.read_day(text, origin=DateOrigin.MARKUP)
        if found is not None:
            yield found


def _zone(stamps: Sequence[str]) -> timezone | None:
    for stamp in stamps:
        if (match := _OFFSET.search(stamp)) and _CLOCK.search(stamp, 0, match.start()):
            offset = timedelta(hours=int(match.group(2)), minutes=int(match.group(3)))
            if offset < timedelta(hours=24):
                return timezone(-offset if match.group(1) == "-" else offset)
    return None
