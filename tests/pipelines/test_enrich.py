"""The plain call: the stations of the pipeline on one article, without Beam."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.enrich import Enricher
from schemas.article import Article
from schemas.dead_letter import DeadLetter

TEXT = "The parliament voted on the budget on Monday evening, and the government will follow the deputies."


@pytest.fixture(scope="module")
def enricher() -> Enricher:
    return Enricher()


def test_an_article_is_cleaned_and_tagged(enricher: Enricher, seeds: Path) -> None:
    name = "000_45920702907dca75.txt"
    article = enricher.enrich((seeds / name).read_text("utf-8"))
    assert isinstance(article, Article)
    assert article.text == (seeds.parent / "clean" / name).read_text("utf-8")
    assert article.language.tag == "bg" and article.topics


def test_a_mapping_is_a_raw_article(enricher: Enricher) -> None:
    article = enricher.enrich({"id": "1", "text": TEXT, "section": "home", "big": 2**70})
    assert isinstance(article, Article)
    assert (article.id, article.language.tag, article.extra["section"]) == ("1", "en", "home")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [({}, "schema"), ("  ", "empty"), ("half \ud800", "bad_charset"), ({"text": "half \ud800"}, "not_json")],
)
def test_what_is_refused_comes_back_as_a_dead_letter(enricher: Enricher, raw: object, reason: str) -> None:
    letter = enricher.enrich(raw)  # type: ignore[arg-type]
    assert isinstance(letter, DeadLetter) and letter.reason == reason


def test_what_json_does_not_know_is_the_callers_mistake(enricher: Enricher) -> None:
    with pytest.raises(TypeError):
        enricher.enrich({"text": TEXT, "tags": {1, 2}})
