"""The Kafka source in a real pipeline on the local runner, against a real broker."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.io.watermark_estimators import ManualWatermarkEstimator
from apache_beam.runners.sdf_utils import RestrictionTrackerView, ThreadsafeRestrictionTracker
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition

from connectors.kafka import consumers
from connectors.kafka.connection import TopicMissing, Unreachable
from connectors.kafka.starts import OffsetLost
from connectors.sources import kafka as source
from schemas.dead_letter import Reason
from schemas.received import Received
from tests.integration import collected
from tests.integration.broker import Broker
from tests.integration.live import run, running, wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.xdist_group("kafka")]


@pytest.fixture(autouse=True)
def _nothing_collected() -> None:
    collected.arrivals.clear()


def reading(kafka: Broker, topic: str, **options: Any) -> Any:
    settings = source.Options(kafka.brokers, topic, **options)
    return lambda pipeline: pipeline | source.read(settings) | beam.Map(collected.collect)


def payloads() -> list[bytes]:
    return [received.payload for received in collected.values()]


def offsets() -> list[tuple[int, int]]:
    return [(received.origin.partition, received.origin.offset) for received in collected.values()]


@pytest.mark.parametrize("partitions", [1, 4, 64])
def test_reads_everything_once_up_to_the_end_and_commits_it(kafka: Broker, partitions: int) -> None:
    topic = kafka.topic(partitions)
    kafka.produce(topic, [b"%d" % number for number in range(3000)])
    result = run(reading(kafka, topic, until_end=True))
    assert sorted(map(int, payloads())) == list(range(3000))
    assert sum(kafka.committed(topic, "newsbeam").values()) == 3000
    assert result.metrics().query()["counters"][0].committed == 3000
    collected.arrivals.clear()
    run(reading(kafka, topic, until_end=True))
    assert payloads() == []


def test_an_origin_names_the_record_and_its_time(kafka: Broker) -> None:
    topic = kafka.topic(2)
    kafka.produce(topic, [b"a", None], partition=1)
    run(reading(kafka, topic, until_end=True))
    first, second = collected.values()
    assert (first.payload, str(first.origin), first.fault) == (b"a", f"{topic}-1-0", None)
    assert abs((datetime.now(UTC) - first.origin.timestamp).total_seconds()) < 60
    assert second.fault.reason is Reason.EMPTY


def test_a_live_source_delivers_at_once_finds_new_partitions_and_drains(kafka: Broker) -> None:
    topic = kafka.topic(1)
    with running(reading(kafka, topic, discover_seconds=1.0)):
        kafka.produce(topic, [b"old"])
        wait_until(lambda: payloads() == [b"old"], what="a first record")
        sent = time.monotonic()
        kafka.produce(topic, [b"quick"])
        wait_until(lambda: b"quick" in payloads(), what="a record of a live topic")
        assert collected.arrivals[-1][0] - sent < 1.5
        kafka.add_partitions(topic, 3)
        kafka.produce(topic, [b"new %d" % number for number in range(10)], partition=2)
        wait_until(lambda: len(payloads()) == 12, what="the records of a new partition")
    assert kafka.committed(topic, "newsbeam") == {0: 2, 1: None, 2: 10}
    assert len(set(offsets())) == 12


def test_64_partitions_of_which_60_are_idle_are_read_within_a_second(kafka: Broker) -> None:
    topic = kafka.topic(64)
    with running(reading(kafka, topic)):
        kafka.produce(topic, [b"warm"], partition=0)
        wait_until(lambda: len(payloads()) == 1, what="a first record")
        for number in range(5):
            sent = time.monotonic()
            kafka.produce(topic, [b"%d" % number], partition=(7 * number) % 64)
            wait_until(lambda: len(payloads()) == number + 2, what="a record")  # noqa: B023
            assert collected.arrivals[-1][0] - sent < 1.5


def test_begins_at_the_end_at_a_time_or_at_offsets(kafka: Broker) -> None:
    topic = kafka.topic(2)
    kafka.produce(topic, [b"0", b"1", b"2", b"3"])
    time.sleep(0.05)
    moment = datetime.now(UTC)
    time.sleep(0.05)
    kafka.produce(topic, [b"4", b"5"])

    def read(group: str, start: Any) -> list[int]:
        collected.arrivals.clear()
        run(reading(kafka, topic, until_end=True, group=group, start=start))
        return sorted(map(int, payloads()))

    assert read("latest", "latest") == []
    assert read("time", moment) == [4, 5]
    assert read("offsets", {1: 2}) == [0, 2, 4, 5]
    assert read("time", "earliest") == [0, 1, 2, 3, 4, 5]


def test_offsets_without_records_are_passed_and_committed(kafka: Broker) -> None:
    """Transaction markers and aborted records take offsets too."""
    topic = kafka.topic(1)
    producer = KafkaProducer(bootstrap_servers=kafka.brokers, transactional_id=topic)
    producer.init_transactions()
    for number, is_kept in enumerate([True, False, True, False]):
        producer.begin_transaction()
        for part in range(3):
            producer.send(topic, b"%d" % (number * 3 + part))
        producer.flush()  # an aborted record takes an offset once it was sent
        producer.commit_transaction() if is_kept else producer.abort_transaction()
    producer.close()
    run(reading(kafka, topic, until_end=True))
    assert sorted(map(int, payloads())) == [0, 1, 2, 6, 7, 8]
    assert kafka.committed(topic, "newsbeam") == {0: 16}
    with running(reading(kafka, topic, group="live")):
        wait_until(lambda: len(payloads()) == 12, what="the same, live")
        wait_until(lambda: kafka.committed(topic, "live") == {0: 16}, what="a commit behind the gap")


def test_a_truncated_log_is_an_error_or_a_documented_reset(kafka: Broker) -> None:
    topic = kafka.topic(1)
    kafka.produce(topic, [b"%d" % number for number in range(10)])
    run(reading(kafka, topic, until_end=True, start={0: 2}))
    with KafkaAdminClient(bootstrap_servers=kafka.brokers) as admin:
        admin.delete_records({TopicPartition(topic, 0): 8})
    with pytest.raises(OffsetLost, match=f"{topic}-0: offset 5 is not in the log, which holds 8 to 10"):
        run(reading(kafka, topic, until_end=True, start={0: 5}))
    collected.arrivals.clear()
    run(reading(kafka, topic, until_end=True, start={0: 5}, out_of_range="earliest"))
    assert payloads() == [b"8", b"9"]


def test_a_log_truncated_while_it_is_read_is_an_error(kafka: Broker) -> None:
    from connectors.kafka.connection import Cluster
    from connectors.kafka.consumers import SharedConsumer, Subscription

    topic = kafka.topic(1)
    kafka.produce(topic, [b"%d" % number for number in range(10)])
    consumer = SharedConsumer(Subscription(Cluster(kafka.brokers), topic, "g", "read_committed", 10))
    try:
        with KafkaAdminClient(bootstrap_servers=kafka.brokers) as admin:
            admin.delete_records({TopicPartition(topic, 0): 8})
        buffer = consumer.buffer(0, 3, "fail")
        for _ in range(40):
            consumer.refill(0, 0.1)
        assert buffer.fault is not None
        with pytest.raises(OffsetLost, match="5 offsets were deleted unread"):
            consumer.buffer(0, 3, "fail")
        assert consumer.buffer(0, 3, "earliest").position == 8
    finally:
        consumer.close()


def test_a_missing_topic_and_an_unreachable_broker_are_plain_errors(
    kafka: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TopicMissing, match="the topic nowhere does not exist"):
        run(reading(kafka, "nowhere", until_end=True))
    monkeypatch.setattr("connectors.kafka.connection.CONNECT_SECONDS", 1)
    with pytest.raises(Unreachable, match=r"Kafka at 127\.0\.0\.1:1 \(PLAINTEXT\)"):
        run(reading(Broker("127.0.0.1:1"), "any", until_end=True))


def test_a_topic_that_is_deleted_ends_the_run_with_an_error(
    kafka: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.kafka.consumers.MISSING_SECONDS", 1)
    topic = kafka.topic(1)
    kafka.produce(topic, [b"a"])
    with (
        pytest.raises(TopicMissing, match=f"the topic {topic} does not exist"),
        running(reading(kafka, topic, discover_seconds=0.5)) as pipeline,
    ):
        wait_until(lambda: payloads() == [b"a"], what="a first record")
        kafka.delete_topic(topic)
        pipeline.join(30)  # it ends by itself, undrained
        assert not pipeline.is_alive()


def test_shares_of_several_workers_are_disjoint_and_whole(kafka: Broker) -> None:
    topic = kafka.topic(5)
    kafka.produce(topic, [b"%d" % number for number in range(100)])
    for worker in range(3):
        share = source.Share(kafka.brokers, topic, until_end=True, worker=worker, workers=3)
        run(lambda pipeline: pipeline | source.read(share) | beam.Map(collected.collect))  # noqa: B023
        assert {origin % 3 for origin, _ in offsets()[-10:]} == {worker}
    assert sorted(map(int, payloads())) == list(range(100))


class Reader:
    """Calls the splittable DoFn as an engine does, one bundle at a time."""

    def __init__(self, kafka: Broker, topic: str, **options: Any) -> None:
        self._fn = source._ReadPartitions(source.Share(kafka.brokers, topic, **options))
        self.element = (topic, 0, 1, 0)
        self.restriction = self._fn.initial_restriction(self.element)
        self.watermark = ManualWatermarkEstimator(None)

    @property
    def size(self) -> int:
        return self._fn.restriction_size(self.element, self.restriction)

    def bundle(self, while_reading: Any = lambda: None) -> list[bytes]:
        tracker = ThreadsafeRestrictionTracker(self._fn.create_tracker(self.restriction))
        found = []
        for value in self._fn.process(self.element, RestrictionTrackerView(tracker), self.watermark):
            found.append(value.value.payload)
            while_reading()
        assert tracker.check_done()
        self.restriction = tracker.deferred_status()[0]
        return found


@pytest.fixture
def _fresh_consumers() -> Iterator[None]:
    yield
    consumers.close_all()


@pytest.mark.usefixtures("_fresh_consumers")
def test_a_bundle_ends_after_so_many_records_or_so_long(kafka: Broker) -> None:
    topic = kafka.topic(1)
    kafka.produce(topic, [b"%d" % number for number in range(100)])
    reader = Reader(kafka, topic, bundle_records=10)
    while not (first := reader.bundle()):
        pass
    assert first == [b"%d" % number for number in range(10)]
    slow = Reader(kafka, topic, bundle_seconds=0.1, start={0: 10})
    while not (found := slow.bundle(while_reading=lambda: time.sleep(0.04))):
        pass
    assert 1 <= len(found) <= 4


@pytest.mark.usefixtures("_fresh_consumers")
def test_its_size_is_the_backlog_in_bytes_as_autoscaling_takes_it(kafka: Broker) -> None:
    topic = kafka.topic(1)
    kafka.produce(topic, [b"x" * 50] * 100)
    reader = Reader(kafka, topic, bundle_records=10)
    assert reader.size == 100 * consumers.ARTICLE_BYTES  # nothing seen yet
    while not reader.bundle():
        pass
    assert reader.size == round(90 * (50 + 1.9))  # the keys are "0" to "99"
    taken_over = reader.restriction
    consumers.close_all()
    after = Reader(kafka, topic, bundle_records=10)
    consumers.close_all()
    after._fn._shared = None  # a worker that was never asked where the partition starts or ends
    after.restriction = taken_over
    assert after.size == 90 * consumers.ARTICLE_BYTES
    while after.restriction.spans[0].start < 100:
        after.bundle()
    assert after.size == 1
    kafka.produce(topic, [b"x" * 50] * 7)
    wait_until(lambda: after.bundle() != [] or after.size > 1, what="news of seven records")
    while after.restriction.spans[0].start < 107:
        after.bundle()
    assert after.size == 1


@pytest.mark.usefixtures("_fresh_consumers")
def test_a_bundle_that_is_run_again_reads_the_same_records(kafka: Broker) -> None:
    topic = kafka.topic(1)
    kafka.produce(topic, [b"%d" % number for number in range(100)])
    reader = Reader(kafka, topic, bundle_records=10)
    begin = reader.restriction
    while not (first := reader.bundle()):
        pass
    reader.bundle()
    reader.restriction = begin
    again: list[bytes] = []
    while not again:
        again = reader.bundle()
    assert again == first


@pytest.mark.usefixtures("_fresh_consumers")
def test_the_watermark_follows_the_records_and_when_they_cease_the_clock(kafka: Broker) -> None:
    topic = kafka.topic(1)
    with contextlib.closing(KafkaProducer(bootstrap_servers=kafka.brokers)) as producer:
        producer.send(topic, b"of 2019", timestamp_ms=1_572_566_400_000).get(10)
    reader = Reader(kafka, topic)
    while not reader.bundle():
        pass
    assert reader.watermark.current_watermark() == 1_572_566_400
    deadline = time.monotonic() + source.IDLE_SECONDS + 2
    while reader.watermark.current_watermark() == 1_572_566_400:
        reader.bundle()
        assert time.monotonic() < deadline
    assert 0 <= time.time() - float(reader.watermark.current_watermark()) < source.IDLE_SECONDS + 2


def test_values_are_received_records(kafka: Broker) -> None:
    topic = kafka.topic(1)
    kafka.produce(topic, [b"{}"])
    run(reading(kafka, topic, until_end=True))
    assert all(isinstance(value, Received) for value in collected.values())
