"""One Kafka producer for all writers of a process with the same settings."""

from __future__ import annotations

import atexit
import threading
from dataclasses import dataclass
from typing import Any, Literal

from kafka import KafkaProducer
from kafka.errors import KafkaTimeoutError

from connectors.kafka.connection import Cluster


@dataclass(frozen=True, slots=True)
class Publication:
    """What a shared producer is for. Equal publications share one."""

    cluster: Cluster
    compression: Literal["none", "gzip", "snappy", "lz4", "zstd"]
    linger_seconds: float
    delivery_seconds: float
    max_request_bytes: int


def shared(publication: Publication) -> Any:
    """This process's kafka-python producer: idempotent, `acks=all`."""
    with _opening:
        if publication not in _open:
            _open[publication] = publication.cluster.open(
                KafkaProducer,
                client_id="newsbeam",
                metrics_enabled=False,  # they cost time for every record
                enable_idempotence=True,
                acks="all",
                compression_type=None if publication.compression == "none" else publication.compression,
                linger_ms=int(publication.linger_seconds * 1000),
                batch_size=64 * 1024,
                delivery_timeout_ms=int(publication.delivery_seconds * 1000),
                # A request that is not answered is sent again within the delivery's time.
                request_timeout_ms=min(30_000, int(publication.delivery_seconds * 400)),
                max_request_size=publication.max_request_bytes,
                max_block_ms=int(publication.delivery_seconds * 1000),
                allow_auto_create_topics=False,
            )
        return _open[publication]


def drop(publication: Publication) -> None:
    """Close a producer that failed: after an error an idempotent one may refuse all that follows."""
    with _opening:
        failed = _open.pop(publication, None)
    if failed is not None:
        _close(failed, 0)


def close_all() -> None:
    """Close this process's producers; a later use opens new ones."""
    with _opening:
        while _open:
            _close(_open.popitem()[1], 5)


def _close(producer: Any, seconds: float) -> None:
    """Close a producer; what it could not deliver in so many seconds is given up."""
    try:
        producer.close(timeout=seconds)
    except KafkaTimeoutError:  # kafka-python flushes first, and gives up with its thread still at work
        producer._sender.force_close()


_opening = threading.Lock()
_open: dict[Publication, Any] = {}
atexit.register(close_all)
