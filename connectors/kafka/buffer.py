"""Records of one partition between the consumer that fetches them and the reader that takes them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import OffsetOutOfRangeError

BUFFER_RECORDS = 500
BUFFER_BYTES = 2 * 1024 * 1024
"""A partition whose buffer holds more is fetched no further until half is gone."""


@dataclass
class Buffer:
    """Records of one partition that were fetched and not yet read. For one reader at a time."""

    position: int
    """Offset after the last record read."""
    records: deque[ConsumerRecord] = field(default_factory=deque)
    bytes: int = 0
    fault: OffsetOutOfRangeError | None = None
    read_at: float = field(default_factory=time.monotonic)
    """When the last record was read, on the monotonic clock."""

    def pop(self) -> ConsumerRecord | None:
        """The next record, or None where none is here."""
        if not self.records:
            return None
        record = self.records.popleft()
        self.position = record.offset + 1
        self.bytes -= _size(record)
        self.read_at = time.monotonic()
        return record

    def put(self, records: Iterable[ConsumerRecord]) -> int:
        """Add records that were fetched, in order; how many bytes they have."""
        before = self.bytes
        for record in records:
            self.records.append(record)
            self.bytes += _size(record)
        return self.bytes - before

    @property
    def is_full(self) -> bool:
        """Whether to fetch no further."""
        return len(self.records) >= BUFFER_RECORDS or self.bytes >= BUFFER_BYTES

    @property
    def is_half_empty(self) -> bool:
        """Whether to fetch on."""
        return len(self.records) * 2 < BUFFER_RECORDS and self.bytes * 2 < BUFFER_BYTES


def _size(record: ConsumerRecord) -> int:
    return len(record.value or b"") + len(record.key or b"")
