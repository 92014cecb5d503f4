"""`newsbeam config`: whether a config file is right, what it means, and its schema for editors."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.commands.console import print_json, stderr, stdout, wrong_usage

if TYPE_CHECKING:
    from pipelines.config import Sink, Source
    from pipelines.config_values import Value

app = typer.Typer(no_args_is_help=True, help="Check a config file, and see what it means.")

_File = Annotated[Path, typer.Argument(metavar="FILE", help="TOML, as for `newsbeam run`.")]


@app.command()
def check(file: _File) -> None:
    """Check a config file, without a look at brokers or databases (`newsbeam doctor` does that).

    Exit code 0: a run would take it. 1: it is at fault; the message names the line.
    """
    from pipelines.config import ConfigError, load

    try:
        config = load(file)
    except ConfigError as error:
        stderr.print(f"newsbeam: {error}", style="bold red", markup=False)
        raise typer.Exit(1) from None
    sinks = ", ".join(f"{sink.name} ({_place(sink)})" for sink in config.sinks)
    stdout.print(f"{file} is right: {_place(config.source)} -> {sinks}", markup=False, soft_wrap=True)


@app.command()
def show(
    file: _File,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, a list of settings.")] = False,
) -> None:
    """Show every setting in effect and where it comes from: a line of the file, or the default.

    What is printed is TOML that a run takes. Secrets are named, never shown.
    """
    from pipelines.config import ConfigError
    from pipelines.config_values import values

    try:
        found = values(file)
    except ConfigError as error:
        wrong_usage(str(error))
    if as_json:
        print_json([dataclasses.asdict(value) for value in found])
        return
    for line in _toml(found):
        stdout.print(line, markup=False, soft_wrap=True)


@app.command()
def schema() -> None:
    """Print the JSON Schema of the config file, for editors (deploy/config/newsbeam.schema.json)."""
    import json

    from pipelines.config import ConfigError
    from pipelines.config_schema import schema as made

    try:
        text = json.dumps(made(), indent=2, ensure_ascii=False)
    except ConfigError as error:
        wrong_usage(str(error))
    sys.stdout.buffer.write(text.encode() + b"\n")


def _place(of: Source | Sink) -> str:
    options = of.options
    for name in ("kafka_topic", "path", "table", "schema"):
        if hasattr(options, name):
            return f"{of.kind} {getattr(options, name)}"
    return f"{of.kind} {' '.join(getattr(options, 'paths', ()))}".strip()


def _toml(found: list[Value]) -> Iterator[str]:
    table = ""
    # The keys of a table first, then the tables in it: so TOML wants it.
    for value in sorted(found, key=lambda value: (_top(value.place), _table(value.place).count("."))):
        if _table(value.place) != table:
            if table:
                yield ""
            table = _table(value.place)
            yield _header(table)
        key = value.place.removeprefix(f"{table}.")
        origin = f"{value.origin}; {value.note}" if value.note else value.origin
        is_set = value.value is not None
        line = f"{key} = {_literal(value.value)}" if is_set else f"# {key} is not set"
        yield f"{line:<44}  # {origin}"


def _top(place: str) -> tuple[str, int]:
    """In the order of the reference: the source, the rest, the sinks by number."""
    first = place.partition(".")[0]
    rank = {"source": 0, "limits": 1, "cleaning": 2, "dead_letters": 3, "runner": 4}
    return ("", rank[first]) if first in rank else ("sinks", int(first[len("sinks[") : -1]))


def _table(place: str) -> str:
    return place.rpartition(".")[0]


def _header(table: str) -> str:
    first, _, rest = table.partition(".")
    if not first.endswith("]"):
        return f"[{table}]"
    return f"[sinks.{rest}]" if rest else "[[sinks]]"


def _literal(value: Any) -> str:
    import tomlkit

    return str(tomlkit.item(value).as_string()) if not isinstance(value, dict) else _inline(value)


def _inline(value: dict[str, Any]) -> str:
    import tomlkit

    inner = ", ".join(f"{tomlkit.key(key).as_string()} = {_literal(item)}" for key, item in value.items())
    return f"{{ {inner} }}" if inner else "{}"
