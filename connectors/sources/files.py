"""Replays raw articles from files: `.txt`, `.html`, `.jsonl`, `.jsonl.gz`, `.warc`, `.warc.gz`, and folders
of them.

A `.txt` or `.html` file is one record; a `.jsonl` file holds one a line (blank lines are none), a web archive
one a page (`connectors/warc.py`). What cannot be read whole is handed over with its fault instead of being
skipped: a line over the limit, a gzip stream that ends in the middle. Memory stays bounded by one record.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import itertools
import os
import stat
import sys
import time
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import apache_beam as beam
from apache_beam.metrics import Metrics

from connectors import drain, warc
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
    ".warc": Media.WARC,
    ".warc.gz": Media.WARC,
}
SUFFIXES = tuple(_MEDIA)
_CHUNK_BYTES = 1 << 20
_WHITE = b" \t\r\n"
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
    """Its path relative to the PATH it was found under: what origins and ids are made of. Bytes of it that
    are not UTF-8 stand as `\\xff`."""
    path: str
    media: Media
    size_bytes: int


def discover(paths: Sequence[str]) -> list[InputFile]:
    """All input files under some paths, in order of name.

    Raises:
        UnreadableInput: a path does not exist, is of no known kind or cannot be looked at, a folder
            holds no input, or two files have the same name relative to their PATHs, so that ids would
            collide.
    """
    files: dict[str, InputFile] = {}
    for given in paths:
        if not given:
            raise UnreadableInput("an empty PATH: name a file or a folder")
        try:
            found = _find(given)
        except OSError as error:
            raise UnreadableInput(f"{error.filename or given}: {error.strerror}") from None
        for file in found:
            other = files.setdefault(file.name, file)
            if other is not file and not _same(other, file):
                raise UnreadableInput(
                    f"{other.path} and {file.path} are both named {file.name} under their PATHs, and ids "
                    "come from that name: give their common folder instead"
                )
    return [files[name] for name in sorted(files)]


def records(
    file: InputFile,
    max_record_bytes: int,
    *,
    worker: int = 0,
    workers: int = 1,
    passed_by: Counter[str] | None = None,
) -> Iterator[Received]:
    """The records of one file, in order; of a `.jsonl` file only this worker's stripes, of a web archive only
    its pages. What a web archive holds besides pages is counted in `passed_by`, by the first worker."""
    if file.media is Media.WARC:
        counts = passed_by if passed_by is not None and worker == 0 else Counter()
        yield from warc.pages(Path(file.path), file.name, max_record_bytes, worker, workers, counts)
        return
    if file.media is not Media.JSON:
        progress.bytes_read += file.size_bytes
        yield _whole_file(file, max_record_bytes)
        return
    with _open(file) as raw:
        packed = file.path.lower().endswith(".gz")
        lines: IO[bytes] = gzip.GzipFile(fileobj=raw) if packed else raw  # type: ignore[assignment]
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
        passed_by: Counter[str] = Counter()
        for file in discover(paths):
            # By name, not by place: a file that appears meanwhile must not shift what others take.
            taken_by = zlib.crc32(file.name.encode()) % share.workers
            if file.media in (Media.TEXT, Media.HTML) and taken_by != share.worker:
                progress.bytes_read += file.size_bytes
                continue
            for received in records(
                file,
                share.max_record_bytes,
                worker=share.worker,
                workers=share.workers,
                passed_by=passed_by,
            ):
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
        for kind, number in passed_by.items():
            Metrics.counter(NAMESPACE, f"passed_by/{kind}").inc(number)


def _find(given: str) -> list[InputFile]:
    path = Path(given)
    if given == STDIN:
        return [InputFile(STDIN, STDIN, Media.JSON, 0)]
    if path.is_dir():
        found = list(_walk(path))
        if not found:
            raise UnreadableInput(f"{given}: holds no {', '.join(SUFFIXES)} file")
        return found
    if not path.exists():
        raise UnreadableInput(f"{given}: no such file or folder")
    media = _media(path.name)
    if media is None:
        raise UnreadableInput(f"{given}: not of a known kind ({', '.join(SUFFIXES)})")
    return [_input_file(path, path.name, media)]


def _walk(folder: Path) -> Iterator[InputFile]:
    """The input files in a folder and in those under it. Links out of it are followed, but not in circles."""
    followed = [folder.resolve()]
    for directory, folders, names in os.walk(folder, followlinks=True, onerror=_fail):
        folders.sort()
        for link in [Path(directory, name) for name in folders if Path(directory, name).is_symlink()]:
            target = link.resolve()
            if any(target.is_relative_to(seen) or seen.is_relative_to(target) for seen in followed):
                folders.remove(link.name)
            followed.append(target)
        for name in sorted(names):
            media = _media(name)
            if media is not None:
                path = Path(directory, name)
                yield _input_file(path, path.relative_to(folder).as_posix(), media)


def _fail(error: OSError) -> None:
    """A folder that cannot be listed is not passed over, as `os.walk` would."""
    raise error


def _input_file(path: Path, name: str, media: Media) -> InputFile:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableInput(f"{path}: no regular file; pipe it to standard input (-)")
    # A file's name need not be UTF-8; what is written must be.
    name = os.fsencode(name).decode("utf-8", "backslashreplace")
    return InputFile(name, str(path), media, status.st_size)


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
        chunks = itertools.chain([payload], iter(lambda: stream.read(_CHUNK_BYTES), b""))
        return _too_large(chunks, origin, max_record_bytes, file.media)


def _next_line(lines: IO[bytes], origin: Origin, max_record_bytes: int) -> Received | None:
    """The next line, with an empty payload where it is blank; None at the end."""
    line = lines.readline(max_record_bytes + 2)
    if not line:
        return None
    payload = (line if origin.record else line.removeprefix(codecs.BOM_UTF8)).strip(_WHITE)
    if len(line) > max_record_bytes and not line.endswith(b"\n"):
        head = line[line.index(payload) :]
        return _too_large(itertools.chain([head], _rest_of_line(lines)), origin, max_record_bytes, Media.JSON)
    if payload and not line.endswith(b"\n") and not payload.endswith(b"}"):
        return Received(
            payload, origin, fault=Fault(Reason.TRUNCATED_FILE, "the last line ends in the middle")
        )
    return Received(payload, origin)


def _rest_of_line(lines: IO[bytes]) -> Iterator[bytes]:
    while chunk := lines.readline(_CHUNK_BYTES):
        yield chunk
        if chunk.endswith(b"\n"):
            return


def _too_large(chunks: Iterator[bytes], origin: Origin, max_record_bytes: int, media: Media) -> Received:
    """Reads on to the record's end, keeping its length and digest, not its bytes.

    They are those of the payload it would be under a higher limit: a line's without the white space at
    its end.
    """
    head, read, so_far = b"", 0, hashlib.sha256()
    length, digest = read, so_far.copy()
    for chunk in chunks:
        head = head or chunk[:MAX_PAYLOAD_BYTES]
        kept = chunk.rstrip(_WHITE) if media is Media.JSON else chunk
        if kept:
            so_far.update(kept)
            length, digest = read + len(kept), so_far.copy()
        so_far.update(chunk[len(kept) :])
        read += len(chunk)
    fault = Fault(Reason.TOO_LARGE, f"{read:,} bytes; the limit is {max_record_bytes:,}")
    return Received(head[:length], origin, media, fault, length, digest.hexdigest())
