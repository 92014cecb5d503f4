"""One Kafka consumer for all readers of a topic in a process.

The source's DoFn reads each partition for itself, but its instances come and go (Flink makes new ones for
bundles) and there may be hundreds of partitions, most of them idle. So they share one kafka-python
consumer that fetches for all partitions at once and keeps what came in a buffer for each.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import sys
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, OffsetOutOfRangeError
from kafka.structs import OffsetAndMetadata

from connectors import metrics
from connectors.kafka.buffer import Buffer
from connectors.kafka.connection import Cluster, TopicMissing
from connectors.kafka.starts import OutOfRange, Start, replacement, starting_offset

log = logging.getLogger(__name__)

MISSING_SECONDS = 10
"""A topic unseen for so long is gone; for less, a broker may just be starting."""
ANSWER_MS = 30_000
ARTICLE_BYTES = 3_400
"""Mean of 300 raw articles (2019) as JSON; holds until records were seen."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a shared consumer is for. Equal subscriptions share one."""

    cluster: Cluster
    kafka_topic: str
    group: str
    isolation: Literal["read_committed", "read_uncommitted"]
    discover_seconds: float


class SharedConsumer:
    """A consumer that several threads may ask; every call but `Buffer`'s own is locked."""

    def __init__(self, subscription: Subscription) -> None:
        self._topic = subscription.kafka_topic
        self._consumer: Any = subscription.cluster.open(
            KafkaConsumer,
            client_id="newsbeam",
            metrics_enabled=False,  # they cost time for every record
            group_id=subscription.group,
            enable_auto_commit=False,
            auto_offset_reset="none",
            allow_auto_create_topics=False,
            isolation_level=subscription.isolation,
            metadata_max_age_ms=max(1, int(subscription.discover_seconds * 1000)),
            # A fetch waits for all partitions it names; one that is drained meanwhile waits for the next.
            fetch_max_wait_ms=100,
            fetch_max_bytes=8 * 1024 * 1024,
            max_partition_fetch_bytes=512 * 1024,
        )
        self._lock = threading.Lock()
        self._buffers: dict[int, Buffer] = {}
        self._ends: dict[int, int] = {}
        self._fetched_records = self._fetched_bytes = 0
        self._full: set[int] = set()
        self._asked: set[int] = set()
        self._missing_since: float | None = None
        self._accepted: dict[int, int] = {}
        self._to_commit: dict[int, int] = {}
        self._committing: dict[int, int] = {}
        self._commit: Any = None

    def partitions(self) -> set[int]:
        """The topic's partitions by the latest metadata; empty for a moment when it cannot be seen.

        Raises:
            TopicMissing: it has not been seen for 10 seconds.
        """
        found: set[int] = set()
        with self._lock, contextlib.suppress(KafkaError):  # raised where the metadata lack the topic
            found = self._consumer.partitions_for_topic(self._topic)
        if found:
            self._missing_since = None
            return found
        now = time.monotonic()
        self._missing_since = self._missing_since or now
        if now - self._missing_since > MISSING_SECONDS:
            raise TopicMissing(f"the topic {self._topic} does not exist, or may not be read")
        return set()

    def offsets(self, partition: int, start: Start, out_of_range: OutOfRange) -> tuple[int, int]:
        """Where to begin a partition, and the offset its next record will get.

        Raises:
            OffsetLost: see `starts.starting_offset`.
        """
        asked = TopicPartition(self._topic, partition)
        with self._lock:
            first = self._consumer.beginning_offsets([asked], ANSWER_MS)[asked]
            end = self._consumer.end_offsets([asked], ANSWER_MS)[asked]
            committed = self._consumer.committed(asked, timeout_ms=ANSWER_MS)

            def at_time(moment: datetime) -> int | None:
                found = self._consumer.offsets_for_times({asked: int(moment.timestamp() * 1000)}, ANSWER_MS)
                return found[asked].offset if found[asked] else None

            begin = starting_offset(
                f"{self._topic}-{partition}",
                partition,
                start,
                committed=committed,
                first=first,
                end=end,
                at_time=at_time,
                out_of_range=out_of_range,
            )
            self._ends[partition] = end
        metrics.COMMITTED.labels(self._topic, str(partition)).set_to_current_time()
        return begin, end

    def buffer(self, partition: int, start: int, out_of_range: OutOfRange) -> Buffer:
        """The buffer of a partition, whose next record is the first at `start` or after it.

        Raises:
            OffsetLost: `start` is not in the log, and `out_of_range` is `fail`.
        """
        buffer = self._buffers.get(partition)
        if buffer is None or buffer.position != start:
            with self._lock:
                buffer = self._seek(partition, start)
        elif buffer.fault:
            begin = self._after_fault(partition, start, out_of_range)
            with self._lock:
                buffer = self._seek(partition, begin)
        return buffer

    def refill(self, partition: int, wait_seconds: float) -> None:
        """Poll for all partitions, this one having no records here; it need not even exist yet.

        One poll answers for all partitions, so only one that was already asked for since the last poll
        begins another; it waits for records unless some lie here for others. A round over many idle
        partitions thus polls and waits once, not once for each.
        """
        with self._lock:
            buffer = self._buffers.get(partition)
            if buffer and (buffer.records or buffer.fault):
                return  # another thread's poll brought it
            if partition not in self._asked:
                self._asked.add(partition)
                return
            self._asked = {partition}
            self._poll(0 if self.busy() else wait_seconds)

    def position(self, partition: int) -> int:
        """The offset up to which all visible records were read: over gaps, beyond the last record read."""
        with self._lock:
            buffer = self._buffers[partition]
            end = self.end(partition)
            if buffer.records or buffer.fault or (end is not None and buffer.position >= end):
                return buffer.position
            fetched: int | None = self._consumer.position(
                TopicPartition(self._topic, partition), timeout_ms=0
            )
            buffer.position = max(buffer.position, fetched or 0)
            return buffer.position

    def end(self, partition: int) -> int | None:
        """The offset that the partition's next record will get, as last heard."""
        return self._ends.get(partition)

    def end_by_now(self, partition: int) -> int:
        """The same; asks the brokers where nothing was heard yet, as in a worker that has just taken over."""
        if partition not in self._ends:
            asked = TopicPartition(self._topic, partition)
            with self._lock:
                self._ends[partition] = self._consumer.end_offsets([asked], ANSWER_MS)[asked]
        return self._ends[partition]

    @property
    def record_bytes(self) -> float:
        """The mean size of the records that were fetched; of an article by experience, before the first."""
        return self._fetched_bytes / self._fetched_records if self._fetched_records else ARTICLE_BYTES

    def idle_seconds(self, partition: int) -> float:
        """How long the partition has been read to its end; 0 while something is to be read."""
        position, end = self.position(partition), self.end(partition)
        if end is None or position < end:
            return 0
        return time.monotonic() - self._buffers[partition].read_at

    def lag(self, partition: int) -> int:
        """How many offsets of the partition lie unread."""
        return max(0, (self.end(partition) or 0) - self._buffers[partition].position)

    def oldest_seconds(self, partition: int) -> float:
        """The age of the first record in the partition's buffer, by its Kafka time; 0 where it is empty."""
        records = self._buffers[partition].records
        return max(0.0, time.time() - records[0].timestamp / 1000) if records else 0.0

    def busy(self) -> int:
        """How many partitions have records waiting."""
        buffers = list(self._buffers.values())  # the threads of other task slots may add one meanwhile
        return sum(1 for buffer in buffers if buffer.records)

    def accept(self, partition: int, offset: int) -> None:
        """Commit, soon: all before `offset` is in the sinks.

        One commit is on its way at a time; what is accepted meanwhile goes with the next.
        """
        with self._lock:
            if self._accepted.get(partition) != offset:
                self._accepted[partition] = self._to_commit[partition] = offset
            self._send_commits()

    def commit(self) -> None:
        """Commit what was accepted, now. A failure is logged: the next run repeats a bundle, no more."""
        with self._lock:
            waiting = {**self._in_flight(), **self._to_commit}
            if not waiting:
                return
            self._to_commit.clear()
            try:
                self._consumer.commit(self._as_commit(waiting), timeout_ms=ANSWER_MS)
            except KafkaError as error:
                metrics.COMMIT_FAILURES.labels(self._topic).inc()
                log.warning("could not commit %s: %s", self._topic, error)
            else:
                _note(self._as_commit(waiting))

    def close(self) -> None:
        with self._lock:
            self._consumer.close(autocommit=False, timeout_ms=2000)

    def _seek(self, partition: int, start: int) -> Buffer:
        wanted = TopicPartition(self._topic, partition)
        if wanted not in self._consumer.assignment():
            self._consumer.assign([*self._consumer.assignment(), wanted])
        self._consumer.seek(wanted, start)
        self._consumer.resume(wanted)
        self._full.discard(partition)
        self._buffers[partition] = Buffer(start)
        return self._buffers[partition]

    def _after_fault(self, partition: int, wanted: int, out_of_range: OutOfRange) -> int:
        first, end = self.offsets(partition, "earliest", out_of_range)
        return replacement(
            f"{self._topic}-{partition}",
            wanted,
            first=first,
            end=end,
            # Claims only go up: a log that became shorter is for the next run to decide on.
            out_of_range=out_of_range if wanted < first else "fail",
        )

    def _poll(self, wait_seconds: float) -> None:
        self._send_commits()
        for partition in [number for number in self._full if self._buffers[number].is_half_empty]:
            self._consumer.resume(TopicPartition(self._topic, partition))
            self._full.discard(partition)
        try:
            # All that was fetched: kafka-python 3.0 forgets the rest of a batch that is handed out in parts
            # when its partition is paused meanwhile, and the partition never goes on.
            fetched = self._consumer.poll(int(wait_seconds * 1000), max_records=sys.maxsize)
        except OffsetOutOfRangeError as error:
            fetched = {}
            for lost in error.args[0]:
                self._buffers[lost.partition].fault = error
                self._consumer.pause(lost)  # until its reader has decided where to go on
        for source, records in fetched.items():
            buffer = self._buffers[source.partition]
            self._fetched_records += len(records)
            self._fetched_bytes += buffer.put(records)
            if buffer.is_full:
                self._consumer.pause(source)
                self._full.add(source.partition)
        for partition in self._buffers:
            heard = self._consumer.highwater(TopicPartition(self._topic, partition))
            if heard is not None:
                self._ends[partition] = heard

    def _send_commits(self) -> None:
        if self._to_commit and (self._commit is None or self._commit.is_done):
            offsets, self._to_commit = self._to_commit, {}
            self._committing = offsets
            self._commit = self._consumer.commit_async(self._as_commit(offsets), callback=_answered)

    def _in_flight(self) -> dict[int, int]:
        return {} if self._commit is None or self._commit.is_done else self._committing

    def _as_commit(self, offsets: dict[int, int]) -> dict[TopicPartition, OffsetAndMetadata]:
        return {
            TopicPartition(self._topic, partition): OffsetAndMetadata(offset, "", -1)
            for partition, offset in offsets.items()
        }


def shared(subscription: Subscription) -> SharedConsumer:
    """This process's consumer for a subscription, opened at first use."""
    with _opening:
        if subscription not in _open:
            _open[subscription] = SharedConsumer(subscription)
        return _open[subscription]


def close_all() -> None:
    """Close this process's consumers; a later use opens new ones."""
    with _opening:
        while _open:
            _open.popitem()[1].close()


_opening = threading.Lock()
_open: dict[Subscription, SharedConsumer] = {}
atexit.register(close_all)


def _answered(offsets: dict[TopicPartition, OffsetAndMetadata], answer: Any) -> None:
    if isinstance(answer, Exception):
        for kafka_topic in {place.topic for place in offsets}:
            metrics.COMMIT_FAILURES.labels(kafka_topic).inc()
        log.warning("commit failed, the next one will do: %s", answer)
    else:
        _note(offsets)


def _note(offsets: dict[TopicPartition, OffsetAndMetadata]) -> None:
    for place in offsets:
        metrics.COMMITTED.labels(place.topic, str(place.partition)).set_to_current_time()
