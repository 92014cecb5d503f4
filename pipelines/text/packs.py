"""Rule packs: TOML files of cleaning rules, and the choice of those for one article.

    pipelines/rules/boilerplate/common.toml     what needs no language; its definitions reach every pack
    pipelines/rules/boilerplate/<language>.toml one language's news sites
    pipelines/rules/sites/<domain>.toml         what only one site does

A newsroom keeps packs of its own in a folder of the same layout (`boilerplate/`, `sites/`): they are added
to the package's, under names that begin with `own/`.

The rules chosen for an article are searched for by one automaton in one walk over the text, so that
a page without junk costs little more than reading it. The rules of a site have an automaton of their own:
that of a language takes half a second to build.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import re2

from pipelines.text import address
from pipelines.text.pack import COMMON, OWN, Pack, read_file, resolve
from pipelines.text.rule import PackError, Rule, Where, check_pattern, options

MAX_SET_BYTES = 256 << 20
"""Memory the automaton of a whole selection may grow to. A few MB are used on real text."""

RULES = Path(__file__).parent.parent / "rules"
"""The package's own rules."""


@dataclass(frozen=True)
class Packs:
    """The packs for one kind of article, ready to search."""

    packs: tuple[Pack, ...]
    language: str | None = None
    """The primary language tag they were chosen for, where a pack serves it."""
    wider: Packs | None = None
    """The selection without the site's packs, whose automata serve this one, too."""

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, the most particular pack's first."""
        return tuple(rule for pack in reversed(self.packs) for rule in pack.rules)

    @cached_property
    def _own_rules(self) -> tuple[Rule, ...]:
        return self.rules[: len(self.rules) - len(self.wider.rules)] if self.wider else self.rules

    @cached_property
    def digests(self) -> dict[str, str]:
        """Pack name -> digest."""
        return {pack.name: pack.digest for pack in self.packs}

    @cached_property
    def _text_rules(self) -> _Automaton:
        return _Automaton(tuple(rule for rule in self._own_rules if rule.where is not Where.OPEN))

    @cached_property
    def _open_rules(self) -> _Automaton:
        return _Automaton(tuple(rule for rule in self._own_rules if rule.where is Where.OPEN))

    def fired(self, folded: bytes) -> list[Rule]:
        """The line and span rules that may match somewhere in a folded text, in the order of `rules`."""
        return self._text_rules.fired(folded) + (self.wider.fired(folded) if self.wider else [])

    def fired_open(self, folded: bytes) -> list[Rule]:
        """The open rules that may match a folded line, in the order of `rules`."""
        return self._open_rules.fired(folded) + (self.wider.fired_open(folded) if self.wider else [])


class _Automaton:
    """One RE2 set of several rules, each as its `wider` pattern: a rule that does not fire does not match."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = rules
        self._set = re2.Set.SearchSet(options(MAX_SET_BYTES))
        for rule in rules:
            self._set.Add(rule.wider)
        self._set.Compile()

    def fired(self, folded: bytes) -> list[Rule]:
        found = self._set.Match(folded) if self._rules else None
        return [self._rules[index] for index in sorted(found)] if found else []


class PackLibrary:
    """All packs of the rules folder, and those of a newsroom's own folder.

    Args:
        folder: holds `boilerplate/` with a `common.toml`, `sites/` and `dates.toml`; else the package's.
        own: a folder with more packs, in `boilerplate/`, `sites/` or both.

    Raises:
        PackError: a file is not well formed, or `own` holds no packs.
    """

    def __init__(self, folder: Path | None = None, own: Path | None = None) -> None:
        self.definitions, shelf = _package() if folder is None else _rules(folder)
        """Name -> pattern: what every pack may use."""
        self._shelves = [shelf]
        if own is not None:
            if not any((own / inner).is_dir() for inner in ("boilerplate", "sites")):
                raise PackError(f"{own}: no folder of packs: it holds neither boilerplate/ nor sites/")
            self._shelves.append(_Shelf(own, OWN, self.definitions, self.definitions))
        self._chosen: dict[tuple[str | None, ...], Packs] = {}

    @property
    def common(self) -> Pack:
        """The package's pack for every article."""
        assert self._shelves[0].common is not None  # its definitions were read
        return self._shelves[0].common

    @property
    def languages(self) -> dict[str, Pack]:
        """The package's packs by language tag."""
        return self._shelves[0].languages

    def select(self, language: str | None, site: str | None = None) -> Packs:
        """The packs for an article.

        Args:
            language: BCP 47; only the primary subtag counts; an unknown one means `common` alone.
            site: the site's URL or host name, if known.
        """
        tag = language.partition("-")[0].lower() if language else None
        if not any(tag in shelf.languages for shelf in self._shelves):
            tag = None
        host = address.host(site) if any(shelf.sites for shelf in self._shelves) else None
        domains = [shelf.domain(host) if host else None for shelf in self._shelves]
        key = (tag, *domains)
        if key not in self._chosen:
            chosen = [shelf.common for shelf in self._shelves]
            chosen += [shelf.languages.get(tag) if tag else None for shelf in self._shelves]
            pairs = zip(self._shelves, domains, strict=True)
            of_site = [shelf.sites[domain] for shelf, domain in pairs if domain]
            packs = tuple(pack for pack in [*chosen, *of_site] if pack is not None)
            self._chosen[key] = Packs(packs, tag, self.select(language) if of_site else None)
        return self._chosen[key]

    def selections(self, pack: Pack) -> list[Packs]:
        """The selections that a pack takes part in, as far as the library tells: those of its languages, of
        its site alone, of every language."""
        if "sites/" in pack.name:
            return [self.select(None, pack.name.partition("sites/")[2])]
        tags = pack.languages or {tag for shelf in self._shelves for tag in shelf.languages}
        return [self.select(tag) for tag in sorted(tags)] or [self.select(None)]

    def all_packs(self) -> list[Pack]:
        """Every pack once: the package's common, the languages', the sites', then the own ones alike."""
        return [pack for shelf in self._shelves for pack in shelf.packs()]

    def file(self, pack: str) -> Path:
        """The file that a pack was read from. Raises `KeyError` where the library has no such pack."""
        for shelf in self._shelves:
            if pack in shelf.files:
                return shelf.files[pack]
        raise KeyError(pack)


class _Shelf:
    """The packs of one folder."""

    def __init__(
        self,
        folder: Path,
        prefix: str,
        definitions: Mapping[str, str],
        common: Mapping[str, str],
        *,
        is_tested: bool = False,
    ) -> None:
        self._is_tested = is_tested
        self.files: dict[str, Path] = {}
        self.common: Pack | None = None
        self.languages: dict[str, Pack] = {}
        self.sites: dict[str, Pack] = {}
        for path in sorted((folder / "boilerplate").glob("*.toml")):
            is_common = path.stem == COMMON
            pack = self._read(f"{prefix}{path.stem}", path, common if is_common else definitions)
            if is_common:
                self.common = pack
            for tag in pack.languages:
                if tag in self.languages:
                    raise PackError(f"{pack.name}: {tag} is {self.languages[tag].name}'s already")
                self.languages[tag] = pack
        for path in sorted((folder / "sites").glob("*.toml")):
            if path.stem != path.stem.lower():
                raise PackError(f"{path}: a site's file is named by its domain in lower case")
            self.sites[path.stem] = self._read(f"{prefix}sites/{path.stem}", path, definitions)

    def _read(self, name: str, path: Path, definitions: Mapping[str, str]) -> Pack:
        self.files[name] = path
        return read_file(name, path, definitions, is_tested=self._is_tested)

    def packs(self) -> list[Pack]:
        by_name = {pack.name: pack for pack in self.languages.values()}
        return [*([self.common] if self.common else []), *by_name.values(), *self.sites.values()]

    def domain(self, host: str) -> str | None:
        """The longest domain with a pack that a host lies under."""
        labels = host.split(".")[-6:]
        domains = (".".join(labels[start:]) for start in range(len(labels)))
        return next((domain for domain in domains if domain in self.sites), None)


def _rules(folder: Path, *, is_tested: bool = False) -> tuple[dict[str, str], _Shelf]:
    """The common definitions and the packs of a rules folder."""
    common_file = folder / "boilerplate" / f"{COMMON}.toml"
    months = {"MONTH": _month_pattern(folder / "dates.toml")}
    try:
        common = tomllib.loads(common_file.read_text("utf-8")).get("define", {})
    except ValueError as error:
        raise PackError(f"{common_file}: {COMMON}: not TOML: {error}") from error
    definitions = resolve(COMMON, common, months)
    return definitions, _Shelf(folder, "", definitions, months, is_tested=is_tested)


@cache
def _package() -> tuple[dict[str, str], _Shelf]:
    """The package's own, read once a process. A pattern is compiled when it first matches: all of them would
    take seconds at every start."""
    return _rules(RULES, is_tested=True)


@cache
def load(folder: Path | None = None, own: Path | None = None) -> PackLibrary:
    """The library of a rules folder and a newsroom's own, read once a process. Raises `PackError`."""
    return PackLibrary(folder, own)


def chosen_packs(library: PackLibrary, names: Sequence[str]) -> list[tuple[Pack, bool]]:
    """The packs that a person names.

    Args:
        library: where to look.
        names: of packs, or `.toml` files outside the library; none for all of the library's.

    Returns:
        Each pack, and whether it is the library's.

    Raises:
        PackError: there is no such pack, or the file is not well formed.
    """
    packs = library.all_packs()
    if not names:
        return [(pack, True) for pack in packs]
    by_name = {pack.name: pack for pack in packs} | {str(library.file(pack.name)): pack for pack in packs}
    chosen = []
    for name in names:
        path = Path(name)
        pack = by_name.get(name) or by_name.get(str(path.resolve()))
        if pack is not None:
            chosen.append((pack, True))
        elif path.suffix == ".toml" and path.is_file():
            inner = "sites/" if path.parent.name == "sites" else ""
            chosen.append((read_file(f"{OWN}{inner}{path.stem}", path, library.definitions), False))
        else:
            raise PackError(f"{name}: no such pack; there are {', '.join(pack.name for pack in packs)}")
    return chosen


def check_patterns(pack: Pack, library: PackLibrary) -> None:
    """Compile a pack's patterns and look at what they ask for: at its start the package's are only parsed.

    Raises:
        PackError: a pattern is refused; the message names file, line and rule.
    """
    try:
        for rule in pack.rules:
            check_pattern(rule)
    except PackError:
        read_file(pack.name, library.file(pack.name), library.definitions)  # says on which line
        raise


def month_names(dates: Path = RULES / "dates.toml") -> frozenset[str]:
    """Every month's name, in lower case, in every language of `rules/dates.toml`."""
    months = tomllib.loads(dates.read_text("utf-8"))["months"].values()
    return frozenset(name for language in months for forms in language for name in forms.split())


def _month_pattern(dates: Path) -> str:
    names = sorted(month_names(dates), key=lambda name: (-len(name), name))
    return "|".join(re2.escape(name) for name in names)
