"""`newsbeam explain`: one article in the terminal, with what was removed and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from pipelines.commands.console import printable, stderr, stdout, wrong_usage

if TYPE_CHECKING:
    from schemas.article import Article, DateCandidate


def explain(
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="A .txt, .html, .jsonl or .jsonl.gz file; - is standard input."),
    ],
    record: Annotated[int, typer.Option(min=0, help="Which line of a .jsonl file, from 0.")] = 0,
) -> None:
    """Show what newsbeam makes of one article: removed text struck through, with kind and rule."""
    from connectors.sources.files import UnreadableInput, discover, records
    from pipelines.enrich import Enricher
    from schemas.dead_letter import DeadLetter
    from schemas.received import MAX_RECORD_BYTES
    from schemas.withdrawal import Withdrawal

    try:
        found = discover([file])[0]
    except UnreadableInput as error:
        wrong_usage(str(error))
    received = next((r for r in records(found, MAX_RECORD_BYTES) if r.origin.record == record), None)
    if received is None:
        wrong_usage(f"{file}: has no record {record}")
    value = Enricher().convert(received)
    if isinstance(value, Withdrawal):
        stdout.print(f"Withdrawn: {value.id}", markup=False)
        return
    if isinstance(value, DeadLetter):
        stderr.print(
            f"Refused by {value.step}: {value.reason}: {value.detail}", style="bold red", markup=False
        )
        raise typer.Exit(1)
    stdout.print(marked(value), soft_wrap=True)
    stdout.print()
    stdout.print(facts(value))


def marked(article: Article) -> Text:
    """The raw text with the removed spans struck through, each after its kind and rule in brackets."""
    clean, text, at = printable(article.text), Text(), 0
    clean_at = 0
    for removal in article.removed:
        kept = removal.start - at
        text.append(clean[clean_at : clean_at + kept])
        clean_at, at = clean_at + kept, removal.end
        cut = printable(removal.text)
        body = cut.strip()
        lead = len(cut) - len(cut.lstrip())
        text.append(cut[:lead])
        score = "" if removal.score is None else f" {removal.score:.2f}"
        text.append(f"[-{removal.kind}: {removal.rule}{score}]", style="bold magenta")
        text.append(" ")
        text.append(body, style="red strike")
        text.append(cut[lead + len(body) :])
    text.append(clean[clean_at:])
    return text


def facts(article: Article) -> Table:
    """What the record says of the article, a line each."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold cyan", no_wrap=True)
    table.add_column()
    language = f"{article.language.tag} ({article.language.confidence})"
    if len(article.languages) > 1:
        language += ": " + ", ".join(f"{share.tag} {share.share:.0%}" for share in article.languages)
    rows = [
        ("id", article.id),
        ("title", article.title or "(none)"),
        ("authors", ", ".join(article.authors)),
        ("published", _published(article)),
        ("dates seen", "\n".join(_date(candidate) for candidate in article.date_candidates) or "(none)"),
        ("language", language),
        ("topics", "\n".join(f"{t.name} ({t.confidence}) {t.code}" for t in article.topics) or "(none)"),
        ("related", "\n".join(article.related)),
        ("credits", "\n".join(article.credits)),
        ("agency", article.agency or ""),
        ("comments", "" if article.comment_count is None else str(article.comment_count)),
        ("length", f"{article.char_count:,} characters, {article.word_count:,} words"),
        (
            "removed",
            f"{sum(len(r.text) for r in article.removed):,} characters in {len(article.removed)} spans",
        ),
        ("warnings", "\n".join(article.warnings)),
    ]
    for name, value in rows:
        if value:
            table.add_row(name, Text(printable(value)))
    return table


def _published(article: Article) -> str:
    if article.published_at is None:
        return (
            "unknown: the dates seen and the years in the text disagree"
            if article.date_conflict
            else "unknown"
        )
    conflict = "; another date or the years in the text disagree" if article.date_conflict else ""
    day = article.published_at.strftime(
        "%Y-%m-%d" if article.published_at_precision == "day" else "%Y-%m-%d %H:%M UTC"
    )
    return f"{day} (by {article.published_at_origin}, to the {article.published_at_precision}){conflict}"


def _date(candidate: DateCandidate) -> str:
    words = f" “{candidate.text}”" if candidate.text else ""
    return f"{candidate.value:%Y-%m-%d %H:%M} {candidate.origin}, to the {candidate.precision}{words}"
