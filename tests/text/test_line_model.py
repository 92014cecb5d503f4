"""The learned line scorer: what it may look at, and that it refuses another's features."""

from __future__ import annotations

import time
from base64 import b64encode

import pytest

from pipelines.text import line_model
from pipelines.text.boilerplate import Hints, strip_boilerplate
from pipelines.text.ledger import Cut, restore
from pipelines.text.line_features import MAX_OPEN_CHARS, NAMES, candidates, rows
from pipelines.text.line_model import WORD_BITS, LineModel, buckets
from pipelines.text.packs import PackLibrary
from pipelines.text.page import Page
from schemas.article import RemovalKind

BODY = "The council voted on Friday to close the old bridge for repairs until the summer of next year."
LABEL = "Bridge gallery label"


def model(total: float, threshold: float = 0.5) -> LineModel:
    """A scorer that gives every line the same score."""
    return LineModel(
        {
            "features": [*NAMES, "words"],
            "languages": ["en"],
            "threshold": threshold,
            "word_scale": 1.0,
            "word_bias": 0.0,
            "words": b64encode(bytes(1 << WORD_BITS)).decode(),
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
        made = rows(page, [0, 2, 3], title)
        assert [len(row) for row in made] == [len(NAMES)] * 3


def test_an_endless_paragraph_costs_no_more_than_a_long_one() -> None:
    words = ["".join(chr(1072 + n // 30**place % 30) for place in range(6)).title() for n in range(390 * 9)]
    labels = [" ".join(words[first : first + 9]) for first in range(0, len(words), 9)]
    page = Page("\n".join([*labels, "абвгд " * 1_500_000]))
    start = time.process_time()
    assert len(rows(page, candidates(page), None)) == 390
    assert time.process_time() - start < 5


def test_words_are_a_vector_of_length_one() -> None:
    assert sum(value * value for value in buckets("A line, of words").values()) == pytest.approx(1)
    assert buckets(" \n") == {}
    assert buckets("Foto 7") == buckets("foto 3") != buckets("foto 73")


def test_a_scored_line_says_so_with_its_score() -> None:
    packs = PackLibrary().select("en")
    raw = f"{BODY}\n{LABEL}\n{BODY}"
    cleaned = strip_boilerplate(raw, packs, Hints(), model(2.0))
    assert cleaned.text == f"{BODY}\n{BODY}"
    assert [(r.rule, r.score) for r in cleaned.removed] == [("line_model", 0.8808)]
    assert restore(cleaned.text, cleaned.removed) == raw
    assert strip_boilerplate(raw, packs, Hints(), model(-2.0)).removed == ()
    unknown = PackLibrary().select("ko")
    assert strip_boilerplate(raw, unknown, Hints(), model(2.0)).removed == ()


def test_a_model_of_other_features_is_refused() -> None:
    with pytest.raises(ValueError, match="other features"):
        LineModel({"features": ["chars"], "words": ""})


def test_the_shipped_model_leaves_a_plain_article_alone() -> None:
    shipped = line_model.shipped()
    raw = "\n\n".join(
        [BODY, "What comes next", BODY.replace("Friday", "Monday"), "“We must act now,” she said"]
    )
    assert strip_boilerplate(raw, PackLibrary().select("en"), Hints(), shipped).removed == ()
