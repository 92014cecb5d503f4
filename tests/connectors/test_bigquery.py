"""The BigQuery sink: table, rows and job graph. No network: what Google does with them is not tested here."""

from __future__ import annotations

import json
from typing import Any

import apache_beam as beam
import pytest
from prometheus_client import REGISTRY

from connectors.delivery import Delivery
from connectors.sinks import bigquery
from connectors.sinks.bigquery import Options, row, table_schema, write
from pipelines.config import Runner, Sink
from pipelines.engines import Unsafe, refuse_unsafe
from schemas.article import Article
from schemas.dead_letter import DeadLetter
from schemas.origin import Origin
from schemas.outcome import Outcome
from schemas.received import Received
from schemas.withdrawal import Withdrawal
from tests.schemas.test_wire import BARE, FULL, LETTER

OPTIONS = Options("my-project:news.articles")


def check(value: Any, field: dict[str, Any]) -> None:
    """A value is what its column takes."""
    if field["mode"] == "REPEATED":
        assert isinstance(value, list), field["name"]
        for item in value:
            check(item, field | {"mode": "NULLABLE"})
    elif value is None:
        return
    elif field["type"] == "RECORD":
        assert isinstance(value, dict) and set(value) <= {inner["name"] for inner in field["fields"]}
        for inner in field["fields"]:
            check(value.get(inner["name"]), inner)
    else:
        types = {
            "STRING": str,
            "INTEGER": int,
            "FLOAT": int | float,
            "BOOLEAN": bool,
            "TIMESTAMP": str,
        }
        assert isinstance(value, types[field["type"]]), (field["name"], value)


@pytest.mark.parametrize(
    ("value", "takes"),
    [
        (FULL, Article),
        (BARE, Article),
        (LETTER, DeadLetter),
        (Withdrawal("x", Origin("files", "a", 0), fetched_at=FULL.fetched_at), Article),
    ],
)
def test_a_row_fits_the_table(value: Any, takes: type[Article] | type[DeadLetter]) -> None:
    fields = {field["name"]: field for field in table_schema(takes)["fields"]}
    made = row(value)
    assert set(made) <= set(fields)
    for name, inner in made.items():
        check(inner, fields[name])


def test_the_table_is_made_from_the_published_schema() -> None:
    fields = {field["name"]: field for field in table_schema(Article)["fields"]}
    assert fields["published_at"]["type"] == "TIMESTAMP"
    assert (fields["topics"]["mode"], [f["name"] for f in fields["topics"]["fields"]]) == (
        "REPEATED",
        ["code", "name", "confidence"],
    )
    assert fields["extra"]["fields"][0]["name"] == "key"
    assert all(field["mode"] in ("NULLABLE", "REPEATED") for field in fields.values())
    assert {"language_tag", "withdrawn"} <= set(fields)


def test_a_withdrawal_is_a_row() -> None:
    assert row(Withdrawal("x", Origin("files", "a", 0)))["withdrawn"] is True
    assert (row(FULL)["withdrawn"], row(FULL)["language_tag"]) == (False, "bg")


def test_rows_are_counted_once_a_bundle_and_one_that_is_too_long_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    withdrawal = Withdrawal("x", Origin("files", "a", 0))
    monkeypatch.setattr(bigquery, "MAX_ROW_BYTES", len(json.dumps(row(FULL), ensure_ascii=False).encode()))
    fn, received = bigquery._RowFn(Delivery("rows", Article, "0")), Received(b"{}", FULL.origin)
    fn.start_bundle()
    long = FULL.evolve(id="long")
    made = [
        made for value in (FULL, long, withdrawal, LETTER) for made in fn.process(Outcome(received, value))
    ]
    assert made[0] == row(FULL) and made[2] == row(withdrawal)
    assert (made[1].tag, made[1].value.value.id) == ("undelivered", "long")

    def counted(result: str) -> float | None:
        labels = {"sink": "rows", "takes": "articles", "result": result}
        return REGISTRY.get_sample_value("newsbeam_sink_records_total", labels)

    assert counted("delivered") is None
    fn.finish_bundle()
    assert [counted(result) for result in ("delivered", "undelivered", "withdrawn")] == [1, 1, 1]


def test_what_bigquery_could_not_keep_up_with_is_refused() -> None:
    with pytest.raises(ValueError, match="quota of load jobs"):
        Options("p:d.t", load_seconds=10)
    with pytest.raises(ValueError, match="can only stop"):
        write(OPTIONS, Delivery("s", Article, "0", "dead_letter"))


def test_a_live_run_on_the_local_runner_is_refused() -> None:
    sink = Sink("articles", "bigquery", "articles", OPTIONS)
    with pytest.raises(Unsafe, match="Dataflow"):
        refuse_unsafe(Runner("direct"), (sink,))
    refuse_unsafe(Runner("dataflow"), (sink,))


@pytest.mark.parametrize("is_live", [True, False])
def test_the_job_graph_loads_files_into_a_partitioned_table(
    is_live: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("google.cloud.bigquery", reason="needs newsbeam[gcp]: the job graph is NOT checked")
    from apache_beam.io.gcp import bigquery
    from apache_beam.options.pipeline_options import PipelineOptions

    asked: list[dict[str, Any]] = []
    real = bigquery.WriteToBigQuery.__init__

    def spied(self: Any, **settings: Any) -> None:
        asked.append(settings)
        real(self, **settings)

    monkeypatch.setattr(bigquery.WriteToBigQuery, "__init__", spied)
    options = {"temp_location": "gs://bucket/temp", "project": "my-project", "streaming": is_live}
    pipeline = beam.Pipeline(options=PipelineOptions.from_dictionary(options))
    outcomes = pipeline | beam.Create([])
    outcomes.is_bounded = not is_live
    undelivered = outcomes | "Write articles" >> write(OPTIONS, Delivery("articles", Article, "0"))
    assert isinstance(undelivered, beam.PCollection)
    (settings,) = asked
    assert settings["method"] == "FILE_LOADS"
    assert settings["triggering_frequency"] == (300 if is_live else None)
    assert settings["additional_bq_parameters"] == {
        "timePartitioning": {"type": "DAY", "field": "published_at"},
        "clustering": {"fields": ["language_tag", "publisher"]},
    }
    graph = pipeline.to_runner_api().components.transforms
    names = {transform.unique_name for transform in graph.values()}
    loads = [name for name in names if name.startswith("Write articles/Load/BigQueryBatchFileLoads")]
    assert loads and not any("Storage" in name or "StreamInsert" in name for name in names)
    # No Java: every transform is Beam's own or a Python one.
    assert not any("external" in (transform.spec.urn or "") for transform in graph.values())
