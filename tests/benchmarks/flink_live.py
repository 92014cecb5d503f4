"""What live enrichment does on a Flink cluster of this machine: throughput, and latency at half of it.

    python -m tests.benchmarks.flink_live [--articles N] [--seconds S] [--checkpoints MS]
                                          [--variants '[{"max_bundle_size": 1}, ...]']

For each variant of options: articles a second over a backlog; then, at half of the first variant's rate, p50
and p99 from the raw record's Kafka time to its arrival at a consumer of the output (goal: p99 <= 2 s with a
checkpoint every 5 s), and the time of the checkpoints. `bundle_seconds` in a variant goes to the source.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.kafka_live import delays_of, follow, load, publishing, rate_of
from tests.integration.broker import Broker, running_broker
from tests.integration.flink_cluster import Cluster, running_cluster

ROOT = Path(__file__).parents[2]
PARTITIONS = 8
VARIANTS = [
    {"bundle_seconds": 1.0},
    {},
    {"max_bundle_time_mills": 1000},  # Beam's own
    {"max_bundle_size": 1000},
]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--articles", type=int, default=3000)
    parser.add_argument("--seconds", type=float, default=30, help="of each latency measurement")
    parser.add_argument("--checkpoints", type=int, default=5000, metavar="MS")
    parser.add_argument("--variants", type=json.loads, default=VARIANTS, metavar="JSON")
    args = parser.parse_args()
    articles = load(args.articles)
    half = None
    with running_broker(is_measured=True) as broker, running_cluster() as cluster:
        for variant in args.variants:
            options = cluster.options(checkpointing_interval=args.checkpoints, **variant)
            rate = measure(broker, cluster, articles, options, half, args.seconds)
            half = half or rate / 2


def measure(
    broker: Broker,
    cluster: Cluster,
    articles: Sequence[bytes],
    options: dict[str, Any],
    pace: float | None,
    seconds: float,
) -> float:
    """Print what a variant does; its articles a second over a backlog."""
    raw, out, letters = broker.topic(PARTITIONS), broker.topic(4), broker.topic(1)
    broker.produce(raw, articles)
    submit(broker, (raw, out, letters), options)
    with contextlib.closing(follow(broker, out)) as arrivals:
        seen, deadline = 0, time.monotonic() + 300
        while seen < len(articles) * 9 // 10 and time.monotonic() < deadline:
            seen += len(next(arrivals))
        rate = rate_of(broker, out, seen)
        with publishing(broker, raw, articles, pace or rate / 2, PARTITIONS):
            p50, p99, most, _ = delays_of(arrivals, 8, seconds)
    job = cluster.flink.jobs()[0].id
    took = sorted(checkpoint["end_to_end_duration"] for checkpoint in cluster.checkpoints(job))
    named = {name: options[name] for name in options if "bundle" in name} or "defaults"
    print(
        f"{named}: {rate:,.0f} articles/s at most; at {pace or rate / 2:,.0f}/s p50 {p50:.2f} s, "
        f"p99 {p99:.2f} s, most {most:.2f} s; checkpoints {took[len(took) // 2]} to {took[-1]} ms",
        flush=True,
    )
    cluster.cancel_all()
    return rate


def submit(broker: Broker, topics: tuple[str, str, str], options: dict[str, Any]) -> None:
    """`newsbeam run` with a configuration of its own."""
    raw, out, letters = topics
    place = f'kind = "kafka"\nbrokers = "{broker.brokers}"\n'
    seconds = options.pop("bundle_seconds", None)
    values = "".join(f"{name} = {json.dumps(value)}\n" for name, value in options.items())
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as config:
        config.write(
            f'[source]\n{place}kafka_topic = "{raw}"\ngroup = "{raw}"\n'
            + (f"bundle_seconds = {seconds}\n" if seconds else "")
            + f'[[sinks]]\n{place}kafka_topic = "{out}"\n'
            f'[[sinks]]\n{place}kafka_topic = "{letters}"\ntakes = "dead_letters"\n'
            f'[runner]\nkind = "flink"\n[runner.options]\n{values}'
        )
        config.flush()
        command = [sys.executable, "-W", "ignore", "-m", "pipelines.cli", "run", "--config", config.name]
        subprocess.run([*command, "--detach"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
