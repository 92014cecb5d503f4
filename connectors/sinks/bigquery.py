"""Writes articles to BigQuery, by Beam's own writer: for Dataflow, and for bounded runs elsewhere.

Rows are loaded from files (FILE_LOADS): load jobs cost nothing, a job is taken whole or not at all, its name
is deterministic, so that a retried one is not loaded twice, and no Java is needed. (The Storage Write API in
Python is a Java transform; it costs by the byte and would bring seconds instead of a minute.) Loading needs
the GroupByKey that the other sinks avoid: on the local runner a live run would never write, and is refused.

The table is made with the first load: partitioned by day of publication, clustered by language and publisher.
It is appended to: a withdrawal is a row with `withdrawn`, and a replayed article is a second row. The view in
docs/sinks.md shows the newest version of each article that stands.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import apache_beam as beam
from apache_beam.io.gcp import bigquery_tools
from apache_beam.io.gcp.bigquery import BigQueryDisposition, WriteToBigQuery

from connectors.columns import Column, columns
from connectors.delivery import Delivery, result
from schemas import codec
from schemas.article import Article
from schemas.dead_letter import DeadLetter
from schemas.outcome import Outcome
from schemas.wire import avro_schema, avro_value
from schemas.withdrawal import Withdrawal

MAX_ROW_BYTES = 90_000_000
"""BigQuery loads rows of JSON of up to 100 MB."""
_TYPES = {
    "string": "STRING",
    "long": "INTEGER",
    "double": "FLOAT",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMP",
    "record": "RECORD",
    "map": "RECORD",
}
_MAP = [{"name": name, "type": "STRING", "mode": "NULLABLE"} for name in ("key", "value")]


@dataclass(frozen=True, slots=True)
class Options:
    """Where and how to write."""

    table: str
    """`project:dataset.table`; the dataset must exist, the table is made."""
    load_seconds: int = 300
    """How often a live run loads: 60 at least. A table takes only so many modifications a day, and each load
    modifies every day's partition it has a row for (https://cloud.google.com/bigquery/quotas)."""
    temp_location: str | None = None
    """A `gs://` folder for the files that are loaded; the pipeline's own by default."""
    partition_by: Literal["published_at", "fetched_at"] = "published_at"
    """Whose day is a row's partition."""

    def __post_init__(self) -> None:
        if self.load_seconds < 60:
            raise ValueError("load_seconds: below 60 a day's quota of load jobs would not last the day")


def write(options: Options, delivery: Delivery) -> beam.PTransform:
    """`PCollection[Outcome] -> PCollection[Outcome]`: writes; what no row can hold comes back.

    Raises:
        ModuleNotFoundError: Google's packages are not installed.
        ValueError: `on_failure` is not `stop`: a load job fails long after its records have passed.
    """
    if delivery.on_failure != "stop":
        raise ValueError("bigquery: on_failure: a load job that fails can only stop the pipeline")
    if bigquery_tools.TableReference is None:
        raise ModuleNotFoundError(
            "bigquery: Google's packages are not installed: pip install 'newsbeam[gcp]'"
        )
    return _Load(options, delivery)


def table_schema(takes: type[Article] | type[DeadLetter]) -> dict[str, Any]:
    """The table's schema, from the record's Avro schema.

    Articles have two columns more: `language_tag` (BigQuery clusters by top-level columns only) and
    `withdrawn`. Maps are repeated records of key and value; nothing is REQUIRED, so that a withdrawal is a
    row and later versions may add columns.
    """
    fields = [_field(column) for column in columns(avro_schema(takes))]
    if takes is Article:
        fields += [
            {
                "name": "language_tag",
                "type": "STRING",
                "mode": "NULLABLE",
                "description": "language.tag, to cluster by",
            },
            {
                "name": "withdrawn",
                "type": "BOOLEAN",
                "mode": "NULLABLE",
                "description": "Whether this row takes the article back",
            },
        ]
    return {"fields": fields}


def row(value: Article | Withdrawal | DeadLetter) -> dict[str, Any]:
    """A record as a row of `table_schema`, in the JSON that load jobs read."""
    plain: dict[str, Any] = codec.plain(value)
    if isinstance(value, Article):
        for name in ("hints", "extra"):
            plain[name] = _pairs(getattr(value, name))
        for name in ("rules", "models"):
            plain["provenance"][name] = _pairs(plain["provenance"][name])
        plain |= {"language_tag": value.language.tag, "withdrawn": False}
    return plain


def _pairs(inner: Mapping[str, Any]) -> list[dict[str, str]]:
    """A map as BigQuery holds it: rows of key and value, in order of the key."""
    return [{"key": key, "value": text} for key, text in sorted(avro_value(inner).items())]


def _field(column: Column) -> dict[str, Any]:
    is_map = column.type == "map"
    field: dict[str, Any] = {
        "name": column.name,
        "type": _TYPES[column.type],
        "mode": "REPEATED" if column.is_list or is_map else "NULLABLE",
    }
    if column.doc:
        field["description"] = column.doc[:1024]
    if column.fields or is_map:
        field["fields"] = _MAP if is_map else [_field(inner) for inner in column.fields]
    return field


class _Load(beam.PTransform):
    def __init__(self, options: Options, delivery: Delivery) -> None:
        super().__init__()
        self._options, self._delivery = options, delivery

    def expand(self, outcomes: beam.PCollection) -> beam.PCollection:
        options, takes, is_live = self._options, self._delivery.takes, not outcomes.is_bounded
        rows = outcomes | "Rows" >> beam.ParDo(_RowFn(self._delivery)).with_outputs(
            "undelivered", main="rows"
        )
        layout = {
            "timePartitioning": {"type": "DAY", "field": options.partition_by},
            "clustering": {"fields": ["language_tag", "publisher"]},
        }
        rows.rows | "Load" >> WriteToBigQuery(
            table=options.table,
            schema=table_schema(takes),
            method=WriteToBigQuery.Method.FILE_LOADS,
            triggering_frequency=options.load_seconds if is_live else None,
            create_disposition=BigQueryDisposition.CREATE_IF_NEEDED,
            write_disposition=BigQueryDisposition.WRITE_APPEND,
            additional_bq_parameters=layout if takes is Article else {},
            custom_gcs_temp_location=options.temp_location,
        )
        return rows.undelivered


class _RowFn(beam.DoFn):
    """Counts what is handed to the load jobs: a job that fails fails the pipeline."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery

    def start_bundle(self) -> None:
        self._counts: Counter[str] = Counter()

    def process(self, outcome: Outcome) -> Iterator[Any]:
        value = outcome.value
        if not self._delivery.has(value):
            return
        made = row(value)  # type: ignore[arg-type]
        if (size := len(json.dumps(made, ensure_ascii=False).encode())) > MAX_ROW_BYTES:
            self._counts["undelivered"] += 1
            why = f"a row of {size:,} bytes; the limit is {MAX_ROW_BYTES:,}"
            yield beam.pvalue.TaggedOutput("undelivered", self._delivery.undelivered(outcome, why))
        else:
            self._counts[result(value)] += 1
            yield made

    def finish_bundle(self) -> None:
        self._delivery.report(self._counts)
