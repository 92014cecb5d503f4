"""Kills: whatever dies, whenever, every record arrives; what is repeated is byte-equal and little."""

from __future__ import annotations

import contextlib
import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.broker import Broker, running_broker
from tests.integration.proxy import Proxy
from tests.integration.traffic import articles, output

pytestmark = [pytest.mark.kafka, pytest.mark.xdist_group("kills"), pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
PARTITIONS = 4
BUNDLE_RECORDS = 100  # of each partition


class Job:
    """A pipeline process from a topic to others, to kill and start again; it ends with the block."""

    def __init__(self, brokers: str, raw: str, out: str, letters: str, **source: Any) -> None:
        options = {"brokers": brokers, "kafka_topic": raw, "bundle_records": BUNDLE_RECORDS, **source}
        self._settings = json.dumps({"source": options, "out": out, "letters": letters})
        self.process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Job:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.communicate()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.integration.cheap_pipeline", self._settings],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self, number: int = signal.SIGTERM, seconds: float = 60) -> tuple[int, str]:
        """Send a signal; the exit code and what it said."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.wait(seconds)

    def wait(self, seconds: float = 60) -> tuple[int, str]:
        assert self.process is not None
        _, said = self.process.communicate(timeout=seconds)
        return self.process.returncode, said


@contextlib.contextmanager
def job(*arguments: Any, **source: Any) -> Iterator[Job]:
    with Job(*arguments, **source) as running:
        running.start()
        yield running


def topics(kafka: Broker) -> tuple[str, str, str]:
    return kafka.topic(PARTITIONS), kafka.topic(PARTITIONS), kafka.topic(1)


def test_20_kills_over_50_000_articles_lose_none_and_repeat_less_than_two_bundles(
    kafka: Broker, record_property: Any
) -> None:
    kills, total = 20, 50_000
    raw, out, letters = topics(kafka)
    dice, repeats = random.Random(4), []
    kafka.produce(raw, articles(0, total))
    with output(kafka.brokers, out) as arrived, Job(kafka.brokers, raw, out, letters) as running:
        for number in range(kills):
            before, known = arrived.repeats, len(arrived.values)
            running.start()
            if number % 5:  # each fifth dies while it starts, the others at work
                while len(arrived.values) == known:
                    arrived.follow()
                    assert running.process.poll() is None, running.wait()
                arrived.follow(dice.uniform(0, 0.5))
            else:
                arrived.follow(dice.uniform(0, 3))
            running.end(signal.SIGKILL)
            arrived.follow(0.2)
            repeats.append(arrived.repeats - before)
        assert len(arrived.values) < total, "it was done before the last kill"
        running.start()
        arrived.follow(120, until=total)
        code, said = running.end()
        assert code == 0, said
        arrived.follow(1)
        record_property("repeats", repeats)
        print(f"\n{total:,} articles, {kills} kills: repeats after each {repeats}")
        assert len(arrived.values) == total
        assert not arrived.unequal
        assert max(repeats) <= 2 * PARTITIONS * BUNDLE_RECORDS
    assert sum(kafka.committed(raw, "newsbeam").values()) == total


def test_a_drained_job_repeats_nothing(kafka: Broker) -> None:
    raw, out, letters = topics(kafka)
    kafka.produce(raw, articles(0, 3000))
    with output(kafka.brokers, out) as arrived, job(kafka.brokers, raw, out, letters) as running:
        arrived.follow(60, until=500)
        assert running.end()[0] == 0
        running.start()
        arrived.follow(60, until=3000)
        assert running.end(signal.SIGINT)[0] == 0
        arrived.follow(0.5)
        assert (len(arrived.values), arrived.repeats) == (3000, 0)


def test_a_broker_that_is_killed_and_started_again_loses_nothing(tmp_path: Path) -> None:
    with running_broker("--data", str(tmp_path)) as first:
        port = first.brokers.rpartition(":")[2]
        raw, out, letters = topics(first)
        first.produce(raw, articles(0, 2000))
        with job(first.brokers, raw, out, letters) as running:
            with output(first.brokers, out) as arrived:
                arrived.follow(60, until=1000)
            first.kill()
            time.sleep(3)
            with running_broker("--data", str(tmp_path), "--port", port) as second:
                second.produce(raw, articles(2000, 2000))
                with output(second.brokers, out) as arrived:
                    arrived.follow(90, until=4000)
                    assert not arrived.unequal
                code, said = running.end()
                assert code == 0, said


def test_a_network_that_is_cut_again_and_again_loses_nothing() -> None:
    with Proxy() as proxy:
        own = f"advertised.listeners=PLAINTEXT://127.0.0.1:{proxy.port}"
        with running_broker("--set", own) as broker:
            proxy.target = int(broker.brokers.rpartition(":")[2])
            through = Broker(f"127.0.0.1:{proxy.port}")
            raw, out, letters = topics(through)
            through.produce(raw, articles(0, 5000))
            with job(through.brokers, raw, out, letters) as running:
                for number in range(5):
                    with output(through.brokers, out) as arrived:
                        arrived.follow(60, until=500 * (number + 1))
                    proxy.cut()
                with output(through.brokers, out) as arrived:
                    arrived.follow(90, until=5000)
                    assert not arrived.unequal
                    assert arrived.repeats == 0  # the idempotent producer's doing
                code, said = running.end()
                assert code == 0, said


def test_without_its_output_topic_a_job_stops_and_takes_nothing(kafka: Broker) -> None:
    raw, letters = kafka.topic(PARTITIONS), kafka.topic(1)
    out = raw + "-out"
    kafka.produce(raw, articles(0, 100))
    with job(kafka.brokers, raw, out, letters) as running:
        code, said = running.wait()
        assert code != 0
        assert f"the topic {out} does not exist" in said
        assert not any(kafka.committed(raw, "newsbeam").values())
        kafka.topic(2, name=out)
        running.start()
        with output(kafka.brokers, out) as arrived:
            arrived.follow(60, until=100)
        assert running.end()[0] == 0


def test_poison_at_the_head_of_every_partition_does_not_stop_the_stream(kafka: Broker) -> None:
    raw, out, letters = topics(kafka)
    poison = [b"\xff\xfe", None, b"[" * 100_000, b'{"text": 7, "id": "no string"}']
    for partition, value in enumerate(poison):
        kafka.produce(raw, [value], partition=partition)
    kafka.produce(raw, articles(0, 400))
    with output(kafka.brokers, out) as arrived, job(kafka.brokers, raw, out, letters) as running:
        arrived.follow(60, until=400)
        refused = [json.loads(record.value) for record in kafka.consume(letters, len(poison))]
        assert sorted(letter["origin"]["partition"] for letter in refused) == [0, 1, 2, 3]
        assert {letter["origin"]["offset"] for letter in refused} == {0}
        assert sorted(letter["reason"] for letter in refused) == [
            "empty",
            "exception",
            "not_json",
            "not_json",
        ]
        assert running.end()[0] == 0
