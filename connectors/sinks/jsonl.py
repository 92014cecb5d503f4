"""Writes records as JSON Lines: files that appear whole, or lines on standard output.

Files appear whole, by a rename, when they are full or their bundle ends (`connectors/whole_files.py`). A
file never spans bundles, since a bundle counts as read when it ends: what lay in a file that went on would
be lost, or repeated, with it. docs/sinks.md says how a live topic becomes files of a decent size.
"""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass, replace
from typing import IO, Literal

import apache_beam as beam
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from connectors.delivery import Deliver, Delivery
from connectors.metrics import report_disk
from connectors.whole_files import file_name, hidden_and_final, make_folder, withdrawn_beside
from schemas.article import Article
from schemas.dead_letter import DeadLetter
from schemas.formats import Format, encode_as
from schemas.withdrawal import Withdrawal

STDOUT = "-"
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
    """A folder on any filesystem Beam knows (`gs://…` with the gcp extra); `-` is standard output. Withdrawn
    articles are listed in a folder beside it, `PATH-withdrawn`."""
    format: Format = "newsbeam"
    """How an article is written: newsbeam's record, `ninjs` (3.1) or `schema_org` (NewsArticle, JSON-LD)."""
    compression: Literal["none", "gzip", "zstd"] = "none"
    """How files are packed; their names end in `.gz` or `.zst`."""
    max_file_records: int = 5_000
    """A file is finished after so many records: what an interrupted replay does again at most."""
    max_file_bytes: int = 64 * 1024 * 1024
    """… or so many bytes, before compression."""


def write(options: Options, delivery: Delivery) -> beam.PTransform:
    """`PCollection[Outcome] -> PCollection[Outcome]`: writes what the sink takes; nothing is undelivered
    but with `on_failure`."""
    writer = _LinesOnStdout(options.format) if options.path == STDOUT else _Lines(options)
    return Deliver(writer, delivery)


class _Lines:
    """Articles (or dead letters) in one folder, withdrawals in the one beside it."""

    def __init__(self, options: Options) -> None:
        self._records = Files(options)
        self._withdrawals = Files(replace(options, path=withdrawn_beside(options.path)))

    def open(self) -> None:
        self._records.open()

    def write(self, value: Article | Withdrawal | DeadLetter) -> None:
        (self._withdrawals if isinstance(value, Withdrawal) else self._records).write(value)

    def flush(self) -> None:
        self._records.flush()
        self._withdrawals.flush()

    def close(self) -> None:
        self._records.close()
        self._withdrawals.close()


class Files:
    """Writes lines to files in one folder, which is made with the first of them or by `open`."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._file: IO[bytes] | None = None
        self._is_open = False

    def open(self) -> None:
        """Make the folder."""
        make_folder(self._options.path)
        self._is_open = True

    def write(self, value: Article | Withdrawal | DeadLetter) -> None:
        """Add a line; finishes a file that is full."""
        line = encode_as(self._options.format, value)
        if self._file is None:
            if not self._is_open:
                self.open()
            self._start(file_name(value.origin, _SUFFIX[self._options.compression]))
        assert self._file is not None
        self._file.write(line + b"\n")
        self._records += 1
        self._bytes += len(line) + 1
        if self._records >= self._options.max_file_records or self._bytes >= self._options.max_file_bytes:
            self.flush()

    def _start(self, name: str) -> None:
        self._hidden, self._final = hidden_and_final(self._options.path, name)
        self._file = FileSystems.create(
            self._hidden, compression_type=_COMPRESSION[self._options.compression]
        )
        self._records = self._bytes = 0
        report_disk(self._options.path)

    def flush(self) -> None:
        """Finish the file that is begun."""
        if self._file is not None:
            self._file.close()
            self._file = None
            FileSystems.rename([self._hidden], [self._final])

    def close(self) -> None:
        """An open file belongs to a bundle that failed: it stays hidden."""
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):  # where the disk is full, closing it fails, too
                file.close()


class _LinesOnStdout:
    def __init__(self, format: Format) -> None:
        self._format = format
        self._lines = bytearray()

    def open(self) -> None:
        pass

    def write(self, value: Article | Withdrawal | DeadLetter) -> None:
        self._lines += encode_as(self._format, value)
        self._lines += b"\n"
        if len(self._lines) >= _STDOUT_BUFFER_BYTES:
            self.flush()

    def flush(self) -> None:
        sys.stdout.buffer.write(self._lines)
        sys.stdout.buffer.flush()
        self._lines.clear()

    def close(self) -> None:
        self._lines.clear()
