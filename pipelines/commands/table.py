"""A run's summary as a person likes to read it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipelines.commands.console import printable
from pipelines.refusals import Refused
from pipelines.summary import OUTCOMES, Summary

_MOST_ROWS = 12


def render(summary: Summary) -> RenderableType:
    """The summary for the terminal: a headline, and a small table a question."""
    read, passed_over = summary.counts["read"], summary.counts["passed_over"]
    headline = f"{read:,} records in {summary.seconds:,.1f} s ({summary.per_second:,.0f} a second)"
    if passed_over:
        headline += f"; {passed_over:,} had been written before"
    outcomes = summary.of("outcome")
    tables = [
        _table("outcome", {name: outcomes[name] for name in OUTCOMES if name in outcomes}, read),
        _table("why refused", summary.of("reason"), read),
        _table("passed by", summary.of("passed_by"), None),
        _table("language", summary.of("language"), outcomes.get("enriched", 0)),
        _table("topic", summary.of("topic"), outcomes.get("enriched", 0)),
        _table("junk removed", summary.of("junk"), None),
        _table(
            "left out by",
            {sink.name: n for sink in summary.sinks if (n := summary.of(sink.name).get("kept_out"))},
            None,
        ),
        _table(
            "delivered to",
            {sink.name: summary.of(sink.name).get("delivered", 0) for sink in summary.sinks},
            None,
        ),
    ]
    parts: list[RenderableType] = [Text(headline, style="bold")]
    parts.append(Columns([table for table in tables if table.row_count]))
    if summary.refusals.refused:
        parts += [Text(), refused(summary.refusals.refused)]
    return Group(*parts)


def refused(groups: Sequence[Refused]) -> Table:
    """What was refused, by reason and station, with the first of each as an example."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold cyan")
    table.add_column("refused", style="cyan")
    table.add_column("by", style="cyan")
    table.add_column("", justify="right")
    table.add_column("such as", overflow="fold")
    table.add_column("what was wrong with it", overflow="fold")
    for group in groups[:_MOST_ROWS]:
        wrong = Text(printable(group.detail))
        table.add_row(group.reason, group.step, f"{group.records:,}", Text(printable(group.origin)), wrong)
    return table


def _table(title: str, counts: dict[str, int], whole: int | None) -> Table:
    table = Table(title_justify="left", box=None, padding=(0, 1, 0, 0))
    table.add_column(title, style="cyan", header_style="bold cyan")
    table.add_column("", justify="right")
    if whole is not None:
        table.add_column("", justify="right", style="dim")
    for name, count in list(counts.items())[:_MOST_ROWS]:
        share = [f"{count / whole:.1%}" if whole else ""] if whole is not None else []
        table.add_row(name, f"{count:,}", *share)
    if len(counts) > _MOST_ROWS:
        rest = list(counts.values())[_MOST_ROWS:]
        table.add_row(f"{len(rest)} more", f"{sum(rest):,}", style="dim")
    return table
