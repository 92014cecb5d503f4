"""Tells Prometheus what a process runs with, and names the counters that stand at 0."""

from __future__ import annotations

from pathlib import Path

from connectors import metrics
from pipelines.models import registry
from pipelines.summary import OUTCOMES
from pipelines.text import packs
from pipelines.version import VERSION
from schemas.dead_letter import Reason


def tell(own_packs: Path | None) -> None:
    """Tell newsbeam's version, the models and the rule packs.

    A counter that was never named first appears at 1, and Prometheus sees no rise.
    """
    metrics.BUILD.labels(VERSION).set(1)
    for task, model in registry.entries().items():
        metrics.MODEL.labels(task, model.id).set(1)
    for pack in packs.load(None, own_packs).all_packs():
        metrics.PACK.labels(pack.name, pack.digest).set(1)
    for outcome in OUTCOMES:
        metrics.OUTCOMES.labels(outcome)
    for reason in Reason:
        metrics.REJECTED.labels(reason)
