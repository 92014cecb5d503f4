"""Sinks: `connectors/sinks/<kind>.py` brings `Options` and `write(options, ...)`."""

from __future__ import annotations

import importlib
from typing import Any

import apache_beam as beam

from connectors.delivery import OnFailure
from schemas.article import Article
from schemas.dead_letter import DeadLetter


def write(
    kind: str,
    options: Any,
    *,
    sink: str,
    takes: type[Article] | type[DeadLetter],
    version: str,
    on_failure: OnFailure = "stop",
) -> beam.PTransform:
    """The sink's transform, `PCollection[Outcome] -> PCollection[Outcome]` (what was undelivered)."""
    module = importlib.import_module(f"connectors.sinks.{kind}")
    transform: beam.PTransform = module.write(
        options, sink=sink, takes=takes, version=version, on_failure=on_failure
    )
    return transform
