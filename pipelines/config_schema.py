"""The JSON Schema of the config file, for editors: `deploy/config/newsbeam.schema.json`.

    newsbeam config schema > deploy/config/newsbeam.schema.json

Made from the dataclasses that read the file, so that they agree; a test fails while the published one
differs. Draft 7, the newest that Taplo (Even Better TOML) knows.
"""

from __future__ import annotations

import dataclasses
import sys
import typing
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import TypeAdapter

from connectors.delivery import OnFailure
from connectors.keeps import Keeps
from pipelines.config import NAME, Cleaning, DeadLetters, Limits, Runner, Sink, kinds, options_of
from schemas.wire import field_docs


def schema() -> dict[str, Any]:
    """The whole schema.

    Raises:
        ConfigError: a package that a kind of source or sink needs is not installed.
    """
    definitions: dict[str, Any] = {}
    tables = {
        "limits": _table(Limits, definitions),
        "cleaning": _table(Cleaning, definitions),
        "dead_letters": _table(DeadLetters, definitions),
        "runner": _table(Runner, definitions),
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "newsbeam's config",
        "description": "What `newsbeam run --config FILE` reads.",
        "type": "object",
        "properties": {
            "source": {
                "description": "Where raw records come from.",
                "oneOf": _connectors("sources", definitions),
            },
            "sinks": {
                "description": "Where records go: at least one sink for articles and one for dead letters.",
                "type": "array",
                "minItems": 2,
                "items": {"oneOf": _connectors("sinks", definitions)},
            },
            **tables,
        },
        "required": ["source", "sinks"],
        "additionalProperties": False,
        "definitions": dict(sorted(definitions.items())),
    }


def _connectors(group: Literal["sources", "sinks"], definitions: dict[str, Any]) -> list[dict[str, Any]]:
    found, docs = [], field_docs(Sink)
    for kind in kinds(group):
        options = options_of(group, kind)
        table = _table(options, definitions)
        common: dict[str, Any] = {"kind": {"const": kind, "description": _summary(options.__module__)}}
        if group == "sinks":
            common |= {
                "takes": {
                    "enum": ["articles", "dead_letters"],
                    "default": "articles",
                    "description": docs["takes"],
                },
                "name": {"type": "string", "pattern": f"^{NAME.pattern}$", "description": docs["name"]},
                "keeps": _table(Keeps, definitions),
                "on_failure": {
                    "enum": list(typing.get_args(OnFailure)),
                    "default": "stop",
                    "description": docs["on_failure"],
                },
            }
        found.append(
            {
                **table,
                "title": f"{kind} ({group.removesuffix('s')})",
                "properties": {**common, **table["properties"]},
                "required": ["kind", *table.get("required", ())],
            }
        )
    return found


def _table(record: type, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of a dataclass; those inside it go to the definitions."""
    made = TypeAdapter(record).json_schema(ref_template="#/definitions/{model}")
    inner = made.pop("$defs", {})
    classes = {cls.__name__: cls for cls in _inner(typing.get_type_hints(record).values())}
    for name, definition in inner.items():
        definitions[name] = _described(definition, classes.get(name))
    return _described(made, record)


def _inner(hints: Iterable[Any]) -> set[type]:
    """The dataclasses in some types, and in their fields."""
    found: set[type] = set()
    for hint in hints:
        if dataclasses.is_dataclass(hint) and isinstance(hint, type):
            found |= {hint, *_inner(typing.get_type_hints(hint).values())}
        else:
            found |= _inner(typing.get_args(hint))
    return found


def _described(made: Mapping[str, Any], record: type | None) -> dict[str, Any]:
    """A schema with the words of the code: a dataclass's docstring, and those under its fields."""
    table = {name: value for name, value in made.items() if name != "title"}
    if record is None or not dataclasses.is_dataclass(record):
        return table
    docs = field_docs(record)
    table |= {"description": _line(record.__doc__), "additionalProperties": False}
    table["properties"] = {
        name: _field(field) | ({"description": docs[name]} if name in docs else {})
        for name, field in made["properties"].items()
    }
    return table


def _field(field: Mapping[str, Any]) -> dict[str, Any]:
    """A field as TOML sees it: what is not given is left out, there is no null."""
    made = {name: value for name, value in field.items() if name != "title"}
    if made.get("default", ...) is None:
        del made["default"]
    if choices := [choice for choice in made.get("anyOf", ()) if choice != {"type": "null"}]:
        del made["anyOf"]
        made |= choices[0] if len(choices) == 1 else {"anyOf": choices}
    if "$ref" in made:  # beside a $ref draft 7 ignores all else
        made = {"allOf": [{"$ref": made.pop("$ref")}], **made}
    return made


def _summary(module: str) -> str:
    return _line(sys.modules[module].__doc__)


def _line(doc: str | None) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join((doc or "").strip().split("\n\n")[0].split())
