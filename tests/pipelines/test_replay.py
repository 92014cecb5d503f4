"""`newsbeam replay` through the real pipeline: what goes in, what comes out, what it says and returns."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pipelines.commands.output import Output
from pipelines.text.ledger import restore
from schemas import wire
from schemas.article import Article
from schemas.codec import decode_article
from schemas.dead_letter import DeadLetter
from tests.conftest import Answer, written

pytestmark = pytest.mark.pipeline
Newsbeam = Callable[..., Answer]

GOOD = [
    {
        "id": f"a{n}",
        "url": f"https://example.org/{n}",
        "title": "Parliament votes",
        "text": f"The parliament voted on bill number {n} on Monday evening, after a long debate about the "
        "budget, and the government said that it would follow the decision of the deputies.",
        "section": n,
    }
    for n in range(300)
]
BAD = [
    (b"{", "not_json"),
    (b"[]", "schema"),
    (b"{}", "schema"),
    (b'{"text": 7}', "schema"),
    (b'{"text": "x", "html": "y"}', "schema"),
    (b'{"text": "  "}', "empty"),
    (b'{"text": "\xd0"}', "bad_charset"),
    (b'{"html": "no page at all"}', None),
    (b'{"text": "' + b"y" * 2_000_000 + b'"}', "too_large"),
]


def lines(records: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """300 good records and all bad ones among them, in three kinds of files."""
    folder = tmp_path / "input"
    folder.mkdir()
    bad = [line + b"\n" for line, _ in BAD]
    (folder / "a.jsonl").write_bytes(lines(GOOD[:100]) + b"".join(bad) + lines(GOOD[100:200]))
    (folder / "b.jsonl.gz").write_bytes(gzip.compress(lines(GOOD[200:])))
    (folder / "c.txt").write_bytes("Текст".encode("cp1251"))
    (folder / "config.toml").write_text("[limits]\nmax_record_bytes = 1000000\n")
    return folder


def test_the_seeds(newsbeam: Newsbeam, seeds: Path, tmp_path: Path) -> None:
    answer = newsbeam("replay", seeds, "-o", tmp_path)
    assert answer.exit_code == 0, answer.stderr
    records = {record["origin"]["path"][:3]: record for record in written(tmp_path)}
    assert [records[n]["language"]["tag"] for n in sorted(records)] == ["bg", "ru", "ru", "lt", "bg"]
    for number in ("000", "001", "002", "003"):
        topics = {topic["name"] for topic in records[number]["topics"]}
        assert topics & {"politics", "conflict, war and peace"}, number
        assert records[number]["published_at"] == "2025-08-13T00:00:00Z"
        assert records[number]["published_at_precision"] == "day"
        assert not records[number]["date_conflict"]
    assert "politics" in {topic["name"] for topic in records["004"]["topics"]}
    assert records["004"]["date_conflict"]
    assert records["004"]["published_at"] is None
    assert any(c["value"].startswith("2026-02-05") for c in records["004"]["date_candidates"])
    assert "5 records" in answer.stdout.decode() and "enriched" in answer.stdout.decode()
    for record in records.values():
        assert record["text"] == (seeds.parent / "clean" / record["origin"]["path"]).read_text("utf-8")
        article = decode_article(json.dumps(record))
        assert restore(article.text, article.removed) == (seeds / record["origin"]["path"]).read_text("utf-8")


def test_one_in_exactly_one_out(newsbeam: Newsbeam, mixed: Path, tmp_path: Path) -> None:
    answer = newsbeam("replay", mixed, "-o", tmp_path / "out", "--config", mixed / "config.toml", "--json")
    assert answer.exit_code == 0, answer.stderr
    summary = answer.json
    refused = len(BAD) + 1
    assert summary["read"] == 300 + refused
    assert summary["outcomes"] == {
        "enriched": 300,
        "duplicate": 0,
        "withdrawn": 0,
        "rejected": refused,
        "bug": 0,
    }
    assert summary["sinks"] == {"articles": {"delivered": 300}, "dead_letters": {"delivered": refused}}
    assert summary["faults"] == []
    articles, letters = written(tmp_path / "out"), written(tmp_path / "out", "dead_letters")
    assert {record["id"] for record in articles} == {record["id"] for record in GOOD}
    assert all(record["extra"] == {"section": int(record["id"][1:])} for record in articles)
    reasons = {
        letter["origin"]["record"]: letter["reason"] for letter in letters if letter["media"] == "json"
    }
    for number, (_, reason) in enumerate(BAD):
        assert reason in (None, reasons[100 + number])
    for kind, record_type in (("articles", Article), ("dead_letters", DeadLetter)):
        validator = jsonschema.Draft202012Validator(wire.json_schema(record_type))
        for record in written(tmp_path / "out", kind):
            validator.validate(record)


def test_two_replays_are_byte_identical_whatever_the_order_and_the_workers(
    newsbeam: Newsbeam, mixed: Path, tmp_path: Path
) -> None:
    files = sorted(path for path in mixed.iterdir() if path.suffix != ".toml")
    runs = {
        "one": [*files],
        "again": [*files],
        "reversed": [*reversed(files)],
        "workers": [*files, "--workers", "2"],
    }
    contents = {}
    for name, arguments in runs.items():
        answer = newsbeam("replay", *arguments, "-o", tmp_path / name, "--json")
        assert answer.exit_code == 0, answer.stderr
        contents[name] = {
            kind: sorted(line for file in (tmp_path / name / kind).iterdir() for line in file.open("rb"))
            for kind in ("articles", "dead_letters")
        }
    assert contents["one"]["articles"]
    assert contents["one"] == contents["again"] == contents["reversed"] == contents["workers"]
    for file in (tmp_path / "one").rglob("*.jsonl"):
        assert (tmp_path / "again" / file.relative_to(tmp_path / "one")).read_bytes() == file.read_bytes()


def test_resume_goes_on_without_doubles(newsbeam: Newsbeam, mixed: Path, tmp_path: Path) -> None:
    arguments = ("replay", mixed, "-o", tmp_path / "out", "--config", mixed / "config.toml", "--json")
    whole = newsbeam(*arguments).json
    output = Output(tmp_path / "out")
    before = [written(output.folder, kind) for kind in ("articles", "dead_letters")]
    # What a crash leaves: the dead letters are lost, and a file that was not finished.
    for file in output.dead_letters.iterdir():
        file.unlink()
    (output.articles / ".part-x.jsonl").write_bytes(b'{"half')
    resumed = newsbeam(*arguments, "--resume").json
    assert resumed["passed_over"] == 300
    assert resumed["read"] == whole["read"] - 300
    assert [written(output.folder, kind) for kind in ("articles", "dead_letters")] == before
    assert not list(output.folder.rglob(".part-*"))
    assert newsbeam(*arguments, "--resume").json["read"] == 0


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_replay_that_is_killed_is_resumed_without_loss_or_doubles(
    tmp_path: Path, how: signal.Signals
) -> None:
    many = [{**GOOD[n % 300], "id": f"{n}"} for n in range(12_000)]
    (tmp_path / "in.jsonl").write_bytes(lines(many))
    command = [sys.executable, "-m", "pipelines.cli", "replay", str(tmp_path / "in.jsonl")]
    command += ["-o", str(tmp_path / "out"), "--json"]
    process = subprocess.Popen(
        command, cwd=Path(__file__).parents[2], stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )
    deadline = time.monotonic() + 120
    while not list((tmp_path / "out" / "articles").glob("[!.]*.jsonl")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(how)
    _, said = process.communicate(timeout=60)
    assert process.returncode == (-signal.SIGKILL if how is signal.SIGKILL else 130), said
    assert how is signal.SIGKILL or b"--resume goes on" in said
    kept = len(written(tmp_path / "out"))
    assert 0 < kept < len(many)
    resumed = subprocess.run(
        [*command, "--resume"], cwd=Path(__file__).parents[2], capture_output=True, check=True
    )
    assert json.loads(resumed.stdout)["passed_over"] == kept
    ids = [record["id"] for record in written(tmp_path / "out")]
    assert sorted(ids) == sorted(record["id"] for record in many)


@pytest.fixture
def two_workers(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A replay of 20,000 articles by two workers."""
    many = [{**GOOD[n % 300], "id": f"{n}"} for n in range(20_000)]
    (tmp_path / "in.jsonl").write_bytes(lines(many))
    command = [sys.executable, "-m", "pipelines.cli", "replay", str(tmp_path / "in.jsonl"), "--workers", "2"]
    process = subprocess.Popen(
        [*command, "-o", str(tmp_path / "out"), "--json"],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        yield process
        process.kill()


def wait_for(process: subprocess.Popen[bytes], folder: Path, pattern: str, count: int = 1) -> None:
    deadline = time.monotonic() + 120
    while len(list(folder.glob(pattern))) < count:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)


def worker_ids(process: subprocess.Popen[bytes]) -> list[int]:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        process.kill()
        pytest.skip("no /proc/…/children here")
    return [
        int(pid)
        for pid in children.read_text().split()
        if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


def test_workers_have_nothing_to_warn_of(tmp_path: Path, seeds: Path) -> None:
    command = [sys.executable, "-m", "pipelines.cli", "replay", str(seeds), "--workers", "2"]
    answer = subprocess.run(
        [*command, "-o", str(tmp_path)], cwd=Path(__file__).parents[2], capture_output=True, check=True
    )
    said = [line for line in answer.stderr.splitlines() if not line.startswith(b"replaying: ")]  # progress
    assert said == []


@pytest.mark.parametrize("module", ["pipelines.workers", "pipelines.supervisor"])
def test_workers_set_up_logging_before_they_import_beam(module: str) -> None:
    check = f"import {module}, sys; sys.exit('apache_beam' in sys.modules)"
    subprocess.run([sys.executable, "-c", check], cwd=Path(__file__).parents[2], check=True)


def test_workers_are_interrupted_while_they_start(
    tmp_path: Path, two_workers: subprocess.Popen[bytes]
) -> None:
    deadline = time.monotonic() + 60
    while len(worker_ids(two_workers)) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    two_workers.send_signal(signal.SIGTERM)
    _, said = two_workers.communicate(timeout=60)
    assert two_workers.returncode == 130, said


def test_workers_end_with_a_parent_that_is_killed(
    tmp_path: Path, two_workers: subprocess.Popen[bytes]
) -> None:
    wait_for(two_workers, tmp_path / "out" / "articles", ".part-*", 2)
    workers = worker_ids(two_workers)
    two_workers.kill()
    deadline = time.monotonic() + 5
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < deadline, "they write on, and --resume would double what they write"
        time.sleep(0.01)


def test_a_reader_that_leaves_ends_the_replay_quietly(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(lines(GOOD * 4))
    command = [sys.executable, "-m", "pipelines.cli", "replay", str(tmp_path / "in.jsonl"), "-o", "-"]
    process = subprocess.Popen(
        [*command, "--dead-letters", str(tmp_path / "letters")],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(60) == -signal.SIGPIPE


def test_standard_input_to_standard_output(newsbeam: Newsbeam, tmp_path: Path) -> None:
    # A process of its own: the source reads file descriptor 0.
    answer = subprocess.run(
        [
            sys.executable,
            "-m",
            "pipelines.cli",
            "replay",
            "-",
            "--output",
            "-",
            "--dead-letters",
            str(tmp_path / "letters"),
        ],
        input=lines(GOOD[:3]) + b"{\n",
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        check=True,
    )
    assert [json.loads(line)["id"] for line in answer.stdout.splitlines()] == ["a0", "a1", "a2"]
    assert b"4 records" in answer.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["letters"]
    (letter,) = [json.loads(line) for file in (tmp_path / "letters").iterdir() for line in file.open("rb")]
    assert (letter["reason"], letter["origin"]["path"], letter["origin"]["record"]) == ("not_json", "-", 3)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ([], "Missing argument"),
        (["absent.jsonl"], "no such file"),
        (["INPUT", "--config", "absent.toml"], "absent.toml"),
        (["INPUT", "--runner", "spark"], "spark"),
        (["INPUT", "--workers", "0"], "--workers"),
        (["INPUT", "--output", "-", "--resume"], "--output -"),
        (["-", "--workers", "2"], "standard input"),
        (["INPUT", "--resume", "--overwrite"], "take one"),
        (["INPUT", "--output", "/dev/null"], "/dev/null"),
        (["INPUT", "--output", "INPUT"], "input and output"),
    ],
)
def test_wrong_usage_is_exit_code_2(
    newsbeam: Newsbeam, tmp_path: Path, seeds: Path, arguments: list[str], word: str
) -> None:
    given = [str(seeds) if argument == "INPUT" else argument for argument in arguments]
    answer = newsbeam("replay", *given, *([] if "--output" in given else ["-o", tmp_path / "out"]))
    assert answer.exit_code == 2
    assert word in answer.stderr


def test_an_output_of_another_recipe_is_not_mixed_with(
    newsbeam: Newsbeam, seeds: Path, tmp_path: Path
) -> None:
    assert newsbeam("replay", seeds, "-o", tmp_path / "out").exit_code == 0
    again = newsbeam("replay", seeds, "-o", tmp_path / "out")
    assert again.exit_code == 2 and "--resume" in again.stderr and "--overwrite" in again.stderr
    (tmp_path / "c.toml").write_text("[limits]\nmax_record_bytes = 5\n")
    other = newsbeam("replay", seeds, "-o", tmp_path / "out", "--resume", "--config", tmp_path / "c.toml")
    assert other.exit_code == 2 and "one recipe" in other.stderr
    assert newsbeam("replay", seeds, "-o", tmp_path / "out", "--overwrite").exit_code == 0


def test_a_worker_that_dies_fails_the_run(tmp_path: Path, two_workers: subprocess.Popen[bytes]) -> None:
    wait_for(two_workers, tmp_path / "out" / "articles", ".part-*")
    os.kill(worker_ids(two_workers)[0], signal.SIGKILL)
    _, said = two_workers.communicate(timeout=60)
    assert two_workers.returncode == 1
    assert b"died without a word" in said
