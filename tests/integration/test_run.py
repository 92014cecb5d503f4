"""`newsbeam publish` and `newsbeam run` as a person types them, against a real broker."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import Answer
from tests.integration.broker import Broker

pytestmark = [pytest.mark.kafka, pytest.mark.xdist_group("kafka")]

ROOT = Path(__file__).parents[2]
SEEDS = ROOT / "tests" / "golden" / "seeds"
Newsbeam = Callable[..., Answer]
"""The command in this process: what runs beside the one that is tested, or needs none of its own."""


def newsbeam_process(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore", "-m", "pipelines.cli", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


@contextlib.contextmanager
def live(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-W", "ignore", "-m", "pipelines.cli", "run", *map(str, arguments)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def publish_seeds(newsbeam: Newsbeam, kafka: Broker, topic: str) -> None:
    published = newsbeam("publish", SEEDS, "--to", topic, "--brokers", kafka.brokers)
    assert published.exit_code == 0, published.stderr


def flags(kafka: Broker, raw: str, out: str, letters: str) -> list[str]:
    return ["--brokers", kafka.brokers, "--from", raw, "--to", out, "--dead-letters", letters]


def test_published_seeds_come_out_as_the_replay_writes_them(kafka: Broker, tmp_path: Path) -> None:
    """Promise 4: the same records, whatever the transport, but for their origin."""
    raw, out, letters = kafka.topic(4), kafka.topic(4), kafka.topic(1)
    published = newsbeam_process("publish", SEEDS, "--to", raw, "--brokers", kafka.brokers)
    assert published.returncode == 0, published.stderr
    assert "published 5 records" in published.stderr
    ran = newsbeam_process("run", *flags(kafka, raw, out, letters), "--until-end", "--json")
    assert ran.returncode == 0, ran.stderr
    summary = json.loads(ran.stdout)
    assert (summary["read"], summary["outcomes"]["enriched"], summary["faults"]) == (5, 5, [])
    replayed = newsbeam_process("replay", SEEDS, "--output", tmp_path / "out")
    assert replayed.returncode == 0, replayed.stderr

    def without_place(line: bytes | str) -> dict[str, object]:
        record = json.loads(line)
        record.pop("origin")
        dates = [date for date in record["date_candidates"] if date["origin"] != "kafka_time"]
        return {**record, "date_candidates": dates}

    from_kafka = {record.key.decode(): without_place(record.value) for record in kafka.consume(out, 5)}
    from_files = {}
    for file in (tmp_path / "out" / "articles").glob("*.jsonl"):
        for line in file.read_text().splitlines():
            from_files[json.loads(line)["id"]] = without_place(line)
    assert from_kafka == from_files


def test_a_config_file_runs_the_same_and_a_wrong_one_is_refused(kafka: Broker, tmp_path: Path) -> None:
    raw, out, letters = kafka.topic(1), kafka.topic(1), kafka.topic(1)
    kafka.produce(raw, [b"not JSON"])
    place = f'kind = "kafka"\nbrokers = "{kafka.brokers}"\n'
    config = tmp_path / "newsbeam.toml"
    config.write_text(
        f'[source]\n{place}kafka_topic = "{raw}"\n'
        f'[[sinks]]\n{place}kafka_topic = "{out}"\n'
        f'[[sinks]]\n{place}kafka_topic = "{letters}"\ntakes = "dead_letters"\n'
    )
    ran = newsbeam_process("run", "--config", config, "--until-end", "--json")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["reasons"] == {"not_json": 1}
    assert len(kafka.consume(letters, 1)) == 1
    config.write_text(config.read_text().replace("kafka_topic", "topic", 1))
    refused = newsbeam_process("run", "--config", config)
    assert refused.returncode == 2
    assert "source.topic: unknown key" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--brokers", "x:1", "--from", "raw", "--to", "out"], "--dead-letters is needed"),
        (["--config", "x.toml", "--to", "out"], "--config says what --to would"),
        (["--config", "/nowhere.toml"], "/nowhere.toml"),
    ],
)
def test_wrong_usage_is_refused_with_exit_code_2(
    newsbeam: Newsbeam, arguments: list[str], message: str
) -> None:
    ran = newsbeam("run", *arguments)
    assert ran.exit_code == 2
    assert message in ran.stderr


def test_publish_keeps_the_pace(kafka: Broker, newsbeam: Newsbeam, tmp_path: Path) -> None:
    articles = tmp_path / "articles.jsonl"
    lines = [{"text": f"Текст {n}", "published_at": f"2026-01-01T00:00:{50 - n * 10:02}Z"} for n in range(3)]
    articles.write_text("".join(json.dumps(line) + "\n" for line in lines))
    topic = kafka.topic(1)
    newsbeam("publish", articles, "--to", topic, "--brokers", kafka.brokers, "--speed", "20x")
    records = kafka.consume(topic, 3)
    assert [json.loads(record.value)["text"] for record in records] == ["Текст 2", "Текст 1", "Текст 0"]
    assert 0.7 < (records[-1].timestamp - records[0].timestamp) / 1000 < 2.5
    newsbeam("publish", articles, "--to", topic, "--brokers", kafka.brokers, "--rate", "4/s")
    records = kafka.consume(topic, 6)[3:]
    assert 0.3 < (records[-1].timestamp - records[0].timestamp) / 1000 < 1.5


def test_publish_says_what_it_could_not_send(kafka: Broker, newsbeam: Newsbeam, tmp_path: Path) -> None:
    (tmp_path / "articles.jsonl").write_bytes(b'{"text": "whole"}\n{"text": "cut o')
    (tmp_path / "long.txt").write_text("x" * 30_000)
    topic = kafka.topic(1, **{"max.message.bytes": "20000"})
    published = newsbeam("publish", tmp_path, "--to", topic, "--brokers", kafka.brokers)
    assert published.exit_code == 1
    assert "published 1 records" in published.stderr
    assert "articles.jsonl#1: truncated_file" in published.stderr
    assert "the topic takes 19,800" in published.stderr


def test_a_live_run_serves_metrics_and_drains_on_sigterm(kafka: Broker, newsbeam: Newsbeam) -> None:
    raw, out, letters = kafka.topic(2), kafka.topic(2), kafka.topic(1)
    with live(*flags(kafka, raw, out, letters), "--metrics-port", "0", "--json") as process:
        assert process.stderr is not None
        address = _after(process, r"metrics on (\S+)")
        publish_seeds(newsbeam, kafka, raw)
        kafka.produce(raw, [b"not JSON"])
        kafka.consume(out, 5)
        kafka.consume(letters, 1)
        metrics = _metrics(address, 'newsbeam_outcomes_total{outcome="rejected"} 1.0')
        assert 'newsbeam_outcomes_total{outcome="enriched"} 5.0' in metrics
        assert 'newsbeam_rejected_total{reason="not_json"} 1.0' in metrics
        assert 'newsbeam_station_seconds_count{station="DetectLanguage"} 6.0' in metrics
        assert f'newsbeam_kafka_lag{{kafka_topic="{raw}",partition="1"}} 0.0' in metrics
        assert f'newsbeam_kafka_oldest_unprocessed_seconds{{kafka_topic="{raw}",partition="0"}}' in metrics
        process.send_signal(signal.SIGTERM)
        told, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        assert json.loads(told)["read"] == 6
    assert sum(kafka.committed(raw, "newsbeam").values()) == 6


def test_workers_share_the_partitions_and_a_killed_one_is_started_again(
    kafka: Broker, newsbeam: Newsbeam
) -> None:
    raw, out, letters = kafka.topic(4), kafka.topic(4), kafka.topic(1)
    with live(*flags(kafka, raw, out, letters), "--workers", "2", "--metrics-port", "0", "--json") as process:
        address = _after(process, r"metrics on (\S+)")
        publish_seeds(newsbeam, kafka, raw)
        kafka.consume(out, 5, seconds=60)
        _metrics(address, 'newsbeam_outcomes_total{outcome="enriched"} 5.0')
        victim = _workers_of(process.pid)[0]
        subprocess.run(["kill", "-9", str(victim)], check=True)
        _after(process, r"starting it again in (\d)")
        kafka.produce(
            raw, [json.dumps({"id": f"{n}", "text": "Още един текст."}).encode() for n in range(40)]
        )
        assert len({record.key for record in kafka.consume(out, 45, seconds=60)}) == 45
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=90)
        assert process.returncode == 0
    assert sum(kafka.committed(raw, "newsbeam").values()) == 45


def test_workers_stop_at_the_end_and_add_up(kafka: Broker, newsbeam: Newsbeam) -> None:
    raw, out, letters = kafka.topic(3), kafka.topic(3), kafka.topic(1)
    publish_seeds(newsbeam, kafka, raw)
    ran = newsbeam_process("run", *flags(kafka, raw, out, letters), "--workers", "2", "--until-end", "--json")
    assert ran.returncode == 0, ran.stderr
    summary = json.loads(ran.stdout)
    assert (summary["read"], summary["sinks"]["articles"]) == (5, {"delivered": 5})


def test_workers_that_cannot_start_end_the_run_with_the_reason(kafka: Broker) -> None:
    out, letters = kafka.topic(1), kafka.topic(1)
    ran = newsbeam_process("run", *flags(kafka, "nowhere", out, letters), "--workers", "2")
    assert ran.returncode == 1
    assert "the topic nowhere does not exist" in ran.stderr


def _after(process: subprocess.Popen[str], pattern: str) -> str:
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(pattern, line):
            return found[1]
    raise AssertionError(f"it never said {pattern}")


def _metrics(address: str, until: str, seconds: float = 30) -> str:
    deadline = time.monotonic() + seconds
    while True:
        with urllib.request.urlopen(address, timeout=10) as answer:
            text = answer.read().decode()
        if until in text:
            return text
        assert time.monotonic() < deadline, text
        time.sleep(0.2)


def _workers_of(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    spawned = [int(child) for child in children if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text()]
    return sorted(spawned)
