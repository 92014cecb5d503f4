"""How a live run is doing: one line every few seconds, and the endpoint that Prometheus asks."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import REGISTRY, CollectorRegistry, start_http_server
from rich.live import Live
from rich.text import Text

from pipelines.commands.console import stderr

_TERMINAL_SECONDS, _LOG_SECONDS = 2.0, 15.0


@contextmanager
def watch(registry: CollectorRegistry = REGISTRY, metrics_port: int | None = None) -> Iterator[None]:
    """Shows the status line, and serves the metrics on all interfaces, while the block runs.

    Args:
        registry: where the metrics stand.
        metrics_port: the endpoint's port; 0 takes a free one; None serves nothing.

    Raises:
        OSError: the port is taken.
    """
    server = None
    if metrics_port is not None:
        server, _ = start_http_server(metrics_port, registry=registry)
        stderr.print(f"metrics on http://localhost:{server.server_port}/metrics", markup=False)
    over = threading.Event()
    thread = threading.Thread(target=_show, args=(registry, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        if server is not None:
            server.shutdown()
            server.server_close()


def line(sums: dict[str, float], per_second: float) -> str:
    """The status line of some sums (see `sums_of`)."""
    return (
        f"{per_second:,.0f}/s   read {sums['received']:,.0f}   enriched {sums['enriched']:,.0f}   "
        f"rejected {sums['rejected']:,.0f}   bugs {sums['bug']:,.0f}   "
        f"undelivered {sums['undelivered']:,.0f}   lag {sums['lag']:,.0f}   oldest {sums['oldest']:.1f} s"
    )


def sums_of(registry: CollectorRegistry) -> dict[str, float]:
    """Sums over all labels: received, enriched, rejected, bug, undelivered, lag; the maximum of oldest."""
    sums: dict[str, float] = defaultdict(float)
    for metric in registry.collect():
        for sample in metric.samples:
            if sample.name == "newsbeam_received_total":
                sums["received"] += sample.value
            elif sample.name == "newsbeam_outcomes_total":
                sums[sample.labels["outcome"]] += sample.value
            elif sample.name == "newsbeam_sink_records_total" and sample.labels["result"] == "undelivered":
                sums["undelivered"] += sample.value
            elif sample.name == "newsbeam_kafka_lag":
                sums["lag"] += sample.value
            elif sample.name == "newsbeam_kafka_oldest_unprocessed_seconds":
                sums["oldest"] = max(sums["oldest"], sample.value)
    return sums


def _show(registry: CollectorRegistry, over: threading.Event) -> None:
    if stderr.is_terminal:
        with Live(Text("starting"), console=stderr, auto_refresh=False) as live:
            for text in _lines(registry, over, _TERMINAL_SECONDS):
                live.update(Text(text), refresh=True)
    else:
        for text in _lines(registry, over, _LOG_SECONDS):
            stderr.print(text, markup=False)


def _lines(registry: CollectorRegistry, over: threading.Event, seconds: float) -> Iterator[str]:
    before, then = 0.0, time.monotonic()
    while not over.wait(seconds):
        sums, now = sums_of(registry), time.monotonic()
        yield line(sums, (sums["received"] - before) / (now - then))
        before, then = sums["received"], now
