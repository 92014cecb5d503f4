"""Version 1 of the wire schemas is published: it may only grow, and old records stay readable."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import fastavro
import jsonschema
import pytest

from schemas import codec, wire
from schemas.withdrawal import Withdrawal
from tests.schemas.test_wire import BARE, FULL, LETTER

FROZEN = Path(__file__).parent / "frozen"
"""The schemas as they were when version 1 was published. Nobody edits these."""

GROWN = {"name": "later", "type": ["null", "string"], "default": None}
RECORDS = {
    "article.v1": [FULL, BARE],
    "dead_letter.v1": [LETTER],
    "withdrawal.v1": [Withdrawal("a", FULL.origin, fetched_at=FULL.fetched_at)],
}


def read(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text("utf-8"))


def through(value: Any, writer: Any, reader: Any) -> Any:
    """A value written with one Avro schema and read with another."""
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, fastavro.parse_schema(writer), value)
    stream.seek(0)
    return fastavro.schemaless_reader(stream, fastavro.parse_schema(writer), fastavro.parse_schema(reader))


def shape(schema: Any) -> Any:
    """A schema without its sentences."""
    if isinstance(schema, dict):
        return {key: shape(value) for key, value in schema.items() if key not in ("doc", "description")}
    return [shape(part) for part in schema] if isinstance(schema, list) else schema


def lost(old: Any, new: Any, where: str = "") -> list[str]:
    """What stood in the published schema and no longer does, or stands there differently."""
    if isinstance(old, dict) and isinstance(new, dict):
        return [
            fault
            for key in old
            for fault in (
                lost(old[key], new[key], f"{where}.{key}") if key in new else [f"{where}.{key}: gone"]
            )
        ]
    if where.endswith((".fields", ".required")) and isinstance(old, list) and isinstance(new, list):
        names = [part["name"] if isinstance(part, dict) else part for part in new]
        return [
            fault
            for part in old
            for name in [part["name"] if isinstance(part, dict) else part]
            for fault in (
                lost(part, new[names.index(name)], f"{where}.{name}")
                if name in names
                else [f"{where}.{name}: gone"]
            )
        ]
    return [] if old == new else [f"{where}: {old!r} became {new!r}"]


@pytest.mark.parametrize("name", sorted(path.name for path in FROZEN.iterdir()))
def test_nothing_published_is_taken_back(name: str) -> None:
    assert lost(shape(read(FROZEN, name)), shape(read(wire.FOLDER, name))) == []


def test_all_that_is_published_is_frozen() -> None:
    published = {path.name for path in wire.FOLDER.iterdir() if ".v1." in path.name}
    assert published == {path.name for path in FROZEN.iterdir()}


@pytest.mark.parametrize("name", RECORDS)
def test_old_readers_read_new_records_and_new_readers_old_ones(name: str) -> None:
    old = read(FROZEN, f"{name}.avsc")
    new = read(wire.FOLDER, f"{name}.avsc")
    grown = {**new, "fields": [*new["fields"], GROWN]}
    known = [field["name"] for field in old["fields"]]
    for record in RECORDS[name]:
        value = wire.avro_value(record)
        was = {field: value[field] for field in known}
        assert through(was, old, new) | was == through(was, old, new)
        assert through({**value, "later": "x"}, grown, old) == was
        assert through(value, new, grown) == {**value, "later": None}


@pytest.mark.parametrize("name", RECORDS)
def test_a_change_that_breaks_is_noticed(name: str) -> None:
    old = shape(read(FROZEN, f"{name}.avsc"))
    fewer = {**old, "fields": old["fields"][1:]}
    other = {**old, "fields": [{**old["fields"][0], "type": "long"}, *old["fields"][1:]]}
    assert lost(old, fewer) and lost(old, other)
    assert lost(old, {**old, "fields": [*old["fields"], GROWN]}) == []


def test_records_from_before_the_freeze_still_decode() -> None:
    draft = codec.plain(FULL)
    del draft["subtopics"]
    assert codec.decode_article(json.dumps(draft)).subtopics == ()


@pytest.mark.parametrize("record", [{"text": "x"}, {"html": "<p>x"}, {"id": "a", "withdrawn": True}])
def test_raw_articles_that_fitted_still_fit(record: object) -> None:
    for folder in (FROZEN, wire.FOLDER):
        jsonschema.validate(record, read(folder, "raw_article.v1.schema.json"))
