"""Reads what a replay wrote: a `.jsonl` file, or the output folder."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

from pipelines.commands.console import wrong_usage


def written_files(path: Path, kind: str) -> list[Path]:
    """The `.jsonl` files at a path.

    Args:
        path: a file; a folder of files; or a replay's output folder.
        kind: the folder to look in where it is an output folder (`articles`, `dead_letters`).
    """
    if path.is_file():
        return [path]
    folder = path / kind if (path / kind).is_dir() else path
    files = sorted(folder.glob("[!.]*.jsonl*"))
    if not folder.is_dir():
        wrong_usage(f"{path}: no such file or folder")
    return files


def read_lines(path: Path, kind: str) -> Iterator[bytes]:
    """The records' lines at a path (see `written_files`)."""
    for file in written_files(path, kind):
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as lines:
            yield from lines
