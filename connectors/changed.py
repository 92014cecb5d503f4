"""What two outputs of one corpus have in common: an article's record without what a new run must change."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from schemas import codec
from schemas.article import Article

UNCOMPARED = ("origin", "provenance")
"""Where it was read, and which versions made it: they may differ though the article is the same."""


def comparable(record: dict[str, Any]) -> dict[str, Any]:
    """A written record without what is not compared."""
    return {name: value for name, value in record.items() if name not in UNCOMPARED}


def digest(record: dict[str, Any]) -> bytes:
    """Sixteen bytes that tell two comparable records apart."""
    packed = orjson.dumps(comparable(record), option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(packed, digest_size=16).digest()


def write_index(records: Iterable[dict[str, Any]], index: Path) -> int:
    """Write the digests of an output's records to a database that workers look into; 60 bytes a record.

    Of several records of one id the first counts.

    Returns:
        How many ids there are.
    """
    with sqlite3.connect(index) as database:
        database.execute("create table records (id text primary key, digest blob) without rowid")
        database.executemany(
            "insert or ignore into records values (?, ?)", ((r["id"], digest(r)) for r in records)
        )
        (count,) = database.execute("select count(*) from records").fetchone()
    database.close()
    return int(count)


@dataclass
class ChangedSince:
    """Keeps articles that an earlier output does not have, or has otherwise. For `connectors/keeps.py`."""

    index: Path
    """As `write_index` wrote it; a local file of every worker."""

    def __post_init__(self) -> None:
        self._database: sqlite3.Connection | None = None

    def __getstate__(self) -> Path:
        return self.index

    def __setstate__(self, index: Path) -> None:
        self.index, self._database = index, None

    def has(self, article: Article) -> bool:
        """Whether an article is new or has changed."""
        if self._database is None:
            # Beam calls from one thread at a time, but not always from the same one.
            uri = f"{self.index.resolve().as_uri()}?mode=ro"
            self._database = sqlite3.connect(uri, uri=True, check_same_thread=False)
        known = self._database.execute("select digest from records where id = ?", (article.id,)).fetchone()
        return known is None or known[0] != digest(codec.plain(article))
