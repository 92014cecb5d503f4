"""`newsbeam quality`: scores on labelled articles, as tables and as a page."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
import zstandard
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.judgement import LabelFault, Tally, judge

MATCH = (
    "The striker scored twice and the goalkeeper saved a penalty as the football club won the league match."
)
ROWS = [
    {"title": "Football", "text": MATCH, "lang": "en", "primary": "sport", "secondary": []},
    {"title": "Football", "text": MATCH, "lang": "en-GB", "primary": "medtop:15000000"},
    {"title": "Football", "text": MATCH, "lang": "<b>xx", "primary": "religion", "secondary": ["sport"]},
    {"title": "no labels", "text": MATCH},
]


def write(path: Path, rows: list[object]) -> Path:
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    pack = {".gz": gzip.compress, ".zst": zstandard.compress}.get(path.suffix, bytes)
    path.write_bytes(pack(lines))
    return path


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst"])
def test_judges_language_and_topics(tmp_path: Path, name: str) -> None:
    judged = judge([write(tmp_path / name, list(ROWS))])
    assert judged.languages.pairs == {("en", "en"): 2, ("<b>xx", "en"): 1}
    assert judged.topics.pairs == {("sport", "sport"): 2, ("religion", "sport"): 1}
    assert judged.topics.in_set == 3
    assert judged.topics.right == pytest.approx(2 / 3)


def test_counts_precision_recall_and_mistakes() -> None:
    tally = Tally()
    tally.pairs.update({("a", "a"): 3, ("a", "b"): 1, ("b", "b"): 1, ("c", "a"): 1})
    a, b, c = tally.rows()
    assert (a["recall"], a["precision"], a["mistakes"]) == (0.75, 0.75, [("b", 1)])
    assert (b["recall"], b["precision"]) == (1.0, 0.5)
    assert (c["recall"], c["precision"], c["f1"]) == (0.0, 0.0, 0.0)
    assert tally.matrix() == (["a", "b", "c"], [[3, 1, 0], [0, 1, 0], [1, 0, 0]])


def test_bands_of_confidence() -> None:
    tally = Tally(said={10: [False], 90: [True, True], 100: [False]})  # type: ignore[arg-type]
    assert [(band["band"], band["total"]) for band in tally.reliability()] == [("0-19", 1), ("80-100", 3)]
    assert tally.reliability()[1]["right"] == pytest.approx(2 / 3)


def test_the_page_is_self_contained_and_escapes_labels(tmp_path: Path) -> None:
    page = tmp_path / "q.html"
    result = CliRunner().invoke(
        app, ["quality", str(write(tmp_path / "a.jsonl", list(ROWS))), "--html", str(page)]
    )
    assert result.exit_code == 0, result.output
    html = page.read_text("utf-8")
    assert "&lt;b&gt;xx" in html and "<b>xx" not in html
    assert re.findall(r"(?:src|href)=|@import|https?://", html) == []
    assert "default-src 'none'; style-src" in html and "</head>" in html
    assert "arts, culture" not in html and "sport" in html


@pytest.mark.parametrize(
    "rows", [[{"title": "x"}], [{"text": 1, "lang": "en"}], [["x"]], [{"text": "x", "primary": "sports"}]]
)
def test_a_line_that_is_no_labelled_article_is_named(tmp_path: Path, rows: list[object]) -> None:
    with pytest.raises(LabelFault, match=r"a\.jsonl:1"):
        judge([write(tmp_path / "a.jsonl", rows)])


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.zst"])
def test_a_damaged_file_is_wrong_usage(tmp_path: Path, name: str) -> None:
    file = write(tmp_path / name, list(ROWS))
    file.write_bytes(file.read_bytes()[:-9])
    result = CliRunner().invoke(app, ["quality", str(file)])
    assert result.exit_code == 2 and name in result.stderr


def test_a_page_without_a_place_is_refused_before_the_work(tmp_path: Path) -> None:
    page = tmp_path / "absent" / "q.html"
    result = CliRunner().invoke(app, ["quality", str(tmp_path / "missing.jsonl"), "--html", str(page)])
    assert result.exit_code == 2 and "folder that exists" in result.stderr


def test_without_labels_the_command_says_so(tmp_path: Path) -> None:
    for path in (write(tmp_path / "a.jsonl", [ROWS[3]]), tmp_path / "missing.jsonl"):
        result = CliRunner().invoke(app, ["quality", str(path)])
        assert result.exit_code == 2
