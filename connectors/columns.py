"""The types of a record's columns, from its published Avro schema: one source for all columnar sinks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import fastavro


class Column(NamedTuple):
    """A field of a record as columnar formats see it."""

    name: str
    type: str
    """`string`, `long`, `double`, `boolean`, `timestamp`, `record` or `map` (of strings)."""
    is_list: bool
    fields: tuple[Column, ...]
    """Of a record."""
    doc: str


def columns(avro: dict[str, Any]) -> tuple[Column, ...]:
    """The columns of an Avro record schema (`schemas.wire.avro_schema`).

    Enums are strings; values of maps are JSON texts, as `schemas.wire.avro_value` makes them.
    """
    named: dict[str, Any] = {}
    fastavro.parse_schema(avro, named_schemas=named)
    return tuple(_column(field, named.__getitem__) for field in avro["fields"])


def _column(field: dict[str, Any], named: Callable[[str], Any]) -> Column:
    schema, is_list = field["type"], False
    if isinstance(schema, list):
        (schema,) = (part for part in schema if part != "null")
    if isinstance(schema, dict) and schema["type"] == "array":
        schema, is_list = schema["items"], True
    if isinstance(schema, str) and "." in schema:
        schema = named(schema)
    fields: tuple[Column, ...] = ()
    if isinstance(schema, str):
        kind = schema
    elif schema.get("logicalType") == "timestamp-micros":
        kind = "timestamp"
    else:
        kind = "string" if schema["type"] == "enum" else schema["type"]
        if kind == "record":
            fields = tuple(_column(inner, named) for inner in schema["fields"])
    return Column(field["name"], kind, is_list, fields, field.get("doc", ""))
