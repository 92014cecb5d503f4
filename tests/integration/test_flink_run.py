"""`newsbeam run --runner flink` and `newsbeam stop` as a person types them, on a real cluster."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from pipelines.flink import FlinkError
from tests.integration import cheap_pipeline
from tests.integration.broker import Broker
from tests.integration.flink_cluster import ROOT, Cluster
from tests.integration.traffic import Load, output

pytestmark = [
    pytest.mark.flink,
    pytest.mark.kafka,
    pytest.mark.xdist_group("flink"),
    pytest.mark.timeout(900),
]


def newsbeam(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore", "-m", "pipelines.cli", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=330)


def write_config(file: Path, kafka: Broker, topics: tuple[str, str, str], options: dict[str, Any]) -> Path:
    raw, out, letters = topics
    place = f'kind = "kafka"\nbrokers = "{kafka.brokers}"\n'
    values = "".join(f"{name} = {json.dumps(value)}\n" for name, value in options.items())
    file.write_text(
        f'[source]\n{place}kafka_topic = "{raw}"\ngroup = "{raw}"\n'
        f'[[sinks]]\n{place}kafka_topic = "{out}"\n'
        f'[[sinks]]\n{place}kafka_topic = "{letters}"\ntakes = "dead_letters"\n'
        f"[runner.options]\n{values}"
    )
    return file


def submit(config: Path, *more: object) -> str:
    """The id of a job that runs."""
    ran = newsbeam("run", "--config", config, "--runner", "flink", "--detach", *more)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.split()[-1]


@pytest.fixture
def topics(kafka: Broker) -> tuple[str, str, str]:
    return kafka.topic(8), kafka.topic(8), kafka.topic(1)


def test_a_kafka_job_without_checkpoints_is_refused_with_the_reason(
    kafka: Broker, topics: tuple[str, str, str], cluster: Cluster, tmp_path: Path
) -> None:
    options = cluster.options()
    del options["checkpointing_interval"]
    config = write_config(tmp_path / "run.toml", kafka, topics, options)
    ran = newsbeam("run", "--config", config, "--runner", "flink")
    assert ran.returncode == 1
    assert "without checkpointing_interval" in ran.stderr
    assert "never confirms what was read" in ran.stderr


def test_every_slot_reads_and_a_stop_with_savepoint_loses_and_repeats_nothing(
    kafka: Broker, topics: tuple[str, str, str], cluster: Cluster, tmp_path: Path
) -> None:
    raw, out, _ = topics
    config = write_config(tmp_path / "run.toml", kafka, topics, cluster.options())
    job = submit(config)
    with output(kafka.brokers, out) as arrived:
        load = Load(kafka.brokers, raw, 30)
        load.start()
        arrived.follow(180, until=300)
        deadline = time.monotonic() + 60
        while len(read := read_by_subtask(cluster, job)) < cluster.slots or min(read) == 0:
            assert time.monotonic() < deadline, f"records read by each subtask: {read}"
            arrived.follow(1)  # the cluster asks its tasks every ten seconds
        assert served(cluster.metrics, "newsbeam_outcomes_total") >= 100  # told at the ends of bundles
        assert served(cluster.metrics, "newsbeam_kafka_lag") < 10_000
        stopped = newsbeam("stop", job, "--config", config, "--savepoint", tmp_path / "savepoints")
        assert stopped.returncode == 0, stopped.stderr
        savepoint = stopped.stdout.strip()
        assert cluster.flink.job(job).state == "FINISHED"
        arrived.follow(1)
        before = len(arrived.values)
        time.sleep(3)  # what is published now waits for the next job

        with pytest.raises(FlinkError, match="allowNonRestoredState"):
            another_graph(cluster, kafka, topics, savepoint)
        # A sink more is no other graph: the state is the source's.
        with config.open("a") as lines:
            lines.write(f'[[sinks]]\nname = "copy"\nkind = "jsonl"\npath = "{tmp_path}/copy"\n')
        again = submit(config, "--from-savepoint", savepoint)
        total = load.stop()
        arrived.follow(180, until=total)
        arrived.follow(1)
        assert before < total
        assert (len(arrived.values), arrived.unequal) == (total, [])
        print(f"\n{total:,} articles over a savepoint, {arrived.repeats:,} delivered again")
        assert arrived.repeats == 0
        cluster.wait_for_checkpoint(again)


def another_graph(cluster: Cluster, kafka: Broker, topics: tuple[str, str, str], savepoint: str) -> None:
    """Submit a pipeline of other stations with a savepoint."""
    raw, out, letters = topics
    source = {"brokers": kafka.brokers, "kafka_topic": raw, "group": raw}
    options = cluster.options(savepoint_path=savepoint)
    settings = {"source": source, "out": out, "letters": letters, "options": options, "before": True}
    cheap_pipeline.submit(settings)


def read_by_subtask(cluster: Cluster, job: str) -> list[int]:
    """How many records each subtask has read, by Beam's counter in Flink's metrics."""
    counts = []
    for vertex in cluster.flink.ask(f"/jobs/{job}")["vertices"]:
        path = f"/jobs/{job}/vertices/{vertex['id']}/metrics"
        for metric in cluster.flink.ask(path):
            if metric["id"].endswith("newsbeam_read"):
                name = urllib.parse.quote(metric["id"])
                counts.append(int(cluster.flink.ask(f"{path}?get={name}")[0]["value"]))
    return counts


def served(address: str, name: str) -> float:
    """The sum of a metric that the worker pool serves."""
    with urllib.request.urlopen(address, timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    values = [float(line.rpartition(" ")[2]) for line in lines if line.startswith(name + "{")]
    assert values, lines
    return sum(values)


def test_an_idle_job_keeps_its_state_small(
    kafka: Broker, topics: tuple[str, str, str], cluster: Cluster, tmp_path: Path
) -> None:
    """Beam before 2.76 leaks here (apache/beam issue 27648): some 5 KB a second."""
    config = write_config(tmp_path / "run.toml", kafka, topics, cluster.options(checkpointing_interval=500))
    job = submit(config)
    settled = cluster.wait_for_checkpoint(job, after=cluster.wait_for_checkpoint(job) + 4)
    sizes: dict[int, int] = {}
    while max(sizes, default=settled) < settled + 44:
        sizes |= {c["id"]: c["state_size"] for c in cluster.checkpoints(job) if c["id"] > settled}
        time.sleep(1)
    assert len(sizes) >= 40
    slope = statistics.linear_regression(list(sizes), list(sizes.values())).slope
    least, most = min(sizes.values()), max(sizes.values())
    print(f"\n{len(sizes)} idle checkpoints: {least:,} to {most:,} bytes, {slope:+.2f} each")
    assert abs(slope) < 20
