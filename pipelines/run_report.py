"""What a replay made of a corpus, added up record by record: the figures of the run report.

Bounded however long the corpus is: counters over closed sets, histograms, and the first of each list by an
order of its own, so that the same output gives the same report, whichever worker wrote which file.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

LISTED = 20
"""How many articles, publishers, and examples of a kind are listed."""
MOST_PUBLISHERS = 20_000
"""Publishers beyond so many are one, `(others)`: a corpus may have a name for each article."""
EXAMPLE_CHARS = 240
OTHERS, UNKNOWN = "(others)", "(unknown)"
_STEPS_A_DECADE = 5
_SHORT_CHARS = 200
"""Shorter raw texts are never listed as worst: a caption alone is rightly nine tenths junk."""

Row = Mapping[str, Any]
_Item = TypeVar("_Item")


class Lengths:
    """A histogram of texts' lengths in characters, five bars from each power of ten to the next."""

    def __init__(self) -> None:
        self.bars: Counter[int] = Counter()
        self.count = 0
        self.chars = 0

    def add(self, chars: int) -> None:
        """Count one text; an empty one in the first bar."""
        self.bars[math.floor(math.log10(max(1, chars)) * _STEPS_A_DECADE + 1e-9)] += 1
        self.count += 1
        self.chars += chars

    def median(self) -> int:
        """The median, interpolated within its bar."""
        left = self.count / 2
        for bar in sorted(self.bars):
            if left <= self.bars[bar]:
                return round(10 ** ((bar + left / self.bars[bar]) / _STEPS_A_DECADE))
            left -= self.bars[bar]
        return 0

    @staticmethod
    def bounds(bar: int) -> tuple[int, int]:
        """The lengths a bar stands for: from, and up to but not including."""
        return round(10 ** (bar / _STEPS_A_DECADE)), round(10 ** ((bar + 1) / _STEPS_A_DECADE))


class First(Generic[_Item]):
    """The `LISTED` items with the largest keys; of equal keys, those whose second key is smallest."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, tuple[int, ...], int, _Item]] = []
        self.count = 0

    def add(self, key: float, name: str, item: _Item) -> None:
        """Offer an item. Its name must be its own."""
        self.count += 1
        if len(self._heap) == LISTED and key < self._heap[0][0]:
            return
        entry = key, tuple(-ord(char) for char in name), self.count, item
        if len(self._heap) < LISTED:
            heapq.heappush(self._heap, entry)
        else:
            heapq.heappushpop(self._heap, entry)

    def __iter__(self) -> Iterator[_Item]:
        return (entry[3] for entry in sorted(self._heap, key=lambda entry: entry[:3], reverse=True))


@dataclass
class Publisher:
    """One publisher's figures."""

    name: str
    articles: int = 0
    raw_chars: int = 0
    cut_chars: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    """Characters cut, by kind."""

    @property
    def share(self) -> float:
        """The share of the text that was cut (0-1)."""
        return self.cut_chars / self.raw_chars if self.raw_chars else 0.0


@dataclass(frozen=True)
class Worst:
    """An article that lost much of its text."""

    id: str
    title: str
    place: str
    share: float
    raw_chars: int
    cuts: tuple[tuple[str, str, int], ...]
    """Kind, rule and characters of the largest cuts."""


@dataclass(frozen=True)
class Conflict:
    """An article whose dates contradict each other."""

    id: str
    title: str
    place: str
    chosen: str | None
    candidates: tuple[tuple[str, str, str], ...]
    """Day, origin, and the words it was read from."""


@dataclass
class Letters:
    """Dead letters of one reason and step."""

    kind: str
    reason: str
    step: str
    count: int = 0
    origin: str = ""
    detail: str = ""
    example: str = ""
    """The beginning of the first one's record."""


class RunReport:
    """Adds records up, as `orjson.loads` reads them from an output's files."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.languages: Counter[str] = Counter()
        self.topics: Counter[str] = Counter()
        self.junk_chars: Counter[str] = Counter()
        self.date_origins: Counter[str] = Counter()
        self.shares: Counter[int] = Counter()
        """Articles by the share that was cut: 0 for none, 1 for up to 5 %, 2 for up to 10 %, …"""
        self.before, self.after = Lengths(), Lengths()
        self.publishers: dict[str, Publisher] = {}
        self.worst: First[Worst] = First()
        self.conflicts: First[Conflict] = First()
        self.letters: defaultdict[tuple[str, str, str], Letters] = defaultdict(lambda: Letters("", "", ""))

    def add_article(self, article: Row) -> None:
        """Add an enriched article."""
        self.outcomes["enriched"] += 1
        self.languages[article["language"]["tag"]] += 1
        self.topics.update([topic["name"] for topic in article["topics"]] or ["none"])
        kinds: Counter[str] = Counter()
        for removal in article["removed"]:
            kinds[removal["kind"]] += removal["end"] - removal["start"]
        self.junk_chars.update(kinds)
        after, cut = article["char_count"], kinds.total()
        before = after + cut
        self.before.add(before)
        self.after.add(after)
        share = cut / before if before else 0.0
        self.shares[math.ceil(share * 20)] += 1
        self._add_publisher(article, before, cut, kinds)
        if cut and before >= _SHORT_CHARS:
            self.worst.add(share, article["id"], _worst(article, share, before))
        self.date_origins[article["published_at_origin"] or "none"] += 1
        if article["date_conflict"]:
            self.conflicts.add(0, article["id"], _conflict(article))

    def _add_publisher(self, article: Row, before: int, cut: int, kinds: Counter[str]) -> None:
        name = _publisher(article)
        if name not in self.publishers:
            if len(self.publishers) >= MOST_PUBLISHERS:
                name = OTHERS
            self.publishers.setdefault(name, Publisher(name))
        publisher = self.publishers[name]
        publisher.articles += 1
        publisher.raw_chars += before
        publisher.cut_chars += cut
        publisher.kinds.update(kinds)

    def add_withdrawal(self, _: Row) -> None:
        """Add a withdrawal."""
        self.outcomes["withdrawn"] += 1

    def add_letter(self, letter: Row) -> None:
        """Add a dead letter."""
        self.outcomes[letter["kind"]] += 1
        entry = self.letters[letter["kind"], letter["reason"], letter["step"]]
        entry.kind, entry.reason, entry.step = letter["kind"], letter["reason"], letter["step"]
        entry.count += 1
        origin = _origin(letter["origin"])
        if not entry.origin or origin < entry.origin:
            entry.origin, entry.detail = origin, letter["detail"]
            base64 = letter["payload_base64"]
            entry.example = _short(
                letter["payload"] or (f"base64: {base64}" if base64 else ""), EXAMPLE_CHARS
            )

    def top_publishers(self) -> list[Publisher]:
        """Those with most articles first; `(others)` last."""
        found = sorted(
            self.publishers.values(), key=lambda one: (one.name == OTHERS, -one.articles, one.name)
        )
        return found[:LISTED]

    def all_letters(self) -> list[Letters]:
        """Groups of dead letters, the largest first."""
        return sorted(self.letters.values(), key=lambda one: (-one.count, one.kind, one.reason, one.step))


def _publisher(article: Row) -> str:
    if article["publisher"]:
        return str(article["publisher"])[:EXAMPLE_CHARS]
    try:
        return urlsplit(article["url"] or "").hostname or UNKNOWN
    except ValueError:
        return UNKNOWN


def _worst(article: Row, share: float, raw_chars: int) -> Worst:
    cuts: Counter[tuple[str, str]] = Counter()
    for removal in article["removed"]:
        cuts[removal["kind"], removal["rule"]] += removal["end"] - removal["start"]
    largest = sorted(cuts.items(), key=lambda item: (-item[1], item[0]))[:3]
    return Worst(
        article["id"],
        _short(article["title"] or "", 120),
        _short(article["url"] or _origin(article["origin"]), 200),
        share,
        raw_chars,
        tuple((kind, rule, chars) for (kind, rule), chars in largest),
    )


def _conflict(article: Row) -> Conflict:
    return Conflict(
        article["id"],
        _short(article["title"] or "", 120),
        _short(article["url"] or _origin(article["origin"]), 200),
        str(article["published_at"])[:10] if article["published_at"] else None,
        tuple(
            (str(one["value"])[:10], one["origin"], _short(one["text"] or "", 60))
            for one in article["date_candidates"][:8]
        ),
    )


def _origin(origin: Row) -> str:
    if origin["kafka_topic"] is not None:
        return f"{origin['kafka_topic']}-{origin['partition']}-{origin['offset']}"
    return f"{origin['path']}#{origin['record']}"


def _short(text: str, chars: int) -> str:
    return text if len(text) <= chars else text[: chars - 1] + "…"
