"""Bytes of pages to text."""

from __future__ import annotations

import codecs
import random
import time

import pytest

from pipelines.text.charset import decode_html
from schemas.dead_letter import ArticleRejected, Reason

TEXT = (
    "Общинският съвет прие във вторник бюджета за следващата година след дебат от пет часа. "
    "Парите за училища растат с осем процента, а за пътища остават същите, каза кметът. "
)
POLISH = (
    "Rada miejska przyjęła budżet na przyszły rok po pięciogodzinnej debacie, powiedział burmistrz Łodzi. "
)


def page(text: str, declared: str | None = None) -> str:
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={declared}">' if declared else ""
    return f"<html><head>{meta}<title>Test</title></head><body><p>{text}</p></body></html>"


@pytest.mark.parametrize(
    ("text", "encoding", "declared"),
    [
        (TEXT, "utf-8", None),
        (TEXT, "utf-8", "windows-1251"),  # a wrong declaration
        (TEXT, "cp1251", "windows-1251"),
        (TEXT, "cp1251", "utf-8"),  # a wrong declaration
        (TEXT * 3, "cp1251", None),
        (TEXT, "koi8-r", "koi8-r"),
        (TEXT, "iso8859-5", "iso-8859-5"),
        (POLISH, "iso8859-2", "iso-8859-2"),
        (POLISH, "cp1250", "windows-1250"),
        ("Der Bürgermeister – „sagte“ er – für 5 €.", "cp1252", "iso-8859-1"),  # as browsers do
        ("Ο δήμαρχος είπε ότι ο προϋπολογισμός εγκρίθηκε.", "cp1253", "windows-1253"),
        ("Belediye başkanı bütçenin onaylandığını söyledi.", "cp1254", "iso-8859-9"),
        ("市长在周二说，预算已经通过。", "gb18030", "gb2312"),
        ("市長は火曜日に予算が通ったと述べた。", "cp932", "shift_jis"),
    ],
)
def test_decodes_what_pages_are_really_in(text: str, encoding: str, declared: str | None) -> None:
    html = page(text, declared)
    assert decode_html(html.encode(encoding)) == html


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
    ],
)
def test_a_byte_order_mark_is_believed(mark: bytes, encoding: str) -> None:
    html = page(TEXT, "iso-8859-1")
    assert decode_html(mark + html.encode(encoding)) == html


def test_a_few_broken_bytes_are_forgiven() -> None:
    broken = page(TEXT * 10, "utf-8").encode() + b"<p>\xd0</p>"
    assert decode_html(broken).endswith("<p>\ufffd</p>")


@pytest.mark.parametrize("declared", ["no-such-charset", "hex", "rot13", "base64", "idna", "utf-16", "utf-7"])
def test_odd_declarations_do_no_harm(declared: str) -> None:
    html = page(TEXT * 3, declared)
    assert decode_html(html.encode()) == html
    assert TEXT in decode_html(html.encode("cp1251"))


@pytest.mark.parametrize(
    "payload",
    [
        bytes(10_000),
        random.Random(1).randbytes(50_000),
        b"\x89PNG\r\n\x1a\n" + random.Random(2).randbytes(5000),
    ],
)
def test_what_is_no_text_is_rejected(payload: bytes) -> None:
    with pytest.raises(ArticleRejected) as rejection:
        decode_html(payload)
    assert rejection.value.fault.reason is Reason.BAD_CHARSET


def test_an_empty_page_is_empty() -> None:
    assert decode_html(b"") == ""


def test_scripts_do_not_tell_the_encoding() -> None:
    script = b"<script>" + "日本語".encode("cp932") * 400 + b"<script> x</script>"
    assert TEXT in decode_html(page(TEXT * 3).encode("cp1251").replace(b"<p>", script + b"<p>"))


def test_a_million_bytes_of_open_scripts_are_read_in_time() -> None:
    start = time.perf_counter()
    decode_html((TEXT * 3).encode("cp1251") + b"<script " * 125_000)
    assert time.perf_counter() - start < 5
