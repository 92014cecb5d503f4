"""Files of training data: JSON Lines, packed with gzip or not."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson


class DataFault(ValueError):
    """A data file is not what the trainer expects; the message names file and line."""


def read_lines(path: Path) -> Iterator[tuple[int, Any]]:
    """Each line's number, from 1, and what it says.

    Raises:
        OSError: the file can't be read.
        DataFault: a line is not JSON, or the packed file breaks off or is none.
    """
    number = 0
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
        try:
            for number, line in enumerate(lines, 1):
                yield number, orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise DataFault(f"{path}:{number}: not JSON ({error})") from error
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DataFault(f"{path}:{number + 1}: the packed file breaks off ({error})") from error
