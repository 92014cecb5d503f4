"""`newsbeam diff`: what changed between two outputs of one corpus."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from pipelines.commands.console import print_json, printable, stdout
from pipelines.commands.written import read_written

if TYPE_CHECKING:
    from pipelines.output_diff import OutputDiff

_MOST, _EXAMPLE_CHARS = 15, 48


def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="A replay's output folder, or a .jsonl file.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="Another one, of the same corpus.")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON on standard output.")] = False,
) -> None:
    """Show what changed between two outputs of one corpus: after an upgrade of rules or models, say.

    Articles are compared by id; where they were read and which versions made them does not count. Exit code
    0: no difference. 1: they differ. 2: wrong usage.
    """
    from pipelines.output_diff import compare

    with tempfile.TemporaryDirectory(prefix="newsbeam-diff-") as scratch:
        found = compare(records(old), records(new), Path(scratch))
    for refused, folder in ((found.refused["old"], old), (found.refused["new"], new)):
        if (folder / "dead_letters").is_dir():
            refused.update(letter["reason"] for letter in records(folder, "dead_letters"))
    if as_json:
        print_json(found.as_dict())
    else:
        _print(found)
    raise typer.Exit(1 if found.differs else 0)


def records(path: Path, kind: str = "articles") -> Iterator[dict[str, Any]]:
    """The records at a path as they are written, also by another version. What is none ends the command."""
    return read_written(path, kind, _decode)


def _decode(line: bytes) -> dict[str, Any]:
    import orjson

    record = orjson.loads(line)
    if not isinstance(record, dict) or "id" not in record:
        raise ValueError("no record with an id")
    return record


def _print(found: OutputDiff) -> None:
    both, chars, articles = found.same + found.changed, found.chars, found.articles
    stdout.print(
        f"{articles['old']:,} articles and {articles['new']:,}: {found.changed:,} of the {both:,} in both "
        f"changed, {found.only_old:,} only in the old one, {found.only_new:,} only in the new one",
        style="bold",
        soft_wrap=True,
    )
    if both:
        stdout.print(f"clean text: {chars['old']:,} characters, {chars['new'] - chars['old']:+,}")
    for side, sign in (("old", "-"), ("new", "+")):
        if made := found.provenance[side]:  # type: ignore[index]
            stdout.print(f"{sign} {', '.join(made[:_MOST])}", style="dim", markup=False, soft_wrap=True)
    _table(("field", "articles"), ((name, f"{n:,}") for name, n in found.fields.most_common()))
    _table(
        ("rule", "removes now (chars)", "no longer", "such as"),
        (
            (
                rule,
                f"{change.removed:,} ({change.removed_chars:,})",
                f"{change.left:,} ({change.left_chars:,})",
                change.example[:_EXAMPLE_CHARS],
            )
            for rule, change in found.rules_by_weight()
        ),
    )
    _table(("language", "now", "articles"), ((*tags, f"{n:,}") for tags, n in found.languages.most_common()))
    _table(
        ("topic", "gained by", "lost by", "other confidence"),
        (
            (topic, *(f"{counts[fate]:,}" for fate in ("gained", "lost", "kept")))
            for topic, counts in sorted(found.topics.items(), key=lambda item: (-item[1].total(), item[0]))
        ),
    )
    old, new = found.refused["old"], found.refused["new"]
    if old != new:
        rows = ((reason, f"{old[reason]:,}", f"{new[reason]:,}") for reason in sorted({*old, *new}))
        _table(("refused", "old", "new"), rows)
    _table(
        ("for example", "ids"),
        ((kind.replace("_", " "), "\n".join(ids)) for kind, ids in found.examples.items()),
    )


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    table = Table(box=None, header_style="bold cyan", padding=(0, 2, 0, 0))
    for number, column in enumerate(columns):
        table.add_column(column, style="cyan" if number == 0 else None, overflow="fold")
    left_out = 0
    for row in rows:
        if table.row_count < _MOST:
            table.add_row(*(Text(printable(cell)) for cell in row))
        else:
            left_out += 1
    if table.row_count:
        stdout.print()
        stdout.print(table)
    if left_out:
        stdout.print(f"... and {left_out:,} more (--json has all)")
