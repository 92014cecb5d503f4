"""The station that turns pages into text."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.steps.extract_text import ExtractText
from pipelines.text import page_tree
from schemas.article import DateCandidate, DateOrigin, Precision, RawArticle
from schemas.dead_letter import ArticleRejected, Reason
from schemas.origin import Origin

ORIGIN = Origin("files", path="page.html", record=0)
PARAGRAPHS = (
    "Общинският съвет прие във вторник бюджета за следващата година след дебат от пет часа.",
    "Парите за училища растат с осем процента, а за пътища остават същите, каза кметът пред журналисти.",
    "Още през 1998 г. градът имаше план за нов мост, но строежът така и не започна.",
    "Опозицията гласува против и поиска проверка на разходите за миналата година",
)
LEAD = "Съветът гласува повече пари за училища и отложи новия мост за след две години."
PAGE = f"""<!doctype html><html lang="bg"><head><meta charset="utf-8">
<title>Съветът прие бюджета - Новини.тест</title>
<meta property="og:site_name" content="Новини.тест"><meta property="og:title" content="Съветът прие бюджета">
<meta property="og:description" content="{LEAD}">
<link rel="canonical" href="https://novini.test/byudzhet">
<script type="application/ld+json">{{"@context": "https://schema.org", "@graph": [
{{"@type": "NewsArticle", "headline": "Друга новина от деня за друго място", "datePublished": "2019-01-01"}},
{{"@type": "NewsArticle", "headline": "Съветът прие бюджета", "datePublished": "2025-08-13T14:05:00+03:00",
"author": [{{"@type": "Person", "name": "Мария Иванова"}}, {{"name": "Петър Петров"}}],
"isAccessibleForFree": "False"}}]}}</script></head><body>
<nav><a href="/">Начало</a> <a href="/s">Спорт</a></nav>
<article><h1>Съветът прие бюджета</h1><div class="article-intro"><p>{LEAD}</p></div>
<figure><img src="x.jpg"><figcaption>Заседанието във вторник</figcaption></figure>
<div class="article-body"><p>{PARAGRAPHS[0]}</p><p>{PARAGRAPHS[1]}</p>
<p><a href="/drugo">Още: Мостът над реката чака вече двайсет години</a></p>
<div class="related-news"><h3>Още новини</h3><ul><li><a href="/1">Пожар в склад</a></li></ul></div>
<p>{PARAGRAPHS[2]}</p><p>{PARAGRAPHS[3]}</p></div>
<div class="newsletter-box"><p>Запишете се за нашия бюлетин и получавайте новините всяка сутрин.</p></div>
</article><footer>Всички права запазени</footer></body></html>"""


def raw(html: str | None, **fields: object) -> RawArticle:
    return RawArticle(id="1", origin=ORIGIN, html=html).evolve(**fields)


def extract(html: str, **fields: object) -> RawArticle:
    return ExtractText().convert(raw(html, **fields))


def test_a_text_passes_untouched() -> None:
    article = raw(None, text="  Any\ttext.\n\n")
    assert ExtractText().convert(article) is article


def test_reads_the_article_and_nothing_else() -> None:
    article = extract(PAGE)
    assert article.text == "\n".join((LEAD, *PARAGRAPHS))
    assert article.html is None
    assert article.title == "Съветът прие бюджета"
    assert article.authors == ("Мария Иванова", "Петър Петров")
    assert article.publisher == "Новини.тест"
    assert article.url == "https://novini.test/byudzhet"
    assert article.hints == {
        "html_language": "bg",
        "is_accessible_for_free": "false",
        "title_origin": "json_ld",
        "authors_origin": "json_ld",
    }
    moment = datetime(2025, 8, 13, 11, 5, tzinfo=UTC)
    assert article.dates == (
        DateCandidate(moment, Precision.SECOND, DateOrigin.MARKUP, "2025-08-13T14:05:00+03:00"),
    )


def test_what_the_producer_said_stands() -> None:
    said = DateCandidate(datetime(2025, 8, 12, tzinfo=UTC), Precision.DAY, DateOrigin.PRODUCER)
    article = extract(PAGE, title="T", publisher="P", url="https://p.test/1", dates=(said,), hints={"a": "b"})
    assert (article.title, article.publisher, article.url) == ("T", "P", "https://p.test/1")
    assert article.dates[0] is said and len(article.dates) == 2
    assert article.hints["a"] == "b" and "title_origin" not in article.hints


def test_nothing_leaks_from_page_to_page() -> None:
    first = [extract(PAGE) for _ in range(4)]
    assert all(article == first[0] for article in first)


@pytest.mark.parametrize(
    "html", ["", "plain words", '{"a": 1}', "%PDF-1.4 <<>>", "<<<<" * 1000, "a < b and b > c"]
)
def test_what_is_no_page_is_rejected(html: str) -> None:
    with pytest.raises(ArticleRejected) as rejection:
        extract(html)
    assert rejection.value.fault.reason is Reason.NOT_HTML


@pytest.mark.parametrize(
    "html", ["<html></html>", "<p></p>", "<html><body><script>var a = 1</script></body></html>"]
)
def test_a_page_without_an_article_is_rejected(html: str) -> None:
    with pytest.raises(ArticleRejected) as rejection:
        extract(html)
    assert rejection.value.fault.reason is Reason.NO_TEXT


BODY = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
HOSTILE = {
    "deep": "<html><body>" + "<div>" * 100_000 + BODY,
    "deep after the article": f"<html><body>{BODY}" + "<b>" * 100_000,
    "attribute of 50 MB": f'<html><body><p class="{"x" * 50_000_000}">a</p>{BODY}</body></html>',
    "attribute of 5 MB": f'<html><body><p class="{"x-" * 2_500_000}">a</p>{BODY}</body></html>',
    "100,000 attributes": f"<html><body><p {' '.join(f'a{n}=x' for n in range(100_000))}>a</p>{BODY}",
    "200 attributes each": "<html><body>"
    + f"<p {' '.join(f'a{n}=x' for n in range(200))}>a</p>" * 9_000
    + BODY,
    "entity bomb": '<!DOCTYPE html [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(10))
    + f"]><html><body>{BODY}<p>&k;</p></body></html>",
    "control characters": f"<html><body>\x00\x01\x0b{BODY}\ud800\x1f\x7f\x9f</body></html>",
    "100,000 paragraphs": "<html><body>" + "<p>A paragraph of a few words.</p>" * 100_000,
    "9,000 links": "<html><body>" + "<p>one <a href='x'>two</a></p>" * 9_000,
    "1,000 open tables": "<html><body>" + "<table><tr><td>" * 1_000 + BODY,
    "a line of 5 MB": f"<html><body><p>{'word ' * 1_000_000}</p></body></html>",
    "unclosed tags": "<html><body>" + '<p>a <a href="' * 50_000,
    "200,000 comments": "<html><body>" + "<!-- x -->" * 200_000 + BODY,
    "deep JSON-LD": f'<script type="application/ld+json">{"[" * 100_000}</script>{BODY}',
    "long JSON-LD": f'<script type="application/ld+json">[{"{}," * 100_000}{{}}]</script>{BODY}',
    "long list in JSON-LD": f'<script type="application/ld+json">[{"1," * 2_000_000}1]</script>{BODY}',
    "long separators": f"<title>{' | ' * 20_000}</title><body>{BODY}",
    "9,000 headlines": "<html><body>" + "".join(f"<h1>Story {n}</h1>" for n in range(9_000)) + BODY,
    "9,000 titles": '<html><head><link rel="canonical" href="https://abcdef.example/">'
    + f'<meta property="og:title" content="{"bcd | " * 130}x">' * 9_000
    + f"</head><body>{BODY}</body></html>",
    "a time of 1 MB": f'<html><head><meta name="date" content="{"00:00" * 200_000}"></head><body>{BODY}',
    "long classes around all": "<html><body>"
    + f'<div class="{"chunk " * 800}">' * 200
    + "".join(f"<p>Paragraph {n} of a few more words.</p>" for n in range(2_000)),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages_end_in_bounded_time(name: str) -> None:
    start = time.perf_counter()
    try:
        text = extract(HOSTILE[name]).text
    except ArticleRejected as rejection:
        assert rejection.fault.reason in (Reason.NO_TEXT, Reason.TOO_LARGE)
    else:
        assert text
    assert time.perf_counter() - start < 20  # a few seconds on an idle machine


@pytest.mark.parametrize("name", ["entity bomb", "control characters", "200,000 comments", "deep JSON-LD"])
def test_harmless_tricks_do_not_cost_the_article(name: str) -> None:
    text = extract(HOSTILE[name]).text
    assert text is not None
    assert all(paragraph in text for paragraph in PARAGRAPHS)
    assert "aaaaaaaaaaaaaaaaaaaa" not in text


def test_pages_over_the_bounds_are_rejected_by_name() -> None:
    attributes = " ".join(f"a{number}" for number in range(page_tree.MAX_ATTRIBUTES_OF_ONE))
    for html in (
        f"<p>{'x' * page_tree.MAX_CHARS}</p>",
        "<br>" * page_tree.MAX_ELEMENTS,
        f"<p {attributes} more>x</p>",
        f"<p {attributes}>x</p>" * (page_tree.MAX_ATTRIBUTES // page_tree.MAX_ATTRIBUTES_OF_ONE + 1),
    ):
        with pytest.raises(ArticleRejected) as rejection:
            extract(html)
        assert rejection.value.fault.reason is Reason.TOO_LARGE


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "<p>",
                "</p>",
                "<div class='lead'>",
                "</div>",
                "<h1>",
                "<a href=x>",
                "<li>",
                "<table>",
                "<td>",
                "<meta name=date content='",
                "'>",
                "<script type='application/ld+json'>",
                '{"@type":"Article","headline":',
                "]",
                "&amp;",
                "\x00",
                "текст на статия ",
                "<!--",
            ]
        )
    )
)
def test_never_raises_anything_but_a_rejection(parts: list[str]) -> None:
    html = "".join(parts)
    try:
        article = extract(html)
    except ArticleRejected:
        return
    assert article.text and article.text == extract(html).text
