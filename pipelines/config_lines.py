"""Where in a TOML file each value stands: Python's reader does not say."""

from __future__ import annotations

import io
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any


def lines(text: str) -> dict[str, int]:
    """The line (from 1) of each table and value, by place: `source.kafka_topic`, `sinks[0].path`.

    Statements are read one by one by Python's own reader: a statement is whole as soon as it can be read.

    Args:
        text: a whole file that is TOML.
    """
    found: dict[str, int] = {}
    counts: Counter[str] = Counter()
    table, statement, begun = "", "", 1
    for number, line in enumerate(io.StringIO(text), 1):  # not by splitlines: U+0085, U+2028 end no line
        if not statement:
            begun = number
        statement += line
        try:
            tables = tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            continue  # goes on in the next line
        if statement.lstrip().startswith("["):
            table = _table(tables, counts, is_item=statement.lstrip().startswith("[["))
            found.setdefault(table, begun)
        else:
            for place in _places(tables, table):
                found.setdefault(place, begun)
        statement = ""
    return found


def line_of(place: str, found: Mapping[str, int]) -> int | None:
    """The line of a place, or of the nearest table around it; None where not even that stands there."""
    while place and place not in found:
        place = place.rpartition(".")[0] if "." in place else place.partition("[")[0] * place.endswith("]")
    return found.get(place)


def _table(tables: Mapping[str, Any], counts: Counter[str], *, is_item: bool) -> str:
    """The place a header names. Of an array of tables the latest is meant."""
    place, inner = "", tables
    while inner:
        ((key, value),) = inner.items()
        place = f"{place}.{key}" if place else key
        if isinstance(value, list):
            value = value[0]
        if is_item and not value:
            counts[place] += 1
        if counts[place]:
            place = f"{place}[{counts[place] - 1}]"
        inner = value
    return place


def _places(tables: Mapping[str, Any], table: str) -> Iterator[str]:
    for key, value in tables.items():
        place = f"{table}.{key}" if table else key
        yield place
        if isinstance(value, Mapping):
            yield from _places(value, place)
