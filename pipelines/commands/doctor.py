"""`newsbeam doctor`: whether a run would work here, and what to do where it would not."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from pipelines.commands.console import print_json, printable, stdout

if TYPE_CHECKING:
    from pipelines.doctor.finding import Finding

_STYLE = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def doctor(
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", metavar="FILE", help="The run's TOML.  \\[default: machine and package]"
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON on standard output.")] = False,
) -> None:
    """Look at all that a run needs, before it runs: nothing is written, nothing is changed.

    Exit code 0: a run would work, though some things may deserve a look (warn). 1: it would not (fail).
    """
    counts: Counter[str] = Counter()
    found = []
    for finding in _examine(config):
        counts[finding.verdict] += 1
        found.append(finding)
        if not as_json:
            _print(finding)
    if as_json:
        print_json([dataclasses.asdict(finding) for finding in found])
    else:
        stdout.print(f"{counts['ok']} ok, {counts['warn']} warn, {counts['fail']} fail", style="bold")
    raise typer.Exit(1 if counts["fail"] else 0)


def _examine(file: Path | None) -> Iterator[Finding]:
    from pipelines.config import Config, ConfigError, load
    from pipelines.doctor.finding import fail, ok
    from pipelines.doctor.machine import examine_machine
    from pipelines.doctor.package import examine_package

    yield from examine_machine()
    config: Config | None = None
    if file is not None:
        try:
            config = load(file)
        except ConfigError as error:
            yield fail("config", str(error), "newsbeam config check FILE, after mending it")
        else:
            yield ok("config", f"{file}: {config.source.kind}, {len(config.sinks)} sinks")
    yield from examine_package(config.cleaning.packs if config else None)
    if config is None:
        return
    from pipelines.doctor.kafka import examine_kafka
    from pipelines.doctor.runner import examine_runner
    from pipelines.doctor.sinks import examine_sinks

    yield from examine_runner(config)
    yield from examine_kafka(config)
    yield from examine_sinks(config)


def _print(finding: Finding) -> None:
    line = Text.assemble(
        (f"{finding.verdict:5}", _STYLE[finding.verdict]),
        (finding.what, "cyan"),
        ": ",
        printable(finding.said),
    )
    stdout.print(line, soft_wrap=True)
    if finding.do:
        stdout.print(Text(f"     -> {printable(finding.do)}"), soft_wrap=True)
