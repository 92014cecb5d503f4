"""Language, on sentences written for these tests."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.models.registry import load_fasttext
from pipelines.text.language import MIXED, UNSURE, LanguageIdentifier, publisher_language

PARAGRAPHS: dict[str, list[str]] = tomllib.loads(
    (Path(__file__).parent / "paragraphs.toml").read_text("utf-8")
)
EXAMPLES = tomllib.loads((Path(__file__).parent / "languages.toml").read_text("utf-8"))


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


@pytest.mark.parametrize(
    ("tag", "text"),
    [(tag, text) for tag, texts in PARAGRAPHS.items() for text in texts],
    ids=[f"{tag}-{number}" for tag, texts in PARAGRAPHS.items() for number in range(len(texts))],
)
def test_names_the_language_of_a_paragraph(identifier: LanguageIdentifier, tag: str, text: str) -> None:
    assert identifier.identify(text)[0].tag == tag


def test_latin_letters_among_cyrillic_ones_do_not_mislead(identifier: LanguageIdentifier) -> None:
    disguised = EXAMPLES["bg"].translate(str.maketrans("аеос", "aeoc"))
    assert disguised != EXAMPLES["bg"]
    assert identifier.identify(disguised)[0].tag == "bg"


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


def written(tags: str, sentences: dict[str, str]) -> str:
    """A text with a paragraph of one hundred characters for each tag."""
    return "\n\n".join((sentences[tag] * 3)[:100] for tag in tags.split())


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("fr fr fr fr en en en en", {"fr": 0.5, "en": 0.5}),
        ("en en en en fr fr fr fr", {"fr": 0.5, "en": 0.5}),
        ("fr en fr en fr en fr en fr en", {"fr": 0.5, "en": 0.5}),
        ("fr fr fr fr fr fr fr en en en", {"fr": 0.7, "en": 0.3}),
        ("en en en fr fr fr fr fr fr fr", {"fr": 0.7, "en": 0.3}),
        ("fr fr fr en en en en fr fr fr", {"fr": 0.6, "en": 0.4}),
        ("uk uk uk uk ru ru ru ru", {"uk": 0.5, "ru": 0.5}),
        ("lt lt lt ru ru", {"lt": 0.6, "ru": 0.4}),
        ("de de de de en en en en fr fr fr fr", {"de": 0.33, "en": 0.33, "fr": 0.33}),
        ("de de de de en en en fr", {"de": 0.5, "en": 0.38, "fr": 0.12}),
        ("es es es pt pt pt", {"es": 0.5, "pt": 0.5}),
    ],
)
def test_mixed_where_two_languages_hold_three_tenths_each(
    identifier: LanguageIdentifier, tags: str, expected: dict[str, float]
) -> None:
    language, shares = identifier.identify(written(tags, EXAMPLES))
    assert language.tag == MIXED
    assert {share.tag: share.share for share in shares} == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize(
    ("tags", "main"),
    [
        ("fr fr fr fr fr en en fr", "fr"),  # three quarters
        ("fr fr fr fr fr en en", "fr"),  # 71 to 29
        ("en en fr fr fr fr fr", "fr"),
        ("bg bg bg bg en bg bg", "bg"),
        ("lt lt ru lt lt lt lt lt", "lt"),
        ("uk uk uk ru uk uk uk", "uk"),
        ("de de de de de fr en", "de"),
        ("el el el en el el", "el"),
    ],
)
def test_less_than_three_tenths_leave_the_language(
    identifier: LanguageIdentifier, tags: str, main: str
) -> None:
    language, shares = identifier.identify(written(tags, EXAMPLES))
    assert language.tag == shares[0].tag == main


def test_names_and_titles_of_another_script_make_no_mixture(identifier: LanguageIdentifier) -> None:
    text = (EXAMPLES["ru"] + " Samsung Galaxy S24 Ultra, Apple iPhone 15 Pro Max. ") * 5
    assert identifier.identify(text)[0].tag == "ru"


def test_a_hint_never_overrules_a_clear_text(identifier: LanguageIdentifier) -> None:
    assert identifier.identify(EXAMPLES["ru"], {"language": "bg"})[0].tag == "ru"


def test_a_hint_breaks_the_tie_in_a_family(identifier: LanguageIdentifier) -> None:
    neutral = "Marko Marković na listi najboljih trenera: nova nagrada za direktora kluba i ostali gosti. "
    assert identifier.identify(neutral)[0].tag == "sr-Latn"
    assert identifier.identify(neutral, {"html_language": "hr-HR"})[0].tag == "hr"


def test_hints_are_heard_in_the_order_of_trust(identifier: LanguageIdentifier) -> None:
    neutral = "Marko Marković na listi najboljih trenera: nova nagrada za direktora kluba i ostali gosti. "
    hints = {"publisher_language": "hr", "html_language": "bs"}
    assert identifier.identify(neutral, hints)[0].tag == "bs"
    assert identifier.identify(neutral, {"language": "en", "publisher_language": "hr"})[0].tag == "hr"


@pytest.mark.parametrize(
    ("address", "tag"),
    [
        ("https://www.delfi.lt/x.com/a.html", "lt"),
        ("sportlive.bg", "bg"),
        ("https://example.co.uk:443/", "en"),
        ("https://example.com/", None),
        ("Delfi", None),
        ("http://[::1", None),
        ("", None),
        (None, None),
    ],
)
def test_a_domain_tells_the_usual_language(address: str | None, tag: str | None) -> None:
    assert publisher_language(address) == tag


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
