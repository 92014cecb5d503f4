"""What live enrichment costs: from topic to topic on the local runner, against a bare kafka-python loop.

    python -m tests.benchmarks.kafka_live [--articles N] [--rounds N] [--latency-seconds S] [--minutes M]

Prints
- articles a second from topic to topic, the pipeline's and the loop's in turns, and their ratio (>= 0.8):
  both poll, run the same stations, send with acks=all and commit; first to last record sent;
- p50 and p99 latency at half of the pipeline's rate (<= 1 s): from the raw record's Kafka time to its
  arrival at a consumer of the output; with 4 partitions, and with 64 of which 60 are idle;
- RSS over time at that rate, and its slope.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from connectors.sources.files import discover, records
from schemas.received import MAX_RECORD_BYTES
from tests.integration.broker import Broker, running_broker
from tests.shared import shared_file

ROOT = Path(__file__).parents[2]
_COMMIT_RECORDS = 500


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--articles", type=int, default=6000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--latency-seconds", type=float, default=30)
    parser.add_argument("--minutes", type=float, default=10, help="of the RSS measurement; 0 leaves it out")
    parser.add_argument("--bare", nargs=3, metavar=("BROKERS", "RAW", "OUT"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.bare:
        bare_loop(*args.bare, args.articles)
        return
    articles = load(args.articles)
    with running_broker(is_measured=True) as broker:
        rate = throughput(broker, articles, args.rounds)
        for partitions, busy in ((4, 4), (64, 4)):
            latency(broker, articles, rate / 2, args.latency_seconds, partitions, busy)
        if args.minutes:
            memory(broker, articles, rate / 2, args.minutes)


def load(count: int) -> list[bytes]:
    """Raw articles to publish: real ones where the shared data are here, else the seeds, over and over."""
    file = shared_file("data/articles_2019.jsonl.gz")
    if file is not None:
        return [
            r.payload for r in itertools.islice(records(discover([str(file)])[0], MAX_RECORD_BYTES), count)
        ]
    seeds = [path.read_text() for path in sorted((ROOT / "tests" / "golden" / "seeds").glob("*.txt"))]
    return [json.dumps({"text": text}).encode() for text in itertools.islice(itertools.cycle(seeds), count)]


def throughput(broker: Broker, articles: Sequence[bytes], rounds: int) -> float:
    raw, letters = broker.topic(4), broker.topic(1)
    broker.produce(raw, articles)
    rates: dict[str, list[float]] = {"bare loop": [], "newsbeam": []}
    for number in range(rounds):
        out = broker.topic(4)
        bare = [sys.executable, "-m", __spec__.name, "--articles", str(len(articles))]
        subprocess.run([*bare, "--bare", broker.brokers, raw, out], cwd=ROOT, check=True)
        rates["bare loop"].append(rate_of(broker, out, len(articles) * 9 // 10))
        out = broker.topic(4)
        with newsbeam(broker, raw, out, letters, f"round-{number}", "--until-end") as process:
            process.wait()
        rates["newsbeam"].append(rate_of(broker, out, len(articles) * 9 // 10))
    bare_rate, rate = (statistics.median(found) for found in rates.values())
    print(f"bare loop  {bare_rate:8,.0f} articles/s   {_list(rates['bare loop'])}")
    print(f"newsbeam   {rate:8,.0f} articles/s   {_list(rates['newsbeam'])}")
    print(f"ratio      {rate / bare_rate:8.2f}", flush=True)
    return rate


def rate_of(broker: Broker, topic: str, at_least: int) -> float:
    """Articles a second, by the times at which they were sent."""
    times = sorted(record.timestamp for record in broker.consume(topic, at_least))
    return (len(times) - 1) / max(0.001, (times[-1] - times[0]) / 1000)


def bare_loop(brokers: str, raw: str, out: str, count: int) -> None:
    """Consume, enrich, produce, as short as it can be written."""
    from pipelines.apply import apply
    from pipelines.config import Limits
    from pipelines.news_enrichment import stations
    from schemas import codec
    from schemas.article import Article
    from schemas.origin import Origin
    from schemas.received import Received

    steps = stations(Limits())
    for step in steps:
        step.setup()
    consumer = KafkaConsumer(
        bootstrap_servers=brokers,
        group_id=out,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        metrics_enabled=False,
        fetch_max_wait_ms=100,
    )
    producer = KafkaProducer(bootstrap_servers=brokers, acks="all", linger_ms=5, metrics_enabled=False)
    partitions = [TopicPartition(raw, number) for number in consumer.partitions_for_topic(raw)]
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    done, sent = 0, []
    while done < count:
        for batch in consumer.poll(200, max_records=_COMMIT_RECORDS).values():
            for record in batch:
                origin = Origin("kafka", kafka_topic=raw, partition=record.partition, offset=record.offset)
                outcome = Received(record.value, origin)
                for step in steps:
                    outcome = apply(step, outcome)
                if isinstance(outcome.value, Article):
                    key = outcome.value.id.encode()
                    sent.append(producer.send(out, codec.encode(outcome.value), key=key))
                done += 1
        producer.flush()
        for delivery in sent:
            delivery.get(0)
        sent.clear()
        consumer.commit(
            {partition: OffsetAndMetadata(consumer.position(partition), "", -1) for partition in partitions}
        )
    consumer.close()
    producer.close()


@contextlib.contextmanager
def newsbeam(
    broker: Broker, raw: str, out: str, letters: str, group: str, *more: str
) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "pipelines.cli", "run", "--brokers", broker.brokers]
    command += ["--from", raw, "--to", out, "--dead-letters", letters, "--group", group, *more]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=said)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)
            if process.returncode:
                said.seek(0)
                print(said.read().decode(), file=sys.stderr)


@contextlib.contextmanager
def publishing(
    broker: Broker, topic: str, articles: Sequence[bytes], rate: float, busy: int
) -> Iterator[None]:
    """Sends articles at a pace to the first `busy` partitions while the block runs."""
    over = threading.Event()

    def send() -> None:
        producer = KafkaProducer(bootstrap_servers=broker.brokers, linger_ms=0, metrics_enabled=False)
        begun = time.monotonic()
        for number, article in enumerate(itertools.cycle(articles)):
            if over.wait(max(0.0, begun + number / rate - time.monotonic())):
                break
            producer.send(topic, article, partition=number % busy)
        producer.close()

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def latency(
    broker: Broker, articles: Sequence[bytes], rate: float, seconds: float, partitions: int, busy: int
) -> None:
    raw, out, letters = broker.topic(partitions), broker.topic(4), broker.topic(1)
    with newsbeam(broker, raw, out, letters, "latency"), contextlib.closing(follow(broker, out)) as arrivals:
        broker.produce(raw, articles[:100])
        while not next(arrivals):  # it has started
            pass
        with publishing(broker, raw, articles, rate, busy):
            p50, p99, most, count = delays_of(arrivals, 5, seconds)
    print(
        f"latency at {rate:,.0f}/s, {partitions} partitions, {busy} busy: p50 {p50:.3f} s, p99 {p99:.3f} s, "
        f"most {most:.3f} s ({count:,} articles)",
        flush=True,
    )


def delays_of(
    arrivals: Iterator[list[float]], settle_seconds: float, seconds: float
) -> tuple[float, float, float, int]:
    """How late articles arrive (see `follow`) for some seconds, once all has settled.

    Returns:
        The median, the 99th percentile and the maximum in seconds, and the number of articles.
    """
    delays: list[float] = []
    settled = time.monotonic() + settle_seconds
    for found in arrivals:
        if time.monotonic() > settled:
            delays += found
        if time.monotonic() > settled + seconds:
            break
    delays.sort()
    p50, p99 = (delays[int(len(delays) * share)] for share in (0.5, 0.99))
    return p50, p99, delays[-1], len(delays)


def follow(broker: Broker, topic: str) -> Iterator[list[float]]:
    """What arrives, batch by batch, as seconds since the raw record entered Kafka."""
    consumer = KafkaConsumer(
        bootstrap_servers=broker.brokers, group_id=None, fetch_max_wait_ms=50, metrics_enabled=False
    )
    partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    try:
        while True:
            batches, now = consumer.poll(50, max_records=5000), time.time()
            yield [now - _entered(record.value) for records in batches.values() for record in records]
    finally:
        consumer.close()


def _entered(value: bytes) -> float:
    from datetime import datetime

    return datetime.fromisoformat(json.loads(value)["origin"]["timestamp"]).timestamp()


def memory(broker: Broker, articles: Sequence[bytes], rate: float, minutes: float) -> None:
    raw, out, letters = broker.topic(4), broker.topic(4, **{"retention.bytes": "10000000"}), broker.topic(1)
    samples: list[tuple[float, float]] = []
    with newsbeam(broker, raw, out, letters, "memory") as process, publishing(broker, raw, articles, rate, 4):
        begun = time.monotonic()
        while time.monotonic() - begun < minutes * 60 and process.poll() is None:
            time.sleep(5)
            samples.append((time.monotonic() - begun, _rss_mb(process.pid)))
    warm = [sample for sample in samples if sample[0] > min(120, minutes * 60 / 3)]
    slope = statistics.linear_regression([at for at, _ in warm], [rss for _, rss in warm]).slope
    print(f"RSS at {rate:,.0f}/s for {minutes:g} min: {warm[0][1]:.1f} -> {warm[-1][1]:.1f} MB, ", end="")
    print(f"{slope * 3600:+.1f} MB an hour; each minute {_list([rss for _, rss in samples[::12]])}")


def _rss_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise ProcessLookupError(pid)


def _list(figures: Sequence[float]) -> str:
    return ", ".join(f"{figure:,.0f}" for figure in figures)


if __name__ == "__main__":
    main()
