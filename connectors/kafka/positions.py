"""What of a topic's partitions is still to be read: the restriction of the source's splittable DoFn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import orjson
from apache_beam.coders import Coder
from apache_beam.io.iobase import RestrictionProgress, RestrictionTracker


@dataclass(frozen=True, slots=True)
class Span:
    """The offsets `start` to `stop` (exclusive; None: no end) of one partition."""

    partition: int
    start: int
    stop: int | None = None

    @property
    def is_finished(self) -> bool:
        return self.stop is not None and self.start >= self.stop


@dataclass(frozen=True, slots=True)
class Positions:
    """The spans that one element of the source is to read: one, but for the finder of new partitions."""

    spans: tuple[Span, ...] = ()


class Claim(NamedTuple):
    """The records of a partition up to and with `offset`. A partition not yet known is taken up."""

    partition: int
    offset: int


class PositionsCoder(Coder):
    """Positions as JSON, `[[partition, start, stop], …]`: a checkpoint outlives our classes."""

    def encode(self, value: Positions) -> bytes:
        return orjson.dumps([[span.partition, span.start, span.stop] for span in value.spans])

    def decode(self, encoded: bytes) -> Positions:
        return Positions(tuple(Span(*span) for span in orjson.loads(encoded)))

    def is_deterministic(self) -> bool:
        return True

    def to_type_hint(self) -> type:
        return Positions


class PositionsTracker(RestrictionTracker):
    """Claims offsets as they are met; splits only into what was claimed and what was not.

    Offsets may have gaps (compaction, transaction markers): claiming one claims all below it. A partition
    is read in order by one reader, so the only split is a checkpoint.
    """

    def __init__(self, positions: Positions) -> None:
        self._spans = {span.partition: span for span in positions.spans}
        self._next = {span.partition: span.start for span in positions.spans}
        self._is_over = False

    def current_restriction(self) -> Positions:
        return Positions(tuple(self._spans.values()))

    def try_claim(self, position: Claim | None) -> bool:
        """Take one claim, in order; None lets go of all the rest, so that the element ends (drain).

        Raises:
            ValueError: the claim lies before one that was made.
        """
        if self._is_over:
            return False
        if position is None:
            self._checkpoint()
            return True
        partition, offset = position
        span = self._spans.setdefault(partition, Span(partition, offset))
        if offset < self._next.setdefault(partition, offset):
            raise ValueError(
                f"partition {partition}: offset {offset} claimed after {self._next[partition] - 1}"
            )
        if span.stop is not None and offset >= span.stop:
            return False
        self._next[partition] = offset + 1
        return True

    def try_split(self, fraction_of_remainder: float) -> tuple[Positions, Positions] | None:
        """What was claimed, and what was not, for the fraction 0; any other asks for what we refuse."""
        if fraction_of_remainder != 0 or self._is_over:
            return None
        rest = Positions(
            tuple(
                Span(span.partition, self._next[span.partition], span.stop) for span in self._spans.values()
            )
        )
        self._checkpoint()
        return self.current_restriction(), rest

    def check_done(self) -> bool:
        """Raises ValueError while something is neither claimed nor handed on."""
        for span in self._spans.values():
            if span.stop is None or self._next[span.partition] < span.stop:
                raise ValueError(f"partition {span.partition}: read to {self._next[span.partition]} only")
        return True

    def current_progress(self) -> RestrictionProgress:
        spans = self._spans.values()
        completed = sum(self._next[span.partition] - span.start for span in spans)
        remaining = sum(
            1 if span.stop is None else max(0, span.stop - self._next[span.partition]) for span in spans
        )
        return RestrictionProgress(completed=completed, remaining=remaining)

    def is_bounded(self) -> bool:
        return all(span.stop is not None for span in self._spans.values())

    def _checkpoint(self) -> None:
        self._spans = {
            span.partition: Span(span.partition, span.start, self._next[span.partition])
            for span in self._spans.values()
        }
        self._is_over = True


def backlog(positions: Positions, ends: Mapping[int, int], record_bytes: float = 1.0) -> int:
    """How much lies unread by the partitions' last known ends, at least 1: what engines balance by.

    Args:
        positions: what is to be read.
        ends: of the partitions.
        record_bytes: a record's mean size. Dataflow takes sizes for bytes and sets them against the bytes it
            sees pass; a backlog in records would look a thousand times shorter than it is.
    """
    return max(1, round(sum(_unread(span, ends) for span in positions.spans) * record_bytes))


def _unread(span: Span, ends: Mapping[int, int]) -> int:
    end = ends.get(span.partition, span.start)
    return max(0, (end if span.stop is None else min(end, span.stop)) - span.start)
