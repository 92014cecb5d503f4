"""What becomes of dead letters that are tried again."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipelines.commands.console import printable
from pipelines.commands.letters import Kept, Selection, letters_in
from pipelines.record_files import open_records, record_files, rewrite

if TYPE_CHECKING:
    from connectors.sources.dead_letters import Options
    from pipelines.summary import Summary

_SHOWN = 10


@dataclass
class Spooled:
    """The letters that are tried, in one file, and what was decided of each."""

    file: Path
    is_tried: bytearray = field(default_factory=bytearray)
    """A byte for each letter, in the order they were read: 1 where it is tried."""
    lost: list[tuple[str, str]] = field(default_factory=list)
    """Origin and reason of those whose record is lost: the letter holds its head, and the rest is gone."""


def spool(letters: Iterable[Kept], selection: Selection, options: Options, file: Path) -> Spooled:
    """Write the letters that are meant, and whose record is still there, to one file.

    Raises:
        UnreadableInput, TopicMissing, Unreachable: see `connectors.sources.dead_letters.receive`.
    """
    from connectors.sources.dead_letters import LostPayload, receive

    spooled, cluster = Spooled(file), options.cluster()
    seen: set[bytes] = set()
    with file.open("wb") as out:
        for kept in letters:
            is_tried = selection.has(kept)
            if is_tried:
                try:
                    receive(kept.letter, options.roots, options.max_record_bytes, cluster)
                except LostPayload as loss:
                    spooled.lost.append((str(kept.letter.origin), str(loss)))
                    is_tried = False
                origin = hashlib.blake2b(str(kept.letter.origin).encode(), digest_size=16).digest()
                # A record that several sinks could not take has several letters, and is tried once.
                if is_tried and origin not in seen:
                    seen.add(origin)
                    out.write(kept.line.removesuffix(b"\n") + b"\n")
            spooled.is_tried.append(is_tried)
    return spooled


class Again:
    """The letters of what was refused again, by origin; on disk, however many they are."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lines = sqlite3.connect(folder / ".again.db")
        self._lines.execute("create table letters (origin text, reason text, line blob)")
        self._lines.execute("create index by_origin on letters (origin)")
        for file in record_files(folder):
            rows = ((str(k.letter.origin), str(k.letter.reason), k.line) for k in letters_in(file))
            self._lines.executemany("insert into letters values (?, ?, ?)", rows)

    def reasons(self, origin: str) -> list[str]:
        """Why a record was refused again; more than one where several sinks could not take it."""
        rows = self._lines.execute("select reason from letters where origin = ? order by rowid", (origin,))
        return [reason for (reason,) in rows]

    def take_the_place_of(self, files: Iterable[Path], spooled: Spooled) -> None:
        """Rewrite files of letters: what was tried makes room for what came of it, the rest stays."""
        is_tried = iter(spooled.is_tried)
        for file in files:
            rewrite(file, self._new_lines(file, is_tried))

    def _new_lines(self, file: Path, is_tried: Iterator[int]) -> Iterator[bytes]:
        for kept in letters_in(file):
            if not next(is_tried):
                yield kept.line
                continue
            origin = (str(kept.letter.origin),)
            yield from (
                line
                for (line,) in self._lines.execute(
                    "select line from letters where origin = ? order by rowid", origin
                )
            )
            # A record may have several letters; what is new stands once.
            self._lines.execute("delete from letters where origin = ?", origin)


@dataclass(frozen=True)
class Fates:
    """What became of each letter that was meant."""

    summary: Summary
    each: list[tuple[str, str]]
    """Origin and fate: `delivered` (or withdrawn), or the reason of the new letter."""
    lost: list[tuple[str, str]]
    left_alone: int
    """Letters that the conditions did not mean."""

    @classmethod
    def of(cls, summary: Summary, spooled: Spooled, again: Again) -> Fates:
        """The fates by the letters that were tried and those that came of them."""
        from schemas.codec import decode_dead_letter

        each = []
        with open_records(spooled.file) as lines:
            for line in lines:
                origin = str(decode_dead_letter(line).origin)
                each.append((origin, ", ".join(again.reasons(origin)) or "delivered"))
        left_alone = spooled.is_tried.count(0) - len(spooled.lost)
        return cls(summary, each, spooled.lost, left_alone)

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {
            "fates": dict(Counter(fate for _, fate in self.each)),
            "letters": [{"origin": origin, "fate": fate} for origin, fate in self.each]
            + [{"origin": origin, "fate": "lost", "why": why} for origin, why in self.lost],
            "left_alone": self.left_alone,
            "summary": self.summary.as_dict(),
        }

    def render(self) -> RenderableType:
        """For people: how many, and what is wrong with those refused again."""
        from pipelines.commands.table import refused

        counts = Counter(fate for _, fate in self.each)
        table = Table(
            "what became of them", "letters", box=None, header_style="bold cyan", padding=(0, 2, 0, 0)
        )
        table.add_row("delivered again", f"{counts.pop('delivered', 0):,}")
        for fate, count in counts.most_common():
            table.add_row(f"refused again: {fate}", f"{count:,}")
        if self.lost:
            table.add_row("record lost, letter kept", f"{len(self.lost):,}", style="bold red")
        if self.left_alone:
            table.add_row("left alone", f"{self.left_alone:,}")
        parts: list[RenderableType] = [table]
        if self.summary.refusals.refused:
            parts += [Text(), refused(self.summary.refusals.refused)]
        if self.lost:
            parts += [Text(), *(Text(f"lost: {printable(why)}") for _, why in self.lost[:_SHOWN])]
            if len(self.lost) > _SHOWN:
                parts.append(Text(f"... and {len(self.lost) - _SHOWN:,} more"))
        return Group(*parts)
