"""What is logged: lines of JSON on demand, and never an article's text."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from pipelines import logs

ROOT = Path(__file__).parents[2]
MARK = "zebrafinch"

RUN = """
import sys
from pipelines import logs
logs.configure()
from pipelines.steps.tag_topics import TagTopics
from connectors.sinks import jsonl

def fail(self, article):
    if article.url and "bug" in article.url:
        raise ValueError("cannot do " + article.text)
    return article
TagTopics.convert = fail
if "--sink-fails" in sys.argv:
    sys.argv.remove("--sink-fails")
    def full(self):
        raise OSError(28, "No space left on device", self._options.path)
    jsonl.Files.flush = full
from pipelines.cli import main
main()
"""


def newsbeam(*arguments: object, form: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore", "-c", RUN, *map(str, arguments)]
    environment = {**os.environ, logs.VARIABLE: form}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240)


def articles(folder: Path) -> Path:
    """Articles and faults of every kind, each with the mark in its text."""
    text = f"The {MARK} sang in parliament on Monday, and the deputies listened to it for an hour. " * 4
    records: list[bytes] = [
        json.dumps({"url": f"https://example.org/{name}", "title": MARK, "text": text}).encode()
        for name in ("good", "bug")
    ]
    records += [
        b'{"text": "' + MARK.encode() + b'\xd0"}',  # bad charset
        b'{"text": "' + MARK.encode(),  # not JSON
        b'{"text": 7, "title": "' + MARK.encode() + b'"}',  # schema
        json.dumps({"html": f"<p>{MARK}</p>"}).encode(),  # no text
        json.dumps({"text": f"Photo: {MARK}"}).encode(),  # nothing left
    ]
    (folder / "in.jsonl").write_bytes(b"\n".join(records) + b"\n")
    return folder / "in.jsonl"


@pytest.mark.pipeline
@pytest.mark.parametrize("form", ["text", "json"])
def test_no_article_s_text_is_logged(tmp_path: Path, form: str) -> None:
    """Whatever fails: a record, our own code with the text in its message, the sink under it."""
    paths = articles(tmp_path), "--output", tmp_path / "out"
    ran = newsbeam("replay", *paths, "--json", form=form)
    assert ran.returncode == 1, ran.stderr
    summary = json.loads(ran.stdout)
    assert summary["outcomes"]["bug"] == 1 and summary["outcomes"]["rejected"] >= 3
    assert "TagTopics failed on in.jsonl#1: ValueError" in ran.stderr
    assert MARK not in ran.stderr
    letters = b"".join(file.read_bytes() for file in (tmp_path / "out" / "dead_letters").iterdir())
    assert letters.count(MARK.encode()) > 5  # they were there to be logged

    full = newsbeam("--sink-fails", "replay", *paths, "--overwrite", form=form)
    assert full.returncode == 1
    assert "No space left on device" in full.stderr
    assert MARK not in full.stderr
    if form == "json":
        for line in (*ran.stderr.splitlines(), *full.stderr.splitlines()):
            assert json.loads(line)["message"]


def test_an_entry_is_one_line_of_json() -> None:
    entry = logging.LogRecord("pipelines.x", logging.WARNING, "", 0, "a %s\nb \ud800", ("c",), None)
    line = logs._Json().format(entry)
    assert "\n" not in line
    read = json.loads(line)
    assert (read["level"], read["logger"], read["message"]) == ("warning", "pipelines.x", "a c\nb ?")
    assert datetime.fromisoformat(read["time"]).tzinfo is not None
    assert read["process"] == os.getpid()
    assert "exception" not in read


def test_an_exception_is_in_its_entry() -> None:
    try:
        raise ValueError("why")
    except ValueError:
        entry = logging.LogRecord("x", logging.ERROR, "", 0, "failed", None, sys.exc_info())
    assert json.loads(logs._Json().format(entry))["exception"].endswith("ValueError: why\n")


def test_what_a_command_says_is_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    out = logs.JsonLines()
    for text in ("running ", "on\n\n10/s", "   read 5\n"):
        out.write(text)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["message"] for line in lines] == ["running on", "10/s   read 5"]
    assert {line["level"] for line in lines} == {"info"}
