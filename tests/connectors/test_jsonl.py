"""The JSON Lines sink's own half: whole files under their own names, or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from apache_beam.io.filesystems import FileSystems

from connectors.sinks.jsonl import Files, Options
from connectors.whole_files import file_name
from schemas import codec
from schemas.article import Article, Provenance
from schemas.origin import Origin


def article(number: int, path: str = "a.jsonl") -> Article:
    origin = Origin("files", path, number)
    return Article(str(number), "x", "", 1, 1, origin, Provenance("0"))


def lines(folder: Path) -> dict[str, list[str]]:
    return {
        file.name: [codec.decode_article(line).id for line in file.read_bytes().splitlines()]
        for file in sorted(folder.iterdir())
    }


def writer(folder: Path, **options: Any) -> Files:
    files = Files(Options(str(folder), **options))
    files.open()
    return files


def test_files_roll_by_records_and_are_named_by_their_first(tmp_path: Path) -> None:
    sink = writer(tmp_path / "new" / "folder", max_file_records=2)
    for number in range(5):
        sink.write(article(number))
    sink.flush()
    assert list(lines(tmp_path / "new" / "folder").values()) == [["0", "1"], ["2", "3"], ["4"]]


def test_files_roll_by_bytes(tmp_path: Path) -> None:
    sink = writer(tmp_path, max_file_bytes=1)
    sink.write(article(0))
    sink.write(article(1))
    assert list(lines(tmp_path).values()) == [["0"], ["1"]]


def test_nothing_unfinished_is_visible(tmp_path: Path) -> None:
    sink = writer(tmp_path)
    sink.write(article(0))
    assert list(tmp_path.glob("[!.]*")) == []
    sink.close()
    assert list(tmp_path.glob("[!.]*")) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_on_a_full_disk_closing_is_no_second_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FileSystems, "create", lambda *_, **__: Path("/dev/full").open("wb"))  # noqa: SIM115
    sink = writer(tmp_path)
    sink.write(article(0))
    with pytest.raises(OSError, match="No space left"):
        sink.flush()
    sink.close()
    sink.write(article(1))
    sink.close()
    assert list(tmp_path.iterdir()) == []


def test_a_repeated_bundle_overwrites_its_own_file(tmp_path: Path) -> None:
    for _ in range(2):
        sink = writer(tmp_path)
        for number in range(3):
            sink.write(article(number))
        sink.flush()
    assert list(lines(tmp_path).values()) == [["0", "1", "2"]]


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_the_same_records_give_the_same_bytes(tmp_path: Path, compression: str) -> None:
    for run in ("one", "two"):
        sink = writer(tmp_path / run, compression=compression)
        sink.write(article(0))
        sink.flush()
    (one,), (two,) = (list((tmp_path / run).iterdir()) for run in ("one", "two"))
    assert one.name == two.name
    assert one.read_bytes() == two.read_bytes() != b""


@pytest.mark.parametrize("path", ["../../etc/passwd", "a/b c.jsonl", "я" * 300, ".hidden", "a\nb", "-"])
def test_a_name_stays_in_its_folder_and_is_its_own(path: str) -> None:
    name = file_name(Origin("files", path, 7), ".jsonl")
    assert "/" not in name and not name.startswith(".") and len(name) < 150 and name.isascii()
    assert name != file_name(Origin("files", path + "_", 7), ".jsonl")


def test_a_kafka_record_names_its_place() -> None:
    origin = Origin("kafka", kafka_topic="raw", partition=3, offset=17)
    assert file_name(origin, ".jsonl.gz").startswith("raw-3-000000017-")
