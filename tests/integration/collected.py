"""A sink for tests that run a pipeline in their own process: what reached it, in order of arrival."""

from __future__ import annotations

import time
from typing import Any

arrivals: list[tuple[float, Any]] = []
"""When (monotonic seconds), and what."""


def collect(value: Any) -> None:
    arrivals.append((time.monotonic(), value))


def values() -> list[Any]:
    return [value for _, value in arrivals]
