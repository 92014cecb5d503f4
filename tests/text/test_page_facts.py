"""What a page says of its article beside the text."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from pipelines.text import page_title
from pipelines.text.page_facts import Facts, read_facts
from pipelines.text.page_title import Headline
from pipelines.text.page_tree import parse
from schemas.article import DateOrigin, Precision

HEADLINE = "Council adopts the budget after a long debate"


def facts(
    head: str = "", body: str = "", *, ld: object = None, url: str | None = None, lang: str = "en"
) -> Facts:
    script = "" if ld is None else f'<script type="application/ld+json">{ld}</script>'
    html = f'<html lang="{lang}"><head>{head}{script}</head><body>{body}<p>Some text.</p></body></html>'
    return read_facts(parse(html), url)


def article(**fields: object) -> str:
    return json.dumps({"@type": "NewsArticle", "headline": HEADLINE, **fields})


def moments(found: Facts) -> list[tuple[str, Precision, DateOrigin]]:
    return [(c.value.strftime("%Y-%m-%dT%H:%M"), c.precision, c.origin) for c in found.dates]


@pytest.mark.parametrize(
    "ld",
    [
        article(),
        f"[{article()}]",
        json.dumps({"@graph": [{"@type": "WebPage"}, json.loads(article())]}),
        article(**{"@type": ["Article", "ReportageNewsArticle"]}),
        f"<!--{article()}-->",
        f"//<![CDATA[\n{article()}\n//]]>",
        article() + ";",
        article()[:-1] + ", }",
        article()[:-1] + ', "image": , "author": "A\n\tB"}',
        json.dumps({"@type": "NewsArticle", "headline": HEADLINE.replace(" ", " &nbsp;")}),
    ],
)
def test_reads_json_ld_as_sites_write_it(ld: str) -> None:
    assert facts(ld=ld).headline == Headline("json_ld", HEADLINE)


@pytest.mark.parametrize(
    "ld", ["", "{", "null", "1", '"x"', "[[[]]]", '{"@type": 5, "headline": {"a": []}}', "[" * 9999]
)
def test_survives_broken_json_ld(ld: str) -> None:
    assert facts(body=f"<h1>{HEADLINE}</h1>", ld=ld).headline == Headline("h1", HEADLINE)


@pytest.mark.parametrize(
    ("head", "body", "ld", "expected"),
    [
        (f"<title>{HEADLINE} - The Daily Test</title>", f"<h1>{HEADLINE}</h1>", None, ("h1", HEADLINE)),
        (f"<title>{HEADLINE} | test.example</title>", "", None, ("title_tag", HEADLINE)),
        (f"<title>Example » {HEADLINE}</title>", "", None, ("title_tag", HEADLINE)),
        # the site's name in h1, the headline elsewhere
        (
            f"<title>{HEADLINE}</title><meta property='og:title' content='{HEADLINE}'>",
            "<h1>The Daily Test</h1>",
            None,
            ("og", HEADLINE),
        ),
        # a kicker before the headline
        (
            f"<meta property='og:title' content='Opinion | {HEADLINE}'>",
            f"<h1>{HEADLINE}</h1>",
            None,
            ("h1", HEADLINE),
        ),
        # JSON-LD cuts the headline off, or holds a template's word
        ("", f"<h1>{HEADLINE}</h1>", article(headline=HEADLINE[:30] + "…"), ("h1", HEADLINE)),
        ("", f"<h1>{HEADLINE}</h1>", article(headline=HEADLINE[:30]), ("h1", HEADLINE)),
        ("", f"<h1>{HEADLINE}</h1>", article(headline="escenic"), ("h1", HEADLINE)),
        # the site's name or a kicker in JSON-LD
        ("", f"<h1>{HEADLINE}</h1>", article(headline=f"{HEADLINE} | A Gazette"), ("json_ld", HEADLINE)),
        ("", f"<h1>{HEADLINE}</h1>", article(headline=f"City: {HEADLINE}"), ("json_ld", HEADLINE)),
        # the site's name and its claim
        (f"<title>{HEADLINE} » Test Gazette - all of the news</title>", "", None, ("title_tag", HEADLINE)),
        (
            "<title>" + HEADLINE.replace("budget", "bud\u00adget") + "</title>",
            "",
            None,
            ("title_tag", HEADLINE),
        ),
        # another wording in JSON-LD is the publisher's own word
        (
            "",
            f"<h1>{HEADLINE}</h1>",
            article(headline="Budget: council says yes"),
            ("json_ld", "Budget: council says yes"),
        ),
        ("", "", None, None),
    ],
)
def test_chooses_the_headline(head: str, body: str, ld: str | None, expected: tuple[str, str] | None) -> None:
    found = facts(head, body, ld=ld, url="https://www.example.test/a").headline
    assert found == (None if expected is None else Headline(*expected))


def test_a_subhead_in_h1_is_not_taken_for_the_headline() -> None:
    found = facts(body=f"<h1>{HEADLINE}</h1><h1>What comes next year for schools</h1>")
    assert found.titles == (HEADLINE,)


def test_a_title_of_separators_ends() -> None:
    assert page_title.without_site(" | " * 100_000, sites=["|"], host="a.test", shown=[]) is not None


@pytest.mark.parametrize(
    ("head", "body", "ld", "expected"),
    [
        ("", "", article(datePublished="2025-08-13T14:05:00+03:00"), ["2025-08-13T11:05 second markup"]),
        # a time without a zone has that of the page's other times, or is good for its day only
        (
            "",
            "",
            article(datePublished="2025-08-13T14:05:00", dateModified="2025-08-13T15:00:00+03:00"),
            ["2025-08-13T11:05 second markup"],
        ),
        ("", "", article(datePublished="2025-08-13T14:05:00"), ["2025-08-13T00:00 day markup"]),
        (
            '<meta property="article:published_time" content="2025-08-13T11:05:00Z">',
            "",
            article(datePublished="2025-08-12"),
            ["2025-08-12T00:00 day markup", "2025-08-13T11:05 second markup"],
        ),
        (
            "",
            '<time itemprop="datePublished" datetime="2025-08-13">x</time>',
            None,
            ["2025-08-13T00:00 day markup"],
        ),
        (
            '<meta name="date" content="13. August 2025, 14:05 Uhr">',
            "",
            None,
            ["2025-08-13T00:00 day markup"],
        ),
        ('<meta name="date" content="yesterday">', "", None, []),
        # another tag of the same day has the hour; one of another day, or without a zone, says nothing
        (
            '<meta name="date" content="2025-08-13">',
            '<time datetime="2025-08-12T09:00Z">a</time><time datetime="2025-08-13T14:05:00+03:00">b</time>',
            None,
            ["2025-08-13T00:00 day markup", "2025-08-13T11:05 second markup"],
        ),
        (
            '<meta name="date" content="2025-08-13">',
            '<time datetime="2025-08-13 14:05">a</time>',
            None,
            ["2025-08-13T00:00 day markup"],
        ),
    ],
)
def test_reads_when_it_was_published(head: str, body: str, ld: str | None, expected: list[str]) -> None:
    found = facts(head, body, ld=ld)
    assert [f"{moment} {precision} {origin}" for moment, precision, origin in moments(found)] == expected


def test_the_address_names_a_day() -> None:
    found = facts(url="https://example.test/2025/08/13/council.html")
    assert moments(found) == [("2025-08-13T00:00", Precision.DAY, DateOrigin.MARKUP)]
    assert facts(url="https://example.test/2025/99/13/council.html").dates == ()


def test_a_date_line_is_the_last_resort_and_says_so() -> None:
    (found,) = facts(
        body="<h1>Заглавие на статията</h1><div><span>5 Февруари, 2026</span></div>", lang="bg"
    ).dates
    assert found.value.replace(tzinfo=None) == datetime(2026, 2, 5)
    assert found.origin in (DateOrigin.MASTHEAD, DateOrigin.MARKUP)


@pytest.mark.parametrize(
    ("head", "body", "ld", "expected"),
    [
        ("", "", article(author={"name": "Ana Petrova"}), ("json_ld", ("Ana Petrova",))),
        (
            "",
            "",
            article(author=["By Ana Petrova", {"name": ["Ivo Ivov"]}, None]),
            ("json_ld", ("Ana Petrova", "Ivo Ivov")),
        ),
        ('<meta name="author" content="Ana Petrova">', "", None, ("meta", ("Ana Petrova",))),
        ('<meta name="author" content="https://a.test/ana">', "", None, (None, ())),
        ("", '<a rel="author" href="/ana">Ana Petrova</a>', None, ("microdata", ("Ana Petrova",))),
        ("", '<p class="author-name">Article by</p>', None, (None, ())),
    ],
)
def test_reads_the_authors(
    head: str, body: str, ld: str | None, expected: tuple[str | None, tuple[str, ...]]
) -> None:
    found = facts(head, body, ld=ld)
    assert (found.authors_origin, found.authors) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(False, False), ("False", False), ("true", True), ("maybe", None)]
)
def test_reads_whether_all_may_read_it(value: object, expected: bool | None) -> None:
    assert facts(ld=article(isAccessibleForFree=value)).is_accessible_for_free is expected
