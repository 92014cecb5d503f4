"""Pinned floors: what quality must not fall below. `floors.toml` beside this file.

A floor is only ever raised, unless someone says in so many words that it may fall.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from pathlib import Path

FILE = Path(__file__).parent / "floors.toml"
DIGITS = 4

Figures = Mapping[str, float]


def read(table: str) -> dict[str, float]:
    """The floors of one table; none where it is not there yet."""
    return dict(_tables().get(table, {}))


def below(table: str, measured: Figures) -> list[str]:
    """A line for each figure that is under its floor or was not measured."""
    return [
        f"{table}.{name}: {measured.get(name, 0.0):.4f} is under the floor {floor:.4f}"
        for name, floor in read(table).items()
        if measured.get(name, 0.0) < floor
    ]


def update(table: str, measured: Figures, *, may_lower: bool) -> list[str]:
    """Write the figures as the table's floors, rounded down.

    Returns:
        What stands in the way: the floors that would fall. Then nothing was written.
    """
    new = {name: math.floor(value * 10**DIGITS) / 10**DIGITS for name, value in measured.items()}
    falling = [
        f"{table}.{name}: {floor:.4f} -> {new.get(name, 0.0):.4f}"
        for name, floor in read(table).items()
        if new.get(name, 0.0) < floor
    ]
    if falling and not may_lower:
        return falling
    tables = {**_tables(), table: new}
    parts = ["# Written by the quality commands; see floors.py. Shares, 0-1."]
    for name, values in sorted(tables.items()):
        parts.append(f"\n[{name}]")
        parts += [f"{key} = {value:.4f}" for key, value in sorted(values.items())]
    FILE.write_text("\n".join(parts) + "\n", encoding="utf-8")
    return []


def _tables() -> dict[str, dict[str, float]]:
    return tomllib.loads(FILE.read_text("utf-8")) if FILE.exists() else {}
