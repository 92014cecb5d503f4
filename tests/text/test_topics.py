"""Topics, on items written for these tests."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.models.registry import entries, load_fasttext
from pipelines.text.topics import (
    MAX_TOPICS,
    TEXT_CHARS,
    Calibration,
    TopicTagger,
    features,
    media_topics,
)

ITEMS = tomllib.loads((Path(__file__).parent / "topics.toml").read_text("utf-8"))["item"]
BY_LANGUAGE = tomllib.loads((Path(__file__).parent / "topics_by_language.toml").read_text("utf-8"))
KEYS = {code: key for key, (code, _) in media_topics().items()}


def load(**changes: Any) -> TopicTagger:
    calibration = {**entries()["topics"].calibration, **changes}
    return TopicTagger(load_fasttext("topics"), Calibration(**calibration))


@pytest.fixture(scope="module")
def tagger() -> TopicTagger:
    return load()


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item["topics"][0])
def test_names_the_topic(tagger: TopicTagger, item: dict[str, Any]) -> None:
    topics = tagger.tag(None, item["text"])
    assert KEYS[topics[0].code] in item["topics"]
    assert all(0 < topic.confidence <= 100 for topic in topics)


def test_has_the_seventeen_topics_of_iptc() -> None:
    assert [code for code, _ in media_topics().values()] == [f"medtop:{i:02}000000" for i in range(1, 18)]
    assert media_topics()["war"] == ("medtop:16000000", "conflict, war and peace")


def test_the_model_and_its_calibration_know_the_same_topics(tagger: TopicTagger) -> None:
    assert set(tagger.scores(None, "news of the day")) == set(media_topics())
    assert set(entries()["topics"].calibration["bias"]) == set(media_topics())


@pytest.mark.parametrize("text", ["", " \n", "\0", "😀🎉" * 100, "…!?"])
def test_a_text_without_words_has_no_topic(tagger: TopicTagger, text: str) -> None:
    assert tagger.tag(None, text) == ()
    assert tagger.evidence(None, text, "sport") == ()


def test_digits_alone_are_no_topic_to_be_sure_of(tagger: TopicTagger) -> None:
    assert all(topic.confidence < 80 for topic in tagger.tag(None, "12 345 67 890 " * 30))


def test_a_million_characters_in_one_line_cost_no_more_than_a_page(tagger: TopicTagger) -> None:
    started = time.perf_counter()
    tagger.tag(None, "слово " * 170_000)
    tagger.tag(None, "я" * 1_000_000)
    assert time.perf_counter() - started < 1


def test_the_title_speaks_too(tagger: TopicTagger) -> None:
    text = "Подробности мы сообщим позже."
    title = "Сборная по хоккею обыграла Финляндию в матче чемпионата"
    assert tagger.confidences(title, text)["sport"] > tagger.confidences(None, text)["sport"]


def test_the_evidence_are_words_of_the_article(tagger: TopicTagger) -> None:
    text = next(item["text"] for item in ITEMS if item["topics"] == ["religion"])
    words = tagger.evidence("Праздник", text, "religion")
    assert 3 <= len(words) <= 8
    assert all(word in f"праздник {text.lower()}" for word in words)
    assert {"литургию", "патриарх", "православные", "священники", "епископы", "храме"} & set(words)


def test_the_floors_are_kept() -> None:
    assert load(first=101, further=101).tag(None, ITEMS[0]["text"]) == ()
    topics = load(first=0, further=0).tag(None, ITEMS[0]["text"])
    assert len(topics) == MAX_TOPICS
    assert topics[1].confidence >= topics[2].confidence


def test_an_offset_moves_the_choice_of_the_main_topic() -> None:
    level = dict.fromkeys(media_topics(), 0.0)
    text = next(item["text"] for item in ITEMS if item["topics"] == ["sport"])
    assert next(iter(load(offset=level).confidences(None, text))) == "sport"
    assert next(iter(load(offset={**level, "war": 30.0}).confidences(None, text))) == "war"


def test_features_are_beginnings_of_words_and_the_title() -> None:
    assert features("Big elections", "the ﬁne Elections of 2019, BIG") == (
        ["big", "electi", "the", "fine", "of", "^big", "^electi"]
    )
    assert len(features(None, "a b " * TEXT_CHARS)) == 2


@pytest.mark.parametrize("language", BY_LANGUAGE)
def test_no_language_is_a_cue_for_a_topic(tagger: TopicTagger, language: str) -> None:
    said = {key: next(iter(tagger.confidences(None, text))) for key, text in BY_LANGUAGE[language].items()}
    wrong = {key: got for key, got in said.items() if got != key}
    assert len(said) == 7
    assert len(wrong) <= 1, wrong


@given(st.text(max_size=2000), st.none() | st.text(max_size=100))
def test_any_text_gets_the_same_answer_twice(text: str, title: str | None) -> None:
    tagger = load()
    topics = tagger.tag(title, text)
    assert topics == tagger.tag(title, text)
    assert len(topics) <= MAX_TOPICS
    assert len({topic.code for topic in topics}) == len(topics)
    assert all(0 <= topic.confidence <= 100 for topic in topics)
