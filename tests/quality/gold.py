"""The line gold, joined and split by site, and what the project's own cleaning makes of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipelines.steps.strip_boilerplate import StripBoilerplate
from schemas.article import RawArticle
from schemas.dead_letter import ArticleRejected
from schemas.origin import Origin

SPLIT = "169"
"""Chosen among the first 300 numbers, before any rule was written, because it divides most languages'
pages evenly."""

FILES = ("cleaning_dev.jsonl", "cleaning_train.jsonl")


def is_hidden(site: str) -> bool:
    """Whether a site belongs to the half that nobody looks at when writing rules."""
    return hashlib.sha256(f"{SPLIT}:{site}".encode()).digest()[0] % 2 == 1


def pages(shared: Path) -> Iterator[dict[str, Any]]:
    """All labelled pages."""
    for name in FILES:
        with (shared / "gold" / name).open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def clean(rows: list[dict[str, Any]]) -> list[tuple[Mapping[str, Any], str]]:
    """Each page with its clean text; a rejected page has none."""
    step = StripBoilerplate()
    step.setup()
    return [(row, _clean(step, row)) for row in rows]


def _clean(step: StripBoilerplate, row: Mapping[str, Any]) -> str:
    raw = RawArticle(
        row["id"],
        Origin("files", path="gold", record=0),
        text="\n\n".join(row["lines"]),
        url=row.get("url"),
        publisher=row.get("site"),
        title=row.get("title"),
    )
    try:
        return step.convert(raw).text
    except ArticleRejected:
        return ""
