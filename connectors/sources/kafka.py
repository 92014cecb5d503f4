"""Reads raw articles from a Kafka topic, live or up to its present end.

A splittable DoFn in pure Python, one restriction a partition. A call reads some records, for a moment
(`bundle_seconds`), and hands the rest on; where a restriction goes on at an offset, the engine has
accepted all before it, and that offset is committed to the group.
"""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import apache_beam as beam
from apache_beam.io.restriction_trackers import RestrictionTracker
from apache_beam.io.watermark_estimators import ManualWatermarkEstimator
from apache_beam.metrics import Metrics
from apache_beam.transforms.core import RestrictionProvider
from apache_beam.utils.timestamp import Timestamp
from kafka.consumer.fetcher import ConsumerRecord
from prometheus_client import Gauge

from connectors import drain, metrics
from connectors.delivery import NAMESPACE
from connectors.kafka.connection import Cluster
from connectors.kafka.consumers import SharedConsumer, Subscription, shared
from connectors.kafka.placement import spread
from connectors.kafka.positions import Claim, Positions, PositionsCoder, PositionsTracker, Span, backlog
from connectors.kafka.security import Security
from connectors.kafka.starts import OutOfRange, Start
from schemas.dead_letter import Fault, Reason
from schemas.origin import Media, Origin
from schemas.received import Received

IDLE_SECONDS = 2.0
"""A partition that is read to its end and silent for so long lets its watermark follow the clock."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_WATERMARK = beam.DoFn.WatermarkEstimatorParam(ManualWatermarkEstimator.default_provider())

_Element = tuple[str, int, int | None, int]
"""A topic, its partitions from a number to another (exclusive; None: all that are ever added), its place."""


@dataclass(frozen=True, slots=True)
class Options:
    """What to read, and how."""

    brokers: str
    """`host:port` of some brokers of the cluster, separated by commas."""
    kafka_topic: str
    """The topic with raw articles."""
    group: str = "newsbeam"
    """The consumer group whose committed offsets a run goes on from."""
    start: Start = "committed"
    """Where to begin: `committed` (where none is, the earliest), `earliest`, `latest`, a time, or a table
    of offsets by partition."""
    until_end: bool = False
    """Stop at the offsets that are the end when the run begins."""
    out_of_range: OutOfRange = "fail"
    """What to do when an offset is no longer in the log: stop with an error, or go on at an end of it."""
    isolation: Literal["read_committed", "read_uncommitted"] = "read_committed"
    """Whether to pass over records of aborted transactions."""
    media: Media = Media.JSON
    """How the records' values are to be read."""
    bundle_records: int = 1000
    """A bundle ends after so many records of a partition …"""
    bundle_seconds: float = 0.3
    """… or after so long: shared among the partitions that have records. 1.0 suits Flink."""
    wait_seconds: float = 0.2
    """How long to wait for records when no partition has any."""
    discover_seconds: float = 10.0
    """How soon a partition that is added to the topic is found."""
    security: Security = field(default_factory=Security)
    """TLS and SASL."""


@dataclass(frozen=True, slots=True)
class Share(Options):
    """One process's share of a topic: every `workers`-th partition, from number `worker` on."""

    worker: int = 0
    workers: int = 1

    def has(self, partition: int) -> bool:
        """Whether this process reads that partition."""
        return partition % self.workers == self.worker


class OtherTopic(Exception):
    """A job went on from positions in another topic than its configuration's."""


def read(options: Options) -> beam.PTransform:
    """`PBegin -> PCollection[Received]`; unbounded, but for `until_end`."""
    share = options if isinstance(options, Share) else Share(**_fields(options))
    return "Read Kafka" >> _ReadKafka(share)


class _ReadKafka(beam.PTransform):
    def __init__(self, options: Share) -> None:
        super().__init__()
        self._options = options

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection:
        return (
            begin
            | beam.Create([self._options.kafka_topic])
            | "List partitions" >> beam.ParDo(_ListPartitions(self._options))
            # The only shuffle: else an engine would read all partitions on the worker that listed them.
            | "Spread partitions" >> beam.Reshuffle()
            | "Read partitions" >> beam.ParDo(_ReadPartitions(self._options))
        )


class _ListPartitions(beam.DoFn):
    def __init__(self, options: Share) -> None:
        self._options = options

    def process(self, kafka_topic: str) -> Iterator[_Element]:
        numbers = _cluster(self._options).describe(kafka_topic).partitions
        mine = [number for number in numbers if self._options.has(number)]
        elements = [(kafka_topic, number, number + 1) for number in mine]
        yield from spread(elements, beam.coders.registry.get_coder(_Element))
        if not self._options.until_end:
            yield kafka_topic, max(numbers) + 1, None, 0

    def infer_output_type(self, input_type: Any) -> Any:
        return _Element


class _ReadPartitions(beam.DoFn, RestrictionProvider):
    def __init__(self, options: Share) -> None:
        self._options = options
        self._shared: SharedConsumer | None = None

    def _consumer(self) -> SharedConsumer:
        # Not a property: Beam looks at all attributes of a DoFn before it is pickled.
        if self._shared is None:
            options = self._options
            self._shared = shared(
                Subscription(
                    _cluster(options),
                    options.kafka_topic,
                    options.group,
                    options.isolation,
                    options.discover_seconds,
                )
            )
        return self._shared

    def initial_restriction(self, element: _Element) -> Positions:
        _, first, end, _ = element
        if end is None:
            return Positions()
        spans = []
        for partition in range(first, end):
            start, stop = self._consumer().offsets(partition, self._options.start, self._options.out_of_range)
            spans.append(Span(partition, start, max(start, stop) if self._options.until_end else None))
        return Positions(tuple(spans))

    def create_tracker(self, restriction: Positions) -> PositionsTracker:
        return PositionsTracker(restriction)

    def restriction_size(self, element: _Element, restriction: Positions) -> int:
        consumer = self._consumer()
        ends = {span.partition: consumer.end_by_now(span.partition) for span in restriction.spans}
        return backlog(restriction, ends, consumer.record_bytes)

    def restriction_coder(self) -> PositionsCoder:
        return PositionsCoder()

    def truncate(self, element: _Element, restriction: Positions) -> None:
        """Drain: nothing more is read."""

    @beam.DoFn.unbounded_per_element()  # type: ignore[untyped-decorator]
    def process(
        self,
        element: _Element,
        tracker: RestrictionTracker = beam.DoFn.RestrictionParam(),  # noqa: B008
        watermark: ManualWatermarkEstimator = _WATERMARK,
    ) -> Iterator[beam.window.TimestampedValue]:
        if element[0] != self._options.kafka_topic:
            raise OtherTopic(f"the savepoint is of the topic {element[0]}, not {self._options.kafka_topic}")
        consumer, spans = self._consumer(), tracker.current_restriction().spans
        for span in spans:
            consumer.accept(span.partition, span.start)
        if drain.is_requested():
            consumer.commit()
            tracker.try_claim(None)
            return
        if element[2] is None:
            spans += self._found(consumer, element[1], spans)
            if not spans:
                consumer.refill(element[1], self._options.wait_seconds)
        unfinished = [span for span in spans if not span.is_finished]
        if spans and not unfinished:
            consumer.commit()
            return
        slice_seconds = self._options.bundle_seconds / max(1, consumer.busy())
        count, latest = 0, None
        for span in unfinished:
            deadline, reached = time.monotonic() + slice_seconds, span.start
            for record in self._records(consumer, span, deadline):
                if not tracker.try_claim(Claim(span.partition, record.offset)):
                    break
                count, reached = count + 1, record.offset + 1
                latest = max(latest or 0, record.timestamp)
                yield beam.window.TimestampedValue(
                    _received(record, self._options.media), _timestamp(record.timestamp)
                )
            self._pass_gap(consumer, span, reached, tracker)
        self._report(consumer, unfinished, count)
        silence = min((consumer.idle_seconds(span.partition) for span in unfinished), default=IDLE_SECONDS)
        _advance(watermark, latest, is_idle=silence >= IDLE_SECONDS)
        tracker.defer_remainder()

    def _found(self, consumer: SharedConsumer, first: int, known: tuple[Span, ...]) -> tuple[Span, ...]:
        """Spans of this worker's partitions that were added to the topic and not read before."""
        numbers = {number for number in consumer.partitions() if number >= first}
        numbers -= {span.partition for span in known}
        mine = sorted(number for number in numbers if self._options.has(number))
        # All of a new partition is new, whatever the run's start says.
        return tuple(
            Span(number, consumer.offsets(number, "committed", self._options.out_of_range)[0])
            for number in mine
        )

    def _records(self, consumer: SharedConsumer, span: Span, deadline: float) -> Iterator[ConsumerRecord]:
        """Records of a partition that are here, until the deadline; waits only for the first."""
        buffer = consumer.buffer(span.partition, span.start, self._options.out_of_range)
        wait_seconds = self._options.wait_seconds
        for _ in range(self._options.bundle_records):
            if not buffer.records:
                consumer.refill(span.partition, wait_seconds)
            record = buffer.pop()
            if record is None:
                return
            yield record
            wait_seconds = 0.0
            if time.monotonic() >= deadline:
                return

    def _pass_gap(
        self, consumer: SharedConsumer, span: Span, reached: int, tracker: RestrictionTracker
    ) -> None:
        """Claim offsets that hold no record (compacted away, transaction markers) behind the last one."""
        position = consumer.position(span.partition)
        if span.stop is not None:
            position = min(position, span.stop)
        if position > reached:
            tracker.try_claim(Claim(span.partition, position - 1))

    def _report(self, consumer: SharedConsumer, spans: list[Span], count: int) -> None:
        Metrics.counter(NAMESPACE, "read").inc(count)
        metrics.RECEIVED.labels("kafka").inc(count)
        for span in spans:
            lag, oldest = _gauges(self._options.kafka_topic, span.partition)
            lag.set(consumer.lag(span.partition))
            oldest.set(consumer.oldest_seconds(span.partition))


@functools.cache
def _gauges(kafka_topic: str, partition: int) -> tuple[Gauge, Gauge]:
    place = kafka_topic, str(partition)
    return metrics.LAG.labels(*place), metrics.OLDEST.labels(*place)


def _fields(options: Options) -> dict[str, Any]:
    return {item.name: getattr(options, item.name) for item in dataclasses.fields(options)}


def _cluster(options: Options) -> Cluster:
    return Cluster(options.brokers, options.security)


def _received(record: ConsumerRecord, media: Media) -> Received:
    origin = Origin(
        "kafka",
        kafka_topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        timestamp=_EPOCH + timedelta(milliseconds=record.timestamp) if record.timestamp >= 0 else None,
    )
    if record.value is None:
        return Received(b"", origin, media, Fault(Reason.EMPTY, "the record's value is null"))
    return Received(record.value, origin, media)


def _timestamp(milliseconds: int) -> Timestamp:
    """A record's time in Beam; one without a time counts as of now."""
    return Timestamp(micros=milliseconds * 1000) if milliseconds >= 0 else Timestamp.now()


def _advance(watermark: ManualWatermarkEstimator, latest: int | None, *, is_idle: bool) -> None:
    if is_idle:
        reached = Timestamp.now() - IDLE_SECONDS
    elif latest is not None and latest >= 0:
        reached = _timestamp(latest)
    else:
        return
    current = watermark.current_watermark()
    if current is None or reached > current:
        watermark.set_watermark(reached)
