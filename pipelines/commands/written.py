"""Reads what a replay wrote: a `.jsonl` file, or the output folder."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from pipelines.commands.console import wrong_usage

_Record = TypeVar("_Record")


def written_files(path: Path, kind: str) -> list[Path]:
    """The `.jsonl` files at a path.

    Args:
        path: a file; a folder of files; or a replay's output folder.
        kind: the folder to look in where it is an output folder (`articles`, `dead_letters`).
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        wrong_usage(f"{path}: no such file or folder")
    inner = path / kind
    files = sorted((inner if inner.is_dir() else path).glob("[!.]*.jsonl*"))
    if not files and not inner.is_dir():
        wrong_usage(f"{path}: holds neither {kind}/ nor .jsonl files")
    return files


def read_written(path: Path, kind: str, decode: Callable[[bytes], _Record]) -> Iterator[_Record]:
    """The records at a path (see `written_files`). What is none ends the command, with file and line."""
    from pydantic import ValidationError

    for file in written_files(path, kind):
        number = 0
        try:
            with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as lines:
                for number, line in enumerate(lines, 1):  # noqa: B007
                    yield decode(line)
        except ValidationError as error:
            why = f"{'.'.join(map(str, error.errors()[0]['loc']))} {error.errors()[0]['msg']}".strip()
            wrong_usage(f"{file}: line {number} is none of the {kind} that a replay writes: {why}")
        except (OSError, EOFError, zlib.error) as error:
            wrong_usage(f"{file}: {error}")
