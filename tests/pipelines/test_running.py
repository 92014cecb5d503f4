"""Engine settings that would lose a live source's records are refused, with the reason."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.config import Runner
from pipelines.engines import Unsafe, refuse_unsafe


@pytest.mark.parametrize(
    ("kind", "options", "reason"),
    [
        ("direct", {"direct_num_workers": 2}, "silently drops"),
        ("direct", {"direct_num_workers": 0}, "silently drops"),
        ("flink", {}, "checkpointing_interval"),
        ("portable", {"parallelism": 2}, "checkpointing_interval"),
    ],
)
def test_what_loses_records_is_refused(kind: Any, options: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unsafe, match=reason):
        refuse_unsafe(Runner(kind, options))


@pytest.mark.parametrize(
    ("kind", "options"),
    [("direct", {}), ("direct", {"direct_num_workers": 1}), ("flink", {"checkpointing_interval": 3000})],
)
def test_what_keeps_them_is_not(kind: Any, options: dict[str, Any]) -> None:
    refuse_unsafe(Runner(kind, options))
