"""`newsbeam quality`: how well language and topics do on labelled articles."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from pipelines.commands.console import printable, stderr, stdout, wrong_usage
from pipelines.commands.page_file import check_target, write_page


def quality(
    data: Annotated[
        list[Path],
        typer.Argument(metavar="DATA...", help="Labelled articles, .jsonl, .jsonl.gz or .jsonl.zst."),
    ],
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="OUT", help="Write the tables as one self-contained page."),
    ] = None,
) -> None:
    """Score language and topics on articles that you labelled.

    Each line of DATA is an article with `text` and `title` and what a reader says of it: `lang`, a tag;
    `primary` and `secondary`, topics by key (politics, war, …) or medtop code. The shipped topic model was
    trained on readers' labels: on those very articles its scores flatter; `newsbeam models list` has those
    on publishers it never saw.
    """
    from pipelines.judgement import LabelFault, judge

    if html is not None:
        check_target(html)
    try:
        judged = judge(data)
    except LabelFault as fault:
        wrong_usage(str(fault))
    if not judged.languages.total and not judged.topics.total:
        wrong_usage("no article with `lang` or `primary`")
    for name, tally in (("language", judged.languages), ("topic", judged.topics)):
        if not tally.total:
            continue
        table = Table(box=None, header_style="bold cyan", padding=(0, 2, 0, 0))
        for column in (name, "articles", "right", "precision", "F1", "mistaken for"):
            table.add_column(column, justify="left" if column in (name, "mistaken for") else "right")
        for row in tally.rows():
            mistakes = ", ".join(f"{found} {count}" for found, count in row["mistakes"])
            figures = [f"{row[key]:.3f}" for key in ("recall", "precision", "f1")]
            table.add_row(printable(row["name"]), f"{row['total']:,}", *figures, mistakes)
        stdout.print(table)
        within = f", in set {tally.in_set / tally.total:.4f}" if name == "topic" else ""
        stdout.print(f"{tally.total:,} articles, right {tally.right:.4f}{within}\n")
    if html is not None:
        from pipelines.pages.quality_page import page

        write_page(html, page(judged))
        stderr.print(f"written to {html}", markup=False)
