"""`newsbeam publish`: replays files into a Kafka topic, at a pace."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from pipelines.commands.arguments import InputPaths
from pipelines.commands.console import stderr, wrong_usage
from pipelines.commands.letters import reachable

if TYPE_CHECKING:
    from connectors.kafka.connection import Cluster
    from schemas.received import Received

_OVERHEAD_BYTES = 200
_SHOWN = 5


class _Message(NamedTuple):
    key: bytes
    value: bytes
    published_at: datetime | None


def publish(
    paths: InputPaths,
    to: Annotated[str, typer.Option("--to", metavar="TOPIC", help="The Kafka topic; it must exist.")],
    brokers: Annotated[
        str | None,
        typer.Option(envvar="NEWSBEAM_KAFKA_BROKERS", metavar="HOST:PORT,...", help="The Kafka cluster."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="TOML whose Kafka \\[source] names brokers and security."),
    ] = None,
    rate: Annotated[
        str | None, typer.Option(metavar="N/s", help="Records a second.  \\[default: as fast as it goes]")
    ] = None,
    speed: Annotated[
        str | None,
        typer.Option(
            metavar="Nx",
            help="In the order and at N times the pace of the records' published_at. All of them are read "
            "into memory first.",
        ),
    ] = None,
) -> None:
    """Publish articles from files to a Kafka topic.

    A line of a .jsonl file is sent as it is; a text or a page as `{"id": ..., "text": ...}`. Ids are those
    that `newsbeam replay` would give. Exit code 1: a record could not be sent.
    """
    from connectors.sources.files import UnreadableInput, discover, records
    from schemas.received import MAX_RECORD_BYTES

    if rate and speed:
        wrong_usage("--rate or --speed, not both")
    per_second = _number(rate, "/s", "--rate") if rate else None
    factor = _number(speed, "x", "--speed") if speed else None
    try:
        files = discover(paths)
        received = (record for file in files for record in records(file, MAX_RECORD_BYTES))
        with reachable():
            sent, refused, seconds = send(received, _cluster(brokers, config), to, per_second, factor)
    except UnreadableInput as error:
        wrong_usage(str(error))
    speed_reached = f", {sent / seconds:,.0f}/s" if seconds > 0 else ""
    stderr.print(f"published {sent:,} records to {to} in {seconds:,.1f} s{speed_reached}", markup=False)
    for why in refused[:_SHOWN]:
        stderr.print(f"newsbeam: not published: {why}", style="bold red", markup=False)
    if len(refused) > _SHOWN:
        stderr.print(f"newsbeam: ... and {len(refused) - _SHOWN:,} more", style="bold red")
    raise typer.Exit(1 if refused else 0)


def send(
    received: Iterator[Received],
    cluster: Cluster,
    kafka_topic: str,
    per_second: float | None = None,
    factor: float | None = None,
) -> tuple[int, list[str], float]:
    """Send records, and wait until the brokers hold them.

    Args:
        received: what to send.
        cluster: where to.
        kafka_topic: the topic.
        per_second: the pace, where one is asked for.
        factor: or how much faster than the records' own times.

    Returns:
        How many were sent, what was not (origin and reason), and the seconds it took.
    """
    from connectors.kafka.producers import Publication, close_all, shared

    limit = (cluster.describe(kafka_topic).max_message_bytes or 1_048_588) - _OVERHEAD_BYTES
    producer = shared(Publication(cluster, "none", 0.005, 120.0, limit + _OVERHEAD_BYTES))
    producer.partitions_for(kafka_topic)  # known before the first record is due
    refused: list[str] = []
    messages = _messages(received, limit, refused)
    begun, count, deliveries = time.monotonic(), 0, []
    for message in _paced(messages, per_second, factor, time.sleep):
        deliveries.append(producer.send(kafka_topic, message.value, key=message.key))
        count += 1
        if len(deliveries) == 10_000:
            _settle(producer, deliveries)
    _settle(producer, deliveries)
    seconds = time.monotonic() - begun
    close_all()
    return count, refused, seconds


def _settle(producer: Any, deliveries: list[Any]) -> None:
    producer.flush()
    for delivery in deliveries:
        delivery.get(0)
    deliveries.clear()


def _messages(received: Iterator[Received], limit: int, refused: list[str]) -> Iterator[_Message]:
    for record in received:
        if record.fault is not None:
            refused.append(f"{record.origin}: {record.fault.reason}: {record.fault.detail}")
            continue
        message = _message(record)
        size = len(message.key) + len(message.value)
        if size > limit:
            refused.append(f"{record.origin}: {size:,} bytes; the topic takes {limit:,}")
        else:
            yield message


def _message(record: Received) -> _Message:
    """A record as it is sent: under the id that it has when it is replayed from its file."""
    import orjson

    from pipelines.steps.decode_article import DecodeArticle
    from pipelines.text import json_numbers
    from schemas.dead_letter import ArticleRejected
    from schemas.origin import Media
    from schemas.withdrawal import Withdrawal

    try:
        article = DecodeArticle(len(record.payload)).convert(record)
    except ArticleRejected:
        # The pipeline's to refuse, not ours.
        return _Message(str(record.origin).encode(), record.payload, None)
    value = record.payload
    if isinstance(article, Withdrawal):
        return _Message(article.id.encode(), value, article.fetched_at)
    if record.media is Media.TEXT:
        value = orjson.dumps({"id": article.id, "text": article.text})
    elif record.media is Media.WARC:
        page = {"id": article.id, "url": article.url, "fetched_at": article.fetched_at}
        value = orjson.dumps({**page, "html": article.html})
    elif record.media is Media.HTML:
        value = orjson.dumps({"id": article.id, "html": article.html})
    else:
        # Without an id or an address of its own it would be named after its place in Kafka.
        if article.id == hashlib.sha256(str(record.origin).encode()).hexdigest():
            value = json_numbers.dumps({**json_numbers.loads(value), "id": article.id})
    return _Message(article.id.encode(), value, article.dates[0].value if article.dates else None)


def _paced(
    messages: Iterator[_Message],
    per_second: float | None,
    factor: float | None,
    sleep: Callable[[float], None],
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[_Message]:
    """Hands messages on when they are due; late ones at once, so that the pace holds on the whole."""
    begun = clock()
    if factor is not None:
        timed = _by_time(messages)
        first = timed[0][0] if timed else 0.0
        for moment, message in timed:
            sleep(max(0.0, begun + (moment - first) / factor - clock()))
            yield message
        return
    for number, message in enumerate(messages):
        if per_second is not None:
            sleep(max(0.0, begun + number / per_second - clock()))
        yield message


def _by_time(messages: Iterator[_Message]) -> list[tuple[float, _Message]]:
    """In order of time; one without a time goes with the one before it."""
    moment, timed = None, []
    for message in messages:
        moment = message.published_at.timestamp() if message.published_at else moment
        timed.append((moment, message))
    known = [moment for moment, _ in timed if moment is not None]
    start = min(known, default=0.0)
    return sorted(
        ((start if moment is None else moment, message) for moment, message in timed),
        key=lambda item: item[0],
    )


def _number(text: str, unit: str, option: str) -> float:
    try:
        number = float(text.removesuffix(unit))
    except ValueError:
        number = 0.0
    if not number > 0:  # NaN is not
        wrong_usage(f"{option} {text}: a number above 0 is asked for, as in {option} 10{unit}")
    return number


def _cluster(brokers: str | None, config: Path | None) -> Cluster:
    from connectors.kafka.connection import Cluster
    from pipelines.config import ConfigError, load

    if config is not None:
        try:
            source = load(config).source
        except ConfigError as error:
            wrong_usage(str(error))
        if source.kind != "kafka":
            wrong_usage(f"{config}: its [source] is no Kafka topic")
        return Cluster(brokers or source.options.brokers, source.options.security)
    if brokers is None:
        wrong_usage("which cluster? Name it with --brokers or NEWSBEAM_KAFKA_BROKERS, or in --config")
    return Cluster(brokers)
