"""The first station: bytes become a raw article, version 1, or are refused with a reason."""

from __future__ import annotations

import codecs

import orjson

from pipelines.text import json_numbers, raw_article, warc_record
from schemas.article import RawArticle
from schemas.dead_letter import ArticleRejected, Reason
from schemas.origin import Media
from schemas.received import Received
from schemas.withdrawal import Withdrawal


class DecodeArticle:
    """`Received -> RawArticle | Withdrawal`. Rejects: not_json, schema, too_large, bad_charset, empty,
    and the faults that a source hands over.

    Args:
        max_record_bytes: a longer record is `too_large`.
    """

    def __init__(self, max_record_bytes: int) -> None:
        self._max_record_bytes = max_record_bytes

    def setup(self) -> None:
        """Nothing to load."""

    def convert(self, received: Received) -> RawArticle | Withdrawal:
        payload = received.payload.removeprefix(codecs.BOM_UTF8)
        if received.fault is not None:
            raise ArticleRejected(received.fault.reason, received.fault.detail)
        if len(payload) > self._max_record_bytes:
            detail = f"{len(payload):,} bytes; the limit is {self._max_record_bytes:,}"
            raise ArticleRejected(Reason.TOO_LARGE, detail)
        if not payload or payload.isspace():
            raise ArticleRejected(Reason.EMPTY, "no bytes, or nothing but white space")
        if received.media is Media.JSON:
            article = raw_article.read(_json(payload), received.origin)
            return raw_article.withdrawal(article) if article.withdrawn else article
        if received.media is Media.HTML:
            return raw_article.of_page(payload, received.origin)
        if received.media is Media.WARC:
            answer = warc_record.read(payload, self._max_record_bytes)
            return raw_article.of_answer(answer, received.origin)
        text = _utf8(payload)
        if "\0" in text:
            raise ArticleRejected(Reason.BAD_CHARSET, "holds NUL bytes: binary, or UTF-16")
        return raw_article.of_text(text, received.origin)


def _json(payload: bytes) -> object:
    try:
        return json_numbers.loads(payload)
    except orjson.JSONDecodeError as error:
        _utf8(payload)
        # Not the whole message: some parsers quote the input.
        raise ArticleRejected(
            Reason.NOT_JSON, f"line {error.lineno} column {error.colno}: {error.msg}"
        ) from None


def _utf8(payload: bytes) -> str:
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError as error:
        detail = f"not UTF-8: byte {payload[error.start]:#04x} at {error.start:,} ({error.reason})"
        raise ArticleRejected(Reason.BAD_CHARSET, detail) from None
