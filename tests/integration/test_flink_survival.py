"""Whatever of a Flink cluster dies under load: every article arrives, and what is repeated is byte-equal."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.broker import Broker, running_broker
from tests.integration.flink_cluster import ROOT, SCRIPTS, Cluster
from tests.integration.traffic import Load, Output, articles, output

pytestmark = [
    pytest.mark.flink,
    pytest.mark.kafka,
    pytest.mark.xdist_group("flink"),
    pytest.mark.timeout(1200),
]

PARTITIONS = 8
PER_SECOND = 500
LOAD_SECONDS = 30
GOAL_SECONDS, LIMIT_SECONDS = 30, 90
CATCH_UP_SECONDS = 240
"""For what gathered meanwhile, on a machine that has other work."""


@contextlib.contextmanager
def supervised(cluster: Cluster, kafka: Broker, raw: str, out: str, letters: str) -> Iterator[None]:
    """The cheap pipeline, submitted and kept running by `deploy/flink/supervise`."""
    settings = {
        "source": {"brokers": kafka.brokers, "kafka_topic": raw, "group": raw},
        "out": out,
        "letters": letters,
        "options": cluster.options(checkpointing_interval=2000),
    }
    command = [sys.executable, "-W", "ignore", "-m", "tests.integration.cheap_pipeline", json.dumps(settings)]
    process = subprocess.Popen(
        [
            *(sys.executable, SCRIPTS / "supervise", "--flink", cluster.flink.address),
            *("--checkpoints", cluster.data / "checkpoints", "--until-eof", "--", *command),
        ],
        cwd=ROOT,
        stdin=subprocess.PIPE,
    )
    try:
        yield
    finally:
        process.terminate()
        process.communicate(timeout=30)


def kill_a_task_manager(cluster: Cluster) -> None:
    cluster.kill("TaskManager 0")


def kill_a_worker(cluster: Cluster) -> None:
    os.kill(cluster.workers()[0], signal.SIGKILL)


def kill_the_worker_pool(cluster: Cluster) -> None:
    cluster.kill("worker pool")


def kill_the_job_manager(cluster: Cluster) -> None:
    cluster.kill("JobManager")


def test_kills_under_load_lose_nothing(cluster: Cluster, tmp_path: Path, record_property: Callable) -> None:
    """One job's life: a TaskManager, a worker, the pool, the JobManager and the broker die in turn."""
    with contextlib.ExitStack() as brokers:
        kafka = brokers.enter_context(running_broker("--data", str(tmp_path)))
        raw, out, letters = kafka.topic(PARTITIONS), kafka.topic(PARTITIONS), kafka.topic(1)

        def restart_the_broker(_: Cluster) -> None:
            kafka.kill()
            time.sleep(2)
            port = kafka.brokers.rpartition(":")[2]
            brokers.enter_context(running_broker("--data", str(tmp_path), "--port", port))

        with output(kafka.brokers, out) as arrived, supervised(cluster, kafka, raw, out, letters):
            kafka.produce(raw, [articles(0, 1)[0].replace(b"id-0", b"first")])
            arrived.follow(240, until=1)
            load = Load(kafka.brokers, raw, PER_SECOND)
            load.start()
            arrived.follow(5)
            for kill in (
                kill_a_task_manager,
                kill_a_worker,
                kill_the_worker_pool,
                kill_the_job_manager,
                restart_the_broker,
            ):
                report = survive(kill, cluster, load, arrived)
                record_property(kill.__name__, report)
                print(f"\n{kill.__name__}: {report}", flush=True)
            total = load.stop() + 1
            arrived.follow(CATCH_UP_SECONDS, until=total)
            arrived.follow(1)
        assert len(arrived.values) == total
        assert not arrived.unequal
        print(f"{total:,} articles, {arrived.repeats:,} repeats, {total - len(arrived.values)} missing")


def survive(kill: Callable[[Cluster], None], cluster: Cluster, load: Load, arrived: Output) -> str:
    """Kill, go on for the load's time, and until nothing waits; what it cost."""
    begun, sent, repeats, known = time.monotonic(), load.count, arrived.repeats, len(arrived.values)
    kill(cluster)
    arrived.follow(LOAD_SECONDS)
    catch_up(arrived, load)
    silence = arrived.silence(begun)
    assert silence < LIMIT_SECONDS
    seconds = time.monotonic() - begun
    return (
        f"recovered in {silence:.1f} s (goal {GOAL_SECONDS}), {arrived.repeats - repeats:,} delivered again; "
        f"{(load.count - sent) / seconds:,.0f} articles/s in, "
        f"{(len(arrived.values) - known) / seconds:,.0f}/s out, for {seconds:.0f} s"
    )


def catch_up(arrived: Output, load: Load) -> None:
    """Wait until all but the last two seconds' articles are there."""
    arrived.follow(CATCH_UP_SECONDS, until=load.count - 2 * PER_SECOND)
