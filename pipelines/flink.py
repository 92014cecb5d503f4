"""Asks a Flink cluster about its jobs, and stops them: the REST interface of its JobManager."""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ENDED = ("FINISHED", "CANCELED", "FAILED")
"""The states of jobs that run no more."""
_ANSWER_SECONDS = 30
_LOOK_SECONDS = 0.2


class FlinkError(Exception):
    """The cluster does not answer, or refuses; the message says what it said."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the cluster lists it."""

    id: str
    name: str
    state: str
    """CREATED, RUNNING, RESTARTING, FAILED, CANCELED, FINISHED, …"""
    began_at: int
    """Milliseconds since 1970."""


@dataclass(frozen=True, slots=True)
class Flink:
    """A cluster, by the address of its REST interface: `host:port` or a URL."""

    address: str

    def jobs(self) -> list[Job]:
        """All jobs that the cluster remembers, the latest first."""
        found = self.ask("/jobs/overview")["jobs"]
        jobs = [Job(job["jid"], job["name"], job["state"], job["start-time"]) for job in found]
        return sorted(jobs, key=lambda job: -job.began_at)

    def job(self, named: str) -> Job:
        """The latest job of an id or a name.

        Raises:
            FlinkError: there is none.
        """
        for job in self.jobs():
            if named in (job.id, job.name):
                return job
        raise FlinkError(f"{self.address} knows no job {named}")

    def wait_until_running(self, name: str, seconds: float, others: Collection[str] = ()) -> Job:
        """The job of a name, once all its tasks run, or have run.

        Args:
            name: as it was submitted.
            seconds: how long that may take.
            others: ids of jobs that are meant in no case, though they have the name.

        Raises:
            FlinkError: it failed, or took longer; the message says why.
        """
        deadline = time.monotonic() + seconds
        while True:
            jobs = [job for job in self.jobs() if job.name == name and job.id not in others]
            if jobs and jobs[0].state == "FINISHED":
                return jobs[0]
            if jobs and jobs[0].state in ("FAILED", "FAILING", "CANCELED"):
                raise FlinkError(f"the job failed: {self.failure(jobs[0].id)}")
            if jobs and jobs[0].state == "RUNNING":
                job = self.ask(f"/jobs/{jobs[0].id}")
                # Of a batch job, later tasks wait for earlier ones.
                if job["job-type"] == "BATCH" or all(
                    task["status"] in ("RUNNING", "FINISHED") for task in job["vertices"]
                ):
                    return jobs[0]
            if time.monotonic() > deadline:
                raise FlinkError(f"{name} does not run after {seconds:.0f} s; are there free task slots?")
            time.sleep(_LOOK_SECONDS)

    def failure(self, job: str) -> str:
        """What the cluster says about a job's last failure, its first lines."""
        entries = self.ask(f"/jobs/{job}/exceptions")["exceptionHistory"]["entries"]
        return "\n".join(entries[0]["stacktrace"].splitlines()[:40]) if entries else "no reason is known"

    def stop(self, job: str, folder: str, seconds: float) -> str:
        """Stop a job with a savepoint under a folder of the cluster's storage, and return its path.

        Raises:
            FlinkError: the savepoint failed, or took longer; the job may run on.
        """
        asked = self.ask(f"/jobs/{job}/stop", {"targetDirectory": folder, "drain": False})
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = self.ask(f"/jobs/{job}/savepoints/{asked['request-id']}")
            if answer["status"]["id"] == "COMPLETED":
                operation = answer["operation"]
                if "failure-cause" in operation:
                    raise FlinkError(f"no savepoint: {operation['failure-cause']['stack-trace']}")
                return str(operation["location"])
            time.sleep(_LOOK_SECONDS)
        raise FlinkError(f"no savepoint within {seconds:.0f} s")

    def cancel(self, job: str, seconds: float) -> None:
        """Cancel a job, and return when it has ended.

        Raises:
            FlinkError: it took longer.
        """
        self._request("PATCH", f"/jobs/{job}?mode=cancel")
        deadline = time.monotonic() + seconds
        while self.job(job).state not in ENDED:
            if time.monotonic() > deadline:
                raise FlinkError(f"{job} was not cancelled within {seconds:.0f} s")
            time.sleep(_LOOK_SECONDS)

    def ask(self, path: str, question: dict[str, Any] | None = None) -> Any:
        """What the cluster answers: GET, or POST where there is a question."""
        return json.loads(self._request("GET" if question is None else "POST", path, question))

    def _request(self, method: str, path: str, question: dict[str, Any] | None = None) -> bytes:
        url = self.address if "://" in self.address else f"http://{self.address}"
        request = urllib.request.Request(
            url.rstrip("/") + path,
            None if question is None else json.dumps(question).encode(),
            {"Content-Type": "application/json"},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:
                said: bytes = answer.read()
                return said
        except urllib.error.HTTPError as error:
            raise FlinkError(f"{url}{path}: {error.read().decode(errors='replace')[:2000]}") from None
        except OSError as error:
            raise FlinkError(f"{url} does not answer: {error}") from None


def as_url(place: str) -> str:
    """A folder on this machine as a URL; a URL (`s3://…`, Flink's own `file:/…`) as it is."""
    return place if re.match(r"[a-z][a-z0-9+.-]+:", place) else Path(place).resolve().as_uri()


def last_checkpoint(folder: Path, job: str) -> Path | None:
    """The latest whole checkpoint of a job in the folder where a cluster keeps them; None: there is none."""
    whole = [found.parent for found in folder.glob(f"{job}/chk-*/_metadata")]
    return max(whole, key=lambda found: int(found.name.removeprefix("chk-")), default=None)
