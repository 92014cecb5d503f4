"""Where a record came from and how its bytes are to be read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Media(StrEnum):
    """How a payload is to be read."""

    JSON = "json"
    """One raw article, version 1 (`schemas/wire/raw_article.v1.schema.json`)."""
    TEXT = "text"
    """The plain text of one article, nothing else (the seeds' `.txt` shape)."""
    HTML = "html"
    """One article's page."""
    WARC = "warc"
    """A record of a web archive (ISO 28500): a server's answer with an article's page."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The place a record was read from. It never changes, also when a dead letter is replayed.

    Files fill `path` and `record`, web archives `offset`, too; Kafka fills `kafka_topic`, `partition`,
    `offset`, `timestamp`.
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
    """Of the record in its partition; of a WARC record the byte of the file it begins at."""
    timestamp: datetime | None = None
    """The time Kafka holds for the record (aware, UTC)."""

    def __str__(self) -> str:
        if self.kafka_topic is not None:
            return f"{self.kafka_topic}-{self.partition}-{self.offset}"
        return f"{self.path}#{self.record}"
