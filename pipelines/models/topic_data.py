"""The rows a topic model is trained on, and the publishers that are held out to judge it."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.models.data_file import DataFault, read_lines
from pipelines.models.topic_teaching import Teaching, digest

HELD_SHARE = 0.2
"""So much of each language's labelled articles is held out (0-1), by whole publishers."""


@dataclass(frozen=True)
class Row:
    """One labelled text."""

    title: str
    text: str
    language: str
    primary: str
    """A topic's key."""
    secondary: tuple[str, ...]
    publisher: str
    url: str
    source: str
    """`reader` (labelled by a person), `written` (for training), `none` (not labelled, but taught), else
    the name its file gives."""
    taught: Mapping[str, float] = field(default_factory=dict)
    """Topic key -> probability that the teacher gave it (0-1); empty where it was not asked."""

    @property
    def asks_teacher(self) -> bool:
        """Whether the teacher's word counts more than the row's own label."""
        return bool(self.taught) and self.source not in ("reader", "written")


def read_rows(paths: Iterable[Path], teaching: Teaching | None = None) -> list[Row]:
    """Read `.jsonl` and `.jsonl.gz` files of labelled articles, written items, weakly labelled texts and
    articles without a label.

    Rows that neither a reader nor the teacher gave a topic are left out, and so is an article without a
    label whose URL another file labels. Raises `DataFault`, and `OSError` for a file that can't be read.
    """
    labels = teaching.labels if teaching else {}
    rows = [row for path in paths for row in _read(path, labels)]
    labelled = {row.url for row in rows if row.source == "reader"}
    return [row for row in rows if row.source != "none" or row.url not in labelled]


def _read(path: Path, labels: Mapping[str, Mapping[str, float]]) -> Iterator[Row]:
    for number, fields in read_lines(path):
        try:
            text = fields["text"]
            title = fields.get("title") or ""
            taught = labels.get(digest(title, text), {})
            source, primary = _label(fields, taught)
            if primary is None:
                continue
            yield Row(
                title=title,
                text=text,
                language=fields.get("lang") or "und",
                primary=primary,
                secondary=tuple(fields.get("secondary") or ()),
                publisher=fields.get("publisher") or fields.get("site") or "",
                url=fields.get("url") or "",
                source=source,
                taught=taught,
            )
        except (KeyError, TypeError) as error:
            raise DataFault(f"{path}:{number}: not a labelled text ({error})") from error


def _label(fields: Mapping[str, Any], taught: Mapping[str, float]) -> tuple[str, str | None]:
    """(source, primary topic) of a row."""
    if "primary" in fields:
        source = "written" if fields.get("synthetic") else "reader"
        return fields.get("source") or source, fields["primary"]
    if "label" in fields:
        return fields.get("source") or "weak", fields["label"]
    if "published_at" not in fields:
        raise KeyError("label")
    return "none", max(taught, key=lambda key: taught[key], default=None)


def split(rows: Sequence[Row], share: float = HELD_SHARE) -> tuple[list[Row], list[Row]]:
    """(rows to train on, rows to judge by): no publisher and no URL is in both.

    In each language the publishers are taken in the order of their names' digests until they hold
    `share` of what readers labelled; one that alone holds more than half of a language is never taken.
    """
    read = [row for row in rows if row.source == "reader"]
    held = _held_publishers(read, share)
    judged = [row for row in read if row.publisher in held]
    urls = {row.url for row in judged}
    kept = [row for row in rows if row.publisher not in held and not (row.url and row.url in urls)]
    return kept, judged


def _held_publishers(read: Sequence[Row], share: float) -> set[str]:
    languages: dict[str, Counter[str]] = defaultdict(Counter)
    for row in read:
        languages[row.publisher][row.language] += 1
    homes: dict[str, dict[str, int]] = defaultdict(dict)
    for publisher, counts in languages.items():
        homes[counts.most_common(1)[0][0]][publisher] = counts.total()
    held = set()
    for publishers in homes.values():
        total, taken = sum(publishers.values()), 0
        for publisher in sorted(publishers, key=lambda name: hashlib.sha256(name.encode()).hexdigest()):
            count = publishers[publisher]
            if taken >= share * total:
                break
            if count <= 0.5 * total and (not taken or taken + count <= 1.5 * share * total):
                held.add(publisher)
                taken += count
    return held
