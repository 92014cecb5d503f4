"""What producers send, each field in each state: only text and html can make a record be refused."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.raw_article import MAX_FIELD_CHARS, read
from schemas import codec
from schemas.dead_letter import ArticleRejected, Reason
from schemas.origin import Origin

ORIGIN = Origin("files", "a.jsonl", 3)
OPTIONAL = ("id", "url", "publisher", "title", "published_at", "language", "fetched_at", "withdrawn")
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


def refusal(record: object) -> Reason:
    with pytest.raises(ArticleRejected) as rejected:
        read(record, ORIGIN)
    return rejected.value.fault.reason


def test_a_full_record() -> None:
    raw = read(
        {
            "id": "a1",
            "url": "https://Example.org/x?utm_source=y#z",
            "publisher": "example.org",
            "title": " T ",
            "text": " keep the blanks ",
            "published_at": "2025-08-13T10:00:00+03:00",
            "language": "bg",
            "fetched_at": "2025-08-14",
            "section": {"a": [1]},
        },
        ORIGIN,
    )
    assert (raw.id, raw.title, raw.text) == ("a1", "T", " keep the blanks ")
    assert raw.dates[0].value.isoformat() == "2025-08-13T07:00:00+00:00"
    assert raw.fetched_at is not None and raw.fetched_at.day == 14
    assert raw.extra == {"section": {"a": [1]}}
    assert (raw.hints, raw.warnings) == ({"language": "bg"}, ())


def test_ids_come_from_the_producer_else_the_address_else_the_place() -> None:
    def sha(key: str) -> str:
        return hashlib.sha256(key.encode()).hexdigest()

    assert read({"text": "x", "id": "mine", "url": "https://example.org/"}, ORIGIN).id == "mine"
    by_url = read({"text": "x", "url": "HTTPS://Example.org:443?utm_medium=m&b=2&fbclid=9#top"}, ORIGIN).id
    assert by_url == sha("https://example.org/?b=2")
    assert read({"text": "x", "url": "not an address"}, ORIGIN).id == sha("a.jsonl#3")
    assert read({"text": "x"}, Origin("kafka", kafka_topic="t", partition=1, offset=2)).id == sha("t-1-2")


@pytest.mark.parametrize("field", OPTIONAL)
@pytest.mark.parametrize(
    "value", [None, 3.5, True, [], {}, "", "  ", "x" * (MAX_FIELD_CHARS + 1), "\ufffd\x00"]
)
def test_an_optional_field_rejects_nothing(field: str, value: Any) -> None:
    raw = read({"text": "x", field: value}, ORIGIN)
    codec.plain(raw.extra)
    if value is None or (field, value) == ("withdrawn", True):
        assert raw.warnings == ()
    elif field == "withdrawn":
        assert len(raw.warnings) == 1 and raw.warnings[0].startswith("withdrawn: not true or false")
    elif field not in ("published_at", "fetched_at") and (
        not isinstance(value, str) or len(value) != 2 or value.isspace()
    ):
        assert len(raw.warnings) == 1 and raw.warnings[0].startswith(f"{field}: ")


@pytest.mark.parametrize("value", ["yesterday", "0000-00-00", "9999-12-31", -1, 1e308, "2025-02-30"])
def test_a_date_that_cannot_be_read_is_noted(value: object) -> None:
    raw = read({"text": "x", "published_at": value}, ORIGIN)
    assert raw.dates == ()
    assert raw.warnings == ("published_at: not a date that can be read, dropped",)


@pytest.mark.parametrize("record", [None, 1, "x", [], [{"text": "x"}], True])
def test_what_is_no_object_is_refused(record: object) -> None:
    assert refusal(record) is Reason.SCHEMA


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({}, Reason.SCHEMA),
        ({"text": None}, Reason.SCHEMA),
        ({"text": "x", "html": "<p>x"}, Reason.SCHEMA),
        ({"text": 1}, Reason.SCHEMA),
        ({"html": ["x"]}, Reason.SCHEMA),
        ({"text": ""}, Reason.EMPTY),
        ({"html": " \n\t"}, Reason.EMPTY),
    ],
)
def test_text_and_html_decide(record: object, reason: Reason) -> None:
    assert refusal(record) is reason


def test_a_withdrawn_article_needs_no_text() -> None:
    raw = read({"id": "a1", "withdrawn": True}, ORIGIN)
    assert (raw.id, raw.withdrawn, raw.text, raw.html) == ("a1", True, "", None)
    assert read({"html": "<p>x", "withdrawn": True}, ORIGIN).html == "<p>x"
    assert not read({"text": "x"}, ORIGIN).withdrawn
    assert "withdrawn" not in read({"text": "x", "withdrawn": False}, ORIGIN).extra
    assert refusal({"withdrawn": False}) is refusal({"withdrawn": "yes"}) is Reason.SCHEMA


def test_null_is_absent() -> None:
    assert read({"text": "x", "html": None, "id": None}, ORIGIN).text == "x"


def test_what_is_nested_too_deeply_is_kept_as_json() -> None:
    deep: Any = "x"
    for _ in range(500):
        deep = [deep]
    raw = read({"text": "x", "deep": deep, "flat": 1}, ORIGIN)
    assert json.loads(raw.extra["deep"]) == deep
    assert raw.extra["flat"] == 1
    assert codec.plain(raw.extra)
    assert raw.warnings == ("extra.deep: nested too deeply, kept as a string of JSON",)


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**300])
def test_an_integer_beyond_64_bits_keeps_its_digits(number: int) -> None:
    raw = read({"text": "x", "n": number, "deep": {"a": [number]}, "most": 2**64 - 1}, ORIGIN)
    assert raw.extra == {"n": str(number), "deep": f'{{"a": [{number}]}}', "most": 2**64 - 1}
    assert codec.plain(raw.extra) == raw.extra
    why = "an integer beyond 64 bits, kept as a string of JSON"
    assert raw.warnings == (f"extra.n: {why}", f"extra.deep: {why}")


@given(st.dictionaries(st.sampled_from((*OPTIONAL, "text", "html", "more")), JSON))
def test_never_raises_but_a_rejection(record: dict[str, Any]) -> None:
    try:
        raw = read(record, ORIGIN)
    except ArticleRejected:
        return
    assert raw.id and (raw.text or raw.html or raw.withdrawn)
