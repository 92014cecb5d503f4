"""Language, on sentences written for these tests."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.models.registry import load_fasttext
from pipelines.text.language import MIXED, UNSURE, LanguageIdentifier

EXAMPLES = tomllib.loads((Path(__file__).parent / "languages.toml").read_text("utf-8"))
FRENCH = "Le gouvernement a approuvé mercredi un nouveau programme de rénovation des écoles du pays. " * 4
ENGLISH = "The government on Wednesday approved a new programme of school repairs across the country. " * 4


@pytest.fixture(scope="module")
def identifier() -> LanguageIdentifier:
    return LanguageIdentifier(load_fasttext("language"))


@pytest.mark.parametrize("tag", EXAMPLES)
def test_names_the_language(identifier: LanguageIdentifier, tag: str) -> None:
    language, shares = identifier.identify(EXAMPLES[tag])
    assert language.tag == tag
    assert language.confidence >= 79
    assert [(share.tag, share.share) for share in shares] == [(tag, 1.0)]
    assert identifier.guess(f" date 2025-08-13 {EXAMPLES[tag]}\n\nFoto\n") == tag


def test_capitals_do_not_hide_the_language(identifier: LanguageIdentifier) -> None:
    assert identifier.identify(EXAMPLES["it"].upper())[0].tag == "it"


@pytest.mark.parametrize(
    "text",
    ["", " \n\t", "\0\0\0", "12 345,67 2019-11-01 88%", "😀🎉" * 50, "OK", "https://example.org/a/b/c " * 9],
)
def test_says_und_where_there_is_no_language(identifier: LanguageIdentifier, text: str) -> None:
    assert identifier.identify(text) == ((UNSURE, 0), ()) or identifier.identify(text)[0].tag == UNSURE
    assert identifier.guess(text) == UNSURE


def test_a_foreign_quote_leaves_the_language(identifier: LanguageIdentifier) -> None:
    text = "\n".join([EXAMPLES["bg"], EXAMPLES["bg"], EXAMPLES["en"], EXAMPLES["bg"], EXAMPLES["bg"]])
    language, shares = identifier.identify(text)
    assert language.tag == "bg"
    assert shares[0].tag == "bg"


@pytest.mark.parametrize("order", [(FRENCH, ENGLISH), (ENGLISH, FRENCH)])
def test_two_halves_make_a_mixed_text(identifier: LanguageIdentifier, order: tuple[str, str]) -> None:
    language, shares = identifier.identify("\n\n".join(order))
    assert language.tag == MIXED
    assert {share.tag for share in shares} == {"en", "fr"}
    assert all(0.4 <= share.share <= 0.6 for share in shares)


def test_russian_and_ukrainian_can_be_mixed(identifier: LanguageIdentifier) -> None:
    language, shares = identifier.identify("\n".join([EXAMPLES["uk"]] * 4 + [EXAMPLES["ru"]] * 4))
    assert language.tag == MIXED
    assert {share.tag for share in shares} == {"ru", "uk"}


def test_a_hint_never_overrules_a_clear_text(identifier: LanguageIdentifier) -> None:
    assert identifier.identify(EXAMPLES["ru"], {"language": "bg"})[0].tag == "ru"


def test_a_hint_breaks_the_tie_in_a_family(identifier: LanguageIdentifier) -> None:
    neutral = "Marko Marković na listi najboljih trenera: nova nagrada za direktora kluba i ostali gosti. "
    assert identifier.identify(neutral)[0].tag == "sr-Latn"
    assert identifier.identify(neutral, {"html_language": "hr-HR"})[0].tag == "hr"


def test_a_million_characters_in_one_line_are_answered_quickly(identifier: LanguageIdentifier) -> None:
    assert identifier.identify(EXAMPLES["pl"] * 10_000)[0].tag == "pl"
    assert identifier.identify("a1" * 500_000)[0].confidence <= 100


@given(st.text(max_size=600))
def test_any_text_gets_an_answer(text: str) -> None:
    identifier = LanguageIdentifier(load_fasttext("language"))
    language, shares = identifier.identify(text)
    assert 0 <= language.confidence <= 100
    assert sum(share.share for share in shares) <= 1.02
    assert (language.tag == UNSURE) == (not shares)
    assert identifier.identify(text) == (language, shares)
