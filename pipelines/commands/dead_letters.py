"""`newsbeam dead-letters`: what was refused, why, and how to try it again."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from pipelines.commands.console import print_json, printable, stdout, wrong_usage
from pipelines.commands.letters import (
    LetterTopic,
    OfPublisher,
    OfReason,
    OfStep,
    Place,
    Replayed,
    Selection,
    Since,
    Until,
    config_at,
    letters_at,
    reachable,
)
from pipelines.commands.letters_replay import replay

if TYPE_CHECKING:
    from pipelines.commands.letters import Kept

app = typer.Typer(no_args_is_help=True, help="Look at what was refused, and try it again.")
app.command()(replay)
_MOST = 12


@app.command("list")
def list_(
    path: Place,
    reason: OfReason = None,
    step: OfStep = None,
    publisher: OfPublisher = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many letters.")] = 20,
    replayed: Replayed = False,
) -> None:
    """Count dead letters by reason and step, and list them."""
    selection = Selection(reason, step, publisher, since, until)
    counts: Counter[tuple[str, str, str]] = Counter()
    matching = 0
    rows = Table(box=None, header_style="bold cyan")
    for column in ("origin", "written (UTC)", "publisher", "reason", "what was wrong"):
        rows.add_column(column, overflow="fold")
    with reachable():
        for kept in letters_at(path).read(replayed=replayed):
            letter = kept.letter
            counts[letter.kind, letter.reason, letter.step] += 1
            if not selection.has(kept):
                continue
            matching += 1
            if rows.row_count < limit:
                time = f"{kept.refused_at:%Y-%m-%d %H:%M}"
                texts = str(letter.origin), time, kept.publisher, letter.reason, letter.detail
                rows.add_row(*(Text(printable(text)) for text in texts))
    if not counts:
        stdout.print("No dead letters.")
        return
    summary = Table("letters", "kind", "reason", "step", box=None, header_style="bold cyan")
    for (kind, why, by), count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        summary.add_row(f"{count:,}", kind, why, by)
    stdout.print(summary)
    stdout.print()
    stdout.print(rows)
    if matching > rows.row_count:
        stdout.print(f"... and {matching - rows.row_count:,} more (--limit)")


@app.command()
def stats(
    path: Place,
    reason: OfReason = None,
    step: OfStep = None,
    publisher: OfPublisher = None,
    since: Since = None,
    until: Until = None,
    replayed: Replayed = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON on standard output.")] = False,
) -> None:
    """Count dead letters by reason, with an example of each, by publisher and by day."""
    from pipelines.commands.table import refused
    from pipelines.refusals import Refused

    selection = Selection(reason, step, publisher, since, until)
    groups: dict[tuple[str, str, str], Refused] = {}
    publishers: Counter[str] = Counter()
    days: Counter[str] = Counter()
    with reachable():
        for kept in letters_at(path).read(replayed=replayed):
            if not selection.has(kept):
                continue
            letter = kept.letter
            group = str(letter.kind), str(letter.reason), letter.step
            first = groups.get(group) or Refused(*group, 0, str(letter.origin), letter.detail)
            groups[group] = first._replace(records=first.records + 1)
            publishers[kept.publisher] += 1
            days[f"{kept.refused_at:%Y-%m-%d}"] += 1
    found = sorted(groups.values(), key=lambda one: (-one.records, one))
    if as_json:
        print_json(
            {
                "letters": days.total(),
                "refused": [one._asdict() for one in found],
                "publishers": dict(publishers.most_common()),
                "days": dict(sorted(days.items())),
            }
        )
        return
    stdout.print(f"{days.total():,} dead letters")
    if not found:
        return
    stdout.print()
    stdout.print(refused(found))
    for title, counts in (("publisher", publishers.most_common()), ("written on", sorted(days.items()))):
        table = Table(title, "letters", box=None, header_style="bold cyan", padding=(0, 2, 0, 0))
        for name, count in counts[-_MOST:] if title == "written on" else counts[:_MOST]:
            table.add_row(Text(printable(name)), f"{count:,}")
        if len(counts) > _MOST:
            table.add_row(f"{len(counts) - _MOST:,} more", "", style="dim")
        stdout.print()
        stdout.print(table)


@app.command()
def show(
    path: Place,
    which: Annotated[str, typer.Argument(metavar="ORIGIN", help="As `list` prints it, or the record's id.")],
    replayed: Replayed = False,
) -> None:
    """Show one dead letter whole: what was wrong, the bytes around the fault, and the record."""
    with reachable():
        for kept in letters_at(path).read(replayed=replayed):
            if which in (str(kept.letter.origin), kept.letter.id):
                _show(kept)
                return
    wrong_usage(f"{path}: no dead letter {which}")


def _show(kept: Kept) -> None:
    from pipelines.commands.hex_view import hex_view
    from pipelines.fault_place import fault_place, payload_of

    letter = kept.letter
    size = f"{letter.payload_bytes:,} bytes, sha256 {letter.payload_sha256}"
    for name, value in (
        ("origin", f"{letter.origin} ({letter.origin.source})"),
        ("id", letter.id or "(not known yet)"),
        ("refused", f"{letter.kind}, {letter.reason}, by {letter.step}, newsbeam {letter.newsbeam}"),
        ("written", f"{kept.refused_at:%Y-%m-%d %H:%M:%S} UTC"),
        ("wrong", letter.detail),
        ("record", f"{letter.media}, {size}"),
    ):
        stdout.print(f"[bold cyan]{name:8}[/] {escape(printable(value))}", soft_wrap=True)
    payload, fault = payload_of(letter), fault_place(letter)
    stdout.print()
    if not payload:
        why = "(no bytes)" if not letter.payload_bytes else "(swept: the letter keeps its digest only)"
        stdout.print(why)
        return
    if fault is not None:
        stdout.print(hex_view(payload, fault), soft_wrap=True)
    if letter.payload is None:
        if fault is None:
            stdout.print(hex_view(payload, None), soft_wrap=True)
        stdout.print("[dim](not UTF-8; base64)[/]")
    if len(payload) < letter.payload_bytes:
        stdout.print(f"[dim](the first {len(payload):,} of {letter.payload_bytes:,} bytes)[/]")
    stdout.out(printable(letter.payload or letter.payload_base64 or ""))


@app.command()
def sweep(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH...", help="Output folders, files of letters, or configs (.toml)."),
    ],
    older_than: Annotated[
        str | None,
        typer.Option(
            metavar="DAYS",
            help="30d: those written before that.  \\[default: the config's keep_texts_days]",
        ),
    ] = None,
) -> None:
    """Take the texts out of old dead letters: reason, origin, length and digest stay.

    Of a Kafka topic only the brokers can do that: its retention is checked instead, and the command that
    sets it is printed. Exit code 1: a topic keeps texts for longer.
    """
    from pipelines.commands.letters_sweep import retention_fault, sweep_file

    keeps_too_long = False
    for path in paths:
        days = _days(older_than) if older_than else _keep_days(path)
        place = letters_at(path)
        if isinstance(place, LetterTopic):
            with reachable():
                fault = retention_fault(place.topic, days)
            keeps_too_long = keeps_too_long or fault is not None
            said = fault or f"{place.topic.kafka_topic}: keeps letters for {days} days at most"
            stdout.print(said, markup=False, soft_wrap=True)
            continue
        before = datetime.now(UTC) - timedelta(days=days)
        swept = letters = 0
        for file in place.files:
            gone, all_of_it = sweep_file(file, before)
            swept, letters = swept + gone, letters + all_of_it
        stdout.print(
            f"{path}: {swept:,} of {letters:,} letters swept, written before {before:%Y-%m-%d %H:%M} UTC",
            markup=False,
            soft_wrap=True,
        )
    raise typer.Exit(1 if keeps_too_long else 0)


def _keep_days(path: str) -> int:
    if path.endswith(".toml") and (days := config_at(path).dead_letters.keep_texts_days):
        return days
    return wrong_usage(
        f"{path}: how old? Say --older-than 30d, or name a config with [dead_letters] keep_texts_days"
    )


def _days(given: str) -> int:
    match = re.fullmatch(r"(\d{1,5})d", given)
    if match is None:
        wrong_usage(f"--older-than {given}: days are asked for, as in 30d")
    return int(match[1])
