"""Files of records, one a line, as the jsonl sink writes them: plain, or packed with gzip or zstd."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

UNREADABLE = (OSError, EOFError, zlib.error)
"""What a damaged file raises."""


def record_files(folder: Path) -> list[Path]:
    """The finished files in a folder, in order."""
    return sorted(folder.glob("[!.]*.jsonl*"))


def open_records(file: Path, mode: str = "rb") -> IO[Any]:
    """A file's lines, unpacked by its name's end."""
    if file.name.endswith(".gz"):
        return gzip.GzipFile(file, mode)  # type: ignore[return-value]
    if file.name.endswith(".zst"):
        import pyarrow  # not zstandard, to which a file that was cut is one that ends there

        if mode == "rb":
            return io.BufferedReader(pyarrow.input_stream(str(file), compression="zstd"))
        return pyarrow.output_stream(str(file), compression="zstd")  # type: ignore[no-any-return]
    return file.open(mode)


def rewrite(file: Path, lines: Iterable[bytes]) -> int:
    """Put other lines in a file's place, by a rename; without any the file goes. Its time stays.

    Returns:
        How many lines it has now.
    """
    from connectors.whole_files import HIDDEN  # imports Beam

    status = file.stat()
    # Packed as before, so by the same end.
    hidden = file.with_name(f"{HIDDEN}rewritten-{file.name}")
    count = 0
    with open_records(hidden, "wb") as out:
        for line in lines:
            out.write(line.removesuffix(b"\n") + b"\n")
            count += 1
    if count:
        os.utime(hidden, ns=(status.st_atime_ns, status.st_mtime_ns))
        hidden.replace(file)
    else:
        hidden.unlink()
        file.unlink()
    return count
