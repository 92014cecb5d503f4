"""Reads a server's answer out of a record of a web archive (WARC, ISO 28500)."""

from __future__ import annotations

import io
from typing import NamedTuple

from fastwarc.warc import ArchiveIterator

from schemas.dead_letter import ArticleRejected, Reason


class Answer(NamedTuple):
    """A page as a server sent it, and what is known of its sending."""

    url: str | None
    fetched_at: str | None
    """WARC-Date: RFC 3339."""
    charset: str | None
    """The label in the answer's `Content-Type`."""
    page: bytes
    """Without transfer and content encodings (chunks, gzip, deflate, Brotli)."""


def read(record: bytes, max_page_bytes: int) -> Answer:
    """Read one record of type `response`, its WARC header included.

    Raises:
        ArticleRejected: `not_html` where it cannot be read, `too_large` where the unpacked page is longer
            than `max_page_bytes`.
    """
    try:
        found = next(iter(ArchiveIterator(io.BytesIO(record), parse_http=True, auto_decode="all")), None)
        page = found.reader.read(max_page_bytes + 1) if found is not None else b""
    except (OSError, ValueError) as error:
        raise ArticleRejected(Reason.NOT_HTML, f"an answer that cannot be unpacked: {error}") from None
    if found is None:
        raise ArticleRejected(Reason.NOT_HTML, "no record of a web archive")
    if len(page) > max_page_bytes:
        detail = f"a page of more than {max_page_bytes:,} bytes, unpacked; that is the limit"
        raise ArticleRejected(Reason.TOO_LARGE, detail)
    headers = found.headers
    url = headers.get("WARC-Target-URI")
    # Early crawlers wrote it in angle brackets, as the grammar of WARC 1.0 had it.
    return Answer(url.strip("<>") if url else None, headers.get("WARC-Date"), found.http_charset, bytes(page))
