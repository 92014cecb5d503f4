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
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import re2

from pipelines.text.rule import PackError, Rule, Where, options, read_rule

MAX_SET_BYTES = 256 << 20
"""Memory the automaton of a whole selection may grow to. A few MB are used on real text."""

COMMON = "common"
_KEYS = frozenset({"languages", "months", "define", "rule", "since", "last_checked"})


@dataclass(frozen=True)
class Pack:
    """One file of rules."""

    name: str
    """`common`, a language tag, or `sites/<domain>`."""
    languages: tuple[str, ...]
    """The language tags it serves; none for `common` and sites."""
    months: tuple[tuple[str, ...], ...]
    """The twelve months, each with its written forms in lower case; or nothing."""
    rules: tuple[Rule, ...]
    digest: str
    """Lower-case hex sha256 of the file."""


@dataclass(frozen=True)
class Packs:
    """The packs for one kind of article, ready to search."""

    packs: tuple[Pack, ...]

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, the most particular pack's first."""
        return tuple(rule for pack in reversed(self.packs) for rule in pack.rules)

    @cached_property
    def digests(self) -> dict[str, str]:
        """Pack name -> digest."""
        return {pack.name: pack.digest for pack in self.packs}

    @cached_property
    def months(self) -> dict[str, int]:
        """Month name in lower case -> 1..12."""
        return {
            form: number
            for pack in self.packs
            for number, forms in enumerate(pack.months, 1)
            for form in forms
        }

    @cached_property
    def automaton(self) -> Any:
        """The RE2 set of all rules."""
        together = re2.Set.SearchSet(options(MAX_SET_BYTES))
        for rule in self.rules:
            together.Add(rule.anchored)
        together.Compile()
        return together

    def fired(self, folded: bytes) -> list[Rule]:
        """The rules that match anywhere in a text, in the order of `rules`."""
        if not self.rules:
            return []
        return [self.rules[index] for index in sorted(self.automaton.Match(folded) or ())]


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
        self.common = read_pack(COMMON, common_file.read_bytes(), {})
        definitions = definitions_of(common_file.read_bytes())
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
        pack = self.languages.get(language.partition("-")[0].lower()) if language else None
        domain = self._domain(site) if site and self.sites else None
        key = (pack.name if pack else None, domain)
        if key not in self._chosen:
            chosen = [self.common, pack, self.sites[domain] if domain else None]
            self._chosen[key] = Packs(tuple(x for x in chosen if x is not None))
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


def definitions_of(content: bytes) -> dict[str, str]:
    """The `[define]` table of a pack's file."""
    return dict(tomllib.loads(content.decode("utf-8")).get("define", {}))


def read_pack(name: str, content: bytes, definitions: Mapping[str, str]) -> Pack:
    """A pack from its file.

    Args:
        name: the pack's name.
        content: the file's bytes.
        definitions: those of `common`; the pack's own `[define]` goes before them.

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
    pack = Pack(
        name=name,
        languages=_languages(name, table),
        months=_months(name, table),
        rules=tuple(read_rule(name, rule, {**definitions, **own}) for rule in _tables(name, table)),
        digest=hashlib.sha256(content).hexdigest(),
    )
    ids = [rule.id for rule in pack.rules]
    for rule_id in ids:
        if ids.count(rule_id) > 1:
            raise PackError(f"{rule_id}: two rules have this id")
    for rule in pack.rules:
        if "cut" in rule.groups and rule.where is Where.LINE:
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


def _months(name: str, table: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    found = table.get("months", [])
    if not isinstance(found, list) or len(found) not in (0, 12):
        raise PackError(f"{name}: months must be a list of twelve texts, the forms of each divided by |")
    return tuple(tuple(form.strip().lower() for form in forms.split("|")) for forms in found)
