"""The published schemas of what newsbeam writes, made from the Python types so that they agree.

    python -m schemas.wire     writes schemas/wire/{article,dead_letter,withdrawal}.v1.{avsc,schema.json}

A test fails while the files differ from the types. `raw_article.v1.schema.json`, what
producers send, is written by hand: there is no type for what may come. What may change in a version, and
what each field holds, is said in `docs/schema.md`.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import itertools
import json
import types
import typing
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from schemas.article import Article
from schemas.dead_letter import DeadLetter
from schemas.withdrawal import Withdrawal

FOLDER = Path(__file__).with_name("wire")
PUBLISHED: dict[str, type] = {
    "article.v1": Article,
    "dead_letter.v1": DeadLetter,
    "withdrawal.v1": Withdrawal,
}
_AVRO_NAMESPACE = "newsbeam.v1"
_AVRO_SCALARS: dict[Any, Any] = {
    str: "string",
    int: "long",
    float: "double",
    bool: "boolean",
    datetime: {"type": "long", "logicalType": "timestamp-micros"},
}


def avro_schema(record: type) -> dict[str, Any]:
    """The Avro schema (1.11) of a record type. Values of open maps (`extra`) are JSON texts."""
    return typing.cast(dict[str, Any], _avro(record, set()))


def json_schema(record: type) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a record type. Every field is always there; absent is null."""
    schema = TypeAdapter(record).json_schema(mode="serialization")
    types_by_name = {cls.__name__: cls for cls in _dataclasses(record)}
    for part in [schema, *schema.get("$defs", {}).values()]:
        if part.get("type") == "object":
            docs = field_docs(types_by_name[part["title"]])
            part["required"] = list(part["properties"])
            for name, field in part["properties"].items():
                field.pop("default", None)
                field.pop("title", None)
                if name in docs:
                    field["description"] = docs[name]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def avro_value(record: Any) -> Any:
    """A record as the plain value an Avro writer takes for `avro_schema` of its type."""
    if dataclasses.is_dataclass(record):
        return {field.name: avro_value(getattr(record, field.name)) for field in dataclasses.fields(record)}
    if isinstance(record, Mapping):
        return {key: value if isinstance(value, str) else json.dumps(value) for key, value in record.items()}
    if isinstance(record, tuple):
        return [avro_value(value) for value in record]
    return str(record) if isinstance(record, StrEnum) else record


def _avro(hint: Any, named: set[str]) -> Any:
    if hint in _AVRO_SCALARS:
        return _AVRO_SCALARS[hint]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        (inner,) = (argument for argument in arguments if argument is not types.NoneType)
        return ["null", _avro(inner, named)]
    if origin is tuple:
        return {"type": "array", "items": _avro(arguments[0], named)}
    if origin is Mapping:
        return {"type": "map", "values": "string"}
    if hint.__name__ in named:
        return f"{_AVRO_NAMESPACE}.{hint.__name__}"
    named.add(hint.__name__)
    head = {"name": hint.__name__, "namespace": _AVRO_NAMESPACE, "doc": _first_line(hint)}
    if issubclass(hint, StrEnum):
        return {"type": "enum", **head, "symbols": [member.value for member in hint]}
    hints = typing.get_type_hints(hint)
    docs, fields = field_docs(hint), []
    for field in dataclasses.fields(hint):
        schema = _avro(hints[field.name], named)
        doc = {"doc": docs[field.name]} if field.name in docs else {}
        fields.append({"name": field.name, "type": schema, **_avro_default(schema), **doc})
    return {"type": "record", **head, "fields": fields}


def _avro_default(schema: Any) -> dict[str, Any]:
    """What a reader with this schema takes where an older record lacks the field."""
    if isinstance(schema, list):
        return {"default": None}
    kind = schema["type"] if isinstance(schema, dict) else schema
    return (
        {"default": {"array": [], "map": {}, "boolean": False}[kind]}
        if kind in ("array", "map", "boolean")
        else {}
    )


def _dataclasses(hint: Any) -> set[type]:
    """A record type and all record types in it."""
    if not dataclasses.is_dataclass(hint):
        return set().union(*(_dataclasses(argument) for argument in typing.get_args(hint)))
    assert isinstance(hint, type)
    return {hint}.union(*(_dataclasses(inner) for inner in typing.get_type_hints(hint).values()))


def field_docs(record: type) -> dict[str, str]:
    """The docstrings under a record type's fields or a closed list's members, on one line each."""
    body = ast.parse(inspect.getsource(record)).body[0]
    assert isinstance(body, ast.ClassDef)
    docs = {}
    for field, doc in itertools.pairwise(body.body):
        match field, doc:
            case (
                ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                docs[name] = " ".join(text.split())
    return docs


def _first_line(hint: type) -> str:
    return (hint.__doc__ or "").strip().split("\n")[0]


def main() -> None:
    """Write the published files anew."""
    for name, record in PUBLISHED.items():
        for suffix, schema in ((".avsc", avro_schema(record)), (".schema.json", json_schema(record))):
            text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
            (FOLDER / (name + suffix)).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
