"""Web archives: which records are pages, and that nothing in a damaged one is lost without a word."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors import warc
from connectors.sources import files
from pipelines.steps.decode_article import DecodeArticle
from schemas.article import RawArticle
from schemas.dead_letter import ArticleRejected, Reason
from schemas.received import MAX_RECORD_BYTES, Received
from tests.conftest import Answer, written

DATE = "2026-01-02T03:04:05Z"


def record(number: int, block: bytes, type: str = "response", **headers: str) -> bytes:
    """One WARC record as it stands in a file."""
    head = {
        "WARC-Type": type,
        "WARC-Record-ID": f"<urn:uuid:{number:032x}>",
        "WARC-Target-URI": f"https://example.org/{number}",
        "WARC-Date": DATE,
        "Content-Type": "application/http; msgtype=response",
        "Content-Length": str(len(block)),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    lines = ["WARC/1.0", *(f"{name}: {value}" for name, value in head.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + block + b"\r\n\r\n"


def answer(page: bytes | str = "<html><p>Текст</p></html>", status: int = 200, **headers: str) -> bytes:
    body = page.encode() if isinstance(page, str) else page
    head = {"Content_Type": "text/html; charset=utf-8", **headers}
    lines = [f"HTTP/1.1 {status} X", *(f"{name.replace('_', '-')}: {value}" for name, value in head.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


PAGES = [record(number, answer(f"<html><p>Статия {number}</p></html>")) for number in range(5)]
OTHERS = [
    record(90, b"software: x\r\n", "warcinfo"),
    record(91, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "request"),
    record(92, b"HTTP/1.1 200 OK\r\n\r\n", "revisit", WARC_Refers_To="<urn:uuid:1>"),
    record(93, answer("gone", 404)),
    record(94, answer("", 301, Location="https://example.org/")),
    record(95, answer(b"\x89PNG" * 20_000, Content_Type="image/png")),
    record(96, b"20260102 example.org", Content_Type="text/dns"),
]
MIXED = [OTHERS[0], PAGES[0], OTHERS[1], PAGES[1], *OTHERS[2:], PAGES[2], PAGES[3], PAGES[4]]


def save(path: Path, records: list[bytes], *, packed: bool) -> list[int]:
    """Write a file; returns where each record begins."""
    parts = [gzip.compress(part, mtime=0) if packed else part for part in records]
    path.write_bytes(b"".join(parts))
    return [sum(map(len, parts[:number])) for number in range(len(parts))]


def read(path: Path, limit: int = MAX_RECORD_BYTES, workers: int = 1) -> tuple[list[Received], Counter[str]]:
    counts: Counter[str] = Counter()
    found = [
        received
        for worker in range(workers)
        for received in warc.pages(
            path, path.name, limit, worker, workers, counts if worker == 0 else Counter()
        )
    ]
    return sorted(found, key=lambda received: received.origin.record or 0), counts


def decoded(received: Received) -> RawArticle:
    article = DecodeArticle(MAX_RECORD_BYTES).convert(received)
    assert isinstance(article, RawArticle)
    return article


@pytest.fixture(params=[True, False], ids=["gz", "plain"])
def packed(request: pytest.FixtureRequest) -> Iterator[bool]:
    yield request.param


def test_pages_are_read_and_the_rest_is_counted(tmp_path: Path, packed: bool) -> None:
    starts = save(tmp_path / "a.warc", MIXED, packed=packed)
    found, passed_by = read(tmp_path / "a.warc")
    assert [(r.origin.record, r.origin.offset) for r in found] == [(n, starts[n]) for n in (1, 3, 9, 10, 11)]
    assert passed_by == {
        "warcinfo": 1,
        "request": 1,
        "revisit": 1,
        "status_404": 1,
        "status_301": 1,
        "no_html": 1,
        "no_http": 1,
    }
    article = decoded(found[2])
    assert article.html == "<html><p>Статия 2</p></html>"
    assert article.url == "https://example.org/2"
    assert article.fetched_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert article.id == decoded(read(tmp_path / "a.warc")[0][2]).id


@pytest.mark.parametrize("workers", [2, 3, 7])
def test_workers_share_the_pages(tmp_path: Path, packed: bool, workers: int) -> None:
    save(tmp_path / "a.warc", MIXED, packed=packed)
    assert read(tmp_path / "a.warc", workers=workers) == read(tmp_path / "a.warc")
    counts = [
        len(list(warc.pages(tmp_path / "a.warc", "a", 10**6, n, workers, Counter()))) for n in range(workers)
    ]
    assert max(counts) - min(counts) <= 1


def chunked(page: bytes) -> bytes:
    halves = page[:7], page[7:]
    return b"".join(b"%x\r\n%s\r\n" % (len(half), half) for half in halves) + b"0\r\n\r\n"


PAGE = "<html><p>Сжатая страница</p></html>"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (PAGE.encode(), {}),
        (chunked(PAGE.encode()), {"Transfer_Encoding": "chunked"}),
        (gzip.compress(PAGE.encode()), {"Content_Encoding": "gzip"}),
        (zlib.compress(PAGE.encode()), {"Content_Encoding": "deflate"}),
        (chunked(gzip.compress(PAGE.encode())), {"Transfer_Encoding": "chunked", "Content_Encoding": "gzip"}),
        (PAGE.encode("cp1251"), {"Content_Type": "text/html; charset=windows-1251"}),
        (PAGE.encode("koi8-r"), {"Content_Type": 'text/html; charset="KOI8-R"'}),
        (PAGE.encode(), {"Content_Type": "application/xhtml+xml"}),
    ],
    ids=["plain", "chunked", "gzip", "deflate", "gzip-chunked", "cp1251", "koi8-r", "xhtml"],
)
def test_a_page_is_unpacked_and_decoded(tmp_path: Path, body: bytes, headers: dict[str, str]) -> None:
    save(tmp_path / "a.warc.gz", [record(0, answer(body, **headers))], packed=True)
    ((received,), _) = read(tmp_path / "a.warc.gz")
    assert decoded(received).html == PAGE


def test_a_bomb_is_too_large_and_bad_packing_is_refused(tmp_path: Path) -> None:
    bomb = gzip.compress(b"<html>" + b"x" * 2_000_000)
    records = [
        record(0, answer(bomb, Content_Encoding="gzip")),
        record(1, answer(b"\x1f\x8b\x08 no gzip", Content_Encoding="gzip")),
    ]
    save(tmp_path / "a.warc.gz", records, packed=True)
    found, _ = read(tmp_path / "a.warc.gz")
    reasons = []
    for received in found:
        with pytest.raises(ArticleRejected) as refused:
            DecodeArticle(1_000_000).convert(received)
        reasons.append(refused.value.fault.reason)
    assert reasons[0] is Reason.TOO_LARGE and reasons[1] in (Reason.NOT_HTML, Reason.EMPTY)


def test_a_page_over_the_limit_is_handed_over_with_its_fault(tmp_path: Path, packed: bool) -> None:
    records = [PAGES[0], record(7, answer("<html>" + "x" * 200_000)), PAGES[1]]
    save(tmp_path / "a.warc", records, packed=packed)
    found, _ = read(tmp_path / "a.warc", limit=100_000)
    assert [r.fault.reason if r.fault else None for r in found] == [None, Reason.TOO_LARGE, None]
    assert found[1].payload_bytes is not None and found[1].payload_bytes > 200_000
    whole, _ = read(tmp_path / "a.warc")
    assert hashlib.sha256(whole[1].payload).hexdigest() == found[1].payload_sha256
    assert len(whole[1].payload) == found[1].payload_bytes


def faults(found: list[Received]) -> list[tuple[int | None, int | None]]:
    assert all(r.fault is None or r.fault.reason is Reason.TRUNCATED_FILE for r in found)
    return [(r.origin.record, r.origin.offset) for r in found if r.fault]


def test_a_file_cut_anywhere_has_one_fault_and_every_whole_page(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "a.warc"
    records = [PAGES[0], OTHERS[1], PAGES[1], OTHERS[3]]
    starts = save(path, records, packed=packed)
    whole = path.read_bytes()
    ends = [*starts[1:], len(whole)]
    for cut in range(1, len(whole)):
        path.write_bytes(whole[:cut])
        found, _ = read(path)
        pages = [r for r in found if not r.fault]
        due = sum(cut >= ends[number] for number in (0, 2))
        # What is cut behind a page's own bytes (line ends, a checksum) may still be read.
        assert due <= len(pages) <= due + 1, cut
        assert len(faults(found)) == (0 if cut in ends else 1), cut


def test_a_file_packed_as_a_whole_is_read_and_told_from_one_that_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    whole = gzip.compress(b"".join(MIXED), mtime=0)
    path.write_bytes(whole)
    found, passed_by = read(path)
    assert [(r.origin.record, r.fault) for r in found] == [(n, None) for n in (1, 3, 9, 10, 11)]
    assert passed_by.total() == 7
    for cut in range(1, len(whole), 7):
        path.write_bytes(whole[:cut])
        assert len(faults(read(path)[0])) == 1, cut


def test_damage_is_one_fault_and_reading_goes_on_behind_it(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "a.warc"
    starts = save(path, PAGES, packed=packed)
    for at in (starts[2], starts[2] + 1, starts[2] + 20 if packed else starts[2] + 4):
        broken = bytearray(path.read_bytes())
        broken[at : at + 6] = b"\xff\x00\xff\x00\xff\x00"
        (tmp_path / "b.warc").write_bytes(broken)
        found, passed_by = read(tmp_path / "b.warc")
        ids = [decoded(r).url for r in found if not r.fault]
        assert ids == [f"https://example.org/{n}" for n in (0, 1, 3, 4)]
        assert len(faults(found)) + sum(passed_by.values()) == 1
        assert read(tmp_path / "b.warc", workers=3)[0] == found


@pytest.mark.parametrize(
    "junk", [b"junk" * 50, b"\0" * 512, gzip.compress(b"no record")], ids=["words", "nulls", "gzip"]
)
def test_a_file_that_is_no_archive_is_one_fault(tmp_path: Path, junk: bytes) -> None:
    (tmp_path / "a.warc.gz").write_bytes(junk)
    found, _ = read(tmp_path / "a.warc.gz")
    assert [(r.fault.reason if r.fault else None) for r in found] == [Reason.TRUNCATED_FILE]
    (tmp_path / "a.warc.gz").write_bytes(b"")
    assert read(tmp_path / "a.warc.gz") == ([], Counter())


def test_archives_are_found_as_files_are(tmp_path: Path) -> None:
    for name in ("a.warc", "b.warc.gz", "c.WARC.GZ"):
        save(tmp_path / name, PAGES, packed=name != "a.warc")
    found = files.discover([str(tmp_path)])
    assert [file.name for file in found] == ["a.warc", "b.warc.gz", "c.WARC.GZ"]
    assert len(list(files.records(found[1], MAX_RECORD_BYTES))) == 5


@pytest.mark.pipeline
def test_a_replayed_archive_adds_up_and_is_resumed(
    tmp_path: Path, newsbeam: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    story = "Президентите на двете страни се срещнаха в петък и обсъдиха края на войната в Украйна. " * 5
    html = f"<html><title>Среща</title><body><article><p>{story}</p><p>{story}</p></article></body></html>"
    parts = [
        OTHERS[0],
        *(record(n, answer(html.replace("петък", f"петък {n}"))) for n in range(4)),
        OTHERS[3],
    ]
    save(tmp_path / "crawl.warc.gz", parts, packed=True)
    whole = (tmp_path / "crawl.warc.gz").read_bytes()
    (tmp_path / "crawl.warc.gz").write_bytes(whole[:-10])
    answer_ = newsbeam("replay", tmp_path / "crawl.warc.gz", "--output", tmp_path / "out", "--json")
    summary: dict[str, Any] = answer_.json
    assert (answer_.exit_code, summary["faults"]) == (0, [])
    assert (summary["read"], summary["outcomes"]["enriched"], summary["reasons"]) == (
        5,
        4,
        {"truncated_file": 1},
    )
    assert summary["passed_by"]["warcinfo"] == 1
    articles = written(tmp_path / "out")
    assert {a["fetched_at"] for a in articles} == {DATE}
    assert all(a["origin"]["offset"] is not None for a in articles)
    resumed = newsbeam(
        "replay", tmp_path / "crawl.warc.gz", "--output", tmp_path / "out", "--json", "--resume"
    )
    assert (resumed.json["read"], resumed.json["passed_over"]) == (0, 5)


def test_the_reader_takes_any_stream() -> None:
    """What fastwarc promises and we rely on: positions are the stream's own."""
    from fastwarc.warc import ArchiveIterator

    first = gzip.compress(PAGES[0])
    stream = io.BytesIO(first + gzip.compress(PAGES[1]))
    stream.seek(len(first))
    assert [r.stream_pos for r in ArchiveIterator(stream)] == [len(first)]
