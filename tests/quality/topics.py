"""How good the shipped topic model was on held-out publishers when it was trained.

The shipped model is fitted on every labelled article, so it cannot be judged again on them; the figures
are those of its twin that had not seen them, which `newsbeam models train-topics` writes into models.toml.
"""

from __future__ import annotations

from pipelines.models.registry import entries

TABLE = "topics"
CALIBRATION_ERROR = 0.03
"""The expected calibration error may not exceed this (0-1)."""


def figures() -> dict[str, float]:
    """`primary`, `in_set`, `macro_f1` (0-1) and `calibrated` (1 less the calibration error)."""
    scores = dict(entries()["topics"].scores)
    return {"calibrated": 1 - scores.pop("calibration_error"), **scores}
