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
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from pydantic import TypeAdapter

from schemas.article import Article
from schemas.dead_letter import DeadLetter

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
    undelivered = outcomes | module.write(options, sink="s", takes=takes, version="0")
    assert isinstance(undelivered, beam.PCollection)
