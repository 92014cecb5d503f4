"""Writes records as JSON Lines: files that appear whole, or lines on standard output.

A file is written under a hidden name and renamed when it is full or its bundle ends, so a reader never
sees half a line. It is named after the origin of its first record: a bundle that runs again overwrites
its own file instead of adding a copy.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import sys
from dataclasses import dataclass
from typing import IO, Literal

import apache_beam as beam
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from connectors.delivery import Deliver
from schemas import codec
from schemas.article import Article
from schemas.dead_letter import DeadLetter
from schemas.origin import Origin

STDOUT = "-"
HIDDEN = ".part-"
"""Files that begin so are unfinished."""
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_SUFFIX = {"none": ".jsonl", "gzip": ".jsonl.gz", "zstd": ".jsonl.zst"}
_COMPRESSION = {
    "none": CompressionTypes.UNCOMPRESSED,
    "gzip": CompressionTypes.GZIP,
    "zstd": CompressionTypes.ZSTD,
}
_STDOUT_BUFFER_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Options:
    """Where and how to write."""

    path: str
    """A folder on any filesystem Beam knows (`gs://…` with the gcp extra); `-` is standard output."""
    compression: Literal["none", "gzip", "zstd"] = "none"
    """How files are packed; their names end in `.gz` or `.zst`."""
    max_file_records: int = 5_000
    """A file is finished after so many records: what an interrupted replay does again at most."""
    max_file_bytes: int = 64 * 1024 * 1024
    """… or so many bytes, before compression."""


def write(
    options: Options, *, sink: str, takes: type[Article] | type[DeadLetter], version: str
) -> beam.PTransform:
    """`PCollection[Outcome] -> PCollection[Outcome]`: writes what the sink takes; nothing is undelivered."""
    writer = _LinesOnStdout() if options.path == STDOUT else _Files(options)
    return Deliver(writer, sink=sink, takes=takes, version=version)


def file_name(origin: Origin, compression: str) -> str:
    """The name of a file whose first record has this origin: readable, safe, and its own.

    >>> file_name(Origin("files", "seeds/000.txt", 0), "none")
    'seeds_000.txt-000000000-4c9f7a2d.jsonl'
    """
    if origin.kafka_topic is not None:
        place, number = f"{origin.kafka_topic}-{origin.partition}", origin.offset or 0
    else:
        place, number = origin.path or "", origin.record or 0
    digest = hashlib.sha256(place.encode()).hexdigest()[:8]
    return f"{_UNSAFE.sub('_', place)[-80:].lstrip('.')}-{number:09d}-{digest}{_SUFFIX[compression]}"


class _Files:
    def __init__(self, options: Options) -> None:
        self._options = options
        self._file: IO[bytes] | None = None

    def open(self) -> None:
        if not FileSystems.exists(self._options.path):
            with contextlib.suppress(FileExistsError):  # another worker was faster
                FileSystems.mkdirs(self._options.path)

    def write(self, value: Article | DeadLetter) -> None:
        line = codec.encode(value)
        if self._file is None:
            name = file_name(value.origin, self._options.compression)
            self._hidden = FileSystems.join(self._options.path, HIDDEN + name)
            self._final = FileSystems.join(self._options.path, name)
            self._file = FileSystems.create(
                self._hidden, compression_type=_COMPRESSION[self._options.compression]
            )
            self._records = self._bytes = 0
        self._file.write(line + b"\n")
        self._records += 1
        self._bytes += len(line) + 1
        if self._records >= self._options.max_file_records or self._bytes >= self._options.max_file_bytes:
            self.flush()

    def flush(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
            FileSystems.rename([self._hidden], [self._final])

    def close(self) -> None:
        """An open file belongs to a bundle that failed: it stays hidden."""
        if self._file is not None:
            self._file.close()
            self._file = None


class _LinesOnStdout:
    def __init__(self) -> None:
        self._lines = bytearray()

    def open(self) -> None:
        pass

    def write(self, value: Article | DeadLetter) -> None:
        self._lines += codec.encode(value)
        self._lines += b"\n"
        if len(self._lines) >= _STDOUT_BUFFER_BYTES:
            self.flush()

    def flush(self) -> None:
        sys.stdout.buffer.write(self._lines)
        sys.stdout.buffer.flush()
        self._lines.clear()

    def close(self) -> None:
        pass
