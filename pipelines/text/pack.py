"""One rule pack: a TOML file of cleaning rules, read strictly."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.text.rule import PackError, Rule, fill, read_rule

COMMON = "common"
OWN = "own/"
"""What the names of packs outside the package begin with."""
_KEYS = frozenset({"languages", "define", "rule"})


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
        raise PackError(f"{name}: not TOML: {error}") from error
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
    switched_on = [rule for rule in tables if _is_on(name, rule)]
    pack = Pack(
        name=name,
        languages=_languages(name, table),
        rules=tuple(read_rule(name, rule, definitions, is_tested=is_tested) for rule in switched_on),
        digest=digest.hexdigest(),
        off=len(tables) - len(switched_on),
    )
    ids = [rule.id for rule in pack.rules]
    for rule_id in ids:
        if ids.count(rule_id) > 1:
            raise PackError(f"{rule_id}: two rules have this id")
    for rule in pack.rules:
        if "sites/" in name and (rule.since is None or rule.last_checked is None):
            raise PackError(
                f"{rule.id}: a site's rule says since when, and when last_checked (since = 2026-05-31)"
            )
    return pack


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
