"""Where in a partition a run begins."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal

log = logging.getLogger(__name__)

Start = Literal["committed", "earliest", "latest"] | datetime | Mapping[int, int]
"""The group's committed offset (else the earliest), an end of the log, a time, or offsets by partition."""

OutOfRange = Literal["fail", "earliest", "latest"]
"""What to do when the wanted offset is no longer, or not yet, in the log."""


class OffsetLost(Exception):
    """The wanted offset is not in the log, and the configuration says to stop then."""


def starting_offset(
    name: str,
    partition: int,
    start: Start,
    *,
    committed: int | None,
    first: int,
    end: int,
    at_time: Callable[[datetime], int | None],
    out_of_range: OutOfRange,
) -> int:
    """The offset at which to begin a partition.

    Args:
        name: the partition's name, for messages.
        partition: its number.
        start: what was asked for. Explicit offsets that leave this partition out mean `committed`.
        committed: the group's committed offset, if any.
        first: the log's first offset.
        end: the offset that the next record will get.
        at_time: gives the first offset at or after a time; None when there is none.
        out_of_range: what to do when the offset asked for lies outside `first` to `end`.

    Raises:
        OffsetLost: it does, and `out_of_range` is `fail`.
    """
    if start == "earliest":
        return first
    if start == "latest":
        return end
    if isinstance(start, datetime):
        found = at_time(start)
        return end if found is None else found
    wanted = start.get(partition, committed) if isinstance(start, Mapping) else committed
    if wanted is None:
        return first
    if first <= wanted <= end:
        return wanted
    return replacement(name, wanted, first=first, end=end, out_of_range=out_of_range)


def replacement(name: str, wanted: int, *, first: int, end: int, out_of_range: OutOfRange) -> int:
    """The offset to go on from when `wanted` is not in the log.

    Raises:
        OffsetLost: `out_of_range` is `fail`.
    """
    what = f"{name}: offset {wanted} is not in the log, which holds {first} to {end}"
    if wanted > end:
        what += " (was the topic deleted and made again?)"
    else:
        what += f": {first - wanted} offsets were deleted unread"
    if out_of_range == "fail":
        raise OffsetLost(f'{what}. To go on regardless, set out_of_range to "earliest" or "latest"')
    log.warning("%s; going on from the %s", what, out_of_range)
    return first if out_of_range == "earliest" else end
