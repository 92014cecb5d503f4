"""Mends what Beam's local FnApiRunner leaks on an endless pipeline.

After every bundle FnApiRunner folds the stage's metrics into the earlier ones with
`consolidate_monitoring_infos`, a generator that nobody consumes while the pipeline runs: each bundle
wraps another generator around the last, holding all that the bundle reported. Over 5,000 bundles that
was 104 MB (21 KB a bundle), and reading `metrics()` at the end ran into RecursionError. Consuming the
generator at once keeps one small list instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from apache_beam.runners.portability.fn_api_runner import fn_runner


def install() -> None:
    """Mend FnApiRunner in this process; call before a live pipeline runs. Harmless when repeated."""
    if fn_runner.consolidate_monitoring_infos is not _consolidate_now:
        fn_runner.consolidate_monitoring_infos = _consolidate_now


def _consolidate_now(infos: Iterable[Any]) -> list[Any]:
    return list(_consolidate(infos))


_consolidate = fn_runner.consolidate_monitoring_infos
