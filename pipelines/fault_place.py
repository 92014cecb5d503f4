"""Where in a refused record the fault is, as far as the dead letter says."""

from __future__ import annotations

import base64
import codecs
import re

from schemas.dead_letter import DeadLetter, Reason

_LINE_AND_COLUMN = re.compile(r"line (\d+) column (\d+)")
_BYTE = re.compile(r"at ([\d,]+) \(")
_FIELD = re.compile(r"([a-z_]+): ")


def payload_of(letter: DeadLetter) -> bytes:
    """The record's bytes, as far as the letter holds them."""
    if letter.payload is not None:
        return letter.payload.encode()
    return base64.b64decode(letter.payload_base64 or "")


def fault_place(letter: DeadLetter) -> tuple[int, int] | None:
    """The bytes at fault, from and to (half-open); None where no place is known, or it is beyond the head.

    A parser's line and column, the byte that is no UTF-8, the field that is wrong, or the end of what was
    cut off.
    """
    whole = payload_of(letter)
    payload = whole.removeprefix(codecs.BOM_UTF8)
    start, length = None, 1
    if letter.reason is Reason.NOT_JSON and (found := _LINE_AND_COLUMN.search(letter.detail)):
        start = _offset(payload, int(found[1]), int(found[2]))
    elif letter.reason is Reason.BAD_CHARSET and (found := _BYTE.search(letter.detail)):
        start = int(found[1].replace(",", ""))
    elif letter.reason in (Reason.SCHEMA, Reason.EMPTY):
        field = _FIELD.match(letter.detail) or re.match(r"([a-z_]+) is blank", letter.detail)
        key = re.search(rb'"%s"\s*:\s*' % re.escape(field[1].encode()), payload) if field else None
        if key:
            start, length = key.start(), key.end() - key.start()
    elif letter.reason is Reason.TRUNCATED_FILE and payload and len(whole) == letter.payload_bytes:
        start = len(payload) - 1
    if start is None or not payload or start > len(payload):
        return None
    start = min(start, len(payload) - 1)  # a record that ends too soon is at fault at its end
    mark = len(whole) - len(payload)
    return mark + start, mark + min(start + length, len(payload))


def _offset(payload: bytes, line: int, column: int) -> int | None:
    """The byte of a line and column, both from 1, the column in characters."""
    lines = payload.split(b"\n")
    if line > len(lines):
        return None
    before = sum(len(above) + 1 for above in lines[: line - 1])
    text = lines[line - 1].decode("utf-8", "replace")
    return before + len(text[: column - 1].encode("utf-8"))
