"""The files source: what is read, under which name, and what is handed over with a fault."""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sources.files import InputFile, Share, UnreadableInput, _ReadFilesFn, discover, records
from schemas.dead_letter import MAX_PAYLOAD_BYTES, Reason
from schemas.origin import Media, Origin
from schemas.received import MAX_RECORD_BYTES, Received


def read(path: Path, limit: int = MAX_RECORD_BYTES) -> list[Received]:
    (file,) = discover([str(path)])
    return list(records(file, limit))


def test_discovers_by_name_in_order_whatever_order_is_given(tmp_path: Path) -> None:
    for name in ("b.txt", "a/c.jsonl", "a/d.jsonl.gz", "e.html", "F.HTM", "notes.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    found = discover([str(tmp_path)])
    assert [(file.name, file.media) for file in found] == [
        ("F.HTM", Media.HTML),
        ("a/c.jsonl", Media.JSON),
        ("a/d.jsonl.gz", Media.JSON),
        ("b.txt", Media.TEXT),
        ("e.html", Media.HTML),
    ]
    assert discover([str(file.path) for file in reversed(found) if "/a/" not in file.path]) == [
        file for file in found if "/a/" not in file.path
    ]


def test_a_file_has_the_same_name_alone_and_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("x")
    assert discover([str(tmp_path)]) == discover([str(tmp_path / "x.txt")])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: [folder / "absent.txt"], "no such file or folder"),
        (lambda folder: [folder], "holds no .txt"),
        (lambda folder: [Path(__file__)], "not of a known kind"),
    ],
)
def test_a_path_that_is_no_input_is_refused(tmp_path: Path, make: object, message: str) -> None:
    with pytest.raises(UnreadableInput, match=message):
        discover([str(path) for path in make(tmp_path)])  # type: ignore[operator]


def test_links_to_other_folders_are_followed_and_circles_are_not(tmp_path: Path) -> None:
    (tmp_path / "in" / "b").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    for file in ("in/b/x.txt", "elsewhere/y.txt"):
        (tmp_path / file).write_text("x")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "in" / "a").symlink_to(tmp_path / "in" / "b")
    (tmp_path / "in" / "b" / "circle").symlink_to(tmp_path)
    (tmp_path / "elsewhere" / "circle").symlink_to(tmp_path / "elsewhere")
    assert [file.name for file in discover([str(tmp_path / "in")])] == ["b/x.txt", "link/y.txt"]


def test_what_cannot_be_looked_at_is_refused_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.txt").write_text("x")
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UnreadableInput, match=r"gone\.txt: No such file"):
        discover([str(tmp_path)])
    (tmp_path / "gone.txt").unlink()
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(UnreadableInput, match=r"pipe\.jsonl: no regular file"):
        discover([str(tmp_path)])
    (tmp_path / "pipe.jsonl").unlink()
    (tmp_path / "closed").mkdir()
    list_folder = os.scandir

    def scandir(path: str) -> object:  # root may list any folder
        if Path(path).name == "closed":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return list_folder(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(UnreadableInput, match="closed: Permission denied"):
        discover([str(tmp_path)])


def test_a_name_that_is_not_utf8_is_written_so_that_a_record_can_hold_it(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.txt")).write_text("x")
    (file,) = discover([str(tmp_path)])
    assert file.name == r"\xff.txt"
    assert next(records(file, 10)).payload == b"x"


def test_a_suffix_in_capitals_is_read_as_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "X.JSONL.GZ").write_bytes(gzip.compress(b'{"a":1}\n'))
    (received,) = read(tmp_path / "X.JSONL.GZ")
    assert (received.payload, received.fault) == (b'{"a":1}', None)


def test_two_files_of_one_name_are_refused_since_ids_would_collide(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.txt").write_text("x")
    with pytest.raises(UnreadableInput, match=r"both named x\.txt"):
        discover([str(tmp_path / "a"), str(tmp_path / "b")])
    assert [file.name for file in discover([str(tmp_path)])] == ["a/x.txt", "b/x.txt"]


@given(st.lists(st.binary(max_size=40).filter(lambda line: b"\n" not in line), max_size=20), st.booleans())
def test_every_line_that_is_not_blank_is_one_record(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], packed: bool
) -> None:
    path = tmp_path_factory.mktemp("lines") / ("x.jsonl.gz" if packed else "x.jsonl")
    data = b"".join(line + b"\n" for line in lines)
    path.write_bytes(gzip.compress(data) if packed else data)
    if lines:
        lines[0] = lines[0].removeprefix(b"\xef\xbb\xbf")
    expected = [
        (number, line.strip(b" \t\r\n")) for number, line in enumerate(lines) if line.strip(b" \t\r\n")
    ]
    assert [(r.origin.record, r.payload) for r in read(path)] == expected
    assert all(r.fault is None for r in read(path))


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_the_workers_parts_are_disjoint_and_make_the_whole(tmp_path: Path, workers: int) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"".join(b'{"n": %d}\n' % n for n in range(1000)))
    (file,) = discover([str(path)])
    parts = [list(records(file, 100, worker=worker, workers=workers)) for worker in range(workers)]
    assert sorted(r.origin.record or 0 for part in parts for r in part) == list(range(1000))
    assert max(len(part) for part in parts) - min(len(part) for part in parts) <= 64


def test_a_file_that_appears_shifts_no_other_to_another_worker(tmp_path: Path) -> None:
    def takes(worker: int) -> list[str]:
        share = Share((str(tmp_path),), worker=worker, workers=2)
        return [str(received.origin.path) for received in _ReadFilesFn(share).process(share.paths)]

    names = [f"{n:02}.txt" for n in range(40)]
    for name in names:
        (tmp_path / name).write_text("x")
    mine, theirs = takes(0), takes(1)
    assert sorted(mine + theirs) == names and min(len(mine), len(theirs)) > 10
    (tmp_path / "00a.txt").write_text("x")
    assert [name for name in takes(1) if name != "00a.txt"] == theirs


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"  \r\n", b""])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"  "])
def test_a_long_line_is_known_by_the_digest_it_has_under_a_higher_limit(
    tmp_path: Path, start: bytes, end: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.sources.files._CHUNK_BYTES", 7)
    path = tmp_path / "x.jsonl"
    for body in (b"{" + b"a " * 30 + b"}", b"{a}" + b" " * 60):
        path.write_bytes(start + body + end)
        (head,), (whole,) = read(path, 20), read(path)
        assert head.fault is not None and head.fault.reason is Reason.TOO_LARGE
        assert head.payload_bytes == len(whole.payload)
        assert head.payload_sha256 == hashlib.sha256(whole.payload).hexdigest()


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz", ".txt", ".html"])
def test_a_50_mb_record_is_handed_over_by_its_head_in_bounded_memory(tmp_path: Path, suffix: str) -> None:
    path, payload = tmp_path / f"x{suffix}", b"y" * 50_000_000
    path.write_bytes(gzip.compress(payload, 1) if suffix.endswith("gz") else payload)
    digest = hashlib.sha256(payload).hexdigest()
    del payload
    (file,) = discover([str(path)])
    tracemalloc.start()
    (received,) = records(file, 1_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert received.fault is not None and received.fault.reason is Reason.TOO_LARGE
    assert (received.payload_bytes, received.payload_sha256) == (50_000_000, digest)
    assert len(received.payload) == MAX_PAYLOAD_BYTES
    assert peak < 12_000_000


def test_a_long_line_among_others_takes_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"a":1}\n' + b"z" * 5_000 + b'\n{"b":2}\n')
    first, long, last = read(path, 1_000)
    assert (first.payload, last.payload) == (b'{"a":1}', b'{"b":2}')
    assert long.payload_bytes == 5_000
    assert long.payload_sha256 == hashlib.sha256(b"z" * 5_000).hexdigest()
    assert last.origin == Origin("files", "x.jsonl", 2)


def test_a_record_of_just_the_limit_is_taken(tmp_path: Path) -> None:
    for end in (b"\n", b"\r\n"):
        (tmp_path / "x.jsonl").write_bytes(b"z" * 1_000 + end)
        (received,) = read(tmp_path / "x.jsonl", 1_000)
        assert received.fault is None and len(received.payload) == 1_000


def test_a_gzip_stream_cut_in_the_middle_is_one_fault_after_its_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.gz"
    lines = b"".join(
        b'{"text": "%s"}\n' % hashlib.sha256(b"%d" % n).hexdigest().encode() for n in range(5_000)
    )
    path.write_bytes(gzip.compress(lines)[:-50_000])
    got = read(path)
    assert len(got) > 1_000
    assert [r.fault is not None for r in got].count(True) == 1
    assert got[-1].fault is not None and got[-1].fault.reason is Reason.TRUNCATED_FILE
    whole = lines.split(b"\n")
    assert [r.payload for r in got[:-1]] == whole[: len(got) - 1]


@pytest.mark.parametrize(
    "data",
    [b"\x1f\x8bgarbage", b"not gzip at all", gzip.compress(b"x" * 999)[:30]],
    ids=["garbage", "text", "cut"],  # not the bytes: gzip writes the time into them
)
def test_a_file_that_is_no_gzip_is_one_fault(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.jsonl.gz").write_bytes(data)
    (received,) = read(tmp_path / "x.jsonl.gz")
    assert received.fault is not None and received.fault.reason is Reason.TRUNCATED_FILE


def test_a_last_line_cut_in_the_middle_is_a_truncated_file(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"text": "a"}\n{"text": "b')
    whole, cut = read(path)
    assert whole.fault is None
    assert cut.fault is not None and cut.fault.reason is Reason.TRUNCATED_FILE
    path.write_bytes(b'{"text": "a"}\n{"text": "b"}')
    assert [r.fault for r in read(path)] == [None, None]


def test_an_empty_file_of_lines_has_no_record_and_an_empty_text_is_one(tmp_path: Path) -> None:
    for name in ("x.jsonl", "x.txt"):
        (tmp_path / name).touch()
    assert read(tmp_path / "x.jsonl") == []
    assert read(tmp_path / "x.txt") == [Received(b"", Origin("files", "x.txt", 0), Media.TEXT)]


def test_a_file_that_vanishes_stops_the_run(tmp_path: Path) -> None:
    gone = InputFile("x.txt", str(tmp_path / "x.txt"), Media.TEXT, 1)
    with pytest.raises(FileNotFoundError):
        list(records(gone, 10))
