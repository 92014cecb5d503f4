"""`newsbeam dead-letters`: what was refused, why, and how to try it again."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from pipelines.commands.console import printable, stderr, stdout, wrong_usage
from pipelines.commands.written import read_written, written_files

if TYPE_CHECKING:
    from pipelines.commands.output import Output
    from schemas.dead_letter import DeadLetter

app = typer.Typer(no_args_is_help=True, help="Look at what was refused, and try it again.")

_Path = Annotated[Path, typer.Argument(metavar="PATH", help="A replay's output folder, or a .jsonl file.")]


@app.command("list")
def list_(
    path: _Path,
    reason: Annotated[str | None, typer.Option(help="Only this reason.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many letters.")] = 20,
) -> None:
    """Count dead letters by reason and step, and list them."""
    counts: Counter[tuple[str, str, str]] = Counter()
    rows = Table(box=None, header_style="bold cyan")
    for column in ("origin", "reason", "what was wrong"):
        rows.add_column(column, overflow="fold")
    for letter in _letters(path):
        counts[letter.kind, letter.reason, letter.step] += 1
        if reason in (None, letter.reason) and rows.row_count < limit:
            rows.add_row(escape(str(letter.origin)), letter.reason, escape(letter.detail))
    if not counts:
        stdout.print("No dead letters.")
        return
    summary = Table("letters", "kind", "reason", "step", box=None, header_style="bold cyan")
    for (kind, why, step), count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        summary.add_row(f"{count:,}", kind, why, step)
    stdout.print(summary)
    stdout.print()
    stdout.print(rows)
    matching = sum(count for (_, why, _), count in counts.items() if reason in (None, why))
    if matching > rows.row_count:
        stdout.print(f"... and {matching - rows.row_count:,} more (--limit)")


@app.command()
def show(
    path: _Path,
    which: Annotated[str, typer.Argument(metavar="ORIGIN", help="As `list` prints it, or the record's id.")],
) -> None:
    """Show one dead letter whole: what was wrong, and its bytes."""
    for letter in _letters(path):
        if which not in (str(letter.origin), letter.id):
            continue
        size = f"{letter.payload_bytes:,} bytes, sha256 {letter.payload_sha256}"
        for name, value in (
            ("origin", f"{letter.origin} ({letter.origin.source})"),
            ("id", letter.id or "(not known yet)"),
            ("refused", f"{letter.kind}, {letter.reason}, by {letter.step}, newsbeam {letter.newsbeam}"),
            ("wrong", letter.detail),
            ("record", f"{letter.media}, {size}"),
        ):
            stdout.print(f"[bold cyan]{name:8}[/] {escape(value)}", soft_wrap=True)
        stdout.print()
        if letter.payload is None:
            stdout.print("[dim](not UTF-8; base64)[/]")
        stdout.out(printable(letter.payload or letter.payload_base64 or "(no bytes)"))
        return
    wrong_usage(f"{path}: no dead letter {which}")


@app.command()
def replay(
    path: Annotated[Path, typer.Argument(metavar="DIR", help="A replay's output folder.")],
    input: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH",
            help="Where the raw records lie, for those longer than a letter holds.  [default: as replayed]",
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TOML, as for `newsbeam replay`.")
    ] = None,
) -> None:
    """Send dead letters through the pipeline again.

    What becomes an article moves to DIR/articles; what is refused again stays a dead letter, with its
    new reason.
    """
    from connectors.sources.dead_letters import LostPayload, receive
    from connectors.sources.files import UnreadableInput
    from pipelines.commands.output import Output, UnfitOutput
    from pipelines.commands.table import render
    from pipelines.config import ConfigError, load
    from pipelines.summary import Summary
    from pipelines.workers import SharedProgress, WorkerFailed, run_workers

    output = Output(path)
    letters = written_files(path, "dead_letters")
    if not letters or not output.dead_letters.is_dir():
        wrong_usage(f"{path}: holds no dead_letters/*.jsonl")
    again = Output(path / ".replayed", form=output.written_form())
    roots = input or output.roots()
    source = {"kind": "dead_letters", "paths": [str(file) for file in letters], "roots": roots}
    sinks = [
        again.articles_sink(),
        {"kind": "jsonl", "takes": "dead_letters", "path": str(again.dead_letters)},
    ]
    with ExitStack() as until_done:
        try:
            run = load(config, {"source": source, "sinks": sinks})
            until_done.enter_context(output.held())
            shutil.rmtree(again.folder, ignore_errors=True)
            for letter in _letters(path):
                receive(letter, roots, run.limits.max_record_bytes)
            output.articles.mkdir(exist_ok=True)
        except (ConfigError, LostPayload, UnreadableInput, UnfitOutput, OSError) as error:
            wrong_usage(str(error))
        try:
            counts, seconds = run_workers(run, 1, SharedProgress(1))
        except WorkerFailed as error:
            stderr.print(f"newsbeam: {error}", style="bold red", markup=False)
            raise typer.Exit(1) from None
        summary = Summary(counts, run.sinks, seconds)
        stdout.print(render(summary))
        for fault in summary.faults():
            stderr.print(f"newsbeam: {fault}", style="bold red", markup=False)
        if not summary.unaccounted():
            _move(again, output, letters)
    raise typer.Exit(1 if summary.faults() else 0)


def _move(again: Output, output: Output, letters: list[Path]) -> None:
    """Put what a replay of letters made in the place of the letters."""
    # Articles first: a crash in between leaves a letter too many, never a record too few.
    for made, kept_in in ((again.articles, output.articles), (again.withdrawn, output.withdrawn)):
        for file in [file for file in made.rglob("[!.]*") if file.is_file()]:
            place = kept_in / file.relative_to(made)
            place.parent.mkdir(parents=True, exist_ok=True)
            file.replace(place)
    kept = {file.name for file in again.dead_letters.glob("*.jsonl")}
    for file in again.dead_letters.glob("*.jsonl"):
        file.replace(output.dead_letters / file.name)
    for file in letters:
        if file.name not in kept:
            file.unlink()
    shutil.rmtree(again.folder)


def _letters(path: Path) -> Iterator[DeadLetter]:
    from schemas.codec import decode_dead_letter

    return read_written(path, "dead_letters", decode_dead_letter)
