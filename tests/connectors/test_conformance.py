"""What every connector must bring, whichever it is: a new module is tested by lying in its folder."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pickle
from pathlib import Path
from types import ModuleType
from typing import Any

import apache_beam as beam
import duckdb
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from pydantic import TypeAdapter

from connectors.delivery import Delivery
from schemas.article import Article, Provenance
from schemas.dead_letter import DeadLetter
from schemas.origin import Origin
from schemas.withdrawal import Withdrawal

ROOT = Path(__file__).parents[2]
SMALLEST: dict[str, dict[str, Any]] = {
    "files": {"paths": ["a.txt"]},
    "dead_letters": {"paths": ["a.jsonl"]},
    "jsonl": {"path": "out"},
    "parquet": {"path": "out"},
    "bigquery": {"table": "my-project:news.articles"},
    "postgres": {"url": "postgresql://localhost:9/news"},
    "kafka": {"brokers": "localhost:9", "kafka_topic": "t"},
}
"""The options without a default, of each kind."""


def modules(group: str) -> list[Any]:
    """All modules of a group, by their kind."""
    kinds = sorted(file.stem for file in (ROOT / "connectors" / group).glob("[a-z]*.py"))
    assert kinds
    return [pytest.param(importlib.import_module(f"connectors.{group}.{kind}"), id=kind) for kind in kinds]


@pytest.mark.parametrize("module", modules("sources") + modules("sinks"))
class TestOptions:
    def test_are_frozen_and_each_is_documented(self, module: ModuleType) -> None:
        options = module.Options
        assert dataclasses.is_dataclass(options) and options.__dataclass_params__.frozen
        source = inspect.getsource(options)
        for field in dataclasses.fields(options):
            after = source.partition(f"\n    {field.name}: ")[2].partition("\n")[2]
            assert after.lstrip().startswith('"""'), f"{field.name} has no docstring"

    def test_are_read_from_a_table_and_travel_to_workers(self, module: ModuleType) -> None:
        table = SMALLEST[module.__name__.rpartition(".")[2]]
        options = TypeAdapter(module.Options).validate_python(table)
        assert pickle.loads(pickle.dumps(options)) == options


@pytest.mark.parametrize("module", modules("sources"))
def test_a_source_is_a_transform_from_the_beginning(module: ModuleType) -> None:
    options = TypeAdapter(module.Options).validate_python(SMALLEST[module.__name__.rpartition(".")[2]])
    pipeline = beam.Pipeline()
    assert isinstance(pipeline | module.read(options), beam.PCollection)


@pytest.mark.parametrize("module", modules("sinks"))
@pytest.mark.parametrize("takes", [Article, DeadLetter])
def test_a_sink_is_a_transform_that_returns_the_undelivered(module: ModuleType, takes: type) -> None:
    options = TypeAdapter(module.Options).validate_python(SMALLEST[module.__name__.rpartition(".")[2]])
    if module.__name__.endswith("bigquery"):
        pytest.importorskip("google.cloud.bigquery", reason="needs newsbeam[gcp]")
    settings = {"temp_location": "gs://bucket/temp", "project": "my-project"}
    outcomes = beam.Pipeline(options=PipelineOptions.from_dictionary(settings)) | beam.Create([])
    undelivered = outcomes | module.write(options, Delivery("s", takes, "0"))
    assert isinstance(undelivered, beam.PCollection)


class _Shelf:
    """A sink that can be read back where it was written: what its readers see."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.options = importlib.import_module(f"connectors.sinks.{kind}").Options(str(folder / "articles"))
        self._module = importlib.import_module(f"connectors.sinks.{kind}")
        self._folder, self._kind = folder / "articles", kind

    def deliver(self, *values: Any, then: str = "flush") -> None:
        """One bundle, which ends well (`flush`), or whose worker dies before that (`close`)."""
        deliver = self._module.write(self.options, Delivery("s", Article, "0"))
        writer = deliver._fn._writer
        writer.open()
        for value in values:
            writer.write(value)
        getattr(writer, then)()
        writer.close()

    def ids(self) -> list[str]:
        """Every article's id, as DuckDB finds them."""
        if not [file for file in self._folder.rglob("*") if file.is_file() and file.suffix != ".unfinished"]:
            return []
        query = f"select id from '{self._folder}/**/*.{self._kind}'"
        return sorted(id for (id,) in duckdb.sql(query).fetchall())


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
class TestFileSinks:
    """PostgreSQL and Kafka: the same against real servers, in tests/integration/."""

    def test_what_is_replayed_is_there_once(self, kind: str, tmp_path: Path) -> None:
        shelf = _Shelf(kind, tmp_path)
        for _ in range(2):
            shelf.deliver(*(_article(n) for n in range(5)))
            shelf.deliver(*(_article(n) for n in range(5, 9)))
        assert shelf.ids() == [str(n) for n in range(9)]

    def test_a_bundle_that_runs_again_longer_is_there_once(self, kind: str, tmp_path: Path) -> None:
        shelf = _Shelf(kind, tmp_path)
        shelf.deliver(*(_article(n) for n in range(3)))
        shelf.deliver(*(_article(n) for n in range(6)))
        assert shelf.ids() == [str(n) for n in range(6)]

    def test_nothing_half_written_is_visible(self, kind: str, tmp_path: Path) -> None:
        shelf = _Shelf(kind, tmp_path)
        shelf.deliver(_article(0))
        shelf.deliver(*(_article(n) for n in range(1, 400)), then="close")
        assert shelf.ids() == ["0"]

    def test_a_withdrawal_is_no_article(self, kind: str, tmp_path: Path) -> None:
        shelf = _Shelf(kind, tmp_path)
        shelf.deliver(_article(0), Withdrawal("0", Origin("files", "a", 1)))
        assert shelf.ids() == ["0"]
        assert (tmp_path / "articles-withdrawn").is_dir()


def _article(number: int) -> Article:
    origin = Origin("kafka", kafka_topic="raw", partition=0, offset=number)
    return Article(str(number), "x" * 2_000, "", 1, 1, origin, Provenance("0"))
