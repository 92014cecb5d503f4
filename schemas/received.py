"""What a source hands over: the bytes of one raw record and where they came from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from schemas.dead_letter import Fault


class Media(StrEnum):
    """How a payload is to be read."""

    JSON = "json"
    """One raw article, version 1 (`schemas/wire/raw_article.v1.schema.json`)."""
    TEXT = "text"
    """The plain text of one article, nothing else (the seeds' `.txt` shape)."""
    HTML = "html"
    """One article's page."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The place a record was read from. It never changes, also when a dead letter is replayed.

    Files fill `path` and `record`; Kafka fills `kafka_topic`, `partition`, `offset`, `timestamp`.
    """

    source: str
    """The connector's name, as in the config: `files`, `kafka`."""
    path: str | None = None
    """The file, relative to the PATH that was given; `-` for standard input."""
    record: int | None = None
    """The record's number in its file, from 0."""
    kafka_topic: str | None = None
    partition: int | None = None
    offset: int | None = None
    timestamp: datetime | None = None
    """The time Kafka holds for the record (aware, UTC)."""

    def __str__(self) -> str:
        if self.kafka_topic is not None:
            return f"{self.kafka_topic}-{self.partition}-{self.offset}"
        return f"{self.path}#{self.record}"


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
