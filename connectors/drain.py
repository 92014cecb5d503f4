"""Asks the sources of this process to come to an end.

A drained source reads no further, commits what was accepted, and ends; the bundles on their way are
finished first, so nothing is repeated by the next run.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
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

    for number in _SIGNALS:
        signal.signal(number, requested)


@contextmanager
def signals_held() -> Iterator[None]:
    """A worker process started in this block is told of signals only when it calls `in_worker`."""
    resource_tracker.ensure_running()  # when a first process starts it, it lets signals through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def in_worker() -> None:
    """Drain this worker process on SIGTERM; SIGINT reaches the parent, too, which tells its workers."""
    on_signals()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


def forget() -> None:
    """Take the request back: another run begins in this process."""
    _requested.clear()
