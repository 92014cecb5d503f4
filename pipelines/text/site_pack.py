"""Writes proposals as a site's pack, every rule switched off, ready to be reviewed."""

from __future__ import annotations

import textwrap
import tomllib
import zlib
from collections.abc import Mapping
from datetime import date

import tomlkit

from pipelines.text.boilerplate import strip_boilerplate
from pipelines.text.mining import Form, Proposal, SiteReport
from pipelines.text.rule import PackError, read_rule
from pipelines.text.rule_examples import alone
from schemas.article import RemovalKind

_HEAD = """\
# {site}: what recurs on its pages, found by `newsbeam rules mine`. Every rule here is off.
# Is it furniture on every page, and never a line of an article? Then
#   set kind (one of {kinds}),
#   say why, write a keeps (a line of an article that looks alike and must stay),
#   look whether the pattern takes too much, give the rule a name as its id,
#   and delete `enabled = false`. `newsbeam rules test FILE` says what is still missing.
# Else leave it off: what stands in this file is not proposed again.
"""
_KINDS_CHARS = 84  # a line of the list of kinds


def draft(report: SiteReport, today: date, existing: str, definitions: Mapping[str, str]) -> tuple[str, int]:
    """A site's pack with what is proposed added at its end.

    Args:
        report: the site's proposals.
        today: stands in `since` and `last_checked` where the pages have no dates.
        existing: the pack's text as it is; empty where there is none.
        definitions: `PackLibrary.definitions`.

    Returns:
        The new text, and how many rules were added: what the pack has already, on or off, is not.

    Raises:
        PackError: `existing` is not TOML.
    """
    try:
        known = {rule.get("pattern") for rule in tomllib.loads(existing).get("rule", [])}
    except tomllib.TOMLDecodeError as error:
        raise PackError(f"not TOML: {error}") from None
    tables = [
        _table(proposal, examples, report, today)
        for proposal in report.proposals
        if proposal.pattern not in known and (examples := _proven(proposal, definitions))
    ]
    kinds = "\n#   ".join(textwrap.wrap(", ".join(RemovalKind), _KINDS_CHARS))
    head = existing.rstrip("\n") or _HEAD.format(site=report.site, kinds=kinds).rstrip("\n")
    return "\n\n".join([head, *tables]) + "\n", len(tables)


def _proven(proposal: Proposal, definitions: Mapping[str, str]) -> list[str]:
    """The examples that the proposed pattern really takes."""
    where = "open" if proposal.form is Form.TAIL else "line"
    table = {"id": "x", "kind": "ui", "where": where, "pattern": proposal.pattern, "why": "x"}
    rule = read_rule("mined", {**table, "drops": ["x"], "keeps": ["x"]}, definitions)
    packs = alone(rule)
    return [example for example in proposal.examples if not strip_boilerplate(example, packs).text]


def _table(proposal: Proposal, examples: list[str], report: SiteReport, today: date) -> str:
    lines = [
        f"# On {proposal.pages} of {report.pages} pages ({proposal.share:.0%}): {proposal.head} times in the "
        f"first three lines, {proposal.middle} between, {proposal.foot} in the last three.",
        "[[rule]]",
        f'id = "mined-{zlib.crc32(proposal.pattern.encode()):08x}"',
        "enabled = false",
        'kind = ""',
    ]
    if proposal.form is Form.TAIL:
        lines.append('where = "open"')
    literal = "'" not in proposal.pattern
    pattern = f"'''{proposal.pattern}'''" if literal else tomlkit.item(proposal.pattern).as_string()
    lines += [
        f"pattern = {pattern}",
        'why = ""',
        f"since = {proposal.first or today}",
        f"last_checked = {proposal.last or today}",
        "drops = [",
        *(f"    {tomlkit.item(example).as_string()}," for example in examples),
        "]",
        "keeps = []",
    ]
    return "\n".join(lines)
