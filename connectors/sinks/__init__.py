"""Sinks: `connectors/sinks/<kind>.py` brings `Options` and `write(options, delivery)`."""

from __future__ import annotations

import importlib
from typing import Any

import apache_beam as beam

from connectors.delivery import Delivery


def write(kind: str, options: Any, delivery: Delivery) -> beam.PTransform:
    """The sink's transform, `PCollection[Outcome] -> PCollection[Outcome]` (what was undelivered)."""
    transform: beam.PTransform = importlib.import_module(f"connectors.sinks.{kind}").write(options, delivery)
    return transform
