"""Writes enriched articles, or dead letters, to a Kafka topic.

Idempotent producer, `acks=all`; a bundle is accepted only when the brokers hold all of it. What is sent
again after a crash has the same key and the same bytes, so a compacted topic or a consumer that keeps the
latest of a key sees each record once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import apache_beam as beam
from kafka.errors import KafkaError

from connectors.delivery import Deliver, Delivery, DeliveryFailed, Undeliverable
from connectors.kafka.connection import Cluster
from connectors.kafka.producers import Publication, drop, shared
from connectors.kafka.security import Security
from schemas.article import Article
from schemas.dead_letter import DeadLetter
from schemas.formats import Format, encode_as
from schemas.withdrawal import Withdrawal

_OVERHEAD_BYTES = 200
"""More than a record batch and a record of Kafka add to key, value and headers."""
_SCHEMAS = {Article: b"article.v1", DeadLetter: b"dead_letter.v1", Withdrawal: b"withdrawal.v1"}


@dataclass(frozen=True, slots=True)
class Options:
    """Where and how to write."""

    brokers: str
    """`host:port` of some brokers of the cluster, separated by commas."""
    kafka_topic: str
    """The topic; it must exist."""
    compression: Literal["none", "gzip", "snappy", "lz4", "zstd"] = "none"
    """snappy, lz4 and zstd need their Python packages."""
    format: Format = "newsbeam"
    """How an article is written: newsbeam's record, `ninjs` (3.1) or `schema_org` (NewsArticle, JSON-LD)."""
    max_record_bytes: int = 1_000_000
    """A longer record (key, value and headers, before compression) becomes a dead letter; so does one
    over the topic's own `max.message.bytes`."""
    linger_seconds: float = 0.005
    """How long a record waits for others to travel with."""
    delivery_seconds: float = 120.0
    """How long the brokers may take to accept a record, retries included, before the run fails."""
    buffer_bytes: int = 32 * 1024 * 1024
    """Records on their way; a full buffer makes the pipeline wait."""
    security: Security = field(default_factory=Security)
    """TLS and SASL."""


def write(options: Options, delivery: Delivery) -> beam.PTransform:
    """`PCollection[Outcome] -> PCollection[Outcome]`: writes; what is too long comes back.

    A withdrawal becomes a null value under the article's key: a compacted topic forgets the article.
    """
    return Deliver(_KafkaWriter(options), delivery)


class _KafkaWriter:
    def __init__(self, options: Options) -> None:
        self._options = options
        self._publication = Publication(
            Cluster(options.brokers, options.security),
            options.compression,
            options.linger_seconds,
            options.delivery_seconds,
            options.max_record_bytes + _OVERHEAD_BYTES,
        )
        self._limit_bytes: int | None = None
        self._sent: list[Any] = []
        self._sent_bytes = 0

    def open(self) -> None:
        if self._limit_bytes is None:
            topic = self._publication.cluster.describe(self._options.kafka_topic)
            own = self._options.max_record_bytes
            self._limit_bytes = min(own, (topic.max_message_bytes or own + _OVERHEAD_BYTES) - _OVERHEAD_BYTES)
        # Fetches the topic's metadata, so that a later outage meets a producer that can wait it out.
        shared(self._publication).partitions_for(self._options.kafka_topic)

    def write(self, value: Article | DeadLetter | Withdrawal) -> None:
        line = None if isinstance(value, Withdrawal) else encode_as(self._options.format, value)
        key = (value.id or str(value.origin)).encode()
        headers = [
            ("schema", self._schema(type(value))),
            ("content-type", b"application/json"),
            ("origin", str(value.origin).encode()),
        ]
        size = len(line or b"") + len(key) + sum(len(name) + len(header) for name, header in headers)
        assert self._limit_bytes is not None
        if size > self._limit_bytes:
            raise Undeliverable(f"{size:,} bytes; the topic takes {self._limit_bytes:,}")
        try:
            delivery = shared(self._publication).send(
                self._options.kafka_topic, line, key=key, headers=headers
            )
        except KafkaError as error:
            raise self._failed(error) from error
        self._sent.append(delivery)
        self._sent_bytes += size
        if self._sent_bytes >= self._options.buffer_bytes:
            self.flush()

    def flush(self) -> None:
        sent, self._sent, self._sent_bytes = self._sent, [], 0
        if not sent:
            return
        try:
            shared(self._publication).flush(self._options.delivery_seconds + 5)
            # Each: a flush returns quietly also when deliveries failed.
            for delivery in sent:
                delivery.get(0)
        except KafkaError as error:
            raise self._failed(error) from error

    def close(self) -> None:
        """The producer is the process's: only what was sent is forgotten."""
        self._sent, self._sent_bytes = [], 0

    def _schema(self, kind: type) -> bytes:
        is_ours = kind is not Article or self._options.format == "newsbeam"
        return _SCHEMAS[kind] if is_ours else self._options.format.encode()

    def _failed(self, error: KafkaError) -> DeliveryFailed:
        drop(self._publication)
        return DeliveryFailed(
            f"{self._options.kafka_topic} at {self._options.brokers}: {type(error).__name__}: {error}"
        )
