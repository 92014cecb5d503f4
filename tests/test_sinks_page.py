"""The page on sinks says what runs: its settings are read, its queries answer."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import duckdb
import pytest

from connectors.sinks.parquet import Options, _ParquetWriter
from pipelines.config import load
from schemas.article import Article
from schemas.origin import Origin
from schemas.withdrawal import Withdrawal
from tests.schemas.test_wire import BARE, FULL

PAGE = (Path(__file__).parents[1] / "docs" / "sinks.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.M | re.S)


@pytest.mark.parametrize("number", range(len(blocks("toml"))))
def test_its_settings_are_read(number: int) -> None:
    letters = {"kind": "jsonl", "takes": "dead_letters", "path": "d"}
    tables = tomllib.loads(blocks("toml")[number])
    load(None, {"source": {"kind": "files", "paths": ["x"]}, "sinks": [*tables["sinks"], letters]})


def test_its_queries_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two versions of one article, and one that was withdrawn."""
    monkeypatch.chdir(tmp_path)
    newer = FULL.evolve(origin=Origin("kafka", None, None, "raw", 3, 8, FULL.origin.timestamp), title="newer")
    for values in ([FULL, BARE], [newer, Withdrawal(BARE.id, Origin("files", "x", 1))]):
        writer = _ParquetWriter(Options("out/articles"), Article)
        writer.open()
        for value in values:
            writer.write(value)
        writer.flush()
    standing, merge = (query for query in blocks("sql") if "out/articles" in query)
    assert [row[0] for row in duckdb.sql(standing).fetchall()] == ["a", "a"]
    duckdb.sql(merge)
    found = duckdb.sql("select id, title from 'merged/**/*.parquet' order by id").fetchall()
    assert found == [("a", "newer"), ("b", None)]
