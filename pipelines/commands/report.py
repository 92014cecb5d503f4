"""`newsbeam report`: what a replay made of a corpus, as one page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from pipelines.commands.console import stderr, wrong_usage
from pipelines.commands.page_file import check_target, write_page
from pipelines.record_files import UNREADABLE, open_records

if TYPE_CHECKING:
    from pipelines.commands.output import Output
    from pipelines.run_report import RunReport
    from pipelines.summary import Summary

_PARQUET_ROWS = 1000


def report(
    path: Annotated[Path, typer.Argument(metavar="DIR", help="A replay's output folder.")],
    html: Annotated[Path, typer.Option(metavar="OUT.html", help="Where the page goes.")] = Path(
        "report.html"
    ),
) -> None:
    """Write a page about what a replay wrote: outcomes, languages, topics, junk by kind and publisher,
    lengths, the articles that lost most, dates in conflict, dead letters by reason.

    `newsbeam replay --report OUT.html` writes the same with the run's times. Exit code 0: written. 2: wrong
    usage.
    """
    from pipelines.commands.output import Output

    output = Output(path).as_noted()
    if not output.files():
        wrong_usage(f"{path}: holds no output of a replay")
    write_report(output, html, None)


def write_report(output: Output, html: Path, summary: Summary | None) -> None:
    """Read a replay's output and write the page about it.

    Args:
        output: what was written, as records (`jsonl`) or in columns (`parquet`).
        html: where the page goes.
        summary: the run's own counters, for its times; None where it is long over.
    """
    from pipelines.pages.report_page import page

    check_target(html)
    if output.form not in ("jsonl", "parquet"):
        wrong_usage(f"{output.folder}: {output.form} says nothing of removals: no report can be made")
    added = _added(output)
    write_page(html, page(added, str(output.folder), summary))
    stderr.print(f"{html}: {sum(added.outcomes.values()):,} records", markup=False)


def _added(output: Output) -> RunReport:
    from pipelines.run_report import RunReport

    found = RunReport()
    groups = (
        (output.articles, found.add_article),
        (output.withdrawn, found.add_withdrawal),
        (output.dead_letters, found.add_letter),
    )
    files = [(file, add) for folder, add in groups for file in output.files() if file.is_relative_to(folder)]
    columns = TextColumn("Reading what was written"), BarColumn(), TimeRemainingColumn()
    with Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal) as bar:
        task = bar.add_task("", total=sum(file.stat().st_size for file, _ in files))
        for file, add in files:
            try:
                for row in _rows(file):
                    add(row)
            except (*UNREADABLE, ValueError, KeyError, TypeError) as error:
                wrong_usage(f"{file}: no output of a replay: {type(error).__name__}: {error}")
            bar.advance(task, file.stat().st_size)
    return found


def _rows(file: Path) -> Iterator[Any]:
    if file.suffix == ".parquet":
        from pyarrow import parquet

        for batch in parquet.ParquetFile(file).iter_batches(_PARQUET_ROWS):
            yield from batch.to_pylist()
        return
    with open_records(file) as lines:
        for line in lines:
            yield orjson.loads(line)
