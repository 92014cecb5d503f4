"""The pages in a web archive (WARC, ISO 28500), plain or packed with gzip: record by record, or as a whole.

A page is a `response` with status 200 and a media type of HTML. Everything else (requests, revisits,
pictures, redirects, what was not found) is passed by, and counted. What is damaged or cut off ends as one
record with its fault; reading goes on behind it.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

from fastwarc.warc import ArchiveIterator

from connectors.progress import progress
from schemas.dead_letter import MAX_PAYLOAD_BYTES, Fault, Reason
from schemas.origin import Media, Origin
from schemas.received import Received

_HEAD_BYTES = 32 * 1024
"""What is read of an answer before its type is known."""
_CHUNK_BYTES = 1 << 20
_PACKED, _PLAIN = b"\x1f\x8b\x08", b"WARC/1."
"""What a record begins with."""
_STATUS = re.compile(rb"HTTP/[\d.]+ +(\d{3})")
_TYPE = re.compile(rb"(?im)^content-type:[ \t]*([^\s;]+)")
_HTML = (b"text/html", b"application/xhtml+xml")


class _Entry(NamedTuple):
    """One record of a file, or a place where none can be read."""

    at: int
    """The byte it begins at."""
    passed_by: str | None = None
    """Why it is no page, where it is none."""
    payload: bytes = b""
    """The page: the WARC header and the server's answer; only the head of what is too long."""
    fault: Fault | None = None
    payload_bytes: int | None = None
    payload_sha256: str | None = None


def pages(
    path: Path, name: str, max_record_bytes: int, worker: int, workers: int, passed_by: Counter[str]
) -> Iterator[Received]:
    """A file's pages, in order: every `workers`-th; what is damaged is the first worker's.

    Args:
        path: the file.
        name: what origins call it. `record` is the number among all of the file's records, `offset` the
            byte a record begins at, where each is packed for itself.
        max_record_bytes: of a longer page only the head is handed over, with its fault.
        worker: which share.
        workers: how many there are.
        passed_by: what was no page is added here, by kind.
    """
    count = 0
    with path.open("rb") as file:
        for number, entry in enumerate(_entries(file, max_record_bytes)):
            if entry.passed_by is not None:
                passed_by[entry.passed_by] += 1
                continue
            is_mine = worker == 0 if not entry.payload else count % workers == worker
            count += bool(entry.payload)
            if is_mine:
                origin = Origin("files", name, number, offset=entry.at)
                yield Received(
                    entry.payload,
                    origin,
                    Media.WARC,
                    entry.fault,
                    entry.payload_bytes,
                    entry.payload_sha256,
                )


def _entries(file: IO[bytes], max_record_bytes: int) -> Iterator[_Entry]:
    size = file.seek(0, 2)
    file.seek(0)
    is_packed = file.read(3) == _PACKED
    start = end = behind = 0
    is_damaged = False
    while start < size:
        begun = None
        file.seek(start)
        try:
            for record in ArchiveIterator(file, parse_http=False):
                begun = record.stream_pos
                progress.bytes_read, behind = progress.bytes_read + begun - behind, begun
                entry = _entry(record, max_record_bytes)
                is_damaged = entry.fault is not None and entry.fault.reason is Reason.TRUNCATED_FILE
                yield entry
                last, begun = begun, None
                end = last  # where it ends is looked for only where something is wrong
        except OSError as error:
            at = begun if begun is not None else _end(file, end, is_packed) or start
            if not is_damaged:
                yield _damage(at, f"no record can be read here: {error}")
            is_damaged = True
            start = _next_start(file, max(start, at) + 1, is_packed)
        else:
            after = _end(file, end, is_packed)
            if after is None and is_packed and _is_packed_as_a_whole(file, end):
                after = size
            if not is_damaged and after is None:
                yield _damage(end, "the file ends in the middle of this record")
            elif not is_damaged and after is not None and after < size:
                yield _damage(after, "the file ends in the middle of a record")
            break
    progress.bytes_read += size - behind


def _entry(record: Any, max_record_bytes: int) -> _Entry:
    """A record, read as far as it is wanted. Raises `OSError` where it is damaged."""
    at = record.stream_pos
    block = record.reader.read(_HEAD_BYTES)
    if kind := _no_page(record.headers.get("WARC-Type"), block):
        return _Entry(at, kind)
    lines = [b"WARC/1.1", *(f"{name}: {value}".encode() for name, value in record.headers.items())]
    head = b"\r\n".join(lines) + b"\r\n\r\n"
    block += record.reader.read(max(0, max_record_bytes + 1 - len(head) - len(block)))
    payload, length = head + block, len(head) + record.content_length
    if length > max_record_bytes:
        digest = hashlib.sha256(payload)
        while chunk := record.reader.read(_CHUNK_BYTES):
            digest.update(chunk)
        fault = Fault(Reason.TOO_LARGE, f"{length:,} bytes; the limit is {max_record_bytes:,}")
        return _Entry(at, None, payload[:MAX_PAYLOAD_BYTES], fault, length, digest.hexdigest())
    if len(payload) < length:
        return _Entry(at, None, payload, _cut(f"{len(payload):,} of its {length:,} bytes are there"))
    return _Entry(at, None, payload)


def _no_page(type: str | None, block: bytes) -> str | None:
    """What a record is, where it is no page."""
    if type != "response":
        return (type or "unknown")[:20]
    head = block.partition(b"\r\n\r\n")[0]
    status = _STATUS.match(head)
    if status is None:
        return "no_http"
    if status[1] != b"200":
        return f"status_{status[1].decode()}"
    media = _TYPE.search(head)
    is_html = media[1].lower() in _HTML if media else b"<html" in block.lower()
    return None if is_html else "no_html"


def _damage(at: int, why: str) -> _Entry:
    return _Entry(at, fault=_cut(f"byte {at:,}: {why}"))


def _cut(why: str) -> Fault:
    return Fault(Reason.TRUNCATED_FILE, f"web archive: {why}")


def _end(file: IO[bytes], start: int, is_packed: bool) -> int | None:
    """The byte after the record that begins at `start`; None where the file ends before it does."""
    file.seek(start)
    if is_packed:
        unpack = zlib.decompressobj(31)
        while not unpack.eof:
            chunk = file.read(_CHUNK_BYTES)
            if not chunk:
                return None
            try:
                unpack.decompress(chunk)
            except zlib.error:
                return None
        return file.tell() - len(unpack.unused_data)
    head = file.read(_HEAD_BYTES).partition(b"\r\n\r\n")[0]
    length = re.search(rb"(?im)^content-length:[ \t]*(\d+)", head)
    end = start + len(head) + 4 + int(length[1]) + 4 if length else None
    return end if end is not None and end <= file.seek(0, 2) else None


def _is_packed_as_a_whole(file: IO[bytes], end: int) -> bool:
    """Whether a file that holds no record at `end` was packed in one piece, and is all there."""
    file.seek(end)
    if file.read(len(_PACKED)) == _PACKED:
        return False
    file.seek(0)
    with gzip.GzipFile(fileobj=file) as unpacked:
        try:
            while unpacked.read(_CHUNK_BYTES):
                pass
        except (OSError, EOFError, zlib.error):
            return False
    return True


def _next_start(file: IO[bytes], start: int, is_packed: bool) -> int:
    """Where the next record may begin, at `start` or behind it; the file's end where none does."""
    mark = _PACKED if is_packed else _PLAIN
    file.seek(start)
    behind = b""
    while chunk := file.read(_CHUNK_BYTES):
        found = (behind + chunk).find(mark)
        if found >= 0:
            return start - len(behind) + found
        start += len(chunk)
        behind = (behind + chunk)[-len(mark) + 1 :]
    return start
