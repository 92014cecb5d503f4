"""A Flink cluster, job server and worker pool for tests, started by the scripts of `deploy/flink`."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.flink import ENDED, Flink
from tests.deploy.scripts import script
from tests.integration.broker import short_lived_java, unavailable
from tests.shared import SHARED

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "deploy" / "flink"


@dataclass
class Cluster:
    """A running cluster, and what tests ask of it."""

    flink: Flink
    data: Path
    """Checkpoints, logs, and `pids.json`."""
    job_endpoint: str
    environment_config: str
    pool_data: Path
    metrics: str
    """The workers' Prometheus endpoint."""
    slots: int

    def options(self, **more: Any) -> dict[str, Any]:
        """`[runner.options]` for a job on all slots."""
        return {
            "job_endpoint": self.job_endpoint,
            "flink_master": self.flink.address,
            "environment_config": self.environment_config,
            "parallelism": self.slots,
            "checkpointing_interval": 1000,
            **more,
        }

    def pid(self, name: str) -> int:
        """Of `JobManager`, `TaskManager 0`, `worker pool`, …"""
        pids: dict[str, int] = {}
        for folder in (self.data, self.pool_data):
            pids |= json.loads((folder / "pids.json").read_text())
        return pids[name]

    def kill(self, name: str) -> None:
        """SIGKILL the process and its children; the script that keeps it running starts it again."""
        os.killpg(self.pid(name), signal.SIGKILL)

    def workers(self) -> list[int]:
        """The Python workers' processes."""
        pool = self.pid("worker pool")
        tasks = Path(f"/proc/{pool}/task").glob("*/children")
        return sorted(int(child) for children in tasks for child in children.read_text().split())

    def checkpoints(self, job: str) -> list[dict[str, Any]]:
        """The job's completed checkpoints that the cluster remembers, the oldest first."""
        history = self.flink.ask(f"/jobs/{job}/checkpoints")["history"]
        return sorted((c for c in history if c["status"] == "COMPLETED"), key=lambda c: c["id"])

    def wait_for_checkpoint(self, job: str, after: int = 0, seconds: float = 60) -> int:
        """Wait for a checkpoint with a number greater than `after`; its number."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            done = self.checkpoints(job)
            if done and done[-1]["id"] > after:
                return int(done[-1]["id"])
            time.sleep(0.1)
        raise AssertionError(f"no checkpoint of {job} after {after} within {seconds} s")

    def cancel_all(self) -> None:
        """Free the slots for the next test."""
        for job in self.flink.jobs():
            if job.state not in ENDED:
                self.flink.cancel(job.id, 60)


@contextlib.contextmanager
def running_cluster(task_managers: int = 2, slots: int = 1, *settings: str) -> Iterator[Cluster]:
    """A cluster of its own, ended with the block. Skips the test where it cannot start (fails in CI)."""
    jars = job_server()
    with contextlib.ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="newsbeam-flink-test-")))
        more = [part for setting in settings for part in ("--set", setting)]
        cluster = stack.enter_context(
            _script("cluster", "--task-managers", task_managers, "--slots", slots, "--data", data, *more)
        )
        server = stack.enter_context(_script("job-server", "--flink", cluster["rest"], "--job-server", jars))
        pool = stack.enter_context(_script("worker-pool", "--metrics-port", 0))
        yield Cluster(
            Flink(cluster["rest"]),
            data,
            server["job_endpoint"],
            pool["environment_config"],
            Path(pool["data"]),
            pool["metrics"],
            task_managers * slots,
        )


@contextlib.contextmanager
def _script(name: str, *arguments: object) -> Iterator[dict[str, str]]:
    process = subprocess.Popen(
        [sys.executable, str(SCRIPTS / name), "--until-eof", *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=short_lived_java(),
    )
    assert process.stdin and process.stdout
    try:
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"{name} ended with code {process.wait()}; its reason is on standard error")
        yield dict(pair.split("=", 1) for pair in line.split())
    finally:
        process.stdin.close()
        process.wait(90)
        process.stdout.close()


def job_server() -> Path:
    """The jars of a job server: $NEWSBEAM_JOB_SERVER, or built once by the shared script, and cached."""
    if shutil.which("java") is None:
        unavailable("no Java for a Flink cluster: install a Java 17 runtime")
    if given := os.environ.get("NEWSBEAM_JOB_SERVER"):
        return Path(given)
    recipe = SHARED / "flink" / "job_server"
    if not recipe.is_dir():
        unavailable(f"no job server: name one in NEWSBEAM_JOB_SERVER, or put its recipe at {recipe}")
    if shutil.which("mvn") is None:
        unavailable("no Maven to build the job server: install it, or name one in NEWSBEAM_JOB_SERVER")
    digest = hashlib.sha256()
    for file in sorted(file for file in recipe.rglob("*") if file.is_file()):
        digest.update(str(file.relative_to(recipe)).encode() + b"\0" + file.read_bytes() + b"\0")

    def build(folder: Path) -> None:
        print(f"building the job server with {recipe}/build.sh (once, some minutes) ...", file=sys.stderr)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            subprocess.run([recipe / "build.sh", scratch], check=True, stdout=sys.stderr, timeout=900)
            (Path(scratch) / "libs").rename(folder)

    name = f"job-server-built-{digest.hexdigest()[:12]}"
    built: Path = script("flink/processes.py").cached(name, build)
    return built
