"""The page of `newsbeam replay --report`: charts are inline SVG, nothing is fetched, nothing runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.pages.template import fill
from pipelines.run_report import LISTED, Lengths, RunReport
from pipelines.summary import OUTCOMES, Summary

_OTHERS = "all others"


@dataclass(frozen=True)
class Bar:
    """A row of a chart: its length is `share` (0-1) of the widest."""

    name: str
    count: int
    share: float
    percent: float
    """Of the whole, 0-100."""


def page(report: RunReport, title: str, summary: Summary | None = None) -> str:
    """The page as HTML. Everything that comes from an article is escaped.

    Args:
        report: the figures.
        title: what was replayed, for a person.
        summary: the run's counters, for its times.
    """
    enriched = report.outcomes["enriched"]
    kinds = dict(report.junk_chars.most_common())
    stations = summary.stations() if summary else {}
    measured = lengths(report.before, report.after)
    return fill(
        "report.html",
        title=title,
        report=report,
        summary=summary,
        total=report.outcomes.total(),
        enriched=enriched,
        outcomes=[
            (name, report.outcomes[name]) for name in (*OUTCOMES, "undelivered") if report.outcomes[name]
        ],
        languages=bars(report.languages, enriched),
        topics=bars(report.topics, enriched),
        kinds=bars(kinds, report.before.chars),
        lengths=measured,
        length_ends=[f"{measured[at].label} characters" for at in (0, -1) if measured],
        shares=shares(report.shares),
        dates=bars(report.date_origins, enriched),
        stations=bars({name: round(1e6 * spent) for name, spent in stations.items()}, None),
        letters=report.all_letters(),
        publishers=report.top_publishers(),
        listed=LISTED,
    )


def bars(counts: Mapping[str, int], whole: int | None) -> list[Bar]:
    """A bar chart's rows, the longest first; the tail as one.

    Args:
        counts: name -> count.
        whole: what all is, for the percentages; the sum of the counts by default.
    """
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown, tail = ordered[:LISTED], ordered[LISTED:]
    if tail:
        shown = [*ordered[: LISTED - 1], (_OTHERS, sum(count for _, count in ordered[LISTED - 1 :]))]
    whole = whole or sum(counts.values()) or 1
    widest = max((count for _, count in shown), default=0) or 1
    return [Bar(name, count, count / widest, 100 * count / whole) for name, count in shown]


@dataclass(frozen=True)
class Column:
    """Two columns of the chart of lengths, heights as shares (0-1) of the highest."""

    label: str
    before: int
    after: int
    before_height: float
    after_height: float


def lengths(before: Lengths, after: Lengths) -> list[Column]:
    """The chart of texts' lengths before and after cleaning."""
    bars = [*before.bars, *after.bars]
    if not bars:
        return []
    highest = max(*before.bars.values(), *after.bars.values())
    return [
        Column(
            "{:,} to {:,}".format(*Lengths.bounds(bar)),
            before.bars[bar],
            after.bars[bar],
            before.bars[bar] / highest,
            after.bars[bar] / highest,
        )
        for bar in range(min(bars), max(bars) + 1)
    ]


def shares(counts: Mapping[int, int]) -> list[Column]:
    """The chart of articles by the share that was cut."""
    highest = max(counts.values(), default=0) or 1
    labels = ["nothing", *(f"{5 * step - 5} to {5 * step} %" for step in range(1, 21))]
    found = [counts.get(step, 0) for step in range(21)]
    return [Column(label, 0, n, 0.0, n / highest) for label, n in zip(labels, found, strict=True)]
