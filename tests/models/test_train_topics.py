"""The trainer, on a corpus small enough to train in a second."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.models import registry
from pipelines.models.topic_data import DataFault, Row, read_rows, split
from pipelines.models.topic_scores import KEYS, judge, reliability
from pipelines.models.train_topics import Recipe, train
from pipelines.text.topics import Calibration, TopicTagger

SMALL = Recipe(least_count=1)


def _article(number: int, **changes: Any) -> dict[str, Any]:
    key = KEYS[number % len(KEYS)]
    return {
        "lang": "en" if number % 2 else "bg",
        "primary": key,
        "secondary": [],
        "title": f"{key}word and others",
        "text": f"the {key}news {key}more and {chr(97 + number // 26)}{chr(97 + number % 26)}word",
        "publisher": f"paper{number % 10}.example",
        "url": f"https://paper{number % 10}.example/{number}",
        **changes,
    }


def _write(path: Path, articles: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(article) + "\n" for article in articles), "utf-8")
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _write(tmp_path_factory.mktemp("data") / "labelled.jsonl", [_article(n) for n in range(680)])


def test_the_same_data_give_the_same_model(data: Path, tmp_path: Path) -> None:
    told: list[str] = []
    scores = train([data], tmp_path / "a.ftz", progress=told.append, recipe=SMALL)
    train([data], tmp_path / "b.ftz", progress=lambda _: None, recipe=SMALL)
    assert (tmp_path / "a.ftz").read_bytes() == (tmp_path / "b.ftz").read_bytes()
    assert scores.primary > 0.95
    assert any("primary" in line for line in told)


def test_the_written_entry_loads_the_written_model(data: Path, tmp_path: Path) -> None:
    train([data], tmp_path / "topics.ftz", progress=lambda _: None, recipe=SMALL)
    (tmp_path / "topics.toml").rename(tmp_path / "models.toml")
    entry = registry.entries(tmp_path)["topics"]
    assert set(entry.trained_on) == {"labelled.jsonl"}
    tagger = TopicTagger(registry.load_fasttext("topics", tmp_path), Calibration(**entry.calibration))
    for key in KEYS:
        assert next(iter(tagger.confidences(f"{key}word", f"the {key}news {key}more"))) == key


def test_held_out_publishers_and_urls_are_nowhere_else(data: Path) -> None:
    rows = read_rows([data])
    stray = Row("", "x", "en", "sport", (), "", rows[0].url, "weak")
    kept, judged = split([*rows, stray])
    assert len(rows) * 0.1 < len(judged) < len(rows) * 0.4
    assert len(kept) + len(judged) in (len(rows), len(rows) + 1)
    assert not {row.publisher for row in kept} & {row.publisher for row in judged}
    assert not {row.url for row in kept} & {row.url for row in judged}


def test_the_split_depends_on_names_only(data: Path) -> None:
    rows = read_rows([data])
    assert {row.url for row in split(rows)[1]} == {row.url for row in split(rows[::-1])[1]}


@pytest.mark.parametrize("line", ["{", "[]", '{"text": "x"}', '{"primary": "sport", "lang": "en"}'])
def test_refuses_what_is_no_labelled_text(tmp_path: Path, line: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps(_article(0)) + "\n" + line + "\n", "utf-8")
    with pytest.raises(DataFault, match=r"bad\.jsonl:2"):
        read_rows([path])


def test_judges_the_first_topic() -> None:
    rows = [
        Row("", "", "en", "sport", ("health",), "a", "", "reader"),
        Row("", "", "en", "sport", ("health",), "a", "", "reader"),
        Row("", "", "bg", "crime", (), "a", "", "reader"),
        Row("", "", "bg", "crime", (), "a", "", "reader"),
    ]
    scores = judge(rows, [{"sport": 90}, {"health": 60, "sport": 20}, {"crime": 5}, {}], first=15)
    assert (scores.primary, scores.in_set) == (0.25, 0.5)
    assert scores.languages == {"en": (2, 0.5, 1.0), "bg": (2, 0.0, 0.0)}
    assert scores.topics["sport"] == pytest.approx(2 / 3)
    assert scores.topics["crime"] == 0


def test_calibration_error_is_nought_when_confidence_is_the_share_that_is_right() -> None:
    rows = [Row("", "", "en", "sport", (), "a", "", "reader")] * 3 + [
        Row("", "", "en", "crime", (), "a", "", "reader")
    ]
    assert reliability(rows, [{"sport": 75}] * 4)[0] == pytest.approx(0)
    assert reliability(rows, [{"sport": 95}] * 4)[0] == pytest.approx(0.2)
