"""The published schemas agree with the Python types, and with what the codec writes."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import fastavro
import jsonschema
import pytest

from schemas import codec, wire
from schemas.article import (
    Article,
    DateCandidate,
    DateOrigin,
    Language,
    LanguageShare,
    Precision,
    Provenance,
    Removal,
    RemovalKind,
    Subtopic,
    Topic,
)
from schemas.dead_letter import DeadLetter, Fault, Kind, Reason
from schemas.origin import Media, Origin
from schemas.received import Received

FULL = Article(
    id="a",
    text="Текст.",
    text_sha256="0" * 64,
    char_count=6,
    word_count=1,
    origin=Origin("kafka", None, None, "raw", 3, 7, datetime(2025, 8, 13, 1, 2, 3, tzinfo=UTC)),
    provenance=Provenance("0.1.0", {"bg": "1"}, {"language": "lid"}),
    url="https://example.org/",
    publisher="example.org",
    title="Заглавие",
    authors=("А. Б.",),
    language=Language("bg", 99),
    languages=(LanguageShare("bg", 1.0),),
    topics=(Topic("medtop:11000000", "politics", 80),),
    subtopics=(Subtopic("medtop:20000574", "election", 90, "medtop:11000000"),),
    published_at=datetime(2025, 8, 13, tzinfo=UTC),
    published_at_precision=Precision.DAY,
    published_at_origin=DateOrigin.INJECTED,
    date_candidates=(
        DateCandidate(datetime(2025, 8, 13, tzinfo=UTC), Precision.DAY, DateOrigin.INJECTED, "x"),
    ),
    date_conflict=True,
    fetched_at=datetime(2025, 8, 14, tzinfo=UTC),
    removed=(Removal(0, 3, "Още", RemovalKind.AD, "r", 0.5),),
    related=("x",),
    credits=("y",),
    agency="БТА",
    comment_count=0,
    hints={"language": "bg"},
    extra={"n": 1, "deep": {"a": [1, None]}},
    warnings=("w",),
)
BARE = Article(
    id="b",
    text="x",
    text_sha256="",
    char_count=1,
    word_count=1,
    origin=Origin("files", "a.txt", 0),
    provenance=Provenance("0"),
)
LETTER = DeadLetter.of(
    Received(b"\xff", Origin("files", "a", 0), Media.TEXT),
    kind=Kind.REJECTED,
    fault=Fault(Reason.BAD_CHARSET, "why"),
    step="DecodeArticle",
    newsbeam="0",
)


@pytest.mark.parametrize("name", wire.PUBLISHED)
def test_published_files_are_made_from_the_types(name: str) -> None:
    record = wire.PUBLISHED[name]
    stale = "stale: run `python -m schemas.wire` and say in CHANGELOG.md what changed"
    assert json.loads((wire.FOLDER / f"{name}.avsc").read_text()) == wire.avro_schema(record), stale
    assert json.loads((wire.FOLDER / f"{name}.schema.json").read_text()) == wire.json_schema(record), stale


@pytest.mark.parametrize("record", [FULL, BARE, LETTER], ids=["full", "bare", "letter"])
class TestEveryRecord:
    def test_validates_against_its_json_schema(self, record: Article | DeadLetter) -> None:
        validator = jsonschema.Draft202012Validator(
            wire.json_schema(type(record)), format_checker=jsonschema.FormatChecker()
        )
        validator.validate(codec.plain(record))

    def test_survives_avro(self, record: Article | DeadLetter) -> None:
        schema = fastavro.parse_schema(wire.avro_schema(type(record)))
        stream = io.BytesIO()
        fastavro.schemaless_writer(stream, schema, wire.avro_value(record), strict=True)
        stream.seek(0)
        assert fastavro.schemaless_reader(stream, schema, schema) == wire.avro_value(record)

    def test_survives_json(self, record: Article | DeadLetter) -> None:
        line = codec.encode(record)
        decode = codec.decode_article if isinstance(record, Article) else codec.decode_dead_letter
        assert decode(line) == record
        assert codec.encode(decode(line)) == line


def test_a_schema_refuses_what_is_no_record() -> None:
    broken = codec.plain(FULL) | {"removed": [{"start": "0"}]}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, wire.json_schema(Article))


@pytest.mark.parametrize(
    ("raw", "fits"),
    [
        ({"text": "x"}, True),
        ({"html": "<p>x", "text": None, "more": 1}, True),
        ({"text": "x", "html": "y"}, False),
        ({"url": "https://example.org"}, False),
        ({"text": 1}, False),
        ({"id": "a", "withdrawn": True}, True),
        ({"text": "x", "withdrawn": True}, True),
        ({"text": "x", "withdrawn": "yes"}, False),
        ({"id": "a", "withdrawn": False}, False),
    ],
)
def test_raw_article_schema(raw: object, fits: bool) -> None:
    schema = json.loads((wire.FOLDER / "raw_article.v1.schema.json").read_text())
    assert jsonschema.Draft202012Validator(schema).is_valid(raw) is fits
