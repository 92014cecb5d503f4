"""Where the data beside the project lies: `../shared`, or what NEWSBEAM_SHARED names."""

from __future__ import annotations

import os
from pathlib import Path

SHARED = Path(os.environ.get("NEWSBEAM_SHARED") or Path(__file__).parents[2] / "shared")


def shared_file(name: str) -> Path | None:
    """A file of the shared data; None where it is absent."""
    path = SHARED / name
    return path if path.exists() else None
