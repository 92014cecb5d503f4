"""Writes articles as Parquet: typed columns, partitioned by day of publication and language.

    PATH/published_day=2025-08-13/language_tag=bg/NAME.parquet

The layout is Hive's, which DuckDB, pandas, Polars, Spark and BigQuery's external tables read as it is.
Columns are those of the record (`schemas/wire/article.v1.avsc`): topics and removals are lists of structs,
times are timestamps in UTC, enums are strings, values of `extra` are JSON texts. Files appear whole, by a
rename, and a bundle that runs again overwrites its own (`connectors/whole_files.py`).
"""

from __future__ import annotations

import functools
import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from connectors.columns import Column, columns
from connectors.delivery import Deliver, Delivery
from connectors.metrics import report_disk
from connectors.sinks import jsonl
from connectors.whole_files import file_name, hidden_and_final, make_folder, withdrawn_beside
from schemas import codec
from schemas.article import Article
from schemas.dead_letter import DeadLetter
from schemas.origin import Origin
from schemas.wire import avro_schema, avro_value
from schemas.withdrawal import Withdrawal

NO_DATE = "unknown"
"""The partition of what has no date: pandas cannot read Hive's own name for it beside others."""
_BATCH_RECORDS = 256
"""Records are turned into columns in batches: columns take a fifth of the memory of Python objects."""
_BATCH_BYTES = 16 * 1024 * 1024
"""… of so many bytes as JSON at most: a record may have 10 MB."""
_ARROW = {
    "string": pa.string(),
    "long": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "timestamp": pa.timestamp("us", "UTC"),
    "map": pa.map_(pa.string(), pa.string()),
}
Key = Literal["published_year", "published_month", "published_day", "language_tag"]
_DATE_CHARS = {"published_year": 4, "published_month": 7, "published_day": 10}


@dataclass(frozen=True, slots=True)
class Options:
    """Where and how to write."""

    path: str
    """A folder on any filesystem Beam knows (`gs://…` with the gcp extra). Withdrawn articles are listed in a
    folder beside it, `PATH-withdrawn`."""
    partition_by: tuple[Key, ...] = ("published_day", "language_tag")
    """Folders, outermost first: `published_year`, `published_month`, `published_day`, `language_tag`. Fewer
    and coarser ones give fewer and larger files."""
    max_file_records: int = 50_000
    """Files are finished after so many records of a bundle: what an interrupted replay does again at most."""
    max_file_bytes: int = 128 * 1024 * 1024
    """… or so many bytes of columns, before compression: they are held in memory till then."""
    row_group_records: int = 10_000
    """A reader skips, or reads at once, so many records of a file."""
    compression: Literal["zstd", "snappy", "gzip", "none"] = "zstd"
    """How columns are packed."""


def write(options: Options, delivery: Delivery) -> beam.PTransform:
    """`PCollection[Outcome] -> PCollection[Outcome]`: writes what the sink takes; nothing is undelivered
    but with `on_failure`."""
    return Deliver(_ParquetWriter(options, delivery.takes), delivery)


@functools.cache
def arrow_schema(record: type[Article] | type[DeadLetter]) -> pa.Schema:
    """The Arrow schema of a record type. Every column may be null, so that later versions may add some."""
    return pa.schema([_field(column) for column in columns(avro_schema(record))])


def _field(column: Column) -> pa.Field:
    kind = pa.struct([_field(inner) for inner in column.fields]) if column.fields else _ARROW[column.type]
    return pa.field(column.name, pa.list_(kind) if column.is_list else kind)


class _ParquetWriter:
    def __init__(self, options: Options, takes: type[Article] | type[DeadLetter]) -> None:
        self._options = options
        # What has neither date nor language lies in one folder.
        self._keys = options.partition_by if takes is Article else ()
        self._takes: type = takes
        self._withdrawals = jsonl.Files(jsonl.Options(withdrawn_beside(options.path)))
        self._rows: list[dict[str, Any]] = []
        self._row_bytes = 0
        self._batches: list[pa.RecordBatch] = []
        self._column_bytes = 0
        self._folders: list[str] = []
        self._firsts: dict[str, Origin] = {}

    def open(self) -> None:
        self._schema = arrow_schema(self._takes)
        make_folder(self._options.path)

    def write(self, value: Article | Withdrawal | DeadLetter) -> None:
        if isinstance(value, Withdrawal):
            self._withdrawals.write(value)
            return
        folder = _folder(value, self._keys) if isinstance(value, Article) else ""
        self._firsts.setdefault(folder, value.origin)
        self._folders.append(folder)
        self._rows.append(avro_value(value))
        self._row_bytes += len(codec.encode(value))
        if len(self._rows) >= _BATCH_RECORDS or self._row_bytes >= _BATCH_BYTES:
            self._to_columns()
        is_long = len(self._folders) >= self._options.max_file_records
        if is_long or self._column_bytes >= self._options.max_file_bytes:
            self.flush()

    def flush(self) -> None:
        self._withdrawals.flush()
        if not self._folders:
            return
        self._to_columns()
        numbers: defaultdict[str, list[int]] = defaultdict(list)
        for number, folder in enumerate(self._folders):
            numbers[folder].append(number)
        table = pa.Table.from_batches(self._batches)
        if len(numbers) > 1:  # all at once: to take rows copies the whole table
            table = table.take(pa.array(itertools.chain.from_iterable(numbers.values())))
        start = 0
        for folder, rows in numbers.items():
            self._write_file(folder, table.slice(start, len(rows)))
            start += len(rows)
        report_disk(self._options.path)
        self._forget()

    def close(self) -> None:
        self._withdrawals.close()
        self._forget()

    def _to_columns(self) -> None:
        if self._rows:
            batch = pa.RecordBatch.from_pylist(self._rows, schema=self._schema)
            self._batches.append(batch)
            self._column_bytes += batch.nbytes
            self._rows.clear()
            self._row_bytes = 0

    def _write_file(self, folder: str, table: pa.Table) -> None:
        path = FileSystems.join(self._options.path, *filter(None, folder.split("/")))
        make_folder(path)
        hidden, final = hidden_and_final(path, file_name(self._firsts[folder], ".parquet"))
        # Uncompressed: Parquet packs its columns itself.
        with FileSystems.create(hidden, compression_type=CompressionTypes.UNCOMPRESSED) as file:
            pq.write_table(
                table,
                file,
                row_group_size=self._options.row_group_records,
                compression=self._options.compression,
                write_statistics=True,
                write_page_index=True,
            )
        FileSystems.rename([hidden], [final])

    def _forget(self) -> None:
        for taken in (self._rows, self._batches, self._folders, self._firsts):
            taken.clear()
        self._row_bytes = self._column_bytes = 0


def _folder(article: Article, keys: Sequence[str]) -> str:
    """An article's partition: `published_day=2025-08-13/language_tag=bg`."""
    parts = []
    for key in keys:
        if key == "language_tag":
            value = article.language.tag
        elif article.published_at is None:
            value = NO_DATE
        else:
            value = article.published_at.date().isoformat()[: _DATE_CHARS[key]]
        parts.append(f"{key}={value}")
    return "/".join(parts)
