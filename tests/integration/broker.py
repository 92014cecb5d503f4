"""A Kafka broker for tests: started by `deploy/kafka/broker`, or the one NEWSBEAM_KAFKA_BROKERS names."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewPartitions, NewTopic

SCRIPT = Path(__file__).parents[2] / "deploy" / "kafka" / "broker"


@dataclass
class Broker:
    """A running broker, and what tests ask of it with clients that are not newsbeam's."""

    brokers: str
    secure: str | None = None
    process: subprocess.Popen[str] | None = None
    pid: int | None = None
    """Of the Java process."""

    def topic(self, partitions: int = 1, name: str | None = None, **config: str) -> str:
        """Create a topic under a name of its own."""
        name = name or f"test-{uuid.uuid4().hex[:12]}"
        with KafkaAdminClient(bootstrap_servers=self.brokers) as admin:
            admin.create_topics([NewTopic(name, partitions, 1, topic_configs=config)])
            admin.wait_for_topics([name])
        return name

    def add_partitions(self, topic: str, total: int) -> None:
        with KafkaAdminClient(bootstrap_servers=self.brokers) as admin:
            admin.create_partitions({topic: NewPartitions(total)})

    def delete_topic(self, topic: str) -> None:
        with KafkaAdminClient(bootstrap_servers=self.brokers) as admin:
            admin.delete_topics([topic])

    def produce(self, topic: str, values: Iterable[bytes | None], partition: int | None = None) -> None:
        """Write values, keyed by their number; spread evenly over the partitions, or all in one."""
        producer = KafkaProducer(bootstrap_servers=self.brokers, linger_ms=5)
        try:
            count = len(producer.partitions_for(topic))
            futures = [
                producer.send(
                    topic,
                    value,
                    key=b"%d" % number,
                    partition=number % count if partition is None else partition,
                )
                for number, value in enumerate(values)
            ]
            producer.flush(60)
            for future in futures:
                future.get(10)
        finally:
            producer.close()

    def consume(self, topic: str, at_least: int = 0, seconds: float = 30) -> list:
        """Every record of a topic up to its end; waits until there are `at_least` of them."""
        consumer = KafkaConsumer(
            bootstrap_servers=self.brokers, group_id=None, isolation_level="read_committed"
        )
        try:
            partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
            consumer.assign(partitions)
            consumer.seek_to_beginning(*partitions)
            records: list = []
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                for batch in consumer.poll(200, max_records=10_000).values():
                    records += batch
                if len(records) >= at_least:
                    ends = consumer.end_offsets(partitions)
                    if all(consumer.position(partition) >= end for partition, end in ends.items()):
                        return records
            raise AssertionError(f"{topic}: {len(records)} records in {seconds} s, expected {at_least}")
        finally:
            consumer.close()

    def kill(self) -> None:
        """SIGKILL the Java process."""
        assert self.pid is not None
        os.kill(self.pid, signal.SIGKILL)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """The Java process stands still within the block: connections are taken, nothing is answered."""
        assert self.pid is not None
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)

    def committed(self, topic: str, group: str) -> dict[int, int | None]:
        """The group's committed offset of each partition."""
        consumer = KafkaConsumer(bootstrap_servers=self.brokers, group_id=group, enable_auto_commit=False)
        try:
            numbers = consumer.partitions_for_topic(topic)
            return {number: consumer.committed(TopicPartition(topic, number)) for number in numbers}
        finally:
            consumer.close()


@contextlib.contextmanager
def running_broker(*arguments: str, is_measured: bool = False) -> Iterator[Broker]:
    """A broker of its own, ended with the block. Skips the test where it cannot start (fails in CI).

    Args:
        arguments: of `deploy/kafka/broker`.
        is_measured: whether it runs as in production, not as a test wants it: there soon.
    """
    if shutil.which("java") is None or (shutil.which("mvn") is None and not _has_jars()):
        unavailable(
            "no Java or Maven for a Kafka broker; install them, "
            "or point the tests at a broker of your own with NEWSBEAM_KAFKA_BROKERS=HOST:PORT"
        )
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), "--until-eof", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=None if is_measured else short_lived_java(),
    )
    assert process.stdin and process.stdout
    try:
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"{SCRIPT} ended with code {process.wait()}; its reason is on standard error")
        facts = dict(pair.split("=", 1) for pair in line.split())
        yield Broker(facts["brokers"], facts.get("secure"), process, int(facts["pid"]))
    finally:
        process.stdin.close()
        process.wait(60)
        process.stdout.close()


def short_lived_java() -> dict[str, str]:
    """The environment of a Java process that lives for minutes: half of its time goes to the optimising
    compiler."""
    return {**os.environ, "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1"}


def unavailable(reason: str) -> None:
    """Skip; in CI a test that is skipped for want of a broker is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def _has_jars() -> bool:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "newsbeam"
    return any(cache.glob("kafka-*/"))
