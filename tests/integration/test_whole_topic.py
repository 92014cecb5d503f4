"""One record of a topic, looked up where a dead letter says it was."""

from __future__ import annotations

import hashlib

import pytest

from connectors.kafka.connection import Cluster, TopicMissing
from connectors.kafka.whole_topic import WholeTopic
from connectors.sources.dead_letters import LostPayload, receive
from schemas.dead_letter import DeadLetter, Fault, Kind, Reason
from schemas.origin import Origin
from schemas.received import Received
from tests.integration.broker import Broker

pytestmark = [pytest.mark.kafka, pytest.mark.xdist_group("kafka")]


def test_a_record_is_found_at_its_place_or_not_at_all(kafka: Broker) -> None:
    topic = WholeTopic(Cluster(kafka.brokers), kafka.topic(2))
    kafka.produce(topic.kafka_topic, [b"a", b"b", b"c", b"d"])
    found = {place: topic.record(*place) for place in ((0, 0), (0, 1), (1, 1), (0, 2), (2, 0))}
    values = {place: record and record.value for place, record in found.items()}
    assert values == {(0, 0): b"a", (0, 1): b"c", (1, 1): b"d", (0, 2): None, (2, 0): None}
    with pytest.raises(TopicMissing):
        WholeTopic(topic.cluster, "absent-topic").record(0, 0)


def test_the_rest_of_a_long_letter_is_read_whatever_else_arrives(
    kafka: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, long = kafka.topic(2), b"x" * 100_000
    kafka.produce(name, [b"other", long])
    received = Received(long, Origin("kafka", kafka_topic=name, partition=1, offset=0))
    fault = Fault(Reason.TOO_LARGE, "why")
    letter = DeadLetter.of(received, kind=Kind.REJECTED, fault=fault, step="DecodeArticle", newsbeam="0")
    assert letter.payload_sha256 == hashlib.sha256(long).hexdigest() and letter.payload != long.decode()
    describe = Cluster.describe

    def meanwhile(cluster: Cluster, topic: str) -> object:
        kafka.produce(name, [b"more"] * 4)
        return describe(cluster, topic)

    monkeypatch.setattr(Cluster, "describe", meanwhile)
    assert receive(letter, (), 10**6, Cluster(kafka.brokers)) == received
    with pytest.raises(LostPayload):
        receive(letter, (), 10**6)
