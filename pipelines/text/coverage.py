"""Which rules fired on a corpus, how often, on how many sites; and which never did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pipelines.text.packs import PackLibrary, Packs
from schemas.article import Removal

EXAMPLE_CHARS = 300
"""An example is cut to so many characters."""


@dataclass(slots=True)
class RuleUse:
    """What one rule did."""

    rule: str
    kind: str
    removals: int = 0
    pages: int = 0
    sites: set[str] = field(default_factory=set)
    example: str = ""
    """The first thing it removed."""


class Coverage:
    """Takes in the removals of pages one by one. Memory: a name for each rule and site it fired on."""

    def __init__(self) -> None:
        self.pages = 0
        self._uses: dict[str, RuleUse] = {}
        self._served: set[str] = set()

    def add(self, site: str | None, packs: Packs, removed: Sequence[Removal]) -> None:
        """Take in one page: its site, the packs that served it, and what was removed."""
        self.pages += 1
        self._served.update(packs.digests)
        fired: set[str] = set()
        for removal in removed:
            use = self._uses.get(removal.rule)
            if use is None:
                example = " ".join(removal.text.split())[:EXAMPLE_CHARS]
                use = self._uses[removal.rule] = RuleUse(removal.rule, removal.kind, example=example)
            use.removals += 1
            if removal.rule not in fired:
                fired.add(removal.rule)
                use.pages += 1
            if site:
                use.sites.add(site)

    def uses(self) -> list[RuleUse]:
        """What fired, the most frequent first: rules, document rules, the line scorer."""
        return sorted(self._uses.values(), key=lambda use: (-use.removals, use.rule))

    def never(self, library: PackLibrary) -> dict[str, list[str]]:
        """Pack -> the ids of its rules that never fired, of the packs that served a page."""
        return {
            pack.name: quiet
            for pack in library.all_packs()
            if pack.name in self._served
            and (quiet := [rule.id for rule in pack.rules if rule.id not in self._uses])
        }

    def unserved(self, library: PackLibrary) -> list[str]:
        """The packs that no page asked for: nothing can be said of their rules."""
        return [pack.name for pack in library.all_packs() if pack.name not in self._served]
