"""The status line, from what the processes tell Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

from pipelines.commands.status import line, sums_of


def test_the_line_adds_up_over_labels_and_keeps_the_oldest_age() -> None:
    registry = CollectorRegistry()
    Counter("newsbeam_received", "", ["source"], registry=registry).labels("kafka").inc(1500)
    outcomes = Counter("newsbeam_outcomes", "", ["outcome"], registry=registry)
    outcomes.labels("enriched").inc(1400)
    outcomes.labels("rejected").inc(100)
    sinks = Counter("newsbeam_sink_records", "", ["sink", "result"], registry=registry)
    sinks.labels("articles", "delivered").inc(1399)
    sinks.labels("articles", "undelivered").inc()
    lag = Gauge("newsbeam_kafka_lag", "", ["kafka_topic", "partition"], registry=registry)
    oldest = Gauge(
        "newsbeam_kafka_oldest_unprocessed_seconds", "", ["kafka_topic", "partition"], registry=registry
    )
    for partition, (unread, age) in enumerate([(10, 0.5), (20, 2.25)]):
        lag.labels("raw", str(partition)).set(unread)
        oldest.labels("raw", str(partition)).set(age)
    assert line(sums_of(registry), 123.4) == (
        "123/s   read 1,500   enriched 1,400   rejected 100   bugs 0   undelivered 1   lag 30   oldest 2.2 s"
    )


def test_before_the_first_record_all_is_nothing() -> None:
    assert line(sums_of(CollectorRegistry()), 0.0).startswith("0/s   read 0 ")
