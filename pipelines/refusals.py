"""What a process refused: an example of each reason, and whether its input has gone bad.

Process-wide, because Beam makes and pickles DoFns as it likes, and a live source's bundles are short. Each
worker process looks at its own records.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterable
from typing import NamedTuple

from connectors import drain
from schemas.dead_letter import DeadLetter


class InputGoneBad(Exception):
    """More of the latest records were refused than the config allows."""


class Stop(NamedTuple):
    """When a process has seen enough."""

    share: float
    """More than this share (0-1) …"""
    records: int
    """… of so many latest records was refused."""
    by_drain: bool
    """Whether the source runs in this process and can be drained: else the job must fail."""


class Refused(NamedTuple):
    """Records that were refused for one reason."""

    kind: str
    reason: str
    step: str
    records: int
    origin: str
    """Of the first of them, as `newsbeam dead-letters show` takes it."""
    detail: str
    """What was wrong with that one."""


class Refusals(NamedTuple):
    """What one process, or all of them, refused."""

    refused: tuple[Refused, ...] = ()
    """The most frequent first."""
    stopped: str | None = None
    """Why the run was stopped, where it was: a sentence."""


class _Seen:
    def __init__(self) -> None:
        self.groups: dict[tuple[str, str, str], Refused] = {}
        self.latest: deque[str | None] = deque()
        """The reason of each of the latest records; none for those that were taken."""
        self.reasons: Counter[str] = Counter()
        """Of the latest records."""
        self.stopped: str | None = None


_guard = threading.Lock()
_seen = _Seen()


def note(value: object, stop: Stop | None) -> None:
    """Take notice of what became of a record.

    Raises:
        InputGoneBad: by `stop` the input has gone bad, and the source cannot be drained from here.
    """
    letter = value if isinstance(value, DeadLetter) else None
    if letter is None and stop is None:
        return
    with _guard:
        if letter is not None:
            group = str(letter.kind), str(letter.reason), letter.step
            known = _seen.groups.get(group)
            _seen.groups[group] = (
                known._replace(records=known.records + 1)
                if known
                else Refused(*group, 1, str(letter.origin), letter.detail)
            )
        if stop is not None and _seen.stopped is None:
            _look(str(letter.reason) if letter else None, stop)


def taken() -> Refusals:
    """What this process refused since the last call; the next run begins anew."""
    global _seen
    with _guard:
        seen, _seen = _seen, _Seen()
    return Refusals(_sorted(seen.groups.values()), seen.stopped)


def together(parts: Iterable[Refusals]) -> Refusals:
    """What several processes refused."""
    groups: dict[tuple[str, str, str], Refused] = {}
    stopped = None
    for part in parts:
        stopped = stopped or part.stopped
        for one in part.refused:
            other = groups.get(one[:3])
            first = min((one, other or one), key=lambda group: group.origin)
            groups[one[:3]] = first._replace(records=one.records + (other.records if other else 0))
    return Refusals(_sorted(groups.values()), stopped)


def _look(reason: str | None, stop: Stop) -> None:
    _seen.latest.append(reason)
    if reason is not None:
        _seen.reasons[reason] += 1
    if len(_seen.latest) > stop.records and (gone := _seen.latest.popleft()) is not None:
        _seen.reasons[gone] -= 1
    refused = _seen.reasons.total()
    if len(_seen.latest) < stop.records or refused <= stop.share * stop.records:
        return
    why = ", ".join(f"{reason} {count:,}" for reason, count in _seen.reasons.most_common(3) if count)
    _seen.stopped = (
        f"{refused:,} of the latest {stop.records:,} records were refused ({why}): more than "
        f"stop_when_rejected_share = {stop.share:g} allows. The input has gone bad"
    )
    if not stop.by_drain:
        said, _seen.stopped = _seen.stopped, None
        raise InputGoneBad(said)
    drain.request()


def _sorted(groups: Iterable[Refused]) -> tuple[Refused, ...]:
    return tuple(sorted(groups, key=lambda group: (-group.records, group)))
