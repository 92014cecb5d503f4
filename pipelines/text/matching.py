"""Holds the rules of the chosen packs against a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pipelines.text.ledger import Cut
from pipelines.text.packs import Packs
from pipelines.text.page import Page, fold
from pipelines.text.rule import Rule, Where

MAX_SPANS = 100
"""A span rule cuts at most this often in one walk: keeps one endless line from costing its square."""


class Match(NamedTuple):
    """One place where a rule matched; `start` and `end` bound what it cuts, in code points."""

    start: int
    end: int
    groups: dict[str, str]


def match_rules(page: Page, packs: Packs, settled: frozenset[str] = frozenset()) -> dict[int, Rule]:
    """Decide lines and spans by rule.

    Marks `page.cuts` and `page.spans`; the first rule that matches a line or a span has it.

    Args:
        page: the page.
        packs: the rules.
        settled: lines that these rules are known to leave (`Page.settled`): a rule looks at one line alone.

    Returns:
        For each line that a line rule took: the rule.
    """
    if settled and settled.issuperset(page.whole):
        return {}
    folded = fold(page.text)
    taken: dict[int, Rule] = {}
    for rule in packs.fired(folded):
        if rule.where is Where.LINE:
            for match in _matches(rule, folded):
                index = page.index_at(match.start)
                if page.cuts[index] is None and _fits(rule, page, index):
                    _take_line(page, index, rule, match.groups)
                    taken[index] = rule
        else:
            for count, match in enumerate(_matches(rule, folded)):
                if count == MAX_SPANS:
                    page.is_searched = False
                    break
                index = page.index_at(match.start)
                if index >= 0 and _fits(rule, page, index):
                    _add_span(page, index, Cut(match.start, match.end, rule.kind, rule.id), match.groups)
    lines = page.lines
    opened = [index for index in range(len(lines)) if page.cuts[index] is None and page.is_open(index)]
    if opened and packs.fired_open(fold("\n".join([lines[index] for index in opened]))):
        for index in opened:
            _match_open(page, index, fold(lines[index]), packs)
    return taken


def _match_open(page: Page, index: int, folded: bytes, packs: Packs) -> None:
    for rule in packs.fired_open(folded):
        match = next(_matches(rule, folded), None) if _fits(rule, page, index) else None
        if match is not None:
            _take_line(page, index, rule, match.groups)
            return


def _take_line(page: Page, index: int, rule: Rule, groups: dict[str, str]) -> None:
    cut = Cut(page.starts[index], page.end(index), rule.kind, rule.id)
    page.cuts[index] = cut
    page.groups[cut] = groups


def _fits(rule: Rule, page: Page, index: int) -> bool:
    return rule.max_chars is None or len(page.lines[index]) <= rule.max_chars


def _add_span(page: Page, index: int, cut: Cut, groups: dict[str, str]) -> None:
    spans = page.spans.setdefault(index, [])
    if all(cut.end <= other.start or cut.start >= other.end for other in spans):
        spans.append(cut)
        spans.sort()
        page.groups[cut] = groups


def _matches(rule: Rule, folded: bytes) -> Iterator[Match]:
    """Every match of one rule, without the white space around it. Linear: it counts as it goes."""
    group = rule.groups.get("cut", 0)
    position = chars = 0
    for match in rule.compiled.finditer(folded):
        start, end = match.span(group)
        raw = folded[start:end]
        start += len(raw) - len(raw.lstrip(b" \t"))
        end -= len(raw) - len(raw.rstrip(b" \t"))
        if start >= end:
            continue
        chars += _length(folded[position:start])
        position = start
        groups = {
            name: _decode(value)
            for name, number in rule.groups.items()
            if name != "cut" and (value := match.group(number)) is not None
        }
        yield Match(chars, chars + _length(folded[start:end]), groups)


def _decode(text: bytes) -> str:
    return text.decode("utf-8", "surrogatepass")


def _length(text: bytes) -> int:
    return len(_decode(text))
