"""Reads a topic from a place to its present end, for commands: no group is moved unless asked to."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.structs import OffsetAndMetadata

from connectors.kafka.connection import Cluster, Unreachable

_SILENCE_SECONDS = 60.0
"""A topic that gives no record for so long before its end was reached counts as unreachable."""
_ANSWER_MS = 30_000


@dataclass(frozen=True, slots=True)
class WholeTopic:
    """What a topic holds now."""

    cluster: Cluster
    kafka_topic: str

    def records(self, starts: Mapping[int, int] | None = None) -> Iterator[ConsumerRecord]:
        """Every record up to the end of this moment; within a partition in order.

        Args:
            starts: where to begin, by partition; of the others their first record. An offset that is no
                longer in the log stands for the first one.

        Raises:
            TopicMissing, Unreachable: see `Cluster`; also when the topic falls silent before its end.
        """
        partitions = [self._of(number) for number in self.cluster.describe(self.kafka_topic).partitions]
        with closing(self._consumer(None)) as consumer:
            firsts = consumer.beginning_offsets(partitions, _ANSWER_MS)
            ends = consumer.end_offsets(partitions, _ANSWER_MS)
            consumer.assign(partitions)
            for partition in partitions:
                start = (starts or {}).get(partition.partition, 0)
                consumer.seek(partition, min(max(start, firsts[partition]), ends[partition]))
            heard = time.monotonic()
            while behind := [p for p in partitions if consumer.position(p, timeout_ms=_ANSWER_MS) < ends[p]]:
                for partition, batch in consumer.poll(500).items():
                    heard = time.monotonic()
                    yield from (record for record in batch if record.offset < ends[partition])
                if time.monotonic() - heard > _SILENCE_SECONDS:
                    raise Unreachable(f"{self.kafka_topic}: silent before the end of partition {behind[0]}")

    def record(self, partition: int, offset: int) -> ConsumerRecord | None:
        """The record at a place; None where it is no longer there, or not yet.

        Raises:
            TopicMissing, Unreachable: as for `records`.
        """
        if partition not in self.cluster.describe(self.kafka_topic).partitions:
            return None
        place = self._of(partition)
        with closing(self._consumer(None)) as consumer:
            first = consumer.beginning_offsets([place], _ANSWER_MS)[place]
            end = consumer.end_offsets([place], _ANSWER_MS)[place]
            if not first <= offset < end:
                return None
            consumer.assign([place])
            consumer.seek(place, offset)
            deadline = time.monotonic() + _SILENCE_SECONDS
            while consumer.position(place, timeout_ms=_ANSWER_MS) <= offset:
                if found := consumer.poll(500, max_records=1).get(place):
                    return found[0] if found[0].offset == offset else None
                if time.monotonic() > deadline:
                    raise Unreachable(f"{self.kafka_topic}: silent before offset {offset} of {partition}")
        return None

    def bounds(self) -> dict[int, tuple[int, int]]:
        """The first offset of each partition, and the one its next record will get."""
        partitions = [self._of(number) for number in self.cluster.describe(self.kafka_topic).partitions]
        with closing(self._consumer(None)) as consumer:
            firsts = consumer.beginning_offsets(partitions, _ANSWER_MS)
            ends = consumer.end_offsets(partitions, _ANSWER_MS)
            return {p.partition: (firsts[p], ends[p]) for p in partitions}

    def ends(self) -> dict[int, int]:
        """The offset the next record of each partition will get."""
        return {number: end for number, (_, end) in self.bounds().items()}

    def committed(self, group: str) -> dict[int, int]:
        """Where a group goes on, by partition; without those it never read."""
        partitions = [self._of(number) for number in self.cluster.describe(self.kafka_topic).partitions]
        with closing(self._consumer(group)) as consumer:
            found = {p.partition: consumer.committed(p, timeout_ms=_ANSWER_MS) for p in partitions}
            return {number: offset for number, offset in found.items() if offset is not None}

    def commit(self, group: str, offsets: Mapping[int, int]) -> None:
        """Move a group that has no member."""
        with closing(self._consumer(group)) as consumer:
            consumer.assign([self._of(number) for number in offsets])
            consumer.commit(
                {self._of(number): OffsetAndMetadata(offset, "", -1) for number, offset in offsets.items()},
                timeout_ms=_ANSWER_MS,
            )

    def _of(self, number: int) -> TopicPartition:
        return TopicPartition(self.kafka_topic, number)

    def _consumer(self, group: str | None) -> Any:
        return self.cluster.open(
            KafkaConsumer,
            client_id="newsbeam",
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            allow_auto_create_topics=False,
            isolation_level="read_committed",
        )
