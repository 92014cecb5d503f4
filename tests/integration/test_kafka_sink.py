"""The Kafka sink against a real broker: what it writes, and what it does when it cannot."""

from __future__ import annotations

import dataclasses
import json
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import apache_beam as beam
import pytest

from connectors.delivery import Delivery
from connectors.kafka.connection import TopicMissing
from connectors.kafka.producers import close_all, drop
from connectors.sinks import kafka as sink
from schemas import codec
from schemas.article import Article, Provenance
from schemas.dead_letter import DeadLetter, Fault, Kind, Reason
from schemas.ninjs import ninjs
from schemas.origin import Origin
from schemas.outcome import Outcome
from schemas.received import Received
from schemas.withdrawal import Withdrawal
from tests.integration import collected
from tests.integration.broker import Broker, running_broker
from tests.integration.live import run

pytestmark = [pytest.mark.kafka, pytest.mark.xdist_group("kafka")]


@pytest.fixture(autouse=True)
def _nothing_collected() -> None:
    collected.arrivals.clear()


def enriched(number: int, text: str = "Текст") -> Outcome:
    origin = Origin(
        "kafka", kafka_topic="raw", partition=1, offset=number, timestamp=datetime(2026, 1, 1, tzinfo=UTC)
    )
    article = Article(
        id=f"id-{number}",
        text=text,
        text_sha256="0" * 64,
        char_count=len(text),
        word_count=1,
        origin=origin,
        provenance=Provenance("0.1.0"),
    )
    return Outcome(Received(b"{}", origin), article)


def refused(number: int) -> Outcome:
    received = enriched(number).received
    fault = Fault(Reason.NOT_JSON, "not JSON")
    letter = DeadLetter.of(
        received, kind=Kind.REJECTED, fault=fault, step="DecodeArticle", newsbeam="0.1.0", id=None
    )
    return Outcome(received, letter)


def write(outcomes: Sequence[Outcome], options: sink.Options, takes: Any = Article) -> dict[str, int]:
    def build(pipeline: beam.Pipeline) -> None:
        undelivered = (
            pipeline
            | beam.Create(outcomes, reshuffle=False)
            | sink.write(options, Delivery("out", takes, "0.1.0"))
        )
        undelivered | beam.Map(collected.collect)

    counters = run(build).metrics().query()["counters"]
    return {counter.key.metric.name: counter.committed for counter in counters}


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_articles_arrive_under_their_id_with_headers(kafka: Broker, compression: Any) -> None:
    topic = kafka.topic(4)
    outcomes = [enriched(number) for number in range(50)] + [refused(50)]
    counts = write(outcomes, sink.Options(kafka.brokers, topic, compression))
    assert counts == {"out/delivered": 50}
    records = {record.key.decode(): record for record in kafka.consume(topic, 50)}
    assert set(records) == {f"id-{number}" for number in range(50)}
    record = records["id-7"]
    assert codec.decode_article(record.value) == outcomes[7].value
    assert dict(record.headers) == {
        "schema": b"article.v1",
        "content-type": b"application/json",
        "origin": b"raw-1-7",
    }


def test_a_withdrawal_is_a_null_under_the_articles_key(kafka: Broker) -> None:
    topic = kafka.topic(4, **{"cleanup.policy": "compact"})
    article = enriched(1)
    origin = dataclasses.replace(article.received.origin, offset=2)
    withdrawal = Outcome(Received(b"{}", origin), Withdrawal("id-1", origin))
    counts = write([article, withdrawal], sink.Options(kafka.brokers, topic))
    assert counts == {"out/delivered": 1, "out/withdrawn": 1}
    first, second = kafka.consume(topic, 2)
    assert (first.key, second.key, first.partition) == (b"id-1", b"id-1", second.partition)
    assert first.value is not None and second.value is None
    assert dict(second.headers)["schema"] == b"withdrawal.v1"


def test_articles_can_be_ninjs(kafka: Broker) -> None:
    topic = kafka.topic(1)
    write([enriched(1)], sink.Options(kafka.brokers, topic, format="ninjs"))
    (record,) = kafka.consume(topic, 1)
    assert json.loads(record.value) == ninjs(enriched(1).value)  # type: ignore[arg-type]
    assert (record.key, dict(record.headers)["schema"]) == (b"id-1", b"ninjs")


def test_dead_letters_arrive_under_their_origin_where_no_id_is_known(kafka: Broker) -> None:
    topic = kafka.topic(1)
    write([refused(3), enriched(4)], sink.Options(kafka.brokers, topic), DeadLetter)
    (record,) = kafka.consume(topic, 1)
    assert record.key == b"raw-1-3"
    assert dict(record.headers)["schema"] == b"dead_letter.v1"
    assert codec.decode_dead_letter(record.value).reason is Reason.NOT_JSON


def test_a_record_over_the_topics_limit_becomes_a_dead_letter_before_it_is_sent(kafka: Broker) -> None:
    topic = kafka.topic(1, **{"max.message.bytes": "20000"})
    counts = write([enriched(0), enriched(1, "x" * 20_000)], sink.Options(kafka.brokers, topic))
    assert counts == {"out/delivered": 1, "out/undelivered": 1}
    (outcome,) = collected.values()
    letter = outcome.value
    assert (letter.kind, letter.reason, letter.step, letter.id) == (
        Kind.UNDELIVERED,
        Reason.SINK,
        "out",
        "id-1",
    )
    assert "the topic takes 19,800" in letter.detail
    assert [record.key for record in kafka.consume(topic, 1)] == [b"id-0"]


def test_a_record_at_the_limit_is_taken(kafka: Broker) -> None:
    topic = kafka.topic(1, **{"max.message.bytes": "20000"})
    empty = len(codec.encode(enriched(0, "").value)) + len("id-0")
    empty += len("schemaarticle.v1content-typeapplication/jsonoriginraw-1-0")
    largest = 20_000 - 200 - empty - 4  # char_count grows to five digits
    assert write([enriched(0, "x" * largest)], sink.Options(kafka.brokers, topic)) == {"out/delivered": 1}
    assert write([enriched(0, "x" * (largest + 1))], sink.Options(kafka.brokers, topic)) == {
        "out/undelivered": 1
    }


def test_a_full_buffer_makes_the_writer_wait_not_grow(kafka: Broker) -> None:
    topic = kafka.topic(1)
    options = sink.Options(kafka.brokers, topic, buffer_bytes=10_000)
    writer = sink._KafkaWriter(options)
    writer.open()
    try:
        most = 0
        for number in range(100):
            writer.write(enriched(number, "x" * 1000).value)
            most = max(most, writer._sent_bytes)
        writer.flush()
    finally:
        close_all()
    assert 0 < most < 10_000
    assert len(kafka.consume(topic, 100)) == 100


def test_a_missing_topic_stops_the_job(kafka: Broker) -> None:
    with pytest.raises(TopicMissing, match="the topic nowhere does not exist"):
        write([enriched(0)], sink.Options(kafka.brokers, "nowhere"))


def test_a_bundle_whose_records_were_not_accepted_fails_and_a_later_one_can_succeed() -> None:
    with running_broker() as broker:
        topic = broker.topic(1)
        writer = sink._KafkaWriter(sink.Options(broker.brokers, topic, delivery_seconds=3))
        writer.open()
        with broker.frozen():
            writer.write(enriched(0).value)
            with pytest.raises(sink.DeliveryFailed):
                writer.flush()
        writer.open()
        writer.write(enriched(1).value)
        writer.flush()
        assert json.loads(broker.consume(topic, 1)[-1].value)["origin"]["offset"] == 1
        broker.kill()
        writer.write(enriched(2).value)
        with pytest.raises(sink.DeliveryFailed):
            writer.flush()
        close_all()


def test_a_producer_is_dropped_with_its_thread_though_it_holds_a_record_that_nobody_takes() -> None:
    with running_broker() as broker:
        writer = sink._KafkaWriter(sink.Options(broker.brokers, broker.topic(1)))
        writer.open()
        threads = threading.active_count()
        broker.kill()
        writer.write(enriched(0).value)
        drop(writer._publication)
        deadline = time.monotonic() + 30
        while threading.active_count() == threads and time.monotonic() < deadline:
            time.sleep(0.1)
        assert threading.active_count() < threads
