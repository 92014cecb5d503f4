"""Rule packs: TOML files of cleaning rules, and the choice of those for one article.

    pipelines/rules/boilerplate/common.toml     what needs no language; its definitions reach every pack
    pipelines/rules/boilerplate/<language>.toml one language's news sites
    pipelines/rules/sites/<domain>.toml         what only one site does

The rules chosen for an article are searched for by one automaton in one walk over the text, so that
a page without junk costs little more than reading it.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import re2

from pipelines.text.rule import PackError, Rule, Where, fill, options, read_rule

MAX_SET_BYTES = 256 << 20
"""Memory the automaton of a whole selection may grow to. A few MB are used on real text."""

COMMON = "common"
_KEYS = frozenset({"languages", "define", "rule", "since", "last_checked"})


@dataclass(frozen=True)
class Pack:
    """One file of rules."""

    name: str
    """`common`, a language tag, or `sites/<domain>`."""
    languages: tuple[str, ...]
    """The language tags it serves; none for `common` and sites."""
    rules: tuple[Rule, ...]
    digest: str
    """Lower-case hex sha256 of the file and of the definitions it was read with."""


@dataclass(frozen=True)
class Packs:
    """The packs for one kind of article, ready to search."""

    packs: tuple[Pack, ...]
    language: str | None = None
    """The primary language tag they were chosen for, where a pack serves it."""

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, the most particular pack's first."""
        return tuple(rule for pack in reversed(self.packs) for rule in pack.rules)

    @cached_property
    def digests(self) -> dict[str, str]:
        """Pack name -> digest."""
        return {pack.name: pack.digest for pack in self.packs}

    @cached_property
    def _text_rules(self) -> _Automaton:
        return _Automaton(tuple(rule for rule in self.rules if rule.where is not Where.OPEN))

    @cached_property
    def _open_rules(self) -> _Automaton:
        return _Automaton(tuple(rule for rule in self.rules if rule.where is Where.OPEN))

    def fired(self, folded: bytes) -> list[Rule]:
        """The line and span rules that match anywhere in a folded text, in the order of `rules`."""
        return self._text_rules.fired(folded)

    def fired_open(self, folded: bytes) -> list[Rule]:
        """The open rules that match a folded line, in the order of `rules`."""
        return self._open_rules.fired(folded)


class _Automaton:
    """One RE2 set of several rules."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = rules
        self._set = re2.Set.SearchSet(options(MAX_SET_BYTES))
        for rule in rules:
            self._set.Add(rule.anchored)
        self._set.Compile()

    def fired(self, folded: bytes) -> list[Rule]:
        found = self._set.Match(folded) if self._rules else None
        return [self._rules[index] for index in sorted(found)] if found else []


class PackLibrary:
    """All packs of a rules folder.

    Args:
        folder: holds `boilerplate/` and `sites/`; the package's own by default.

    Raises:
        PackError: a file is not well formed.
    """

    def __init__(self, folder: Path | None = None) -> None:
        folder = folder or Path(__file__).parent.parent / "rules"
        common_file = folder / "boilerplate" / f"{COMMON}.toml"
        definitions = {"MONTH": _month_pattern(folder / "dates.toml")}
        self.common = read_pack(COMMON, common_file.read_bytes(), definitions)
        definitions = resolve(COMMON, tomllib.loads(common_file.read_text("utf-8"))["define"], definitions)
        self.languages: dict[str, Pack] = {}
        for path in sorted((folder / "boilerplate").glob("*.toml")):
            if path.stem == COMMON:
                continue
            pack = read_pack(path.stem, path.read_bytes(), definitions)
            for tag in pack.languages:
                if tag in self.languages:
                    raise PackError(f"{pack.name}: {tag} is {self.languages[tag].name}'s already")
                self.languages[tag] = pack
        self.sites = {
            path.stem: read_pack(f"sites/{path.stem}", path.read_bytes(), definitions)
            for path in sorted((folder / "sites").glob("*.toml"))
        }
        self._chosen: dict[tuple[str | None, str | None], Packs] = {}

    def select(self, language: str | None, site: str | None = None) -> Packs:
        """The packs for an article.

        Args:
            language: BCP 47; only the primary subtag counts; an unknown one means `common` alone.
            site: the site's URL or host name, if known.
        """
        tag = language.partition("-")[0].lower() if language else None
        pack = self.languages.get(tag) if tag else None
        domain = self._domain(site) if site and self.sites else None
        key = (tag if pack else None, domain)
        if key not in self._chosen:
            chosen = [self.common, pack, self.sites[domain] if domain else None]
            self._chosen[key] = Packs(tuple(x for x in chosen if x is not None), tag if pack else None)
        return self._chosen[key]

    def all_packs(self) -> list[Pack]:
        """Every pack once: common, the languages', the sites'."""
        by_name = {pack.name: pack for pack in self.languages.values()}
        return [self.common, *by_name.values(), *self.sites.values()]

    def _domain(self, site: str) -> str | None:
        """The longest domain with a pack that the site lies under."""
        try:
            host = (urlsplit(site).hostname if "//" in site else site.partition("/")[0]) or ""
        except ValueError:
            return None
        labels = host.lower().split(".")[-6:]
        for start in range(len(labels)):
            domain = ".".join(labels[start:])
            if domain in self.sites:
                return domain
        return None


@cache
def load(folder: Path | None = None) -> PackLibrary:
    """The library of a rules folder, read once a process. Raises `PackError`."""
    return PackLibrary(folder)


def resolve(name: str, own: Mapping[str, str], definitions: Mapping[str, str]) -> dict[str, str]:
    """A pack's definitions after the common ones; each may use those before it.

    Raises:
        PackError: one uses a name that nothing defines.
    """
    resolved = dict(definitions)
    for key, value in own.items():
        resolved[key] = fill(value, resolved, f"{name}: {key}")
    return resolved


def read_pack(name: str, content: bytes, definitions: Mapping[str, str]) -> Pack:
    """A pack from its file.

    Args:
        name: the pack's name.
        content: the file's bytes.
        definitions: name -> pattern, for `{{NAME}}`; the pack's own `[define]` goes before them.

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
    pack = Pack(
        name=name,
        languages=_languages(name, table),
        rules=tuple(read_rule(name, rule, definitions) for rule in _tables(name, table)),
        digest=digest.hexdigest(),
    )
    ids = [rule.id for rule in pack.rules]
    for rule_id in ids:
        if ids.count(rule_id) > 1:
            raise PackError(f"{rule_id}: two rules have this id")
    for rule in pack.rules:
        if "cut" in rule.groups and rule.where is not Where.SPAN:
            raise PackError(f"{rule.id}: the group cut is for span rules")
    return pack


def _tables(name: str, table: Mapping[str, Any]) -> list[dict[str, Any]]:
    rules = table.get("rule", [])
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise PackError(f"{name}: rules are written as [[rule]] tables")
    return rules


def _languages(name: str, table: Mapping[str, Any]) -> tuple[str, ...]:
    found = table.get("languages", [])
    is_language = name != COMMON and not name.startswith("sites/")
    if not isinstance(found, list) or not all(isinstance(tag, str) for tag in found):
        raise PackError(f"{name}: languages must be a list of tags")
    if is_language != bool(found):
        raise PackError(f"{name}: a language's pack lists its languages, another pack has none")
    return tuple(found)


def _month_pattern(dates: Path) -> str:
    """Every month's name in every language of `rules/dates.toml`, as one pattern."""
    months = tomllib.loads(dates.read_text("utf-8"))["months"].values()
    names = {name for language in months for forms in language for name in forms.split()}
    return "|".join(re2.escape(name) for name in sorted(names, key=lambda name: (-len(name), name)))
