"""The broker script, and the fixture's own clients: what the other Kafka tests stand on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.broker import SCRIPT, Broker, running_broker

pytestmark = pytest.mark.kafka


def test_records_go_in_and_come_out(kafka: Broker) -> None:
    topic = kafka.topic(4)
    kafka.produce(topic, [b"%d" % number for number in range(100)])
    assert sorted(int(record.value) for record in kafka.consume(topic, 100)) == list(range(100))


def test_a_broker_ends_with_its_block_and_leaves_nothing(tmp_path: Path) -> None:
    with running_broker() as broker:
        assert broker.pid is not None
        os.kill(broker.pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(broker.pid, 0)


def test_background_broker_is_stopped_by_its_folder(tmp_path: Path) -> None:
    start = [sys.executable, str(SCRIPT), "--background", "--data", str(tmp_path)]
    facts = dict(pair.split("=", 1) for pair in subprocess.check_output(start, text=True).split())
    broker = Broker(facts["brokers"])
    broker.topic()
    subprocess.run([sys.executable, str(SCRIPT), "--stop", facts["data"]], check=True)
    with pytest.raises(ProcessLookupError):
        os.kill(int(facts["pid"]), 0)


def test_without_java_it_says_how_to_bring_your_own_broker() -> None:
    result = subprocess.run([sys.executable, str(SCRIPT)], env={"PATH": ""}, capture_output=True, text=True)
    assert result.returncode == 1
    assert "NEWSBEAM_KAFKA_BROKERS" in result.stderr
