"""Runs the examples of rules: what a rule must cut, and what every rule must leave."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pipelines.text.boilerplate import strip_boilerplate
from pipelines.text.pack import Pack
from pipelines.text.packs import Packs
from pipelines.text.rule import Rule

_MARK = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)


@dataclass(frozen=True)
class Failure:
    """One example that does not hold."""

    rule: str
    part: Literal["drops", "keeps"]
    example: str
    how: str
    """What happened instead, in a sentence."""


def failures(rule: Rule, selections: list[Packs]) -> Iterator[Failure]:
    """The examples of a rule that do not hold.

    A `drops` must be cut by the rule alone, in full and nothing else. A `keeps` must stay whole under the
    rule alone and under every selection.

    Args:
        rule: the rule.
        selections: the packs that serve together with the rule's (`PackLibrary.selections`).
    """
    itself = alone(rule)
    for example in rule.drops:
        said = _drops(rule, itself, example)
        if said:
            yield Failure(rule.id, "drops", example, said)
    for example in rule.keeps:
        said = next(filter(None, (_keeps(packs, example) for packs in (itself, *selections))), None)
        if said:
            yield Failure(rule.id, "keeps", example, said)


def alone(rule: Rule) -> Packs:
    """A selection of one rule."""
    return Packs((Pack("alone", (), (rule,), ""),))


def _drops(rule: Rule, itself: Packs, example: str) -> str | None:
    cleaned = strip_boilerplate(_MARK.sub(r"\1", example), itself)
    wanted = _squeezed(_MARK.sub("", example)) if _MARK.search(example) else ""
    left = _squeezed(cleaned.text)
    by_others = {removal.rule for removal in cleaned.removed} - {rule.id}
    if not cleaned.removed:
        return "the rule does not match it"
    if by_others:
        return f"{', '.join(sorted(by_others))} cuts in it too"
    if left != wanted:
        return f"what stays is “{left}”, not “{wanted}”" if wanted else f"“{left}” stays"
    return None


def _keeps(packs: Packs, example: str) -> str | None:
    removed = strip_boilerplate(example, packs).removed
    if not removed:
        return None
    return "; ".join(f"{removal.rule} cuts “{_squeezed(removal.text)}”" for removal in removed)


def _squeezed(text: str) -> str:
    return " ".join(text.split())
