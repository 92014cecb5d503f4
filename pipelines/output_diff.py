"""What changed between two outputs of one corpus: text by rule, language, topics, counts.

Memory stays bounded: the older output's records lie in a database on disk while the newer one is read.
"""

from __future__ import annotations

import itertools
import sqlite3
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import orjson

from connectors.changed import comparable

_EXAMPLE_CHARS = 120
_Side = Literal["old", "new"]


@dataclass
class RuleChange:
    """What a rule removes from one output and not from the other."""

    removed: int = 0
    """Spans that only the newer output removes."""
    removed_chars: int = 0
    left: int = 0
    """Spans that only the older output removes: they are in the text now."""
    left_chars: int = 0
    example: str = ""
    """The first such span, cut short."""
    example_id: str = ""


@dataclass
class OutputDiff:
    """The differences."""

    articles: dict[_Side, int] = field(default_factory=lambda: {"old": 0, "new": 0})
    same: int = 0
    changed: int = 0
    only_old: int = 0
    only_new: int = 0
    examples: dict[str, list[str]] = field(default_factory=dict)
    """Ids of some that `changed`, or stand `only_old` or `only_new`."""
    fields: Counter[str] = field(default_factory=Counter)
    """In how many articles a field differs."""
    rules: dict[str, RuleChange] = field(default_factory=dict)
    languages: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Old and new tag of the articles whose language changed."""
    topics: dict[str, Counter[str]] = field(default_factory=dict)
    """Topic -> articles that `gained`, `lost` or `kept` it; kept: with another confidence."""
    chars: dict[_Side, int] = field(default_factory=lambda: {"old": 0, "new": 0})
    """Of clean text, in the articles that both have."""
    refused: dict[_Side, Counter[str]] = field(
        default_factory=lambda: {"old": Counter[str](), "new": Counter[str]()}
    )
    """Dead letters by reason."""
    provenance: dict[_Side, list[str]] = field(default_factory=lambda: {"old": [], "new": []})
    """The versions, rule packs and models that one output's records name and the other's do not."""

    @property
    def differs(self) -> bool:
        """Whether anything but the provenance does."""
        return bool(
            self.changed or self.only_old or self.only_new or self.refused["old"] != self.refused["new"]
        )

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {
            "differs": self.differs,
            "articles": self.articles,
            "same": self.same,
            "changed": self.changed,
            "only_old": self.only_old,
            "only_new": self.only_new,
            "examples": self.examples,
            "fields": dict(self.fields.most_common()),
            "rules": {rule: vars(change) for rule, change in self.rules_by_weight()},
            "languages": [
                {"old": old, "new": new, "articles": n} for (old, new), n in self.languages.most_common()
            ],
            "topics": {topic: dict(counts) for topic, counts in sorted(self.topics.items())},
            "chars": self.chars,
            "refused": {side: dict(counts.most_common()) for side, counts in self.refused.items()},
            "provenance": self.provenance,
        }

    def rules_by_weight(self) -> list[tuple[str, RuleChange]]:
        """The rules, those first that changed the most text."""
        return sorted(
            self.rules.items(), key=lambda item: (-item[1].removed_chars - item[1].left_chars, item[0])
        )


def compare(
    old: Iterable[dict[str, Any]], new: Iterable[dict[str, Any]], scratch: Path, examples: int = 5
) -> OutputDiff:
    """Compare the articles of two outputs, by id; of several with one id the first counts.

    Args:
        old: the older output's records, as they are written.
        new: the newer one's.
        scratch: an empty folder for the database: a third of the older output's size, or less.
        examples: how many ids of each kind are kept.
    """
    diff = OutputDiff()
    made_by: dict[_Side, set[str]] = {"old": set(), "new": set()}
    database = sqlite3.connect(scratch / "old.db", isolation_level=None)
    database.execute("pragma journal_mode = off")
    database.execute("pragma cache_size = -65536")
    database.execute("create table records (id text primary key, record blob) without rowid")
    database.execute("begin")
    rows = ((record["id"], _packed(record)) for record in _noted(old, made_by["old"]))
    database.executemany("insert or ignore into records values (?, ?)", rows)
    (diff.articles["old"],) = database.execute("select count(*) from records").fetchone()
    database.execute("create table seen (id text primary key) without rowid")

    def example(kind: str, id: str) -> None:
        ids = diff.examples.setdefault(kind, [])
        if len(ids) < examples:
            ids.append(id)

    for record in _noted(new, made_by["new"]):
        id = record["id"]
        if not database.execute("insert or ignore into seen values (?)", (id,)).rowcount:
            continue  # a second version; the first was compared
        diff.articles["new"] += 1
        known = database.execute("select record from records where id = ?", (id,)).fetchone()
        if known is None:
            diff.only_new += 1
            example("only_new", id)
            continue
        before = orjson.loads(zlib.decompress(known[0]))
        after = comparable(record)
        _count_chars(diff, before, after)
        if before == after:
            diff.same += 1
            continue
        diff.changed += 1
        example("changed", id)
        _look(diff, before, after)
    query = "select id from records where id not in (select id from seen) order by id"
    for (id,) in database.execute(query):
        diff.only_old += 1
        example("only_old", id)
    database.close()
    diff.provenance = {
        "old": sorted(made_by["old"] - made_by["new"]),
        "new": sorted(made_by["new"] - made_by["old"]),
    }
    return diff


def _packed(record: dict[str, Any]) -> bytes:
    return zlib.compress(orjson.dumps(comparable(record)), 1)


def _noted(records: Iterable[dict[str, Any]], made_by: set[str]) -> Iterator[dict[str, Any]]:
    """The records; what made them is noted."""
    for record in records:
        provenance = record.get("provenance") or {}
        made_by.add(f"newsbeam {provenance.get('newsbeam')}")
        for name in ("rules", "models"):
            for part, version in (provenance.get(name) or {}).items():
                made_by.add(f"{name.removesuffix('s')} {part} {str(version)[:12]}")
        yield record


def _count_chars(diff: OutputDiff, before: dict[str, Any], after: dict[str, Any]) -> None:
    diff.chars["old"] += before.get("char_count") or 0
    diff.chars["new"] += after.get("char_count") or 0


def _look(diff: OutputDiff, before: dict[str, Any], after: dict[str, Any]) -> None:
    for name in {**before, **after}:
        if before.get(name) != after.get(name):
            diff.fields[name] += 1
    _look_at_removals(diff, before, after)
    tags = [(record.get("language") or {}).get("tag", "und") for record in (before, after)]
    if tags[0] != tags[1]:
        diff.languages[tags[0], tags[1]] += 1
    old, new = ({topic["name"]: topic for topic in record.get("topics") or ()} for record in (before, after))
    for topic in {**old, **new}:
        if old.get(topic) != new.get(topic):
            fate = "gained" if topic not in old else "lost" if topic not in new else "kept"
            diff.topics.setdefault(topic, Counter())[fate] += 1


def _look_at_removals(diff: OutputDiff, before: dict[str, Any], after: dict[str, Any]) -> None:
    """By place and rule: a span that another rule takes now is one less here and one more there."""
    spans = [
        {(cut["start"], cut["end"], cut["rule"]): cut["text"] for cut in record.get("removed") or ()}
        for record in (before, after)
    ]
    for span, text in itertools.chain(
        ((span, text) for span, text in spans[1].items() if span not in spans[0]),
        ((span, text) for span, text in spans[0].items() if span not in spans[1]),
    ):
        change = diff.rules.setdefault(span[2], RuleChange())
        if span in spans[1]:
            change.removed += 1
            change.removed_chars += len(text)
        else:
            change.left += 1
            change.left_chars += len(text)
        if not change.example:
            change.example = " ".join(text.split())[:_EXAMPLE_CHARS]
            change.example_id = after["id"]
