"""What a source hands over: the bytes of one raw record, and its origin."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.dead_letter import Fault
from schemas.origin import Media, Origin

MAX_RECORD_BYTES = 10 * 1024 * 1024
"""How long a raw record may be, unless the config says otherwise: the longest of 16,606 real articles has
under 200 KB, the heaviest real pages have some MB of HTML."""


@dataclass(frozen=True, slots=True)
class Received:
    """One record as it arrived.

    A source that could not read a record whole (a line over the limit, a file cut off in the
    middle) still hands it over, with the `fault` that `DecodeArticle` turns into a dead letter:
    nothing is skipped.
    """

    payload: bytes
    """The record's bytes; only their head where `fault` says that it was not read whole."""
    origin: Origin
    media: Media = Media.JSON
    fault: Fault | None = None
    payload_bytes: int | None = None
    """Length of the whole record where `payload` holds only its head."""
    payload_sha256: str | None = None
    """Digest of the whole record where `payload` holds only its head."""
