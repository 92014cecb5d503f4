"""Files that readers see whole or not at all, under names that a repeated bundle takes again.

A file is written under a hidden name and renamed when it is finished. It is named after the origin of its
first record: a bundle that runs again overwrites its own file instead of adding a copy.
"""

from __future__ import annotations

import contextlib
import hashlib
import re

from apache_beam.io.filesystems import FileSystems

from schemas.origin import Origin

HIDDEN = ".part-"
"""Files that begin so are unfinished."""
_UNFINISHED = ".unfinished"
"""They end so, too: the globs of some readers (`*.jsonl` in DuckDB) match names that begin with a dot."""
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def file_name(origin: Origin, suffix: str) -> str:
    """The name of a file whose first record has this origin: readable, safe, and its own.

    >>> file_name(Origin("files", "seeds/000.txt", 0), ".jsonl")
    'seeds_000.txt-000000000-4c9f7a2d.jsonl'
    """
    if origin.kafka_topic is not None:
        place, number = f"{origin.kafka_topic}-{origin.partition}", origin.offset or 0
    else:
        place, number = origin.path or "", origin.record or 0
    digest = hashlib.sha256(place.encode()).hexdigest()[:8]
    return f"{_UNSAFE.sub('_', place)[-80:].lstrip('.')}-{number:09d}-{digest}{suffix}"


def hidden_and_final(folder: str, name: str) -> tuple[str, str]:
    """Where a file is written, and where it goes when it is finished."""
    return FileSystems.join(folder, f"{HIDDEN}{name}{_UNFINISHED}"), FileSystems.join(folder, name)


def make_folder(folder: str) -> None:
    """Make a folder, unless it is there."""
    if not FileSystems.exists(folder):
        with contextlib.suppress(FileExistsError):  # another worker was faster
            FileSystems.mkdirs(folder)


def withdrawn_beside(folder: str) -> str:
    """Where the withdrawals of what a folder holds are listed: beside it, so that no reader of the folder
    takes them for articles.

    >>> withdrawn_beside("out/articles/")
    'out/articles-withdrawn'
    """
    return folder.rstrip("/") + "-withdrawn"
