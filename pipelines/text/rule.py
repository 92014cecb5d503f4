"""One cleaning rule: a pattern, what it takes away, and the examples that prove it.

A rule is read from a TOML table, strictly: an unknown key, a pattern that RE2 refuses or a missing
example is a `PackError` that names the file and the rule.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

import re2

from schemas.article import RemovalKind

MAX_PATTERN_BYTES = 8 << 20
"""Memory for one pattern's automaton."""

GROUPS = frozenset({"cut", "headline", "credit", "agency", "author", "count"})
"""Named groups a pattern may have: `cut` is what a span rule removes, the others fill fields."""


_COUNTED = re.compile(r"\\Q.*?(?:\\E|$)|\\.|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^]\\])*\]|\{(\d+),\d*\}")
"""A count of a stretch, in group 1; what is escaped or stands in a set of characters counts nothing."""


class PackError(ValueError):
    """A rule pack that is not well formed. The message says where."""

    rule: int | None = None
    """Which table of the pack's rules, from 0, where it is one's."""


class Where(StrEnum):
    """What a pattern is held against."""

    LINE = "line"
    """A whole line, without the white space around it."""
    OPEN = "open"
    """A whole line that is short or does not end as a sentence does (`Page.is_open`): for patterns that
    may begin with anything, which would cost too much on running text."""
    SPAN = "span"
    """Any part of a line."""


class Reach(StrEnum):
    """How far a line rule's removal goes."""

    LINE = "line"
    """The line alone."""
    RUN = "run"
    """The line, and the run of headlines right under it."""
    END = "end"
    """The line, and the lines under it when they look like a page's foot."""


@dataclass(frozen=True)
class Rule:
    """One rule. `id` is unique in the whole library: the pack's name, a slash, the rule's own."""

    id: str
    kind: RemovalKind
    where: Where
    reach: Reach
    pattern: str
    """google-re2 syntax, with the pack's definitions filled in; case is ignored."""
    max_chars: int | None
    """A longer line is not touched."""
    why: str
    drops: tuple[str, ...]
    """Texts the rule must cut: the part between `[[` and `]]`, else all of it."""
    keeps: tuple[str, ...]
    """Texts that look alike and must stay."""
    since: date | None = None
    """The first day the pattern was seen; a site's rule says it."""
    last_checked: date | None = None
    """The last day it was seen to be right; a site's rule says it."""

    @property
    def anchored(self) -> str:
        """The pattern as it is searched in a whole text, line by line."""
        if self.where is Where.SPAN:
            return f"(?mi:{self.pattern})"
        return rf"(?mi:^[ \t]*(?:{self.pattern})[ \t]*$)"

    @property
    def wider(self) -> str:
        """`anchored` with stretches of any length where it counts them: it matches at least wherever the rule
        does. A count costs an automaton a state for each of its steps, a stretch without end costs one."""
        return _COUNTED.sub(_uncounted, self.anchored)

    @cached_property
    def compiled(self) -> Any:
        """The RE2 object of `anchored`."""
        return re2.compile(self.anchored, options(MAX_PATTERN_BYTES))

    @cached_property
    def groups(self) -> dict[str, int]:
        """The named groups of the pattern, and their numbers."""
        return dict(self.compiled.groupindex)


def _uncounted(found: re.Match[str]) -> str:
    if found[1] is None:
        return found[0]
    least = int(found[1])
    return "*" if least == 0 else "+" if least == 1 else "{2,}"


def options(max_mem: int) -> Any:
    """RE2's options for all rules: no pattern crosses a line's end."""
    chosen = re2.Options()
    chosen.never_nl = True
    chosen.max_mem = max_mem
    chosen.log_errors = False
    return chosen


def read_rule(
    pack: str, table: Mapping[str, Any], definitions: Mapping[str, str], *, is_tested: bool = False
) -> Rule:
    """A rule from its TOML table.

    Args:
        pack: the pack's name, for the rule's id and for errors.
        table: the table as parsed.
        definitions: name -> pattern; `{{NAME}}` in the pattern stands for it.
        is_tested: whether its pattern is only parsed, because a test looked at it (`check_pattern`): to
            compile one takes 4 ms.

    Raises:
        PackError: anything unknown, missing or of the wrong type.
    """
    place = f"{pack}/{table.get('id', '(a rule without id)')}"
    unknown = sorted(set(table) - _KEYS)
    if unknown:
        raise PackError(f"{place}: unknown key {unknown[0]!r}; known are {', '.join(sorted(_KEYS))}")
    for key in ("id", "kind", "pattern", "why"):
        if not isinstance(table.get(key), str) or not table[key].strip():
            raise PackError(f"{place}: {key} must be a text that is not empty")
    max_chars = table.get("max_chars")
    if max_chars is not None and (
        not isinstance(max_chars, int) or isinstance(max_chars, bool) or max_chars < 1
    ):
        raise PackError(f"{place}: max_chars must be a whole number above 0")
    rule = Rule(
        id=place,
        kind=_member(RemovalKind, table["kind"], place, "kind"),
        where=_member(Where, table.get("where", Where.LINE), place, "where"),
        reach=_member(Reach, table.get("reach", Reach.LINE), place, "reach"),
        pattern=fill(table["pattern"], definitions, place),
        max_chars=max_chars,
        why=table["why"],
        drops=_examples(table, "drops", place),
        keeps=_examples(table, "keeps", place),
        since=_day(table, "since", place),
        last_checked=_day(table, "last_checked", place),
    )
    if rule.since and rule.last_checked and rule.last_checked < rule.since:
        raise PackError(f"{place}: last_checked is before since")
    if rule.where is Where.SPAN and rule.reach is not Reach.LINE:
        raise PackError(f"{place}: reach is for line rules")
    if not is_tested:
        check_pattern(rule)
        return rule
    try:
        re2.Set.SearchSet(options(MAX_PATTERN_BYTES)).Add(rule.anchored)
    except re2.error:  # the set does not say why
        check_pattern(rule)
        raise
    return rule


def check_pattern(rule: Rule) -> None:
    """Compile a rule's pattern, and look at what it asks for.

    Raises:
        PackError: RE2 refuses it, it names a group that is unknown or out of place, or it matches the empty
            text.
    """
    try:
        groups = rule.groups
    except re2.error as error:
        reason = error.args[0]
        shown = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
        raise PackError(f"{rule.id}: RE2 refuses the pattern: {shown}") from error
    unknown = sorted(set(groups) - GROUPS)
    if unknown:
        raise PackError(f"{rule.id}: unknown group {unknown[0]!r}; known are {', '.join(sorted(GROUPS))}")
    if rule.compiled.search(b"") is not None:
        raise PackError(f"{rule.id}: the pattern matches the empty text")
    if "cut" in groups and rule.where is not Where.SPAN:
        raise PackError(f"{rule.id}: the group cut is for span rules")


_KEYS = frozenset(
    "id kind where reach pattern max_chars why drops keeps since last_checked enabled".split(" ")
)


def _member(enum: Any, value: Any, place: str, key: str) -> Any:
    try:
        return enum(value)
    except ValueError:
        raise PackError(f"{place}: {key} {value!r} is none of {', '.join(enum)}") from None


def _examples(table: Mapping[str, Any], key: str, place: str) -> tuple[str, ...]:
    found = table.get(key)
    if not isinstance(found, list) or not found or not all(isinstance(x, str) and x.strip() for x in found):
        raise PackError(f"{place}: {key} must list at least one example, none of them empty")
    return tuple(found)


def _day(table: Mapping[str, Any], key: str, place: str) -> date | None:
    found = table.get(key)
    if found is not None and (not isinstance(found, date) or isinstance(found, datetime)):
        raise PackError(f"{place}: {key} must be a day, without quotes: {key} = 2026-05-31")
    return found


def fill(pattern: str, definitions: Mapping[str, str], place: str) -> str:
    """A pattern with its `{{NAME}}`s replaced.

    Raises:
        PackError: a name that nothing defines.
    """
    for name, value in definitions.items():
        pattern = pattern.replace("{{" + name + "}}", f"(?:{value})")
    if "{{" in pattern:
        raise PackError(f"{place}: nothing defines {pattern[pattern.index('{{') :][:30]!r}")
    return pattern
