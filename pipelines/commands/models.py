"""`newsbeam models`: the shipped models, and the commands that train them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from pipelines.commands.console import stderr, stdout, wrong_usage

app = typer.Typer(no_args_is_help=True, help="The models newsbeam ships, and how they are made.")


@app.command("list")
def list_() -> None:
    """Show each model's job, size, licence, origin and scores, and check its digest."""
    from pipelines.models.registry import ModelFault, entries, verified

    table, faults = Table(box=None, header_style="bold cyan", padding=(0, 2, 1, 0)), []
    for column in ("job", "model", "size", "licence", "made by, of what, how good"):
        table.add_column(column, overflow="fold")
    for job, entry in entries().items():
        try:
            verified(job)
        except ModelFault as fault:
            faults.append(str(fault))
        scores = ", ".join(f"{name} {score:g}" for name, score in entry.scores.items())
        data = f"from {', '.join(entry.trained_on)}" if entry.trained_on else ""
        about = "\n".join(part for part in (entry.origin, data, scores) if part)
        table.add_row(job, entry.id, f"{entry.bytes / 1e6:.1f} MB", entry.licence, escape(about))
    stdout.print(table)
    for said in faults:
        stderr.print(f"newsbeam: {said}", style="bold red", markup=False)
    if faults:
        raise typer.Exit(1)


@app.command("train-topics")
def train_topics(
    data: Annotated[list[Path], typer.Argument(metavar="DATA...", help="Articles, .jsonl or .jsonl.gz.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="MODEL", help="Where the model goes: a .ftz file.")
    ],
) -> None:
    """Train the topic model, and say how good it is on publishers that were held out.

    Needs the `train` extra (numba). The same data give the same model. Beside MODEL its entry for
    models.toml is written.
    """
    try:
        from pipelines.models.data_file import DataFault
        from pipelines.models.train_topics import train
    except ModuleNotFoundError as missing:
        wrong_usage(f"{missing.name} is not installed: pip install 'newsbeam[train]'")
    try:
        train(data, output, progress=lambda line: stderr.print(line, markup=False))
    except (DataFault, OSError) as fault:
        wrong_usage(str(fault))


@app.command("train-lines")
def train_lines(
    data: Annotated[
        list[Path],
        typer.Argument(
            metavar="DATA...",
            help="Pages with labelled lines, and articles that the teacher knows; .jsonl or .jsonl.gz.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="MODEL", help="Where the model goes: a .json file.")
    ],
) -> None:
    """Train the line scorer of the cleaning, and say how good it is on sites that were left out.

    Needs the `train` extra (scikit-learn). The same data and rule packs give the same model. Beside MODEL
    its entry for models.toml is written.
    """
    try:
        import sklearn  # noqa: F401

        from pipelines.models.train_lines import train_files
    except ModuleNotFoundError as missing:
        wrong_usage(f"{missing.name} is not installed: pip install 'newsbeam[train]'")
    try:
        train_files(data, output, progress=lambda line: stderr.print(line, markup=False))
    except (ValueError, OSError) as fault:
        wrong_usage(str(fault))
