"""What becomes of a record that did not end as an article: a dead letter, with the reason."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from schemas.origin import Media, Origin

if TYPE_CHECKING:
    from schemas.received import Received

MAX_PAYLOAD_BYTES = 64 * 1024
"""A dead letter holds at most this head of a record; its origin leads to the rest."""


class Reason(StrEnum):
    """Why a record was refused. Closed: a new reason is a new version of the wire schema."""

    NOT_JSON = "not_json"
    SCHEMA = "schema"
    TOO_LARGE = "too_large"
    BAD_CHARSET = "bad_charset"
    EMPTY = "empty"
    TRUNCATED_FILE = "truncated_file"
    NOT_HTML = "not_html"
    NO_TEXT = "no_text"
    NO_TEXT_LEFT = "no_text_left"
    EXCEPTION = "exception"
    """A step raised something else: kind `bug`."""
    SINK = "sink"
    """A sink could not take the record: kind `undelivered`."""


class Kind(StrEnum):
    """Whose fault it is."""

    REJECTED = "rejected"
    """The record's."""
    BUG = "bug"
    """Ours."""
    UNDELIVERED = "undelivered"
    """A sink's."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A reason, and a sentence that tells a person what exactly was wrong."""

    reason: Reason
    detail: str


class ArticleRejected(Exception):
    """Raised by a step when the record is at fault; the pipeline makes a dead letter of it.

    Args:
        reason: why.
        detail: one sentence for a person, without the article's text.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.fault = Fault(reason, detail)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A refused record with its bytes, so that a person can judge it and a replay can retry it."""

    kind: Kind
    """Whose fault it is."""
    reason: Reason
    """Why it was refused."""
    step: str
    """The station that refused it: `DecodeArticle`, …, or a sink's name."""
    detail: str
    """One sentence for a person, without the article's text."""
    origin: Origin
    """Where the record was read."""
    media: Media
    """How its bytes are to be read."""
    id: str | None
    """The article's id, where it was known by then."""
    payload: str | None
    """The record's first 64 KiB as text, cut at a character, where they are valid UTF-8."""
    payload_base64: str | None
    """The same bytes in base64, where they are not."""
    payload_bytes: int
    """Length of the whole record."""
    payload_sha256: str
    """Lower-case hex digest of the whole record."""
    newsbeam: str
    """The version of newsbeam that refused it."""

    @classmethod
    def of(
        cls,
        received: Received,
        *,
        kind: Kind,
        fault: Fault,
        step: str,
        newsbeam: str,
        id: str | None = None,
    ) -> DeadLetter:
        """The dead letter of a record as it was received."""
        whole = received.payload
        head = whole[:MAX_PAYLOAD_BYTES]
        text = _decode_head(head, is_whole=len(head) == len(whole) and received.payload_bytes is None)
        return cls(
            kind=kind,
            reason=fault.reason,
            step=step,
            detail=fault.detail,
            origin=received.origin,
            media=received.media,
            id=id,
            payload=text,
            payload_base64=None if text is not None else base64.b64encode(head).decode("ascii"),
            payload_bytes=received.payload_bytes if received.payload_bytes is not None else len(whole),
            payload_sha256=received.payload_sha256 or hashlib.sha256(whole).hexdigest(),
            newsbeam=newsbeam,
        )


def _decode_head(head: bytes, *, is_whole: bool) -> str | None:
    """The head as text; a head cut inside a character loses that character; None for other bytes."""
    try:
        return head.decode("utf-8")
    except UnicodeDecodeError as error:
        if is_whole or error.reason != "unexpected end of data":
            return None
        return head[: error.start].decode("utf-8")
