"""`newsbeam explain`: articles with what was removed and why, in the terminal or as a page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.rule import Rule as Ruler
from rich.table import Table
from rich.text import Text

from pipelines.commands.arguments import OwnPacks
from pipelines.commands.console import printable, stderr, stdout, wrong_usage
from pipelines.commands.facts import facts
from pipelines.commands.page_file import write_page

if TYPE_CHECKING:
    from pipelines.explained import Explained
    from schemas.received import Received


def explain(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...", help=".txt, .html, .jsonl and .jsonl.gz files; - is standard input."
        ),
    ],
    record: Annotated[
        list[int] | None,
        typer.Option(min=0, help="Which line of each .jsonl file, from 0; may be repeated.  \\[default: 0]"),
    ] = None,
    first: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="The first N records of each .jsonl file instead.")
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT.html", help="Write a page for a browser, one file, instead of the terminal."
        ),
    ] = None,
    own: OwnPacks = None,
) -> None:
    """Show what newsbeam makes of articles: the raw text with what was removed, by which rule and why;
    title, dates, language; the topics with the words that spoke for them.

    Exit code 0: all were enriched. 1: a record was refused. 2: wrong usage.
    """
    from pipelines.explained import Explainer
    from pipelines.text.rule import PackError
    from schemas.article import Article

    if record and first:
        wrong_usage("--record and --first: take one of them")
    chosen = list(_chosen(files, record or [0], first))
    try:
        explainer = Explainer(own)
    except PackError as error:
        wrong_usage(str(error))
    explained = [explainer.explain(received) for received in chosen]
    if html is None:
        for number, one in enumerate(explained):
            if number:
                stdout.print()
            _print(one, with_name=len(explained) > 1)
    else:
        from pipelines.pages.explain_page import page

        write_page(html, page(explained))
        noun = "article" if len(explained) == 1 else "articles"
        stderr.print(f"{html}: {len(explained):,} {noun}", markup=False)
    raise typer.Exit(0 if all(isinstance(one.article, Article) for one in explained) else 1)


def _chosen(files: list[str], numbers: list[int], first: int | None) -> Iterator[Received]:
    """The records to explain. One that is not there ends the command."""
    from connectors.sources.files import UnreadableInput, discover, records
    from schemas.received import MAX_RECORD_BYTES

    try:
        found = discover(files)
    except UnreadableInput as error:
        wrong_usage(str(error))
    for file in found:
        wanted = set(range(first)) if first else set(numbers)
        for received in records(file, MAX_RECORD_BYTES):
            number = received.origin.record or 0
            if number in wanted:
                wanted.discard(number)
                yield received
            if not wanted or number > max(wanted):
                break
        if wanted and not first:
            wrong_usage(f"{file.path}: has no record {min(wanted)}")


def _print(one: Explained, *, with_name: bool) -> None:
    from schemas.article import Article

    if with_name:
        stdout.print(Ruler(Text(printable(one.name)), align="left", characters="="))
    if not isinstance(one.article, Article):
        refused = one.article
        stderr.print(
            f"Refused by {refused.step}: {refused.reason}: {refused.detail}", style="bold red", markup=False
        )
        return
    stdout.print(marked(one), soft_wrap=True)
    stdout.print()
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold cyan", no_wrap=True)
    table.add_column()
    for name, value in facts(one.article, one.evidence or {}).items():
        table.add_row(name, Text(printable(value)))
    for number, (rule, why) in enumerate((one.whys or {}).items()):
        table.add_row("" if number else "why", Text.assemble((rule, "magenta"), f": {why}"))
    stdout.print(table)


def marked(one: Explained) -> Text:
    """The raw text with the removed spans struck through, each after kind, rule and number in brackets."""
    text = Text()
    for piece in one.pieces:
        if piece.removal is None:
            text.append(printable(piece.text))
            continue
        removal = piece.removal
        score = "" if removal.score is None else f" {removal.score:.2f}"
        text.append(f"[-{removal.kind}: {removal.rule}{score} #{piece.number}]", style="bold magenta")
        text.append(" ")
        text.append(printable(piece.text), style="red strike")
    return text
