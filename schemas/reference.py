"""`docs/schema.md`: each field of the wire schemas, made from the types and the published files.

python -m schemas.reference     writes it anew; a test fails while it differs
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from schemas.article import Article
from schemas.dead_letter import DeadLetter
from schemas.wire import FOLDER, field_docs
from schemas.withdrawal import Withdrawal

FILE = Path(__file__).parents[1] / "docs" / "schema.md"
_RECORDS: dict[str, type] = {"Article": Article, "Withdrawal": Withdrawal, "Dead letter": DeadLetter}

_HEAD = """\
# The wire schemas

What producers send (raw articles) and what newsbeam writes (articles, withdrawals, dead letters), field by
field. The files: `schemas/wire/*.v1.schema.json` (JSON Schema 2020-12) and `*.v1.avsc` (Avro 1.11). Made by
`python -m schemas.reference` from the types, so that it agrees with them.

## What may change

Version 1 is frozen: `tests/schemas/frozen` holds it as it was published, and a test compares.

- No field goes, is renamed, or changes its type or meaning. A closed list of values gains none.
- A field may be added: nullable or a list, with a default. Readers find fields by name, not by place. In
  Avro an old reader skips it, and a new reader gives an old record the default.
- JSON readers must let unknown fields pass. All known fields are always there; absent is `null`, `[]` or
  `{}`.
- Anything else is version 2, under new file names, written beside version 1 for as long as someone reads
  that.
- Raw articles: what fits today fits tomorrow. Unknown fields are carried in `extra`, so a field that
  becomes known one day was never lost.

Times are UTC, RFC 3339 with `Z` in JSON and microseconds since 1970 in Avro. Offsets are Unicode code
points, half-open. Confidences are integers from 0 to 100 that mean what they say; shares and scores are
from 0 to 1. In Avro the values of `extra` that are no strings are texts of JSON.
"""


def reference() -> str:
    """The page, in Markdown."""
    raw = json.loads((FOLDER / "raw_article.v1.schema.json").read_text("utf-8"))
    parts = [_HEAD, f"## Raw article\n\n{raw['description']}\n", _table(_raw_rows(raw))]
    for title, record in _RECORDS.items():
        parts += [f"## {title}\n\n{_sentence(record)}\n", _table(_rows(record))]
    parts.append("## Parts\n")
    for part in _parts(*_RECORDS.values()):
        parts.append(f"### {part.__name__}\n\n{_sentence(part)}\n")
        parts.append(_values(part) if issubclass(part, StrEnum) else _table(_rows(part)))
    return "\n".join(parts)


def _raw_rows(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, field in schema["properties"].items():
        kinds = [kind for kind in field["type"] if kind != "null"]
        yield name, " or ".join(kinds), field["description"]


def _rows(record: type) -> Iterator[tuple[str, str, str]]:
    docs, hints = field_docs(record), typing.get_type_hints(record)
    for field in dataclasses.fields(record):
        yield field.name, _type(hints[field.name]), docs.get(field.name, "")


def _values(kind: type[StrEnum]) -> str:
    docs = field_docs(kind)
    return "\n".join(f"- `{member.value}` {docs.get(member.name, '')}".rstrip() for member in kind) + "\n"


def _table(rows: Iterator[tuple[str, str, str]]) -> str:
    lines = [f"| `{name}` | {kind} | {doc.replace('|', chr(92) + '|')} |" for name, kind, doc in rows]
    return "\n".join(["| field | type | what it holds |", "|---|---|---|", *lines, ""])


def _type(hint: Any) -> str:
    names = {str: "string", int: "integer", float: "number", bool: "boolean", datetime: "time"}
    if hint in names:
        return names[hint]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return f"{_type(arguments[0])} or null"
    if origin is tuple:
        return f"list of {_type(arguments[0])}"
    if origin is Mapping:
        return "map"
    return f"[{hint.__name__}](#{hint.__name__.lower()})"


def _parts(*records: type) -> list[type]:
    """The record types and closed lists inside others, each once, in the order in which they are met."""
    found: dict[type, None] = {}

    def walk(hint: Any) -> None:
        if isinstance(hint, type) and (dataclasses.is_dataclass(hint) or issubclass(hint, StrEnum)):
            if hint not in records:
                if hint in found:
                    return
                found[hint] = None
            if dataclasses.is_dataclass(hint):
                for inner in typing.get_type_hints(hint).values():
                    walk(inner)
        for argument in typing.get_args(hint):
            walk(argument)

    for record in records:
        walk(record)
    return list(found)


def _sentence(record: type) -> str:
    return " ".join((record.__doc__ or "").split())


if __name__ == "__main__":
    FILE.write_text(reference(), "utf-8")
