"""Engine settings that would lose a live source's records are refused, with the reason; the others pass."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.config import Runner
from pipelines.engines import Unsafe, options, refuse_unsafe


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


def test_what_the_configuration_says_comes_before_our_defaults() -> None:
    given = {"max_bundle_size": 7, "parallelism": 3, "something_of_beams": "x", "job_name": "mine"}
    told = options(Runner("flink", given), is_live=True)
    assert given.items() <= told.items()
    assert told["finish_bundle_before_checkpointing"] is True
    assert told["max_bundle_time_mills"] == 100
    assert (told["runner"], told["streaming"]) == ("FlinkRunner", True)


def test_a_worker_pool_is_an_external_environment() -> None:
    told = options(Runner("flink", {"environment_config": "localhost:1"}), is_live=True)
    assert told["environment_type"] == "EXTERNAL"
    assert "environment_type" not in options(Runner("flink", {}), is_live=True)


def test_jobs_elsewhere_have_names_of_their_own() -> None:
    first, second = (options(Runner("dataflow", {}), is_live=False) for _ in range(2))
    assert first["job_name"] != second["job_name"]
    assert "streaming" not in first
    assert "job_name" not in options(Runner("direct", {}), is_live=True)
