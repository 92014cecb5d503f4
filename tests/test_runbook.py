"""The runbook's commands: the command line knows each of them, with its options. And its figures."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from pipelines import supervisor
from pipelines.cli import app

DEPLOY = Path(__file__).parents[1] / "deploy"
RUNBOOK = (DEPLOY / "runbook.md").read_text()
REFERENCE = (DEPLOY / "config" / "reference.toml").read_text()


def commands() -> list[str]:
    """Every `newsbeam ...` of the fenced blocks and of the text, without comments; and the reference's."""
    blocks = "\n".join(re.findall(r"^ *```sh\n(.*?)^ *```", RUNBOOK, re.M | re.S))
    text = re.sub(r"^ *```.*?^ *```", "", RUNBOOK, flags=re.M | re.S)
    found = [line.strip() for line in blocks.splitlines() if line.strip()]
    found += [re.sub(r"\s+", " ", code) for code in re.findall(r"`(newsbeam [a-z-][^`:]*)`", text)]
    found += re.findall(r": (newsbeam dead-letters .*)$", REFERENCE, re.M)
    return sorted({line.partition(" #")[0].strip() for line in found})


@pytest.mark.parametrize("line", commands())
def test_the_command_exists_with_its_options(line: str) -> None:
    words = shlex.split(line.removesuffix(" ..."))
    assert words.pop(0) == "newsbeam"
    command = typer.main.get_command(app)
    context = command.make_context("newsbeam", [], resilient_parsing=True)
    while True:
        context.resilient_parsing = False
        parser = command.make_parser(context)
        parser.allow_interspersed_args = command.allow_interspersed_args
        _, words, _ = parser.parse_args(words)  # raises where an option is unknown or lacks its value
        if not hasattr(command, "commands"):
            break
        if not words:
            return
        name = words.pop(0)
        assert name in command.commands, f"newsbeam has no {name}"
        command = command.commands[name]
        context = command.make_context(name, [], parent=context, resilient_parsing=True)
    assert not words, f"too many arguments: {words}"


def test_there_are_commands_to_check() -> None:
    assert len(commands()) > 25
    assert any("\n" not in line and line.startswith("newsbeam run") for line in commands())
    assert "newsbeam dead-letters sweep FILE" in commands()


def test_it_says_when_a_worker_that_fails_has_a_wrong_configuration() -> None:
    text = " ".join(RUNBOOK.split())
    assert f"fails at its first start, within {supervisor._SOUND_SECONDS:.0f} s, ends the run" in text


def test_every_link_in_the_runbook_leads_somewhere() -> None:
    titles = re.findall(r"^#+ (.+)$", RUNBOOK, re.M)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    for target in re.findall(r"\]\(([^)]+)\)", RUNBOOK):
        path, _, anchor = target.partition("#")
        assert not path or (Path(__file__).parents[1] / "deploy" / path).is_file(), target
        assert not anchor or anchor in anchors, target
    for test in re.findall(r"`(tests/[\w/]+\.py)`", RUNBOOK):
        assert (Path(__file__).parents[1] / test).is_file(), test
