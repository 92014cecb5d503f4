"""The metrics: their names, and histograms that are filled once a bundle."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from prometheus_client import REGISTRY, CollectorRegistry, Histogram
from prometheus_client.metrics import MetricWrapperBase

from connectors import metrics
from connectors.metrics import Times

UNITS = ("_total", "_seconds", "_bytes", "_info", "_lag")
DURATIONS = [0.0, 0.0001, 0.00011, 0.3, 99.0]


def samples(registry: CollectorRegistry, name: str) -> dict[tuple[str, ...], float]:
    found = {}
    for metric in registry.collect():
        for sample in metric.samples:
            if sample.name.startswith(name) and not sample.name.endswith("_created"):
                found[sample.name, *sample.labels.values()] = sample.value
    return found


def test_names_say_their_unit_and_have_a_help_text() -> None:
    ours = [value for value in vars(metrics).values() if isinstance(value, MetricWrapperBase)]
    assert len(ours) > 15
    for metric in ours:
        described = next(iter(metric.describe()))
        name = described.name + ("_total" if described.type == "counter" else "")
        assert re.fullmatch(r"newsbeam_[a-z_]+", name)
        assert name.endswith(UNITS), name
        assert described.documentation


def test_a_bundle_of_times_fills_a_histogram_as_one_by_one_would() -> None:
    registry = CollectorRegistry()
    bounds = (0.0001, 0.001, 1.0)
    bundle = Histogram("bundle_seconds", "", ["station"], buckets=bounds, registry=registry)
    single = Histogram("single_seconds", "", ["station"], buckets=bounds, registry=registry)
    times = Times(bundle, "X")
    for _ in range(2):
        for seconds in DURATIONS:
            times.add(seconds)
            single.labels("X").observe(seconds)
        times.report()
    times.report()

    def without_name(name: str) -> dict[tuple[str, ...], float]:
        return {(key[0].removeprefix(name), *key[1:]): v for key, v in samples(registry, name).items()}

    assert without_name("bundle") == without_name("single")
    assert samples(registry, "bundle_seconds_count") == {("bundle_seconds_count", "X"): 10}


def test_a_bundle_of_times_fills_the_histogram_of_several_processes(tmp_path: Path) -> None:
    code = (
        "from connectors import metrics; t = metrics.Times(metrics.STATION_SECONDS, 'X');"
        "[t.add(s) for s in (0.0001, 0.3)]; t.report(); metrics.report_memory()"
    )
    for _ in range(2):
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": ":".join(sys.path)},
            cwd=Path(__file__).parents[2],
            check=True,
            timeout=60,
        )
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(tmp_path))
    found = samples(registry, "newsbeam_station_seconds")
    assert found["newsbeam_station_seconds_bucket", "X", "0.0001"] == 2
    assert found["newsbeam_station_seconds_count", "X"] == 4
    assert found["newsbeam_station_seconds_sum", "X"] == 0.6002
    assert len(samples(registry, "newsbeam_resident_memory_bytes")) == 2  # one a process


def test_memory_is_a_process_s_and_disk_a_folder_s(tmp_path: Path) -> None:
    metrics.report_memory()
    assert 10e6 < REGISTRY.get_sample_value("newsbeam_resident_memory_bytes") < 100e9  # type: ignore[operator]
    metrics.report_disk(str(tmp_path))
    free, size = (
        REGISTRY.get_sample_value(f"newsbeam_disk_{what}_bytes", {"path": str(tmp_path)})
        for what in ("free", "size")
    )
    assert free is not None and size is not None and 0 < free <= size
    metrics.report_disk("gs://bucket/articles")
    assert REGISTRY.get_sample_value("newsbeam_disk_free_bytes", {"path": "gs://bucket/articles"}) is None
