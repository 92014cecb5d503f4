"""What the `newsbeam rules` commands show: tables for people, plain values for programs."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from pipelines.commands.console import printable
from pipelines.corpus import Corpus
from pipelines.text.coverage import Coverage
from pipelines.text.mining import SiteReport
from pipelines.text.packs import PackLibrary
from pipelines.text.rule import PackError
from pipelines.text.rule_changes import Change, RuleChanges
from pipelines.text.site_pack import draft

_EXAMPLE_CHARS = 70
_MOST_PROPOSALS = 8
_MOST_SITES = 20
_SIGNS = {Change.REMOVED: ("-", "red"), Change.KEPT: ("+", "green"), Change.MOVED: ("~", "yellow")}


def coverage_tables(found: Coverage, library: PackLibrary, corpus: Corpus) -> RenderableType:
    """Which rules fired, which never did, and which packs no page asked for."""
    fired = _table("rule", "kind", "removals", "pages", "sites", "an example")
    for use in found.uses():
        counts = (f"{use.removals:,}", f"{use.pages:,}", f"{len(use.sites):,}")
        fired.add_row(escape(use.rule), use.kind, *counts, _short(use.example))
    parts: list[RenderableType] = [Text(f"{corpus.pages:,} pages", style="bold"), fired]
    for pack, rules in found.never(library).items():
        names = ", ".join(rule.removeprefix(f"{pack}/") for rule in rules)
        parts += ["", Text.assemble((f"{pack}: {len(rules)} never fired: ", "bold"), names)]
    unserved = found.unserved(library)
    if unserved:
        parts += ["", Text.assemble(("no page for: ", "bold"), ", ".join(unserved))]
    return Group(*parts)


def coverage_as_dict(found: Coverage, library: PackLibrary, corpus: Corpus) -> dict[str, Any]:
    """The same for programs."""
    return {
        "pages": corpus.pages,
        "fired": [
            {
                "rule": use.rule,
                "kind": use.kind,
                "removals": use.removals,
                "pages": use.pages,
                "sites": len(use.sites),
                "example": use.example,
            }
            for use in found.uses()
        ],
        "never_fired": found.never(library),
        "packs_without_pages": found.unserved(library),
    }


def mined_tables(reports: Sequence[SiteReport]) -> RenderableType:
    """The proposals of the largest sites, a table a site."""
    rich_sites = [report for report in reports if report.proposals]
    parts: list[RenderableType] = []
    for report in rich_sites[:_MOST_SITES]:
        title = f"{report.site}: {report.pages:,} pages"
        title += f", {report.repeats:,} repeats left out" if report.repeats else ""
        table = _table("pages", "share", "head", "mid", "foot", "an example", "pattern")
        for proposal in report.proposals[:_MOST_PROPOSALS]:
            places = (f"{proposal.head:,}", f"{proposal.middle:,}", f"{proposal.foot:,}")
            counts = (f"{proposal.pages:,}", f"{proposal.share:.0%}", *places)
            table.add_row(*counts, _short(proposal.examples[0], 50), _short(proposal.pattern, 50))
        parts += [Text(title, style="bold"), table]
        if len(report.proposals) > _MOST_PROPOSALS:
            parts.append(Text(f"... and {len(report.proposals) - _MOST_PROPOSALS} more", style="dim"))
        parts.append("")
    total = sum(len(report.proposals) for report in rich_sites)
    said = f"{total:,} proposals for {len(rich_sites):,} of {len(reports):,} sites"
    if len(rich_sites) > _MOST_SITES:
        said += f"; the {_MOST_SITES} largest are shown"
    parts.append(Text(f"{said}. --output DIR writes packs to review, every rule off.", style="bold"))
    return Group(*parts)


def mined_as_dict(reports: Sequence[SiteReport]) -> dict[str, Any]:
    """The same for programs."""
    return {
        "sites": [
            {
                "site": report.site,
                "pages": report.pages,
                "repeats": report.repeats,
                "proposals": [
                    {
                        "form": proposal.form,
                        "pattern": proposal.pattern,
                        "pages": proposal.pages,
                        "share": round(proposal.share, 4),
                        "head": proposal.head,
                        "middle": proposal.middle,
                        "foot": proposal.foot,
                        "first": proposal.first,
                        "last": proposal.last,
                        "examples": proposal.examples,
                    }
                    for proposal in report.proposals
                ],
            }
            for report in reports
        ]
    }


def write_packs(reports: Sequence[SiteReport], output: Path, library: PackLibrary) -> Iterator[str]:
    """Add the proposals to the packs under `output`, and say of each what was written.

    Raises:
        OSError: a file cannot be written.
        PackError: a pack that is there is not TOML.
    """
    today = datetime.datetime.now(tz=datetime.UTC).date()
    written = 0
    for report in reports:
        if not report.proposals:
            continue
        file = output / "sites" / f"{report.site}.toml"
        existing = file.read_bytes().decode("utf-8") if file.exists() else ""
        try:
            text, added = draft(report, today, existing, library.definitions)
        except PackError as error:
            raise PackError(f"{file}: {error}") from None
        if added:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode("utf-8"))
            written += 1
            yield f"{file}: {added} proposals from {report.pages:,} pages, all off"
    if not written:
        yield "nothing new to propose"


def changes_tables(changes: RuleChanges) -> Text:
    """What differs, rule by rule: `-` is newly removed, `+` stays now, `~` goes by another rule."""
    said = Text()
    rule = None
    for entry in changes.by_rule():
        if entry.rule != rule:
            rule = entry.rule
            said.append(f"{rule}\n", style="bold")
        sign, colour = _SIGNS[entry.change]
        was = f" (was {entry.before})" if entry.before and entry.before != rule else ""
        said.append(f"  {entry.change}{was}: {entry.parts:,} times on {entry.pages:,} pages\n", style="cyan")
        for page, text in entry.examples:
            said.append(f"    {sign} {printable(text)}", style=colour)
            said.append(f"   {printable(page)}\n", style="dim")
        if entry.parts > len(entry.examples):
            said.append(f"      ... and {entry.parts - len(entry.examples):,} more\n", style="dim")
    said.append(f"{changes.changed_pages:,} of {changes.pages:,} pages differ", style="bold")
    return said


def changes_as_dict(changes: RuleChanges) -> dict[str, Any]:
    """The same for programs."""
    return {
        "pages": changes.pages,
        "changed_pages": changes.changed_pages,
        "changes": [
            {
                "rule": entry.rule,
                "change": entry.change,
                "before": entry.before,
                "parts": entry.parts,
                "pages": entry.pages,
                "examples": [{"page": page, "text": text} for page, text in entry.examples],
            }
            for entry in changes.by_rule()
        ],
    }


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="bold cyan", padding=(0, 2, 0, 0))
    for column in columns:
        is_number = column in ("removals", "pages", "sites", "share", "head", "mid", "foot")
        is_fixed = is_number or column in ("rule", "kind")
        table.add_column(column, justify="right" if is_number else "left", overflow="fold", no_wrap=is_fixed)
    return table


def _short(text: str, chars: int = _EXAMPLE_CHARS) -> str:
    text = printable(" ".join(text.split()))
    return escape(text if len(text) <= chars else f"{text[: chars - 1]}…")
