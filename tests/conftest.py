"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the gold and the data that lie beside the project; without it the test is skipped."""
    folder = Path(os.environ.get("NEWSBEAM_SHARED") or Path(__file__).parents[2] / "shared")
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder} (set NEWSBEAM_SHARED)")
    return folder
