"""The trainer, on a corpus small enough to train in a second."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from pipelines.models import registry
from pipelines.models.data_file import DataFault
from pipelines.models.topic_data import Row, read_rows, split
from pipelines.models.topic_fit import fit
from pipelines.models.topic_scores import KEYS, judge, reliability
from pipelines.models.topic_teaching import Teaching, digest, read, write
from pipelines.models.train_topics import Recipe, train
from pipelines.text.topics import Calibration, TopicTagger

SMALL = Recipe(least_count=1)
NONE = Teaching.none()


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
    scores = train([data], tmp_path / "a.ftz", progress=told.append, recipe=SMALL, teaching=NONE)
    train([data], tmp_path / "b.ftz", progress=lambda _: None, recipe=SMALL, teaching=NONE)
    assert (tmp_path / "a.ftz").read_bytes() == (tmp_path / "b.ftz").read_bytes()
    assert scores.primary > 0.95
    assert any("primary" in line for line in told)


def test_the_written_entry_loads_the_written_model(data: Path, tmp_path: Path) -> None:
    train([data], tmp_path / "topics.ftz", progress=lambda _: None, recipe=SMALL, teaching=NONE)
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


def test_an_article_without_a_label_is_taught_or_left_out(tmp_path: Path) -> None:
    bare = {"title": "t", "text": "x", "url": "u", "publisher": "p", "published_at": "2019-11-01T00:00:00Z"}
    path = _write(tmp_path / "articles.jsonl", [bare])
    assert read_rows([path]) == []
    taught = Teaching({digest("t", "x"): {"war": 0.7, "politics": 0.3}}, (), np.zeros((0, 0), np.float32))
    (row,) = read_rows([path], taught)
    assert (row.source, row.primary, row.asks_teacher) == ("none", "war", True)
    labelled = _write(tmp_path / "labelled.jsonl", [_article(0, url="u")])
    assert [row.source for row in read_rows([path, labelled], taught)] == ["reader"]


def test_the_teacher_does_not_overrule_a_reader(tmp_path: Path) -> None:
    article = _article(0)
    taught = {digest(article["title"], article["text"]): {"war": 1.0}}
    path = _write(tmp_path / "a.jsonl", [article, {**article, "primary": "sport", "source": "weak"}])
    rows = read_rows([path], Teaching(taught, (), np.zeros((0, 0), np.float32)))
    assert [row.asks_teacher for row in rows] == [False, True]


def test_a_word_no_text_has_is_known_by_the_teachers_vector(data: Path, tmp_path: Path) -> None:
    words = [f"{key[:3]}new"[:6] for key in KEYS] + [f"{key}word"[:6] for key in KEYS]
    vectors = np.concatenate([np.eye(len(KEYS), dtype=np.float32)] * 2)
    train(
        [data],
        tmp_path / "topics.ftz",
        progress=lambda _: None,
        recipe=SMALL,
        teaching=Teaching({}, words, vectors),
    )
    (tmp_path / "topics.toml").rename(tmp_path / "models.toml")
    entry = registry.entries(tmp_path)["topics"]
    tagger = TopicTagger(registry.load_fasttext("topics", tmp_path), Calibration(**entry.calibration))
    assert next(iter(tagger.confidences(None, "relnew"))) == "religion"


def test_the_teaching_that_was_written_is_read(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    vectors = random.standard_normal((40, 4)).astype(np.float32)
    words = [f"слово{number}" for number in range(40)]
    given = Teaching({"0" * 16: {"war": 0.6, "politics": 0.39, "sport": 0.01}}, words, vectors)
    write(given, tmp_path / "a")
    write(given, tmp_path / "b")
    for name in ("labels.tsv.gz", "words.npz"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    got = read(tmp_path / "a")
    assert got.labels == {"0" * 16: {"war": pytest.approx(60 / 99), "politics": pytest.approx(39 / 99)}}
    assert got.words == words
    steps = 0.2 * vectors.std(axis=0)
    assert np.all((abs(got.vectors - vectors) <= steps) | (abs(vectors) > 14 * steps))


def test_the_shipped_teaching_holds_digests_and_words_only() -> None:
    teaching = read()
    assert len(teaching.words) == len(teaching.vectors) == len(set(teaching.words))
    assert all(re.fullmatch(r"[^\W\d_]{1,6}", word) for word in teaching.words)
    assert all(len(name) == 16 and set(shares) <= set(KEYS) for name, shares in teaching.labels.items())
    assert all(sum(shares.values()) == pytest.approx(1) for shares in teaching.labels.values())


def test_the_fit_gives_back_the_shares_it_was_taught() -> None:
    texts = sparse.csr_matrix(np.eye(2, dtype=np.float32))
    targets = np.array([[0.8, 0.1], [0.2, 0.5]])
    weights = fit(texts, targets, np.ones(2), alpha=1e-9, epochs=400, pace=2.0, seed=1)
    assert 1 / (1 + np.exp(-weights)) == pytest.approx(targets, abs=0.01)
