"""What the cluster's REST interface says, as `newsbeam run` and `newsbeam stop` understand it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pipelines.commands.remote import explained, run_there
from pipelines.config import Config, Runner, Source
from pipelines.flink import Flink, FlinkError, Job, as_url, last_checkpoint


class _Answers(BaseHTTPRequestHandler):
    answers: dict[str, Any]

    def do_GET(self) -> None:
        found = self.answers.get(self.path)
        self.send_response(404 if found is None else 200)
        self.end_headers()
        self.wfile.write(json.dumps(found or {"errors": ["not found"]}).encode())

    do_POST = do_PATCH = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def flink() -> Iterator[Callable[[dict[str, Any]], Flink]]:
    """A cluster that gives the answers it is told, by path."""
    servers: list[ThreadingHTTPServer] = []

    def start(answers: dict[str, Any]) -> Flink:
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("_", (_Answers,), {"answers": answers}))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return Flink(f"127.0.0.1:{server.server_port}")

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def overview(*states: str) -> dict[str, Any]:
    jobs = [
        {"jid": f"id-{n}", "name": "newsbeam-1", "state": state, "start-time": n}
        for n, state in enumerate(states)
    ]
    return {"/jobs/overview": {"jobs": jobs}}


def test_the_latest_job_of_a_name_counts(flink: Callable) -> None:
    cluster = flink(overview("FAILED", "RUNNING"))
    assert cluster.job("newsbeam-1").id == "id-1"
    assert cluster.job("id-0").state == "FAILED"
    with pytest.raises(FlinkError, match="knows no job id-9"):
        cluster.job("id-9")


def test_a_job_that_fails_says_why(flink: Callable) -> None:
    reason = {"exceptionHistory": {"entries": [{"stacktrace": "java.lang.Error: no such topic\n\tat x"}]}}
    cluster = flink({**overview("FAILED"), "/jobs/id-0/exceptions": reason})
    with pytest.raises(FlinkError, match="no such topic"):
        cluster.wait_until_running("newsbeam-1", 5)


def test_a_savepoint_that_fails_is_no_stop(flink: Callable) -> None:
    failed = {"status": {"id": "COMPLETED"}, "operation": {"failure-cause": {"stack-trace": "disk full"}}}
    cluster = flink({"/jobs/j/stop": {"request-id": "r"}, "/jobs/j/savepoints/r": failed})
    with pytest.raises(FlinkError, match="disk full"):
        cluster.stop("j", "file:///x", 5)


def test_a_cluster_that_is_away_or_refuses_is_told_by_its_address(flink: Callable) -> None:
    with pytest.raises(FlinkError, match=r"127\.0\.0\.1:1 does not answer"):
        Flink("127.0.0.1:1").jobs()
    with pytest.raises(FlinkError, match="not found"):
        flink({}).jobs()


def test_the_last_whole_checkpoint_is_the_one_with_the_highest_number(tmp_path: Path) -> None:
    for number, is_whole in ((9, True), (10, True), (11, False)):
        folder = tmp_path / "job" / f"chk-{number}"
        folder.mkdir(parents=True)
        if is_whole:
            (folder / "_metadata").touch()
    assert last_checkpoint(tmp_path, "job") == tmp_path / "job" / "chk-10"
    assert last_checkpoint(tmp_path, "another") is None


def test_a_job_that_does_not_come_up_is_not_left_to_run_beside_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = [Job("earlier", "mine", "RUNNING", 9), Job("another", "theirs", "RUNNING", 0)]
    cancelled: list[str] = []

    class Full(Flink):
        def jobs(self) -> list[Job]:
            return list(there)

        def cancel(self, job: str, seconds: float) -> None:
            cancelled.append(job)

    monkeypatch.setattr("pipelines.commands.remote.Flink", Full)
    submitted = Job("id-7", "mine", "CREATED", 0)
    monkeypatch.setattr("pipelines.running.submit", lambda settings, options: there.append(submitted))
    monkeypatch.setattr("pipelines.commands.remote.START_SECONDS", 0)
    runner = Runner("flink", {"job_name": "mine", "flink_master": "127.0.0.1:1"})
    settings = Config(Source("files", None), (), runner=runner)
    with pytest.raises(FlinkError, match="are there free task slots"):
        run_there(settings, detach=True)
    assert cancelled == ["id-7"]


def test_a_savepoint_of_another_graph_is_told_with_the_way_out() -> None:
    told = explained("... Cannot map checkpoint/savepoint state for operator 1 ...")
    assert "its graph is another" in told
    assert "--allow-non-restored-state" in told
    assert explained("disk full") == "disk full"


def test_a_folder_becomes_a_url_and_a_url_stays_one() -> None:
    assert as_url("/tmp/save points") == "file:///tmp/save%20points"
    for url in ("file:/tmp/x", "file:///tmp/x", "s3://bucket/x"):
        assert as_url(url) == url
