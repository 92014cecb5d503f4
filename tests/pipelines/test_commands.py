"""`newsbeam restore` and `dead-letters`, as a user calls them."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import zstandard
from typer.testing import CliRunner

from tests.conftest import Answer, written

Newsbeam = Callable[..., Answer]


def test_help_does_not_wait_for_beam() -> None:
    check = "import pipelines.cli, sys; sys.exit('apache_beam' in sys.modules)"
    subprocess.run([sys.executable, "-c", check], cwd=Path(__file__).parents[2], check=True)


def test_help_shows_what_stands_in_brackets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Typer reads `[default: 0]` as markup of Rich's, and leaves it out, unless the bracket is escaped."""
    from pipelines.cli import app

    def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
        yield path, command
        for name, inner in getattr(command, "commands", {}).items():
            yield from commands(inner, (*path, name))

    monkeypatch.setenv("TERMINAL_WIDTH", "200")
    checked = 0
    for path, command in commands(typer.main.get_command(app)):
        shown = re.sub(r"[│\s]+", " ", CliRunner().invoke(app, [*path, "--help"]).output)
        for said in (command.help, *(getattr(option, "help", None) for option in command.params)):
            for part in re.findall(r"\[.+?\]", said or ""):
                checked += 1
                assert " ".join(part.split()) in shown, (path, part)
    assert checked > 10


@pytest.mark.pipeline
def test_restore_gives_the_raw_text_back(newsbeam: Newsbeam, seeds: Path, tmp_path: Path) -> None:
    newsbeam("replay", seeds, "-o", tmp_path)
    raw = {file.name: file.read_text("utf-8") for file in seeds.iterdir()}
    ids = {record["id"]: raw[record["origin"]["path"]] for record in written(tmp_path)}
    answer = newsbeam("restore", tmp_path)
    assert {(row := json.loads(line))["id"]: row["text"] for line in answer.stdout.splitlines()} == ids
    for id, text in ids.items():
        assert newsbeam("restore", tmp_path, "--id", id).stdout.decode() == text
    assert newsbeam("restore", tmp_path, "--id", "absent").exit_code == 2


@pytest.mark.pipeline
class TestDeadLetters:
    @pytest.fixture
    def output(self, newsbeam: Newsbeam, tmp_path: Path) -> Path:
        source = tmp_path / "in"
        source.mkdir()
        long = json.dumps({"id": "long", "text": "A long and winding sentence about politics. " * 5_000})
        (source / "a.jsonl.gz").write_bytes(
            gzip.compress(b'{"text": 1}\n{"id": "fine", "text": "A sentence about the weather today."}\n')
        )
        (source / "b.jsonl").write_text(f'{{"oops\n{long}\n')
        (tmp_path / "small.toml").write_text("[limits]\nmax_record_bytes = 100000\n")
        config = ("--config", tmp_path / "small.toml")
        assert newsbeam("replay", source, "-o", tmp_path / "out", *config).exit_code == 0
        return tmp_path / "out"

    def test_list(self, newsbeam: Newsbeam, output: Path) -> None:
        said = newsbeam("dead-letters", "list", output).stdout.decode()
        for part in ("not_json", "schema", "too_large", "b.jsonl#0", "a.jsonl.gz#0", "DecodeArticle"):
            assert part in said
        only = newsbeam("dead-letters", "list", output, "--reason", "schema").stdout.decode()
        assert "a.jsonl.gz#0" in only and "b.jsonl#0" not in only
        assert "2 more" in newsbeam("dead-letters", "list", output, "--limit", "1").stdout.decode()

    def test_show(self, newsbeam: Newsbeam, output: Path) -> None:
        said = newsbeam("dead-letters", "show", output, "b.jsonl#0").stdout.decode()
        assert '{"oops' in said and "not_json" in said and "line 1 column" in said
        assert newsbeam("dead-letters", "show", output, "b.jsonl#9").exit_code == 2

    def test_replay_moves_what_is_healed_and_keeps_the_rest(self, newsbeam: Newsbeam, output: Path) -> None:
        # With the default limit the long record passes: its rest is read from where it came.
        answer = newsbeam("dead-letters", "replay", output)
        assert answer.exit_code == 0, answer.stderr
        articles, letters = written(output), written(output, "dead_letters")
        assert sorted(record["id"] for record in articles) == ["fine", "long"]
        assert sorted(letter["reason"] for letter in letters) == ["not_json", "schema"]
        long = next(record for record in articles if record["id"] == "long")
        assert (long["origin"]["path"], long["origin"]["record"]) == ("b.jsonl", 1)
        again = newsbeam("dead-letters", "replay", output)
        assert again.exit_code == 0
        assert (written(output), written(output, "dead_letters")) == (articles, letters)

    def test_replay_without_the_input_says_what_is_lost(self, newsbeam: Newsbeam, output: Path) -> None:
        (output.parent / "in" / "b.jsonl").write_text("\n")
        before = written(output, "dead_letters")
        answer = newsbeam("dead-letters", "replay", output)
        said = " ".join(answer.stdout.decode().split())
        # It goes on: what is whole in its letter is tried.
        assert answer.exit_code == 1
        assert "lost: b.jsonl#1" in said and "not in the input any more" in said
        assert "refused again: not_json 1" in said and "record lost, letter kept 1" in said
        assert written(output, "dead_letters") == before
        assert not (output / ".replayed").exists()

    def test_letters_of_a_run_to_standard_output_are_replayed(
        self, newsbeam: Newsbeam, output: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "alone").mkdir()
        (output / "dead_letters").rename(tmp_path / "alone" / "dead_letters")
        answer = newsbeam("dead-letters", "replay", tmp_path / "alone", "--input", tmp_path / "in")
        assert answer.exit_code == 0, answer.stderr
        assert [record["id"] for record in written(tmp_path / "alone")] == ["long"]

    def test_a_cut_file_stays_cut(self, newsbeam: Newsbeam, tmp_path: Path) -> None:
        (tmp_path / "x.jsonl.gz").write_bytes(gzip.compress(b'{"text": "x"}\n' * 9)[:-4])
        (tmp_path / "y.jsonl").write_bytes(b'{"text": "x')
        inputs = (tmp_path / "x.jsonl.gz", tmp_path / "y.jsonl")
        assert newsbeam("replay", *inputs, "-o", tmp_path / "out").exit_code == 0
        before = written(tmp_path / "out", "dead_letters")
        assert [letter["reason"] for letter in before] == ["truncated_file"] * 2
        assert newsbeam("dead-letters", "replay", tmp_path / "out").exit_code == 0
        assert written(tmp_path / "out", "dead_letters") == before

    def test_nothing_moves_while_the_counts_do_not_add_up(
        self, newsbeam: Newsbeam, output: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = written(output, "dead_letters")
        monkeypatch.setattr("pipelines.summary.Summary.unaccounted", lambda self: ["one is missing"])
        answer = newsbeam("dead-letters", "replay", output)
        assert answer.exit_code == 1 and "one is missing" in answer.stderr
        assert written(output, "dead_letters") == before

    def test_show_prints_the_bytes_as_they_are(self, newsbeam: Newsbeam, tmp_path: Path) -> None:
        line = '{"text": 1, "title": ":smile: [b]\\t' + "word " * 60 + '"}'
        (tmp_path / "a [b] :100:.jsonl").write_text(line + "\n")
        assert newsbeam("replay", tmp_path / "a [b] :100:.jsonl", "-o", tmp_path / "out").exit_code == 0
        assert "a [b] :100:.jsonl#0" in newsbeam("dead-letters", "list", tmp_path / "out").stdout.decode()
        said = newsbeam("dead-letters", "show", tmp_path / "out", "a [b] :100:.jsonl#0").stdout.decode()
        assert said.splitlines()[-1] == line


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"no json\n", "line 1 is none of the"),
        (b"{}\n", "line 1 is none of the"),
        (b"\x1f\x8b\x08 cut", "line 1 is none of the"),
        (None, "holds neither"),
    ],
)
@pytest.mark.parametrize("command", [("restore",), ("dead-letters", "list"), ("dead-letters", "show")])
def test_what_no_replay_wrote_is_wrong_usage(
    newsbeam: Newsbeam, tmp_path: Path, command: tuple[str, ...], content: bytes | None, word: str
) -> None:
    file = tmp_path if content is None else tmp_path / "x.jsonl"
    if content is not None:
        file.write_bytes(content)
    answer = newsbeam(*command, file, *(["x"] if command[-1] == "show" else []))
    assert answer.exit_code == 2
    assert word in answer.stderr and str(file) in answer.stderr


@pytest.mark.parametrize(
    ("name", "pack"), [("x.jsonl.gz", gzip.compress), ("x.jsonl.zst", zstandard.compress)]
)
def test_a_cut_file_of_written_records_is_wrong_usage(
    newsbeam: Newsbeam, tmp_path: Path, name: str, pack: Callable[[bytes], bytes]
) -> None:
    (tmp_path / name).write_bytes(pack(b"")[:-4])
    answer = newsbeam("dead-letters", "list", tmp_path)
    assert answer.exit_code == 2 and name in answer.stderr
