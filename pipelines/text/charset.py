"""A page's bytes as text, in the encoding that they are really in."""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

from schemas.dead_letter import ArticleRejected, Reason

MAX_BROKEN_SHARE = 0.002
"""Share of characters that may be broken where all else speaks for an encoding: a cut teaser, a pasted
byte. They become U+FFFD."""
MAX_CONTROL_SHARE = 0.01
"""A text with more control characters is no text."""
_HEAD_BYTES = 4096  # the standard asks for the declaration in the first 1,024; sites take their time
_SAMPLE_BYTES = 16_384  # what the guess reads: 16 KiB of running text are plenty, and bound its time
_TEXT_BYTES = 1_000_000  # how far from the first foreign byte the sample is gathered

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it starts with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(
    rb"""<(?:meta\b[^>]{0,400}?charset|\?xml\b[^>]{0,100}?encoding)\s*=\s*["']?([\w.:-]{2,40})""", re.I
)
_READ_AS = {  # what browsers read for a label, by the WHATWG's Encoding Standard; Python's names
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
}
_READ_AS |= {
    name: name for name in ("utf-8", "gb18030", "big5hkscs", "cp932", "cp949", "euc_jp", "iso2022_jp")
}
_READ_AS |= {name: name for name in ("cp866", "cp874", "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic")}
_READ_AS |= {f"cp{number}": f"cp{number}" for number in range(1250, 1259)}
_READ_AS |= {f"iso8859-{part}": f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)}
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_CODE = re.compile(rb"<(?:script|style)\b")
_CODE_END = re.compile(rb"</(?:script|style)>")
_CODE_BYTES = 100_000  # what is longer is not closed at all
_TAG = re.compile(rb"<[^<>]{0,2000}>")


def decode_html(payload: bytes, charset: str | None = None) -> str:
    """The text of a page's bytes.

    In this order: the byte order mark; UTF-8, if the bytes are valid UTF-8 (other encodings hardly
    ever are by chance); what the server said; what the page declares; UTF-8 with a few broken bytes; a
    guess by charset-normalizer from a sample.

    Args:
        payload: the page.
        charset: the label in the server's `Content-Type`, where there was one.

    Raises:
        ArticleRejected: `bad_charset` where none of them gives a text.
    """
    for mark, encoding in _BOMS:
        if payload.startswith(mark):
            return _checked(payload[len(mark) :].decode(encoding, "replace"))
    try:
        return _checked(payload.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    for encoding in filter(None, (_read_as(charset), _declared(payload), "utf-8", _guessed(payload))):
        text = payload.decode(encoding, "replace")
        if text.count("\ufffd") <= MAX_BROKEN_SHARE * len(text):
            return _checked(text)
    raise ArticleRejected(Reason.BAD_CHARSET, f"{len(payload)} bytes in no known encoding")


def _checked(text: str) -> str:
    control = len(_CONTROL.findall(text))
    if control > MAX_CONTROL_SHARE * len(text):
        raise ArticleRejected(Reason.BAD_CHARSET, f"{control} control characters in {len(text)}")
    return text


def _declared(payload: bytes) -> str | None:
    match = _DECLARED.search(payload[:_HEAD_BYTES])
    return _read_as(match.group(1).decode("ascii")) if match is not None else None


def _read_as(label: str | None) -> str | None:
    """The encoding that browsers read for a label."""
    try:
        return _READ_AS.get(codecs.lookup(label).name) if label else None
    except (LookupError, UnicodeError, ValueError):
        return None


def _guessed(payload: bytes) -> str | None:
    """The likely encoding, from the running text after the first byte that is not ASCII."""
    first = re.search(rb"[\x80-\xff]", payload)
    start = max(0, first.start() - 200) if first else 0
    text = _TAG.sub(b" ", _without_code(payload[start : start + _TEXT_BYTES]))
    sample = b" ".join(line for line in text.split(b"\n") if re.search(rb"[\x80-\xff]", line))[:_SAMPLE_BYTES]
    best = from_bytes(sample, steps=5, chunk_size=1024).best() if sample else None
    return None if best is None else best.encoding


def _without_code(page: bytes) -> bytes:
    """A page without its scripts and styles; each byte is looked at twice at most."""
    kept = []
    at = 0
    for end in _CODE_END.finditer(page):
        begin = _CODE.search(page, max(at, end.start() - _CODE_BYTES), end.start())
        if begin is not None:
            kept += [page[at : begin.start()], b" "]
            at = end.end()
    return b"".join([*kept, page[at:]])
