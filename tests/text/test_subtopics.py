"""Each subtopic's examples, its place in IPTC's tree, and when the tagger is silent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.subtopics import MAX_SUBTOPICS, Rule, load, load_rules
from pipelines.text.topics import media_topics
from schemas.article import Topic

RULES = {rule.name: rule for rule in load_rules()}
PARENTS = [Topic(code, name, 90) for code, name in media_topics().values()]
LANGUAGES = {"bg", "ru", "uk", "lt", "en", "de", "fr", "es"}


def parent(rule: Rule) -> list[Topic]:
    return [topic for topic in PARENTS if topic.code == rule.topic]


@pytest.mark.parametrize("name", RULES)
def test_examples(name: str) -> None:
    rule, tagger = RULES[name], load()
    assert rule.words.keys() >= LANGUAGES and rule.why and rule.says and rule.silent
    for language, title, text in rule.says:
        found = tagger.tag(language, parent(rule), title, text)
        assert name in [subtopic.name for subtopic in found], (language, title)
        assert all(subtopic.topic == rule.topic for subtopic in found)
    for language, title, text in rule.silent:
        assert name not in [s.name for s in tagger.tag(language, parent(rule), title, text)], (
            language,
            title,
        )
    assert {language for language, *_ in rule.says} <= rule.words.keys()


@pytest.mark.parametrize("name", RULES)
def test_codes_and_names_are_iptcs(name: str, shared: Path) -> None:
    iptc = json.loads((shared / "data" / "iptc" / "media_topics.json").read_text("utf-8"))
    rule = RULES[name]
    entry = iptc[rule.code]
    assert entry["Name (en-GB)"] == rule.name
    assert entry["Level1/NewsCode"] == rule.topic
    assert entry["RetiredDate"] is None


def test_topics_are_named_as_iptc_names_them(shared: Path) -> None:
    iptc = json.loads((shared / "data" / "iptc" / "media_topics.json").read_text("utf-8"))
    for code, name in media_topics().values():
        assert iptc[code]["Name (en-GB)"] == name


def test_silent_without_the_topic_the_language_or_enough_words() -> None:
    tagger, rule = load(), RULES["election"]
    language, title, text = rule.says[0]
    other = [topic for topic in PARENTS if topic.code != rule.topic]
    assert tagger.tag(language, other, title, text) == ()
    assert tagger.tag("ja", parent(rule), title, text) == ()
    assert tagger.tag("und", parent(rule), title, text) == ()
    assert tagger.tag("en", parent(rule), None, "The election is a year away.") == ()
    assert tagger.tag(language, [], title, text) == ()


def test_words_begin_where_words_begin() -> None:
    text = "selection reselection coelectoral subvoter unballoted"
    assert load().tag("en", parent(RULES["election"]), text, text) == ()


@given(st.sampled_from(sorted(LANGUAGES)), st.none() | st.text(max_size=80), st.text(max_size=400))
def test_any_text_gets_few(language: str, title: str | None, text: str) -> None:
    assert len(load().tag(language, PARENTS, title, text)) <= MAX_SUBTOPICS
