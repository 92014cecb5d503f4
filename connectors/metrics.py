"""What a process tells Prometheus while it runs; Beam's own metrics can be read only at a run's end.

Process-wide, because Beam makes and pickles DoFns as it likes. Counted up once a bundle, not once a
record. Several worker processes share a folder (PROMETHEUS_MULTIPROC_DIR, set before this module is
imported), and whoever serves the endpoint adds them up.

`deploy/monitoring/` holds the dashboard and the alerts that are made of these.
"""

from __future__ import annotations

import os
import shutil
from bisect import bisect_left
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram

_STATION_BOUNDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
_SINK_BOUNDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
_AGE_BOUNDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 86400.0)

RECEIVED = Counter("newsbeam_received", "Records read from the source", ["source"])
OUTCOMES = Counter("newsbeam_outcomes", "What became of the records", ["outcome"])
REJECTED = Counter("newsbeam_rejected", "Why records were refused", ["reason"])
STATION_SECONDS = Histogram(
    "newsbeam_station_seconds", "Time that a station took for a record", ["station"], buckets=_STATION_BOUNDS
)
DELIVERED = Counter("newsbeam_sink_records", "What became of records at a sink", ["sink", "takes", "result"])
SINK_FAILURES = Counter(
    "newsbeam_sink_failures", "How often a sink could not open, write or flush", ["sink", "takes"]
)
SINK_SECONDS = Histogram(
    "newsbeam_sink_flush_seconds", "Time until a sink held a bundle", ["sink"], buckets=_SINK_BOUNDS
)
AGE_SECONDS = Histogram(
    "newsbeam_delivery_age_seconds",
    "Age of a record, by its Kafka time, when a sink held it",
    ["sink"],
    buckets=_AGE_BOUNDS,
)
DISK_FREE = Gauge(
    "newsbeam_disk_free_bytes", "Free space where a sink writes", ["path"], multiprocess_mode="livemostrecent"
)
DISK_SIZE = Gauge(
    "newsbeam_disk_size_bytes", "All space where a sink writes", ["path"], multiprocess_mode="livemostrecent"
)
LAG = Gauge(
    "newsbeam_kafka_lag",
    "Records of a partition that were not read yet",
    ["kafka_topic", "partition"],
    multiprocess_mode="livemax",
)
OLDEST = Gauge(
    "newsbeam_kafka_oldest_unprocessed_seconds",
    "Age of the oldest record of a partition that was fetched and not read yet; 0 where none is",
    ["kafka_topic", "partition"],
    multiprocess_mode="livemax",
)
COMMITTED = Gauge(
    "newsbeam_kafka_last_commit_timestamp_seconds",
    "Unix time of a partition's last commit; before the first one, of when reading began",
    ["kafka_topic", "partition"],
    multiprocess_mode="livemax",
)
COMMIT_FAILURES = Counter("newsbeam_kafka_commit_failures", "Commits that failed", ["kafka_topic"])
BUILD = Gauge("newsbeam_build_info", "newsbeam's version", ["version"], multiprocess_mode="livemax")
MODEL = Gauge("newsbeam_model_info", "The models in use", ["task", "model"], multiprocess_mode="livemax")
PACK = Gauge("newsbeam_pack_info", "The rule packs in use", ["pack", "digest"], multiprocess_mode="livemax")
RESTARTS = Counter("newsbeam_worker_restarts", "Starts of a worker process after a failure", ["worker"])
MEMORY = Gauge("newsbeam_resident_memory_bytes", "Memory of a process", multiprocess_mode="liveall")


class Times:
    """Seconds of a bundle's records, sorted into a histogram's buckets and handed over at once: a seventh of
    the cost of `observe` for each record.

    Args:
        histogram: one of this module's.
        label: the value of its label.
    """

    def __init__(self, histogram: Histogram, label: str) -> None:
        self._child = histogram.labels(label)
        self._bounds = self._child._upper_bounds
        self._clear()

    def _clear(self) -> None:
        self._counts = [0] * len(self._bounds)
        self.seconds = 0.0
        """Their sum since the last report."""

    def add(self, seconds: float) -> None:
        """Count one record."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self.seconds += seconds

    def report(self) -> None:
        """Add all to the histogram; nothing is left here."""
        # Not public: prometheus_client has no way to add more than one observation.
        for bucket, count in zip(self._child._buckets, self._counts, strict=True):
            if count:
                bucket.inc(count)
        self._child._sum.inc(self.seconds)
        self._clear()


def report_memory() -> None:
    """Tell how much memory this process holds; nothing on systems without /proc."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return
    MEMORY.set(pages * os.sysconf("SC_PAGE_SIZE"))


def report_disk(path: str) -> None:
    """Tell how much space is left where a sink writes; nothing for what is no local folder."""
    try:
        usage = shutil.disk_usage(path)
    except OSError:
        return
    DISK_FREE.labels(path).set(usage.free)
    DISK_SIZE.labels(path).set(usage.total)
