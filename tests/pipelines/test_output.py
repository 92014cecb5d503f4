"""The folder a replay writes to: made ready, held, and never mixed with another run's."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.commands.output import Output, UnfitOutput
from pipelines.config import Limits

LINE = '{"origin": {"path": "a", "record": 0}}\n'


@pytest.fixture
def source(tmp_path: Path) -> str:
    (tmp_path / "in").mkdir()
    return str(tmp_path / "in")


def prepare(output: Output, *paths: str, resume: bool = False, overwrite: bool = False) -> int | None:
    with output.held():
        done = output.prepare(paths, Limits(), resume=resume, overwrite=overwrite)
    return None if done is None else done.count


def test_one_replay_at_a_time(tmp_path: Path, source: str) -> None:
    output, other = Output(tmp_path / "out"), Output(tmp_path / "other", tmp_path / "out")
    with output.held():
        for second in (output, other):
            with pytest.raises(UnfitOutput, match="another replay is writing to"), second.held():
                raise AssertionError("both hold it")
    with output.held():
        pass


@pytest.mark.parametrize("given", ["", "in", "in/out", "in/out/articles", "in/out/dead_letters/x.jsonl"])
def test_output_is_no_input(tmp_path: Path, source: str, given: str) -> None:
    # A replay that is resumed, or whose workers start one after the other, would read what it wrote.
    output = Output(Path(source) / "out")
    with pytest.raises(UnfitOutput, match="input and output"):
        prepare(output, str(tmp_path / given))
    with pytest.raises(UnfitOutput, match="input and output"):
        output.prepare_letters(["-", str(Path(source) / "out" / "dead_letters")], overwrite=True)


def test_dead_letters_elsewhere_are_resumed_and_overwritten_too(tmp_path: Path, source: str) -> None:
    output = Output(tmp_path / "out", tmp_path / "letters")
    prepare(output, source)
    letter = tmp_path / "letters" / "a.jsonl"
    letter.write_text(LINE)
    assert prepare(output, source, resume=True) == 1
    with pytest.raises(UnfitOutput, match="--resume it"):
        prepare(output, source)
    with pytest.raises(UnfitOutput, match="one recipe"):
        prepare(Output(tmp_path / "out"), source, resume=True)
    prepare(output, source, overwrite=True)
    assert not letter.exists()


def test_dead_letters_of_another_run_are_not_overwritten_unasked(tmp_path: Path) -> None:
    output = Output(tmp_path / "out")
    output.prepare_letters(["-"], overwrite=False)
    (output.dead_letters / "-.jsonl").write_text(LINE)
    with pytest.raises(UnfitOutput, match="of another run"):
        output.prepare_letters(["-"], overwrite=False)
    output.prepare_letters(["-"], overwrite=True)
    assert list(output.dead_letters.iterdir()) == []


@pytest.mark.parametrize("damage", ["{", "[]", ""])
def test_a_damaged_note_is_refused_and_can_be_overwritten(tmp_path: Path, source: str, damage: str) -> None:
    output = Output(tmp_path / "out")
    prepare(output, source)
    (output.articles / "a.jsonl").write_text(LINE)
    (output.folder / "run.json").write_text(damage)
    assert output.roots() == []
    with pytest.raises(UnfitOutput, match="one recipe"):
        prepare(output, source, resume=True)
    prepare(output, source, overwrite=True)
    assert output.roots() == [source]


@pytest.mark.parametrize("line", [LINE * 2, '{"half', "{}\n", "[]\n"])
def test_damaged_output_is_not_resumed(tmp_path: Path, source: str, line: str) -> None:
    output = Output(tmp_path / "out")
    prepare(output, source)
    (output.articles / "a.jsonl").write_text(line)
    with pytest.raises(UnfitOutput, match="cannot be resumed"):
        prepare(output, source, resume=True)
