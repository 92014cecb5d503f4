"""Cleaning: takes the residue of a news page out of a text, and keeps what it took.

Body text is sacred: a rule that deletes one sentence of an article is worse than ten ads left in.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.text.document import (
    take_doubled_tail,
    take_kicker,
    take_last_lines,
    take_reaches,
    take_repeats,
    take_title,
)
from pipelines.text.findings import Findings
from pipelines.text.ledger import Cut, Ledger
from pipelines.text.line_features import candidates
from pipelines.text.line_model import LineModel
from pipelines.text.matching import match_rules
from pipelines.text.packs import Packs
from pipelines.text.page import Page
from pipelines.text.rule import Reach
from schemas.article import DateCandidate, Removal, RemovalKind

LINE_MODEL_RULE = "line_model"
MAX_WALKS = 8
"""A removal can lay bare another (a marker in front of a headline); real pages need two or three walks."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What is known about an article besides its text."""

    title: str | None = None


NO_HINTS = Hints()


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A clean text, and what the removed parts told."""

    text: str
    removed: tuple[Removal, ...] = ()
    """In order, without overlaps, into the raw text: `ledger.restore` puts them back."""
    title: str | None = None
    """The title found in the text, where the hints had none."""
    related: tuple[str, ...] = ()
    """Headlines of other stories."""
    credits: tuple[str, ...] = ()
    agency: str | None = None
    comment_count: int | None = None
    authors: tuple[str, ...] = ()
    dates: tuple[DateCandidate, ...] = ()


def strip_boilerplate(
    text: str, packs: Packs, hints: Hints = NO_HINTS, line_model: LineModel | None = None
) -> Cleaned:
    """Cut what is not the article out of a page's text.

    Never raises, whatever the text; the time it takes is linear in the text's length. Cleaning a
    clean text again removes nothing.

    Args:
        text: the page's text, a paragraph a line.
        packs: the rules for its language and site.
        hints: what is known besides.
        line_model: scores the short lines that no rule decides, in the languages that it knows; without
            one they stay.
    """
    ledger = Ledger(text)
    findings = Findings(packs.language)
    settled: frozenset[str] = frozenset()
    for _ in range(MAX_WALKS):
        page = Page(ledger.text)
        known = Hints(hints.title or findings.title)
        decide(page, packs, known, findings, settled)
        settled = page.settled()
        if line_model is not None and packs.language in line_model.languages:
            _score(page, known, line_model)
        cuts = list(page.decided())
        if not cuts:
            break
        for cut in cuts:
            findings.add(cut.kind, page.text[cut.start : cut.end], page.groups.get(cut, {}))
        ledger.cut(cuts)
    if not ledger.removed:
        return Cleaned(text)
    return Cleaned(
        text=ledger.text,
        removed=ledger.removed,
        title=findings.title,
        related=tuple(findings.related),
        credits=tuple(findings.credits),
        agency=findings.agency,
        comment_count=findings.comment_count,
        authors=tuple(findings.authors),
        dates=tuple(findings.dates),
    )


def _score(page: Page, hints: Hints, model: LineModel) -> None:
    """Mark what the learned scorer takes."""
    chosen = candidates(page)
    for index, score in zip(chosen, model.scores(page, chosen, hints.title), strict=True):
        if score >= model.threshold:
            start, end = page.starts[index], page.end(index)
            page.cuts[index] = Cut(start, end, RemovalKind.UI, LINE_MODEL_RULE, round(score, 4))


def decide(
    page: Page, packs: Packs, hints: Hints, findings: Findings, settled: frozenset[str] = frozenset()
) -> None:
    """Mark what the rules take of a page, in one walk; `settled` lines were held against them before."""
    headers = match_rules(page, packs, settled)
    found = take_title(page, hints.title)
    findings.title = findings.title or found
    take_kicker(page, hints.title, packs.language)
    take_doubled_tail(page)
    if any(rule.reach is not Reach.LINE for rule in headers.values()):
        take_reaches(page, headers)
    take_repeats(page)
    take_last_lines(page)
