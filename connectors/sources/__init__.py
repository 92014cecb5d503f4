"""Sources: `connectors/sources/<kind>.py` brings `Options` and `read(options)`."""

from __future__ import annotations

import importlib
from typing import Any

import apache_beam as beam


def read(kind: str, options: Any) -> beam.PTransform:
    """The source's transform, `PBegin -> PCollection[Received]`."""
    transform: beam.PTransform = importlib.import_module(f"connectors.sources.{kind}").read(options)
    return transform
