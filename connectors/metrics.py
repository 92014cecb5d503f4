"""What a process tells Prometheus while it runs; Beam's own metrics can be read only at a run's end.

Process-wide, because Beam makes and pickles DoFns as it likes. Counted up once a bundle, not once a
record. Several worker processes share a folder (PROMETHEUS_MULTIPROC_DIR, set before this module is
imported), and whoever serves the endpoint adds them up.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge

RECEIVED = Counter("newsbeam_received", "Records read from the source", ["source"])
OUTCOMES = Counter("newsbeam_outcomes", "What became of the records", ["outcome"])
REJECTED = Counter("newsbeam_rejected", "Why records were refused", ["reason"])
DELIVERED = Counter("newsbeam_sink", "What became of records at a sink", ["sink", "result"])
STATION_RECORDS = Counter("newsbeam_station_records", "Records that passed a station", ["station"])
STATION_SECONDS = Counter("newsbeam_station_seconds", "Time that a station took", ["station"])
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
