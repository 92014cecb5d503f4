"""The line scorer's trainer learns what there is to learn, and the same twice."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

pytest.importorskip("sklearn")

from pipelines.models.train_lines import train, train_files
from pipelines.text.line_model import LineModel
from pipelines.text.packs import PackLibrary
from pipelines.text.page import Page

BODY = "The council of town {n} voted on Friday to close the old bridge for repairs until next summer."


def page(n: int) -> dict[str, object]:
    lines = [BODY.format(n=n), f"Zap zap {n}", BODY.format(n=n + 1), "The bridge and the council"]
    return {
        "id": str(n),
        "site": f"s{n}.example",
        "lang": "en",
        "lines": lines,
        "labels": ["body", "ui", "body", "subhead"],
    }


PAGES = [page(n) for n in range(120)]


def test_the_same_pages_give_the_same_model_and_it_tells_junk(tmp_path: Path) -> None:
    library = PackLibrary()
    scores = train(PAGES, library, lambda text: "en", tmp_path / "a.json")
    train(PAGES, library, lambda text: "en", tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert scores["precision"] > 0.9
    model = LineModel(orjson.loads((tmp_path / "a.json").read_bytes()))
    shown = Page("\n\n".join(page(1)["lines"]))  # type: ignore[arg-type]
    junk, subhead = model.scores(shown, [1, 3], None)
    assert junk > 0.7 > 0.3 > subhead


def test_pages_without_labels_are_refused(tmp_path: Path) -> None:
    data = tmp_path / "pages.jsonl"
    data.write_bytes(b'{"lines": ["x"]}\n')
    with pytest.raises(ValueError, match="lacks"):
        train_files([data], tmp_path / "m.json")
