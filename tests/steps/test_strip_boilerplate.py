"""The cleaning station: a raw article in, the article's record out."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest

from pipelines.steps.strip_boilerplate import StripBoilerplate
from pipelines.text.ledger import restore
from schemas.article import DateCandidate, DateOrigin, Precision, RawArticle
from schemas.dead_letter import ArticleRejected, Reason
from schemas.origin import Origin

ORIGIN = Origin("files", path="a.txt", record=0)
BODY = "Президентът ще посети страната през март, съобщиха от Кремъл."


@pytest.fixture
def step() -> StripBoilerplate:
    step = StripBoilerplate()
    step.setup()
    return step


def test_the_record_is_made(step: StripBoilerplate) -> None:
    raw = RawArticle(
        "1", ORIGIN, text=f" date 2025-08-13 {BODY}\n\nСнимка: БТА", url="https://a.bg/1", extra={"x": 1}
    )
    article = step.convert(raw)
    assert article.text == BODY
    assert restore(article.text, article.removed) == raw.text
    assert article.text_sha256 == hashlib.sha256(BODY.encode()).hexdigest()
    assert (article.char_count, article.word_count) == (len(BODY), 9)
    assert article.credits == ("БТА",)
    assert list(article.provenance.rules) == ["common", "bg"]
    assert article.published_at == datetime(2025, 8, 13, tzinfo=UTC)
    assert article.published_at_origin is DateOrigin.INJECTED
    assert (article.url, article.extra) == ("https://a.bg/1", {"x": 1})


def test_the_producers_date_and_title_go_first(step: StripBoilerplate) -> None:
    given = DateCandidate(datetime(2025, 8, 12, 9, tzinfo=UTC), Precision.SECOND, DateOrigin.PRODUCER)
    raw = RawArticle("1", ORIGIN, text=f" date 2025-08-13 {BODY}", title="Посещение", dates=(given,))
    article = step.convert(raw)
    assert article.title == "Посещение"
    assert article.published_at == given.value
    assert [c.origin for c in article.date_candidates] == [DateOrigin.PRODUCER, DateOrigin.INJECTED]


def test_where_the_guess_is_unsure_the_producers_word_chooses_the_packs(step: StripBoilerplate) -> None:
    for raw in (
        RawArticle("1", ORIGIN, text="2:1, 3:2", language="bg"),
        RawArticle("1", ORIGIN, text="2:1, 3:2", hints={"html_language": "bg-BG"}),
    ):
        assert list(step.convert(raw).provenance.rules) == ["common", "bg"]


@pytest.mark.parametrize("text", ["Снимка: БТА", " date 2025-08-13 ", "РЕКЛАМА\n\n----"])
def test_nothing_but_boilerplate_is_rejected(step: StripBoilerplate, text: str) -> None:
    with pytest.raises(ArticleRejected) as raised:
        step.convert(RawArticle("1", ORIGIN, text=text, language="bg"))
    assert raised.value.fault.reason is Reason.NO_TEXT_LEFT
