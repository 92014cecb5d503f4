"""One rule pack: a TOML file of cleaning rules, read strictly."""

from __future__ import annotations

import hashlib
import re
import tomllib
from codecs import BOM_UTF8
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.text.rule import PackError, Rule, fill, read_rule

COMMON = "common"
OWN = "own/"
"""What the names of packs outside the package begin with."""
_KEYS = frozenset({"languages", "define", "rule"})
_RULE_HEADER = re.compile(r"[ \t]*\[\[[ \t]*rule[ \t]*\]\]")


@dataclass(frozen=True)
class Pack:
    """One file of rules."""

    name: str
    """`common`, a language's file or `sites/<domain>`; with `own/` in front where it isn't the package's."""
    languages: tuple[str, ...]
    """The language tags it serves; none for `common` and sites."""
    rules: tuple[Rule, ...]
    digest: str
    """Lower-case hex sha256 of the file and of the definitions it was read with."""
    off: int = 0
    """So many more rules are switched off."""


def resolve(name: str, own: Mapping[str, str], definitions: Mapping[str, str]) -> dict[str, str]:
    """A pack's definitions after the common ones; each may use those before it.

    Raises:
        PackError: one uses a name that nothing defines.
    """
    resolved = dict(definitions)
    for key, value in own.items():
        resolved[key] = fill(value, resolved, f"{name}: {key}")
    return resolved


def read_file(name: str, path: Path, definitions: Mapping[str, str], *, is_tested: bool = False) -> Pack:
    """A pack from a path; else as `read_pack`.

    Raises:
        PackError: as `read_pack`'s; first the file and, where it is about a rule, the line the rule's table
            begins on.
        OSError: the file cannot be read.
    """
    content = path.read_bytes()
    try:
        return read_pack(name, content, definitions, is_tested=is_tested)
    except PackError as error:
        line = None if error.rule is None else _line_of_rule(content.decode("utf-8"), error.rule)
        raise PackError(f"{path}{'' if line is None else f':{line}'}: {error}") from error


def _line_of_rule(text: str, number: int) -> int | None:
    """The line, from 1, of a pack's n-th `[[rule]]`, from 0; None where it is not written so."""
    lines = [n for n, line in enumerate(text.split("\n"), 1) if _RULE_HEADER.match(line)]
    return lines[number] if number < len(lines) else None


def read_pack(name: str, content: bytes, definitions: Mapping[str, str], *, is_tested: bool = False) -> Pack:
    """A pack from its file.

    Args:
        name: the pack's name.
        content: the file's bytes.
        definitions: name -> pattern, for `{{NAME}}`; the pack's own `[define]` goes before them.
        is_tested: whether patterns are only parsed (see `read_rule`).

    Raises:
        PackError: not TOML, or not a pack; the message says where.
    """
    try:
        table = tomllib.loads(content.decode("utf-8"))
    except ValueError as error:
        marked = " (save it as UTF-8 without a byte order mark)" if content.startswith(BOM_UTF8) else ""
        raise PackError(f"{name}: not TOML: {error}{marked}") from error
    unknown = sorted(set(table) - _KEYS)
    if unknown:
        raise PackError(f"{name}: unknown key {unknown[0]!r}; known are {', '.join(sorted(_KEYS))}")
    own = table.get("define", {})
    if not isinstance(own, dict) or not all(isinstance(value, str) for value in own.values()):
        raise PackError(f"{name}: define must map names to patterns")
    definitions = resolve(name, own, definitions)
    digest = hashlib.sha256(content)
    digest.update(repr(sorted(definitions.items())).encode("utf-8"))
    tables = _tables(name, table)
    rules: dict[str, Rule] = {}
    for number, rule_table in enumerate(tables):
        try:
            if not _is_on(name, rule_table):
                continue
            rule = read_rule(name, rule_table, definitions, is_tested=is_tested)
            if rule.id in rules:
                raise PackError(f"{rule.id}: two rules have this id")
            if "sites/" in name and (rule.since is None or rule.last_checked is None):
                raise PackError(
                    f"{rule.id}: a site's rule says since when, and when last_checked (since = 2026-05-31)"
                )
        except PackError as error:
            error.rule = number
            raise
        rules[rule.id] = rule
    return Pack(
        name=name,
        languages=_languages(name, table),
        rules=tuple(rules.values()),
        digest=digest.hexdigest(),
        off=sum(not _is_on(name, rule_table) for rule_table in tables),
    )


def _tables(name: str, table: Mapping[str, Any]) -> list[dict[str, Any]]:
    rules = table.get("rule", [])
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise PackError(f"{name}: rules are written as [[rule]] tables")
    return rules


def _is_on(name: str, table: Mapping[str, Any]) -> bool:
    """Whether a rule is switched on. One with `enabled = false` is a proposal: nothing else of it is read."""
    enabled = table.get("enabled", True)
    if not isinstance(enabled, bool):
        raise PackError(f"{name}/{table.get('id', '(a rule without id)')}: enabled must be true or false")
    return enabled


def _languages(name: str, table: Mapping[str, Any]) -> tuple[str, ...]:
    found = table.get("languages", [])
    is_language = name.removeprefix(OWN) != COMMON and not name.removeprefix(OWN).startswith("sites/")
    if not isinstance(found, list) or not all(isinstance(tag, str) for tag in found):
        raise PackError(f"{name}: languages must be a list of tags")
    if is_language != bool(found):
        raise PackError(f"{name}: a language's pack lists its languages, another pack has none")
    return tuple(found)
