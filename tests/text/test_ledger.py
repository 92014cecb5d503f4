"""What is cut can be put back, exactly."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.ledger import Cut, Ledger, restore
from schemas.article import Removal, RemovalKind

AD = RemovalKind.AD
TEXTS = st.text(st.sampled_from("ab.Я \n\t😀"), max_size=60)


def cuts_in(text: str, numbers: list[int]) -> list[Cut]:
    points = sorted({number % (len(text) + 1) for number in numbers})
    pairs = zip(points[::2], points[1::2], strict=False)
    return [Cut(start, end, AD, "x") for start, end in pairs]


@given(TEXTS, st.lists(st.lists(st.integers(0, 1000), max_size=8), max_size=4))
def test_restore_is_exact_after_any_walks(raw: str, walks: list[list[int]]) -> None:
    ledger = Ledger(raw)
    for numbers in walks:
        ledger.cut(cuts_in(ledger.text, numbers))
    removed = ledger.removed
    assert restore(ledger.text, removed) == raw
    assert all(one.end <= two.start for one, two in pairwise(removed))
    assert all(raw[r.start : r.end] == r.text for r in removed)


@pytest.mark.parametrize(
    ("raw", "junk", "clean"),
    [
        ("A.\n\nx\n\nB.", "x", "A.\n\nB."),
        ("A.\nx\n\nB.", "x", "A.\n\nB."),
        ("A.\n\nx\nB.", "x", "A.\n\nB."),
        ("\nx\nB.", "x", "B."),
        ("A.\nx\n", "x", "A.\n"),
        ("A.\nx", "x", "A."),
        ("A x b.", "x", "A b."),
        ("A x.", "x", "A."),
        ("Ax.", "x", "A."),
        ("A x, b.", "x", "A, b."),
        ("Ax b.", "x", "A b."),
        ("A xb.", "x", "A b."),
        (" x ", "x", ""),
    ],
)
def test_a_cut_takes_along_the_white_space_that_would_be_doubled(raw: str, junk: str, clean: str) -> None:
    ledger = Ledger(raw)
    start = raw.index(junk)
    ledger.cut([Cut(start, start + len(junk), AD, "x")])
    assert ledger.text == clean


def test_a_run_of_cuts_leaves_one_gap() -> None:
    raw = "A.\n\nx\ny\n\n\nz\nB."
    ledger = Ledger(raw)
    ledger.cut([Cut(raw.index(c), raw.index(c) + 1, AD, c) for c in "xyz"])
    assert ledger.text == "A.\n\nB."
    assert [removal.rule for removal in ledger.removed] == ["x", "y", "z"]


@pytest.mark.parametrize(
    "removed",
    [
        [Removal(9, 10, "x", AD, "r")],
        [Removal(1, 3, "x", AD, "r")],
        [Removal(2, 3, "x", AD, "r"), Removal(1, 2, "y", AD, "r")],
    ],
)
def test_restore_refuses_what_does_not_fit(removed: list[Removal]) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        restore("abc", removed)
