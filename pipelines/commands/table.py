"""A run's summary as a person likes to read it."""

from __future__ import annotations

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

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
            "delivered to",
            {sink.name: summary.of(sink.name).get("delivered", 0) for sink in summary.sinks},
            None,
        ),
    ]
    return Group(Text(headline, style="bold"), Columns([table for table in tables if table.row_count]))


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
