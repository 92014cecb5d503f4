"""Reads a raw article, version 1: what producers send (`schemas/wire/raw_article.v1.schema.json`).

Only `text` and `html` can make a record be refused. An optional field of the wrong type, empty or
unreadable is dropped with a note in `warnings`; null is absent; what newsbeam does not know is carried
in `extra`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import orjson

from pipelines.text import address, dates
from pipelines.text.charset import decode_html
from pipelines.text.warc_record import Answer
from schemas.article import DateCandidate, RawArticle
from schemas.dead_letter import ArticleRejected, Reason
from schemas.origin import Origin
from schemas.withdrawal import Withdrawal

MAX_FIELD_CHARS = 2_000
"""An optional field that is longer is dropped: no real title, address or id is, and a key that long
breaks the sinks behind us."""
_KNOWN = frozenset(
    ("id", "url", "publisher", "title", "text", "html", "published_at", "language", "fetched_at", "withdrawn")
)


def read(record: object, origin: Origin) -> RawArticle:
    """A decoded JSON value as a raw article.

    Raises:
        ArticleRejected: `schema` where it is no object, or has not exactly one of `text` and `html`,
            or one of a wrong type; `empty` where that one is blank. A withdrawn article needs neither.
    """
    if not isinstance(record, dict):
        raise ArticleRejected(Reason.SCHEMA, f"not an object but {_name(record)}")
    fields = _Fields(record)
    withdrawn = fields.flag("withdrawn")
    text, html = _payload(record, withdrawn=withdrawn)
    url = fields.string("url")
    canonical = address.canonical(url) if url else None
    if url and canonical is None:
        fields.warnings.append("url: no absolute http(s) address, not used for the id")
    language = fields.string("language")
    published, fetched = fields.date("published_at"), fields.date("fetched_at")
    if "\0" in (text or html or ""):
        fields.warnings.append("text: holds NUL characters")
    return RawArticle(
        id=fields.string("id") or _digest(canonical or str(origin)),
        origin=origin,
        text=text,
        html=html,
        url=url,
        publisher=fields.string("publisher"),
        title=fields.string("title"),
        language=language,
        dates=(published,) if published else (),
        fetched_at=fetched.value if fetched else None,
        withdrawn=withdrawn,
        hints={"language": language} if language else {},
        extra=fields.extra(),
        warnings=tuple(fields.warnings),
    )


def withdrawal(article: RawArticle) -> Withdrawal:
    """What a raw article that says `withdrawn` asks of the sinks.

    Raises:
        ArticleRejected: `schema` where neither `id` nor `url` says which article is meant.
    """
    if article.id == _digest(str(article.origin)):
        raise ArticleRejected(Reason.SCHEMA, "withdrawn, but neither id nor url says which article")
    return Withdrawal(article.id, article.origin, article.url, article.fetched_at)


def of_text(text: str, origin: Origin) -> RawArticle:
    """A plain text, which knows nothing of itself but its place."""
    return RawArticle(id=_digest(str(origin)), origin=origin, text=text)


def of_page(payload: bytes, origin: Origin) -> RawArticle:
    """A page as it was saved. Raises `ArticleRejected` (`bad_charset`) where it cannot be decoded."""
    return RawArticle(id=_digest(str(origin)), origin=origin, html=decode_html(payload))


def of_answer(answer: Answer, origin: Origin) -> RawArticle:
    """A page as a crawler got it. Raises `ArticleRejected` (`bad_charset`) where it cannot be decoded."""
    html = decode_html(answer.page, answer.charset)
    return read({"url": answer.url, "fetched_at": answer.fetched_at, "html": html}, origin)


class _Fields:
    """The optional fields of one record, and the notes on those that are none."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        self._record = record
        self.warnings: list[str] = []

    def string(self, name: str) -> str | None:
        value = self._record.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            why = f"not a string but {_name(value)}"
        elif len(value) > MAX_FIELD_CHARS:
            why = f"{len(value):,} characters; the limit is {MAX_FIELD_CHARS:,}"
        elif not value.strip():
            why = "blank"
        else:
            return value.strip()
        self.warnings.append(f"{name}: {why}, dropped")
        return None

    def flag(self, name: str) -> bool:
        value = self._record.get(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        self.warnings.append(f"{name}: not true or false but {_name(value)}, dropped")
        return False

    def date(self, name: str) -> DateCandidate | None:
        value = self._record.get(name)
        date = dates.parse(value)
        if date is None and value is not None:
            self.warnings.append(f"{name}: not a date that can be read, dropped")
        return date

    def extra(self) -> dict[str, Any]:
        extra = {name: value for name, value in self._record.items() if name not in _KNOWN}
        if any(isinstance(value, dict | list | int) for value in extra.values()):
            for name, value in extra.items():
                try:
                    orjson.dumps(value)
                except orjson.JSONEncodeError as error:  # more levels than 254, or bits than 64
                    extra[name] = json.dumps(value, ensure_ascii=False)
                    why = "an integer beyond 64 bits" if "64-bit" in str(error) else "nested too deeply"
                    self.warnings.append(f"extra.{name}: {why}, kept as a string of JSON")
        return extra


def _payload(record: Mapping[str, Any], *, withdrawn: bool) -> tuple[str | None, str | None]:
    text, html = record.get("text"), record.get("html")
    if text is None and html is None and withdrawn:
        return "", None
    if text is None and html is None:
        raise ArticleRejected(Reason.SCHEMA, "neither text nor html")
    if text is not None and html is not None:
        raise ArticleRejected(Reason.SCHEMA, "both text and html; exactly one is asked for")
    name, value = ("text", text) if text is not None else ("html", html)
    if not isinstance(value, str):
        raise ArticleRejected(Reason.SCHEMA, f"{name}: not a string but {_name(value)}")
    if not value or value.isspace():
        raise ArticleRejected(Reason.EMPTY, f"{name} is blank")
    return text, html


def _name(value: object) -> str:
    """A value's type as JSON calls it."""
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "an array"}
    return "null" if value is None else names.get(type(value), "an object")


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
