"""The quality of cleaning does not fall below its floors, on sites that no rule was written for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.quality import cleaning, floors, gold, written
from tests.quality.line_score import score


def test_no_figure_is_under_its_floor(shared: Path) -> None:
    hidden = [row for row in gold.pages(shared) if gold.is_hidden(row["site"])]
    assert floors.read(cleaning.TABLE), "floors.toml has no floors for cleaning"
    assert floors.below(cleaning.TABLE, cleaning.figures(gold.clean(hidden))) == []


def test_no_figure_on_written_lines_is_under_its_floor() -> None:
    assert floors.read(written.TABLE), "floors.toml has no floors for written lines"
    assert floors.below(written.TABLE, written.figures(written.count())) == []


PAGE = {
    "id": "1",
    "lines": [
        "The whole story of the day is told in this line here.",
        "Ads",
        "Read also: that other story of the day",
    ],
    "labels": ["body", "ad", "related"],
    "partial": {},
}


@pytest.mark.parametrize(
    ("clean", "found", "missed", "wrong"),
    [
        ("The whole story of the day is told in this line here.", 2, 0, 0),
        ("\n".join(PAGE["lines"]), 0, 2, 0),
        ("", 2, 0, 1),
        ("The whole story of the day is told in this line here.\nAds", 1, 1, 0),
    ],
)
def test_scoring_counts_lines(clean: str, found: int, missed: int, wrong: int) -> None:
    result = score([(PAGE, clean)])
    assert (result.found, result.missed, result.wrong) == (found, missed, wrong)


def test_partial_junk_is_scored_by_its_span() -> None:
    page = {
        "id": "1",
        "lines": ["A line of the body with a mark (VIDEO) inside it."],
        "labels": ["body"],
        "partial": {"0": ["(VIDEO)"]},
    }
    left = score([(page, page["lines"][0])])
    assert (left.spans, left.spans_removed, left.exact_pages) == (1, 0, 0)
    gone = score([(page, "A line of the body with a mark inside it.")])
    assert (gone.spans_removed, gone.exact_pages, gone.body_kept) == (1, 1, 1.0)


def test_floors_are_not_lowered_without_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floors, "FILE", tmp_path / "floors.toml")
    assert floors.update("x", {"f1": 0.91239}, may_lower=False) == []
    assert floors.read("x") == {"f1": 0.9123}
    assert floors.update("x", {"f1": 0.9}, may_lower=False) == ["x.f1: 0.9123 -> 0.9000"]
    assert floors.read("x") == {"f1": 0.9123}
    assert floors.below("x", {"f1": 0.9}) and not floors.below("x", {"f1": 0.95})
    assert floors.update("x", {"f1": 0.9}, may_lower=True) == []
    assert floors.read("x") == {"f1": 0.9}
