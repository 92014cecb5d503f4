"""Articles at a pace into a topic, and a look at what arrives at another."""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator

from kafka import KafkaConsumer, KafkaProducer, TopicPartition


class Output:
    """Follows a topic: which ids arrived, how often, and whether repeats are the same bytes."""

    def __init__(self, brokers: str, topic: str) -> None:
        self._consumer = KafkaConsumer(bootstrap_servers=brokers, group_id=None)
        partitions = [TopicPartition(topic, n) for n in self._consumer.partitions_for_topic(topic)]
        self._consumer.assign(partitions)
        self._consumer.seek_to_beginning(*partitions)
        self.values: dict[bytes, bytes] = {}
        self.arrivals: Counter[bytes] = Counter()
        self.unequal: list[bytes] = []
        self.news: list[tuple[float, int]] = []
        """When (monotonic seconds) how many ids arrived for the first time."""

    @property
    def repeats(self) -> int:
        return self.arrivals.total() - len(self.arrivals)

    def follow(self, seconds: float = 0.0, until: int | None = None) -> None:
        """Take in what arrives for some time, or until so many ids are there."""
        deadline = time.monotonic() + seconds
        while True:
            known = len(self.values)
            for records in self._consumer.poll(50, max_records=5000).values():
                for record in records:
                    self.arrivals[record.key] += 1
                    if self.values.setdefault(record.key, record.value) != record.value:
                        self.unequal.append(record.key)
            if len(self.values) > known:
                self.news.append((time.monotonic(), len(self.values) - known))
            if until is not None and len(self.values) >= until:
                return
            if time.monotonic() > deadline:
                assert until is None, f"{len(self.values)} of {until} ids arrived in {seconds} s"
                return

    def silence(self, since: float) -> float:
        """The longest time without a new id since a moment, in seconds."""
        times = [since, *(at for at, _ in self.news if at > since)]
        return max((after - before for before, after in itertools.pairwise(times)), default=0.0)

    def close(self) -> None:
        self._consumer.close()


@contextlib.contextmanager
def output(brokers: str, topic: str) -> Iterator[Output]:
    following = Output(brokers, topic)
    try:
        yield following
    finally:
        following.close()


def articles(first: int, count: int) -> list[bytes]:
    text = "Парламентът прие бюджета на второ четене. " * 10
    return [json.dumps({"id": f"id-{n}", "text": text}).encode() for n in range(first, first + count)]


class Load(threading.Thread):
    """Publishes articles with ids `id-0`, `id-1`, … at a pace until it is told to stop."""

    def __init__(self, brokers: str, topic: str, per_second: float) -> None:
        super().__init__(daemon=True)
        self.count = 0
        """How many were handed to the producer."""
        self.failed: list[Exception] = []
        self._brokers, self._topic, self._per_second = brokers, topic, per_second
        self._over = threading.Event()

    def run(self) -> None:
        producer = KafkaProducer(
            bootstrap_servers=self._brokers,
            acks="all",
            enable_idempotence=True,
            linger_ms=20,
            delivery_timeout_ms=120_000,
            max_block_ms=120_000,
            metrics_enabled=False,
        )
        value = articles(0, 1)[0]
        begun = time.monotonic()
        while not self._over.wait(0.02):
            due = int((time.monotonic() - begun) * self._per_second)
            for number in range(self.count, due):
                sent = producer.send(self._topic, value.replace(b"id-0", b"id-%d" % number))
                sent.add_errback(self.failed.append)
            self.count = max(self.count, due)
        producer.flush(120)
        producer.close()

    def stop(self) -> int:
        """Stop, and wait until the brokers have all; how many there are."""
        self._over.set()
        self.join(150)
        assert not self.failed, self.failed[0]
        return self.count
