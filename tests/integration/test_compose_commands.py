"""What compose.yaml starts from our image, started here without one: same commands, same configuration.

Only the addresses are this machine's. Kafka, PostgreSQL, Flink and the job server are those of the tests.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.conftest import Answer
from tests.deploy.scripts import DEPLOY
from tests.deploy.test_compose import FILE, GIVEN, interpolated
from tests.integration.broker import Broker
from tests.integration.flink_cluster import ROOT, Cluster
from tests.integration.postgres_server import PASSWORD, Server

pytestmark = [
    pytest.mark.flink,
    pytest.mark.kafka,
    pytest.mark.postgres,
    pytest.mark.xdist_group("flink"),
    pytest.mark.timeout(600),
]
PATIENCE_SECONDS = 240


class Image:
    """Our image's entrypoint, with addresses of this machine for those of the compose file."""

    def __init__(self, here: dict[str, str], folder: Path) -> None:
        self._here = here
        self._folder = folder
        (folder / "newsbeam").write_text(f'#!/bin/sh\nexec {sys.executable} -m pipelines.cli "$@"\n')
        (folder / "newsbeam").chmod(0o755)
        services = yaml.safe_load(interpolated(FILE.read_text("utf-8"), GIVEN))["services"]
        self._commands = {name: ours["command"] for name, ours in services.items() if "build" in ours}

    def text(self, text: str) -> str:
        """A text with this machine's addresses."""
        for there, here in self._here.items():
            text = text.replace(there, here)
        return text

    @contextmanager
    def started(self, service: str) -> Iterator[subprocess.Popen[str]]:
        """A service's process, ended with the block."""
        path = os.pathsep.join([str(self._folder), str(Path(sys.executable).parent), os.environ["PATH"]])
        process = subprocess.Popen(
            [DEPLOY / "docker" / "entrypoint", *map(self.text, self._commands[service])],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={
                **os.environ,
                "PATH": path,
                "PYTHONPATH": str(ROOT),
                "PGPASSWORD": PASSWORD,
                "POSTGRES_PASSWORD": PASSWORD,
            },
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(60)
            finally:
                process.kill()
                assert process.stdout is not None
                process.stdout.close()


def test_articles_reach_the_database(
    kafka: Broker,
    postgres: Server,
    cluster: Cluster,
    tmp_path: Path,
    seeds: Path,
    newsbeam: Callable[..., Answer],
) -> None:
    topics = {"raw-articles": kafka.topic(8), "articles": kafka.topic(8), "dead-letters": kafka.topic(1)}
    database = f"postgres@127.0.0.1:{postgres.port}/postgres"
    image = Image(
        {
            "newsbeam@postgres:5432/news": database,
            "kafka:9092": kafka.brokers,
            "jobmanager:8081": cluster.flink.address,
            "job-server:8099": cluster.job_endpoint,
            "/etc/newsbeam/newsbeam.toml": str(tmp_path / "newsbeam.toml"),
            "=/checkpoints": f"={cluster.data}/checkpoints",
            "50000": "0",
            "9400": "0",
            **{f'"{name}"\n': f'"{topic}"\n' for name, topic in topics.items()},
        },
        tmp_path,
    )
    with image.started("migrate") as migrate:
        assert migrate.wait(120) == 0
    with image.started("workers-1") as workers:
        assert workers.stdout is not None
        told = dict(pair.split("=", 1) for pair in workers.stdout.readline().split())
        config = image.text((FILE.parent / "newsbeam.toml").read_text("utf-8"))
        config = config.replace("localhost:0", told["environment_config"])
        (tmp_path / "newsbeam.toml").write_text(config)
        published = newsbeam("publish", seeds, "--brokers", kafka.brokers, "--to", topics["raw-articles"])
        assert published.exit_code == 0, published.stderr
        with image.started("newsbeam"), postgres.connect() as connection:
            deadline = time.monotonic() + PATIENCE_SECONDS
            found = 0
            while found < 5:
                found = connection.execute("select count(*) from newsbeam.articles").fetchone()[0]  # type: ignore[index]
                assert time.monotonic() < deadline, f"{found} articles in the database"
                time.sleep(0.5)
    assert found == 5
    assert len(kafka.consume(topics["articles"], at_least=5)) == 5
