"""An editor's "wrongly removed" as an example of the rule that did it."""

from __future__ import annotations

from typing import NamedTuple

import tomlkit
from tomlkit.items import AoT, Array

from pipelines.text.boilerplate import strip_boilerplate
from pipelines.text.ledger import restore
from pipelines.text.pack import Pack
from pipelines.text.packs import PackLibrary
from pipelines.text.rule import Rule
from pipelines.text.rule_examples import alone
from schemas.article import Article, Removal


class NoSuchSpan(ValueError):
    """A record has no such removal, or several; the message says which it has."""


class Found(NamedTuple):
    """A rule and the pack it stands in."""

    pack: Pack
    rule: Rule


def find_removal(article: Article, span: str) -> int:
    """The removal that a person means.

    Args:
        article: the record.
        span: the removal's number in `removed`, from 0, or a part of its text.

    Raises:
        NoSuchSpan: no removal has that number or that text, or more than one has.
    """
    removed = article.removed
    if span.isdecimal() and int(span) < len(removed):
        return int(span)
    wanted = " ".join(span.split())
    found = [n for n, removal in enumerate(removed) if wanted in " ".join(removal.text.split())]
    if len(found) == 1:
        return found[0]
    some = found or range(len(removed))
    listed = "\n".join(f"  {n}  {removed[n].rule}: {' '.join(removed[n].text.split())[:80]}" for n in some)
    if not removed:
        raise NoSuchSpan("nothing was removed from this article")
    raise NoSuchSpan(
        f"{'several removals have' if found else 'no removal has'} this text; there are\n{listed}"
    )


def line_of(article: Article, removal: Removal) -> str:
    """The whole line, as it arrived, that a removal lies in."""
    raw = restore(article.text, article.removed)
    inner = removal.text.strip()
    start = removal.start + removal.text.find(inner)
    first = raw.rfind("\n", 0, start) + 1
    last = raw.find("\n", start + len(inner))
    return raw[first : last if last >= 0 else len(raw)].strip()


def find_rule(library: PackLibrary, rule_id: str) -> Found | None:
    """A rule of a pack; None for the page's structure (`document/...`), the line scorer, and the unknown."""
    for pack in library.all_packs():
        for rule in pack.rules:
            if rule.id == rule_id:
                return Found(pack, rule)
    return None


def takes(rule: Rule, line: str) -> bool:
    """Whether a rule cuts something out of a line that stands alone: only then an example can hold it."""
    return bool(strip_boilerplate(line, alone(rule)).removed)


def add_keep(content: str, rule: str, example: str) -> str:
    """A pack's TOML with one more `keeps` example; the rest as it was, comments and all.

    Args:
        content: the file's text.
        rule: the rule's id inside the file.
        example: the text that must stay. One that the rule has already is not added again.

    Raises:
        KeyError: the file has no such rule.
    """
    document = tomlkit.parse(content)
    tables = document.get("rule")
    assert isinstance(tables, AoT)
    table = next((table for table in tables if table.get("id") == rule), None)
    if table is None:
        raise KeyError(rule)
    keeps = table["keeps"]
    assert isinstance(keeps, Array)
    if example in keeps:
        return content
    if "\n" in keeps.as_string():
        keeps.add_line(example, indent="    ")
        if not keeps.as_string().rstrip().endswith("\n]"):
            keeps.add_line(indent="")
    else:
        keeps.append(example)
    return tomlkit.dumps(document)
