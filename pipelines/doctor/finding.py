"""One thing that was looked at, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How it is."""

    OK = "ok"
    WARN = "warn"
    """A run works, but somebody should look."""
    FAIL = "fail"
    """A run would fail, or lose what it promises."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor."""

    verdict: Verdict
    what: str
    """What was looked at: `kafka topic raw-articles`."""
    said: str
    """What was found."""
    do: str | None = None
    """What to do, where something is to be done."""


def ok(what: str, said: str) -> Finding:
    """All is well."""
    return Finding(Verdict.OK, what, said)


def warn(what: str, said: str, do: str) -> Finding:
    """Somebody should look."""
    return Finding(Verdict.WARN, what, said, do)


def fail(what: str, said: str, do: str) -> Finding:
    """A run would fail."""
    return Finding(Verdict.FAIL, what, said, do)
