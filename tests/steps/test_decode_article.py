from __future__ import annotations

import pytest

from pipelines.steps.decode_article import DecodeArticle
from schemas.dead_letter import ArticleRejected, Fault, Reason
from schemas.origin import Media, Origin
from schemas.received import Received

ORIGIN = Origin("files", "a.jsonl", 0)
STEP = DecodeArticle(max_record_bytes=1_000)


def refusal(payload: bytes, media: Media = Media.JSON, fault: Fault | None = None) -> Fault:
    with pytest.raises(ArticleRejected) as rejected:
        STEP.convert(Received(payload, ORIGIN, media, fault))
    return rejected.value.fault


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", Reason.EMPTY),
        (b" \r\n", Reason.EMPTY),
        (b"{", Reason.NOT_JSON),
        (b'{"text": "\xd0"}', Reason.BAD_CHARSET),
        (b"{'text': 'x'}", Reason.NOT_JSON),
        ('{"text": "Още"}'.encode("cp1251"), Reason.BAD_CHARSET),
        ('{"text": "x"}'.encode("utf-16"), Reason.BAD_CHARSET),
        (b'{"text": NaN}', Reason.NOT_JSON),
        (b'{"text": "\\ud800"}', Reason.NOT_JSON),
        (b"[" * 999, Reason.NOT_JSON),
        (b"\x00\x01\x02", Reason.NOT_JSON),
        (b"null", Reason.SCHEMA),
        (b'"' + b"x" * 1_000 + b'"', Reason.TOO_LARGE),
    ],
)
def test_json_that_is_none(payload: bytes, reason: Reason) -> None:
    assert refusal(payload).reason is reason


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", Reason.EMPTY),
        (b"\xef\xbb\xbf \n", Reason.EMPTY),
        ("Още".encode("cp1251"), Reason.BAD_CHARSET),
        ("текст".encode()[:-1], Reason.BAD_CHARSET),
        ("text".encode("utf-16-le"), Reason.BAD_CHARSET),
        (b"\x89PNG\r\n\x1a\n\x00", Reason.BAD_CHARSET),
    ],
)
def test_text_that_is_none(payload: bytes, reason: Reason) -> None:
    assert refusal(payload, Media.TEXT).reason is reason


def test_the_detail_says_where_and_quotes_nothing() -> None:
    detail = refusal("тайна ".encode() + b"\xff").detail
    assert "0xff at 11" in detail
    assert "тайна" not in refusal('{"text": "тайна" x'.encode()).detail


def test_a_fault_of_the_source_is_handed_on() -> None:
    fault = Fault(Reason.TRUNCATED_FILE, "gzip ends")
    assert refusal(b"", fault=fault) == fault


def test_plain_text_keeps_every_character_but_the_byte_order_mark() -> None:
    payload = b"\xef\xbb\xbf" + " date 2025-08-13 Текст\r\n\n ".encode()
    raw = STEP.convert(Received(payload, ORIGIN, Media.TEXT))
    assert raw.text == " date 2025-08-13 Текст\r\n\n "


def test_no_digit_of_an_unknown_number_is_lost() -> None:
    raw = STEP.convert(Received(b'{"text": "x", "n": 123456789012345678901234567890}', ORIGIN))
    assert raw.extra == {"n": "123456789012345678901234567890"}


def test_a_page_is_decoded() -> None:
    raw = STEP.convert(Received("<html><p>Още".encode(), ORIGIN, Media.HTML))
    assert (raw.html, raw.text) == ("<html><p>Още", None)
