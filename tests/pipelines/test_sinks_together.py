"""Several sinks in one run: each keeps what it is for, one that fails is contained, withdrawals reach all."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from connectors.sinks import jsonl
from pipelines.config import ConfigError, load
from pipelines.running import run
from pipelines.summary import Summary
from tests.conftest import Answer, written

pytestmark = pytest.mark.pipeline


def config(tmp_path: Path, source: str, *sinks: dict[str, Any]) -> dict[str, Any]:
    letters = {"kind": "jsonl", "takes": "dead_letters", "path": str(tmp_path / "out" / "dead_letters")}
    return {"source": {"kind": "files", "paths": [source]}, "sinks": [*sinks, letters]}


def ids(folder: Path) -> set[str]:
    return {json.loads(line)["origin"]["path"][:3] for file in folder.glob("*.jsonl") for line in file.open()}


def test_each_sink_keeps_its_own(tmp_path: Path, seeds: Path) -> None:
    def sink(name: str, **keeps: list[str]) -> dict[str, Any]:
        return {"kind": "jsonl", "name": name, "path": str(tmp_path / name), "keeps": keeps}

    settings = load(
        None,
        config(
            tmp_path,
            str(seeds),
            {"kind": "jsonl", "name": "all", "path": str(tmp_path / "all")},
            sink("bulgarian", languages=["bg"]),
            sink("sport", topics=["medtop:15000000"]),
            sink("war", topics=["medtop:16000000"], languages=["bg", "ru"]),
        ),
    )
    counts = run(settings)
    assert Summary(counts, settings.sinks, 1.0).faults() == []
    assert (counts["all/delivered"], counts["all/kept_out"]) == (5, 0)
    assert (counts["bulgarian/delivered"], counts["bulgarian/kept_out"]) == (2, 3)
    assert (counts["sport/delivered"], counts["sport/kept_out"]) == (0, 5)
    assert counts["war/delivered"] + counts["war/kept_out"] == 5
    kept = [json.loads(line) for file in (tmp_path / "bulgarian").glob("*.jsonl") for line in file.open()]
    assert {article["language"]["tag"] for article in kept} == {"bg"}


class _Broken(jsonl._Lines):
    def flush(self) -> None:
        raise OSError("no space left on device")


def test_a_failing_sink_stops_the_run_or_makes_dead_letters(
    tmp_path: Path, seeds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = jsonl._Lines
    monkeypatch.setattr(
        jsonl, "_Lines", lambda options: (_Broken if "broken" in options.path else whole)(options)
    )
    good = {"kind": "jsonl", "name": "good", "path": str(tmp_path / "good")}
    broken = {"kind": "jsonl", "name": "broken", "path": str(tmp_path / "broken")}
    with pytest.raises(Exception, match="no space left"):
        run(load(None, config(tmp_path, str(seeds), good, broken)))
    settings = load(None, config(tmp_path, str(seeds), good, broken | {"on_failure": "dead_letter"}))
    counts = run(settings)
    assert (counts["good/delivered"], counts["broken/undelivered"]) == (5, 5)
    assert counts["dead_letters/delivered"] == 5
    summary = Summary(counts, settings.sinks, 1.0)
    assert summary.unaccounted() == [] and len(summary.faults()) == 1
    letters = written(tmp_path / "out", "dead_letters")
    assert {(letter["step"], letter["kind"]) for letter in letters} == {("broken", "undelivered")}
    assert "no space left" in letters[0]["detail"]


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ({"keeps": {"language": ["bg"]}}, "sinks[0].keeps.language: unknown key"),
        ({"keeps": {"languages": "bg"}}, "sinks[0].keeps.languages: "),
        ({"keeps": 3}, "[sinks[0].keeps]: a table"),
        ({"on_failure": "ignore"}, "sinks[0].on_failure: 'ignore' is neither"),
        ({"takes": "dead_letters", "on_failure": "dead_letter"}, "takes all of them"),
        ({"takes": "dead_letters", "keeps": {"languages": ["bg"]}}, "takes all of them"),
    ],
)
def test_wrong_conditions_are_refused(tmp_path: Path, extra: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(None, config(tmp_path, "x", {"kind": "jsonl", "name": "s", "path": "o"} | extra))
    assert message in str(refused.value)


STORY = "Президентите на двете страни се срещнаха в петък и обсъдиха края на войната. " * 4
RAW = [
    {"id": "stays", "text": STORY},
    {"id": "goes", "text": STORY},
    {"id": "goes", "withdrawn": True, "fetched_at": "2026-01-01T00:00:00Z"},
    {"url": "https://example.org/gone", "withdrawn": True, "text": STORY},
    {"withdrawn": True},
]


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    file = tmp_path / "raw.jsonl"
    file.write_text("".join(json.dumps(record) + "\n" for record in RAW))
    return file


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_withdrawals_are_one_outcome_and_listed(
    tmp_path: Path, raw: Path, newsbeam: Callable[..., Answer], form: str
) -> None:
    out = tmp_path / "out"
    answer = newsbeam("replay", raw, "--output", out, "--format", form, "--json")
    summary = answer.json
    assert (answer.exit_code, summary["faults"]) == (0, [])
    assert {name: count for name, count in summary["outcomes"].items() if count} == {
        "enriched": 2,
        "withdrawn": 2,
        "rejected": 1,
    }
    assert summary["sinks"]["articles"] == {"delivered": 2, "withdrawn": 2}
    listed = [json.loads(line) for f in (out / "articles-withdrawn").glob("*.jsonl") for line in f.open()]
    by_url = hashlib.sha256(b"https://example.org/gone").hexdigest()
    assert {(entry["id"], entry["withdrawn"]) for entry in listed} == {("goes", True), (by_url, True)}
    resumed = newsbeam("replay", raw, "--output", out, "--format", form, "--json", "--resume").json
    assert (resumed["read"], resumed["passed_over"]) == (0, 5)


def test_parquet_is_replayed_resumed_and_never_mixed(
    tmp_path: Path, seeds: Path, newsbeam: Callable[..., Answer]
) -> None:
    out = tmp_path / "out"
    replay = ("replay", seeds, "--output", out, "--json")
    assert newsbeam(*replay, "--format", "parquet").exit_code == 0
    files = sorted((out / "articles").rglob("*.parquet"))
    assert sum(pq.read_metadata(file).num_rows for file in files) == 5
    files[0].unlink()
    (files[1].parent / ".part-left-behind.parquet.unfinished").write_bytes(b"half")
    lost = 5 - sum(pq.read_metadata(file).num_rows for file in files[1:])
    again = newsbeam(*replay, "--format", "parquet", "--resume").json
    assert (again["read"], again["passed_over"]) == (lost, 5 - lost)
    assert sum(pq.read_metadata(file).num_rows for file in (out / "articles").rglob("*.parquet")) == 5
    assert list(out.rglob(".part-*")) == []
    refused = newsbeam(*replay, "--resume")
    assert refused.exit_code == 2 and "in another format" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--format", "parquet", "--output", "-"), "makes a folder of files"),
        (("--format", "ninjs", "--resume"), "no place for a record's origin"),
    ],
)
def test_what_a_format_cannot_do_is_refused(
    seeds: Path, newsbeam: Callable[..., Answer], arguments: tuple[str, ...], message: str
) -> None:
    answer = newsbeam("replay", seeds, *arguments)
    assert answer.exit_code == 2 and message in " ".join(answer.stderr.split())


def test_ninjs_on_standard_output(tmp_path: Path, seeds: Path, newsbeam: Callable[..., Answer]) -> None:
    answer = newsbeam(
        "replay", seeds, "--output", "-", "--format", "ninjs", "--dead-letters", tmp_path / "letters"
    )
    items = [json.loads(line) for line in answer.stdout.splitlines()]
    assert Counter(item["standard"]["name"] for item in items) == {"ninjs": 5}
