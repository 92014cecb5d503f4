"""Reads what a replay wrote: a `.jsonl` file, or the output folder."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pipelines.commands.console import wrong_usage
from pipelines.record_files import UNREADABLE, open_records, record_files

if TYPE_CHECKING:
    from schemas.article import Article

_Record = TypeVar("_Record")
_SHOWN_IDS = 5


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
    files = record_files(inner if inner.is_dir() else path)
    if not files and not inner.is_dir():
        wrong_usage(f"{path}: holds neither {kind}/ nor .jsonl files")
    return files


def read_written(path: Path, kind: str, decode: Callable[[bytes], _Record]) -> Iterator[_Record]:
    """The records at a path (see `written_files`). What is none ends the command, with file and line."""
    for file in written_files(path, kind):
        for _, record in read_file(file, kind, decode):
            yield record


def read_file(file: Path, kind: str, decode: Callable[[bytes], _Record]) -> Iterator[tuple[bytes, _Record]]:
    """The lines of one written file, and the records they are. What is none ends the command."""
    from pydantic import ValidationError

    number = 0
    try:
        with open_records(file) as lines:
            for number, line in enumerate(lines, 1):  # noqa: B007
                yield line, decode(line)
    except ValueError as error:
        why = str(error)
        if isinstance(error, ValidationError):
            why = f"{'.'.join(map(str, error.errors()[0]['loc']))} {error.errors()[0]['msg']}".strip()
        wrong_usage(f"{file}: line {number} is none of the {kind} that a replay writes: {why}")
    except UNREADABLE as error:
        wrong_usage(f"{file}: {error}")


def one_article(record: str, id: str | None) -> Article:
    """The one article that a person names.

    Args:
        record: a path (see `written_files`), `-` for standard input, or the record itself as JSON.
        id: which article, where there are several.
    """
    from pydantic import ValidationError

    from schemas.codec import decode_article

    if record == "-" or record.lstrip().startswith("{"):
        lines = sys.stdin.buffer.read() if record == "-" else record.encode("utf-8", "surrogateescape")
        try:
            found = iter([decode_article(line) for line in lines.splitlines() if line.strip()])
        except ValidationError as error:
            wrong_usage(f"this is no record that a replay writes: {error.errors()[0]['msg']}")
    else:
        found = read_written(Path(record), "articles", decode_article)
    if id is not None:
        found = (article for article in found if article.id == id)
    some = list(itertools.islice(found, _SHOWN_IDS + 1))
    if not some:
        wrong_usage(f"no article{f' with id {id}' if id is not None else ''} in what was named")
    if len(some) > 1 and id is None:
        ids = "\n".join(f"  {article.id}  {article.title or ''}" for article in some[:_SHOWN_IDS])
        wrong_usage(
            f"several articles; say which with --id:\n{ids}{chr(10) + '  …' if len(some) > 5 else ''}"
        )
    return some[0]
