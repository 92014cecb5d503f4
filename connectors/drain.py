"""Asks the sources of this process to come to an end.

A drained source reads no further, commits what was accepted, and ends; the bundles on their way are
finished first, so nothing is repeated by the next run.
"""

from __future__ import annotations

import signal
import threading

_requested = threading.Event()


def request() -> None:
    """Ask; safe in a signal handler."""
    _requested.set()


def is_requested() -> bool:
    """Whether sources should end."""
    return _requested.is_set()


def on_signals() -> None:
    """Make the first SIGINT or SIGTERM a request; a second one ends the process at once."""

    def requested(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        request()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, requested)


def forget() -> None:
    """Take the request back: another run begins in this process."""
    _requested.clear()
