"""What a larger model taught: topics of texts, and vectors of words. Its texts are not here, only digests.

The teacher is multilingual-e5-small, fine-tuned on the articles that readers labelled, without those of the
held-out publishers (`docs/topics.md` says how). `teaching/labels.tsv.gz` has a line a text, the digest of
its title and text and the probabilities of its topics in percent. `teaching/words.npz` has a vector for
the beginnings of words in all its languages: the teacher's, of the word alone, in few dimensions.
"""

from __future__ import annotations

import gzip
import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

FOLDER = Path(__file__).parent / "teaching"
LEAST_PERCENT = 2
"""Topics that the teacher gives less are left out."""

_STEPS = 15  # a component of a vector is one of -15 ... 15 steps; more gain nothing


@dataclass(frozen=True)
class Teaching:
    """What the teacher knows; empty where there was none."""

    labels: Mapping[str, Mapping[str, float]]
    """Digest of a text -> topic key -> probability (0-1), summing to 1."""
    words: Sequence[str]
    """Beginnings of words, as `pipelines.text.topics.features` makes them."""
    vectors: npt.NDArray[np.float32]
    """A row a word, centred, about as long in each dimension over the texts."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """File -> SHA-256, of what was read from files."""

    @classmethod
    def none(cls) -> Teaching:
        """No teacher: training goes by the labels alone."""
        return cls({}, (), np.zeros((0, 0), np.float32))


def digest(title: str, text: str) -> str:
    """What stands for a text in `labels.tsv.gz`: the first 16 hexadecimal digits of a SHA-256."""
    return hashlib.sha256(f"{title}\n{text}".encode("utf-8", "replace")).hexdigest()[:16]


def read(folder: Path = FOLDER) -> Teaching:
    """Read both files. Raises `OSError` when one is not there, `ValueError` when it is damaged."""
    with gzip.open(folder / "labels.tsv.gz", "rt", encoding="utf-8") as lines:
        labels = dict(_label(line) for line in lines)
    with np.load(folder / "words.npz") as arrays:
        words = arrays["words"].tobytes().decode().split("\n")
        vectors = arrays["vectors"].astype(np.float32) * arrays["steps"]
    files = [folder / "labels.tsv.gz", folder / "words.npz"]
    digests = {f"teaching/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    return Teaching(labels, words, vectors, digests)


def write(teaching: Teaching, folder: Path = FOLDER) -> None:
    """Write both files; the same teaching gives the same bytes."""
    lines = []
    for name, shares in sorted(teaching.labels.items()):
        percents = {key: round(100 * share) for key, share in shares.items()}
        said = sorted(((p, key) for key, p in percents.items() if p >= LEAST_PERCENT), reverse=True)
        lines.append(f"{name}\t{' '.join(f'{key}={percent}' for percent, key in said)}\n")
    folder.mkdir(parents=True, exist_ok=True)
    write_packed(folder / "labels.tsv.gz", "".join(lines))
    steps = (3 / _STEPS * teaching.vectors.std(axis=0)).astype(np.float32)
    whole = np.clip(np.round(teaching.vectors / steps), -_STEPS, _STEPS).astype(np.int8)
    words = np.frombuffer("\n".join(teaching.words).encode(), np.uint8)
    _save(folder / "words.npz", {"words": words, "vectors": whole, "steps": steps})


def write_packed(path: Path, text: str) -> None:
    """Pack a text with gzip; the same text gives the same bytes."""
    with path.open("wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
        packed.write(text.encode())


def _save(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """As `numpy.savez_compressed`, a ninth smaller: its deflate does not come as near to the entropy."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy")
            member.compress_type = zipfile.ZIP_LZMA
            with archive.open(member, "w") as file:
                np.lib.format.write_array(file, array)


def _label(line: str) -> tuple[str, dict[str, float]]:
    name, said = line.rstrip("\n").split("\t")
    percents = {key: int(percent) for key, percent in (pair.split("=") for pair in said.split(" "))}
    total = sum(percents.values())
    return name, {key: percent / total for key, percent in percents.items()}
