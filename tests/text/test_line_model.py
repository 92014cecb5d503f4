"""The learned line scorer: what it may look at, and that it refuses another's features."""

from __future__ import annotations

import time
from base64 import b64encode

import pytest

from pipelines.text import line_model
from pipelines.text.boilerplate import Hints, strip_boilerplate
from pipelines.text.ledger import Cut, restore
from pipelines.text.line_features import (
    FURTHER_NAMES,
    GLANCE_NAMES,
    MAX_OPEN_CHARS,
    LineFeatures,
    candidates,
)
from pipelines.text.line_model import FEATURES, WORD_BITS, WORD_SCORES, LineModel, WordScore, bucket, tokens
from pipelines.text.packs import PackLibrary
from pipelines.text.page import Page
from schemas.article import RemovalKind

BODY = "The council voted on Friday to close the old bridge for repairs until the summer of next year."
LABEL = "Bridge gallery label"


def words(weights: dict[str, int]) -> dict[str, object]:
    """A word score with these weights of tokens, and of no other."""
    table = bytearray(1 << WORD_BITS)
    for token, weight in weights.items():
        table[bucket(token)] = weight % 256
    return {"weights": b64encode(table).decode(), "scale": 0.5, "bias": -1.0}


def model(total: float, threshold: float = 0.5, glance: float = 0.0) -> LineModel:
    """A scorer that gives every line the same score."""
    return LineModel(
        {
            "features": [*FEATURES],
            "languages": ["en"],
            "threshold": threshold,
            **dict.fromkeys(WORD_SCORES, words({})),
            "glance": [[[-1, glance]]],
            "trees": [[[-1, total]]],
        }
    )


def test_only_short_and_open_lines_beside_other_text_may_be_scored() -> None:
    long = "x" * MAX_OPEN_CHARS
    page = Page("\n".join([BODY, LABEL, long[1:], long, "Cut", "It is shut."]))
    page.cuts[4] = Cut(page.starts[4], page.end(4), RemovalKind.UI, "a/rule")
    assert candidates(page) == [1, 2, 5]
    assert candidates(Page(LABEL)) == []
    assert candidates(Page(f"{LABEL}\n" * 500 + BODY)) == []


def test_a_row_has_every_feature() -> None:
    page = Page(f"{LABEL}\n{BODY}\n1\n—")
    for title in (None, "", "Old bridge"):
        features = LineFeatures(page, title)
        assert [len(features.glance(index)) for index in (0, 2, 3)] == [len(GLANCE_NAMES)] * 3
        assert [len(features.further(index)) for index in (0, 2, 3)] == [len(FURTHER_NAMES)] * 3


def test_an_endless_paragraph_costs_no_more_than_a_long_one() -> None:
    words = ["".join(chr(1072 + n // 30**place % 30) for place in range(6)).title() for n in range(390 * 9)]
    labels = [" ".join(words[first : first + 9]) for first in range(0, len(words), 9)]
    page = Page("\n".join([*labels, "абвгд " * 1_500_000]))
    start = time.process_time()
    features = LineFeatures(page, None)
    assert len([features.further(index) for index in candidates(page)]) == 390
    assert time.process_time() - start < 5


def test_a_line_is_its_words_their_stems_and_its_ends() -> None:
    assert tokens("Photographed 1999") == [
        "photographed",
        "0000",
        "sphoto",
        "^photographed",
        "^photographed 0000",
        "$0000",
    ]
    assert tokens(" \n") == []
    assert tokens("Foto 7") == tokens("foto 3") != tokens("foto 73")


def test_words_weigh_as_much_as_they_are_trained_to() -> None:
    score = WordScore(words({"photo": 10, "$photo": -2}))
    assert score.of([]) == -1
    assert score.of([bucket(token) for token in tokens("Photo")]) == pytest.approx(-1 + 0.5 * 8 / 4**0.5)
    with pytest.raises(ValueError, match="other buckets"):
        WordScore({"weights": "", "scale": 1.0, "bias": 0.0})


def test_a_scored_line_says_so_with_its_score() -> None:
    packs = PackLibrary().select("en")
    raw = f"{BODY}\n{LABEL}\n{BODY}"
    cleaned = strip_boilerplate(raw, packs, Hints(), model(2.0))
    assert cleaned.text == f"{BODY}\n{BODY}"
    assert [(r.rule, r.score) for r in cleaned.removed] == [("line_model", 0.8808)]
    assert restore(cleaned.text, cleaned.removed) == raw
    assert strip_boilerplate(raw, packs, Hints(), model(-2.0)).removed == ()
    assert strip_boilerplate(raw, packs, Hints(), model(2.0, glance=-1.1)).removed == ()
    unknown = PackLibrary().select("ko")
    assert strip_boilerplate(raw, unknown, Hints(), model(2.0)).removed == ()


def test_a_model_of_other_features_is_refused() -> None:
    with pytest.raises(ValueError, match="other features"):
        LineModel({"features": ["chars"]})


def test_the_shipped_model_leaves_a_plain_article_alone() -> None:
    shipped = line_model.shipped()
    raw = "\n\n".join(
        [BODY, "What comes next", BODY.replace("Friday", "Monday"), "“We must act now,” she said"]
    )
    assert strip_boilerplate(raw, PackLibrary().select("en"), Hints(), shipped).removed == ()
