"""Replays raw articles from files: `.txt`, `.html`, `.jsonl`, `.jsonl.gz`, and folders of them.

A `.txt` or `.html` file is one record; a `.jsonl` file holds one a line (blank lines are none). What
cannot be read whole is handed over with its fault instead of being skipped: a line over the limit, a
gzip stream that ends in the middle. Memory stays bounded by one record.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import itertools
import os
import sys
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import apache_beam as beam
from apache_beam.metrics import Metrics

from connectors import drain
from connectors.delivery import NAMESPACE
from connectors.finished import Finished
from connectors.progress import progress
from schemas.dead_letter import MAX_PAYLOAD_BYTES, Fault, Reason
from schemas.origin import Media, Origin
from schemas.received import MAX_RECORD_BYTES, Received

STDIN = "-"
_MEDIA = {
    ".txt": Media.TEXT,
    ".html": Media.HTML,
    ".htm": Media.HTML,
    ".jsonl": Media.JSON,
    ".jsonl.gz": Media.JSON,
}
SUFFIXES = tuple(_MEDIA)
_CHUNK_BYTES = 1 << 20
STRIPE_RECORDS = 64
"""Workers share a file in stripes of so many lines: long enough to keep neighbours together."""


class UnreadableInput(Exception):
    """A PATH that is no input: missing, of an unknown kind, empty, or ambiguous."""


@dataclass(frozen=True, slots=True)
class Options:
    """What to read."""

    paths: tuple[str, ...]
    """Files and folders; `-` is standard input (JSON Lines)."""
    max_record_bytes: int = MAX_RECORD_BYTES
    """A longer record ends as a dead letter, `too_large`."""


@dataclass(frozen=True, slots=True)
class Share(Options):
    """One process's share of an input; the shares of all workers are disjoint and make the whole."""

    worker: int = 0
    """This process's number, from 0."""
    workers: int = 1
    finished: Finished | None = None
    """Records that an interrupted replay has already written: they are passed over."""


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file to read."""

    name: str
    """Its path relative to the PATH it was found under: what origins and ids are made of."""
    path: str
    media: Media
    size_bytes: int


def discover(paths: Sequence[str]) -> list[InputFile]:
    """All input files under some paths, in order of name.

    Raises:
        UnreadableInput: a path does not exist or is of no known kind, a folder holds no input, or
            two files have the same name relative to their PATHs, so that ids would collide.
    """
    files: dict[str, InputFile] = {}
    for given in paths:
        if given == STDIN:
            found: Iterable[InputFile] = [InputFile(STDIN, STDIN, Media.JSON, 0)]
        elif Path(given).is_dir():
            found = list(_walk(Path(given)))
            if not found:
                raise UnreadableInput(f"{given}: holds no {', '.join(SUFFIXES)} file")
        else:
            path = Path(given)
            if not path.exists():
                raise UnreadableInput(f"{given}: no such file or folder")
            media = _media(path.name)
            if media is None:
                raise UnreadableInput(f"{given}: not of a known kind ({', '.join(SUFFIXES)})")
            found = [InputFile(path.name, str(path), media, path.stat().st_size)]
        for file in found:
            other = files.setdefault(file.name, file)
            if other is not file and not _same(other, file):
                raise UnreadableInput(
                    f"{other.path} and {file.path} are both named {file.name} under their PATHs, and ids "
                    "come from that name: give their common folder instead"
                )
    return [files[name] for name in sorted(files)]


def records(
    file: InputFile, max_record_bytes: int, *, worker: int = 0, workers: int = 1
) -> Iterator[Received]:
    """The records of one file, in order; of a `.jsonl` file only this worker's stripes."""
    if file.media is not Media.JSON:
        progress.bytes_read += file.size_bytes
        yield _whole_file(file, max_record_bytes)
        return
    with _open(file) as raw:
        lines: IO[bytes] = gzip.GzipFile(fileobj=raw) if file.path.endswith(".gz") else raw  # type: ignore[assignment]
        behind = 0
        for number in itertools.count():
            origin = Origin("files", file.name, number)
            mine = (number // STRIPE_RECORDS) % workers == worker
            try:
                received = _next_line(lines, origin, max_record_bytes)
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                if worker == 0:
                    fault = Fault(
                        Reason.TRUNCATED_FILE, f"gzip: {error}; {number:,} lines before it were read"
                    )
                    yield Received(b"", origin, fault=fault)
                return
            if number % STRIPE_RECORDS == 0 and file.path != STDIN:
                progress.bytes_read, behind = progress.bytes_read + raw.tell() - behind, raw.tell()
            if received is None:
                progress.bytes_read += file.size_bytes - behind
                return
            if mine and (received.payload or received.fault):
                yield received


def read(options: Options) -> beam.PTransform:
    """`PBegin -> PCollection[Received]`, bounded; of a `Share` only that share."""
    share = options if isinstance(options, Share) else Share(options.paths, options.max_record_bytes)
    return _ReadFiles(share)


class _ReadFiles(beam.PTransform):
    def __init__(self, share: Share) -> None:
        super().__init__()
        self._share = share

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection:
        return begin | beam.Create([self._share.paths]) | beam.ParDo(_ReadFilesFn(self._share))


class _ReadFilesFn(beam.DoFn):
    """Reads in `process`, one record at a time: what follows is fused to it, so nothing piles up."""

    def __init__(self, share: Share) -> None:
        self._share = share

    def process(self, paths: tuple[str, ...]) -> Iterator[Received]:
        share, count, passed_over = self._share, 0, 0
        for number, file in enumerate(discover(paths)):
            if file.media is not Media.JSON and number % share.workers != share.worker:
                continue
            for received in records(file, share.max_record_bytes, worker=share.worker, workers=share.workers):
                if share.finished is not None and received.origin in share.finished:
                    passed_over += 1
                    continue
                if progress.first_record_at is None:
                    progress.first_record_at = time.monotonic()
                count += 1
                yield received
                progress.records_done += 1
                if drain.is_requested():
                    break
            if drain.is_requested():
                break
        Metrics.counter(NAMESPACE, "read").inc(count)
        Metrics.counter(NAMESPACE, "passed_over").inc(passed_over)


def _walk(folder: Path) -> Iterator[InputFile]:
    for directory, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            media = _media(name)
            if media is not None:
                path = Path(directory, name)
                yield InputFile(path.relative_to(folder).as_posix(), str(path), media, path.stat().st_size)


def _media(name: str) -> Media | None:
    lower = name.lower()
    return next((media for suffix, media in _MEDIA.items() if lower.endswith(suffix)), None)


def _same(one: InputFile, other: InputFile) -> bool:
    return one.path == other.path or Path(one.path).resolve() == Path(other.path).resolve()


def _open(file: InputFile) -> IO[bytes]:
    # Not closing standard input is on purpose: it is not ours.
    return os.fdopen(os.dup(sys.stdin.fileno()), "rb") if file.path == STDIN else Path(file.path).open("rb")


def _whole_file(file: InputFile, max_record_bytes: int) -> Received:
    origin = Origin("files", file.name, 0)
    with Path(file.path).open("rb") as stream:
        payload = stream.read(max_record_bytes + 1)
        if len(payload) <= max_record_bytes:
            return Received(payload, origin, file.media)
        rest = iter(lambda: stream.read(_CHUNK_BYTES), b"")
        return _too_large(rest, payload, origin, max_record_bytes, file.media)


def _next_line(lines: IO[bytes], origin: Origin, max_record_bytes: int) -> Received | None:
    """The next line, with an empty payload where it is blank; None at the end."""
    line = lines.readline(max_record_bytes + 2)
    if not line:
        return None
    if len(line) > max_record_bytes and not line.endswith(b"\n"):
        return _too_large(iter(lambda: lines.readline(_CHUNK_BYTES), b""), line, origin, max_record_bytes)
    payload = (
        line.strip(b" \t\r\n") if origin.record else line.removeprefix(codecs.BOM_UTF8).strip(b" \t\r\n")
    )
    if payload and not line.endswith(b"\n") and not payload.endswith(b"}"):
        return Received(
            payload, origin, fault=Fault(Reason.TRUNCATED_FILE, "the last line ends in the middle")
        )
    return Received(payload, origin)


def _too_large(
    rest: Iterator[bytes], head: bytes, origin: Origin, max_record_bytes: int, media: Media = Media.JSON
) -> Received:
    """Reads on to the record's end, keeping its length and digest, not its bytes."""
    digest, length = hashlib.sha256(head), len(head)
    for chunk in rest:
        body = chunk.removesuffix(b"\n") if media is Media.JSON else chunk
        digest.update(body)
        length += len(body)
        if len(body) < len(chunk):
            break
    fault = Fault(Reason.TOO_LARGE, f"{length:,} bytes; the limit is {max_record_bytes:,}")
    return Received(head[:MAX_PAYLOAD_BYTES], origin, media, fault, length, digest.hexdigest())
