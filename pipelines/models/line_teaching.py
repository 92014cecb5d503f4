"""What a larger model said of the lines of articles without labels. The texts are not here, only digests.

The teacher is multilingual-e5-small, fine-tuned on the line gold without the sites that are held back
(`tests/quality/gold.py`); docs/rules.md says how. `teaching/lines.tsv.gz` has a line an article: the digest
of its title and text, a tab, and for each of its lines how likely it is junk, in percent, two digits each.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipelines.models.topic_teaching import FOLDER, write_packed

FILE = FOLDER / "lines.tsv.gz"
_MOST_PERCENT = 99


def read(file: Path = FILE) -> dict[str, list[float]]:
    """Digest of an article -> how likely each of its lines is junk (0-1).

    Raises:
        OSError: the file can't be read.
        ValueError: it is damaged.
    """
    with gzip.open(file, "rt", encoding="ascii") as lines:
        pairs = [line.rstrip("\n").split("\t") for line in lines]
    return {
        name: [int(said[at : at + 2]) / _MOST_PERCENT for at in range(0, len(said), 2)]
        for name, said in pairs
    }


def write(shares: Mapping[str, Sequence[float]], file: Path = FILE) -> None:
    """Write what `read` reads; the same shares give the same bytes."""
    lines = [
        f"{name}\t{''.join(f'{round(_MOST_PERCENT * share):02d}' for share in said)}\n"
        for name, said in sorted(shares.items())
    ]
    write_packed(file, "".join(lines))
