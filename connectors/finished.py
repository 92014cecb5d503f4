"""Which records an interrupted replay has already written: what `--resume` passes over.

The written files are the only truth: a file becomes visible by a rename, whole, and each record in it
names its origin. There is no journal that could disagree with them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq

from schemas.origin import Origin


class Finished:
    """A set of file origins, one bit a record."""

    def __init__(self) -> None:
        self._bits: defaultdict[str, bytearray] = defaultdict(bytearray)
        self.count = 0

    def add(self, path: str, record: int) -> None:
        """Add a record; adding it twice is an error in what was written.

        Raises:
            ValueError: the record stands in the output twice.
        """
        bits, byte = self._bits[path], record >> 3
        if byte >= len(bits):
            bits.extend(bytes(byte + 1 - len(bits)))
        if bits[byte] >> (record & 7) & 1:
            raise ValueError(f"{path}#{record} stands in the output twice")
        bits[byte] |= 1 << (record & 7)
        self.count += 1

    def __contains__(self, origin: Origin) -> bool:
        if origin.path is None or origin.record is None or origin.path not in self._bits:
            return False
        bits, byte = self._bits[origin.path], origin.record >> 3
        return byte < len(bits) and bool(bits[byte] >> (origin.record & 7) & 1)


def finished(files: Iterable[Path]) -> Finished:
    """Reads the origins of all records in some written `.jsonl` and `.parquet` files.

    Raises:
        ValueError: a record stands there twice.
    """
    done = Finished()
    for file in files:
        for origin in _origins(file):
            done.add(origin["path"], origin["record"])
    return done


def _origins(file: Path) -> Iterator[dict[str, Any]]:
    if file.suffix == ".parquet":
        with pq.ParquetFile(file) as parquet:
            for batch in parquet.iter_batches(columns=["origin.path", "origin.record"]):
                yield from batch.column(0).to_pylist()
        return
    with file.open("rb") as lines:
        for line in lines:
            yield orjson.loads(line)["origin"]
