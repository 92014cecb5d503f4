"""How far this process has come: plain counters that a progress bar may look at.

Process-wide, because Beam makes and pickles DoFns as it likes; only for showing, never for counting
(the counts of a run are Beam's metrics).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Progress:
    """Counters that one thread adds to and others read."""

    bytes_read: int = 0
    """Bytes of the input files behind us, as they lie on the disk."""
    records_done: int = 0
    """Records that have left the source and passed all that is fused to it."""
    first_record_at: float | None = None
    """When the first record left the source (`time.monotonic`, one clock for all processes)."""


progress = Progress()
