"""The Parquet sink's files, as those who read them see them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.sinks.parquet import Options, _folder, _ParquetWriter, arrow_schema
from schemas import codec
from schemas.article import Article, Language, Precision, Provenance, Topic
from schemas.dead_letter import DeadLetter
from schemas.origin import Origin
from schemas.withdrawal import Withdrawal
from tests.schemas.test_wire import BARE, FULL, LETTER


def article(number: int, day: int | None = 1, tag: str = "bg") -> Article:
    published = None if day is None else datetime(2026, 1, day, 23, 59, 59, tzinfo=UTC)
    return Article(
        id=str(number),
        text=f"Текст {number}.",
        text_sha256="",
        char_count=8,
        word_count=2,
        origin=Origin("files", "a.jsonl", number),
        provenance=Provenance("0"),
        language=Language(tag, 99),
        topics=(Topic("medtop:16000000", "conflict", 80),) if number % 2 else (),
        published_at=published,
        published_at_precision=Precision.DAY if published else None,
    )


def write(folder: Path, *values: Any, takes: type = Article, **options: Any) -> None:
    writer = _ParquetWriter(Options(str(folder), **options), takes)
    writer.open()
    for value in values:
        writer.write(value)
    writer.flush()
    writer.close()


def names(folder: Path) -> list[str]:
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())


CORPUS = [article(n, day=n % 3 or None, tag=("bg", "ru")[n % 2]) for n in range(60)]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    write(tmp_path / "articles", *CORPUS)
    return tmp_path / "articles"


def test_it_is_partitioned_by_day_and_language(dataset: Path) -> None:
    assert {name.rpartition("/")[0] for name in names(dataset)} == {
        f"published_day={day}/language_tag={tag}"
        for day in ("2026-01-01", "2026-01-02", "unknown")
        for tag in ("bg", "ru")
    }


def test_it_opens_in_duckdb(dataset: Path) -> None:
    found = duckdb.sql(
        f"select published_day, language_tag, count(*), max(published_at), max(topics[1].code) "
        f"from '{dataset}/**/*.parquet' where language_tag = 'ru' and published_day = '2026-01-01' "
        "group by all"
    ).fetchall()
    (row,) = found
    assert row[:3] == ("2026-01-01", "ru", 10)
    assert row[3].astimezone(UTC) == datetime(2026, 1, 1, 23, 59, 59, tzinfo=UTC)
    assert row[4] == "medtop:16000000"


def test_it_opens_in_pandas(dataset: Path) -> None:
    frame = pd.read_parquet(dataset)
    assert len(frame) == 60
    assert str(frame.dtypes["published_at"]) == "datetime64[us, UTC]"
    assert set(frame["language_tag"]) == {"bg", "ru"}
    assert frame.set_index("id").loc["1", "topics"][0]["code"] == "medtop:16000000"


def test_it_opens_in_polars(dataset: Path) -> None:
    frame = pl.read_parquet(dataset)
    assert frame.height == 60
    assert frame.filter(pl.col("language_tag") == "ru").height == 30
    assert frame.schema["published_at"] == pl.Datetime("us", "UTC")
    assert frame.explode("topics").unnest("topics")["code"].drop_nulls().unique().to_list() == [
        "medtop:16000000"
    ]


def test_every_field_of_the_record_is_there(tmp_path: Path) -> None:
    write(tmp_path, FULL, BARE, partition_by=())
    (file,) = tmp_path.iterdir()
    full, bare = pq.read_table(file).to_pylist()
    expected = codec.plain(FULL)
    assert list(full) == list(expected)
    assert full["published_at"] == FULL.published_at
    assert full["origin"]["timestamp"] == FULL.origin.timestamp
    assert full["removed"] == expected["removed"]
    assert dict(full["extra"]) == {"n": "1", "deep": '{"a": [1, null]}'}
    assert dict(full["provenance"]["rules"]) == {"bg": "1"}
    assert (bare["published_at"], bare["topics"], bare["language"]["tag"]) == (None, [], "und")


def test_dead_letters_have_columns_too(tmp_path: Path) -> None:
    write(tmp_path, LETTER, takes=DeadLetter)
    ((reason, step),) = duckdb.sql(f"select reason, step from '{tmp_path}/*.parquet'").fetchall()
    assert (reason, step) == ("bad_charset", "DecodeArticle")


def test_row_groups_have_the_size_asked_for_and_statistics(tmp_path: Path) -> None:
    write(tmp_path, *(article(n) for n in range(50)), row_group_records=20, partition_by=())
    (file,) = tmp_path.iterdir()
    metadata = pq.ParquetFile(file).metadata
    assert [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)] == [20, 20, 10]
    for n in range(metadata.num_columns):
        column = metadata.row_group(0).column(n)
        assert column.compression == "ZSTD"
        if column.path_in_schema == "published_at":
            assert column.statistics.max == datetime(2026, 1, 1, 23, 59, 59, tzinfo=UTC)


def test_a_repeated_bundle_overwrites_its_files_with_the_same_bytes(tmp_path: Path) -> None:
    digests = []
    for _ in range(2):
        write(tmp_path, *CORPUS)
        files = {name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in names(tmp_path)}
        digests.append(files)
    assert digests[0] == digests[1]
    assert len(digests[0]) == 6


def test_files_roll_by_records_and_by_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.sinks.parquet._BATCH_RECORDS", 10)
    write(tmp_path / "records", *(article(n) for n in range(50)), max_file_records=20, partition_by=())
    write(tmp_path / "bytes", *(article(n) for n in range(50)), max_file_bytes=1, partition_by=())
    counts = {
        kind: [pq.read_metadata(file).num_rows for file in sorted((tmp_path / kind).iterdir())]
        for kind in ("records", "bytes")
    }
    assert counts == {"records": [20, 20, 10], "bytes": [10] * 5}
    write(tmp_path / "few", *(article(n) for n in range(5)), max_file_records=3, partition_by=())
    assert [pq.read_metadata(file).num_rows for file in sorted((tmp_path / "few").iterdir())] == [3, 2]


def test_long_records_do_not_wait_as_objects_for_a_whole_batch(tmp_path: Path) -> None:
    writer = _ParquetWriter(Options(str(tmp_path)), Article)
    writer.open()
    for number in range(20):
        writer.write(article(number).evolve(text="x" * 1_000_000))
    assert len(writer._rows) < 17
    writer.flush()
    assert duckdb.sql(f"select count(*) from '{tmp_path}/**/*.parquet'").fetchall() == [(20,)]


def test_each_file_holds_its_own_rows_in_their_order(dataset: Path) -> None:
    placed = [(_folder(value, ("published_day", "language_tag")), value.id) for value in CORPUS]
    for file in dataset.rglob("*.parquet"):
        folder = file.parent.relative_to(dataset).as_posix()
        ids = pq.ParquetFile(file).read(["id"])["id"].to_pylist()
        assert ids == [id for place, id in placed if place == folder] != []


def test_a_reader_sees_nothing_before_the_bundle_ends(tmp_path: Path) -> None:
    writer = _ParquetWriter(Options(str(tmp_path)), Article)
    writer.open()
    for value in CORPUS:
        writer.write(value)
    assert names(tmp_path) == []
    writer.close()  # the bundle failed
    writer.open()
    writer.write(CORPUS[0])
    writer.flush()
    assert duckdb.sql(f"select id from '{tmp_path}/**/*.parquet'").fetchall() == [("0",)]


def test_a_file_that_cannot_be_finished_stays_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(table: pa.Table, file: Any, **_: Any) -> None:
        file.write(b"PAR1 half")
        raise OSError("no space left on device")

    monkeypatch.setattr(pq, "write_table", full_disk)
    with pytest.raises(OSError, match="no space"):
        write(tmp_path, CORPUS[1])
    assert list(tmp_path.rglob("*.parquet")) == []


@pytest.mark.parametrize(
    ("keys", "folder"),
    [
        (("published_year",), "published_year=2026"),
        (("language_tag", "published_month"), "language_tag=bg/published_month=2026-01"),
        ((), ""),
    ],
)
def test_partitions_can_be_coarser(tmp_path: Path, keys: Any, folder: str) -> None:
    write(tmp_path, article(1), partition_by=keys)
    assert names(tmp_path)[0].rpartition("/")[0] == folder


def test_withdrawals_are_listed_beside_the_articles(tmp_path: Path) -> None:
    write(tmp_path / "articles", article(1), Withdrawal("7", Origin("files", "a.jsonl", 8)))
    (listed,) = (tmp_path / "articles-withdrawn").iterdir()
    query = f"select id, withdrawn from read_json('{tmp_path}/articles-withdrawn/*.jsonl')"
    assert duckdb.sql(query).fetchall() == [("7", True)]
    assert listed.name.startswith("a.jsonl-000000008-")
    assert len(pd.read_parquet(tmp_path / "articles")) == 1


def test_columns_follow_the_published_schema() -> None:
    assert [field.name for field in arrow_schema(Article)] == list(codec.plain(FULL))
