"""Replays dead letters: each keeps its first origin, so an article that comes of it keeps its id.

A dead letter holds at most the head of a large record; the rest is read where its origin leads.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import apache_beam as beam
from apache_beam.metrics import Metrics

from connectors.delivery import NAMESPACE
from connectors.kafka.connection import Cluster
from connectors.kafka.security import Security
from connectors.kafka.whole_topic import WholeTopic
from connectors.progress import progress
from connectors.sources import files
from schemas import codec
from schemas.dead_letter import DeadLetter, Fault, Reason
from schemas.received import MAX_RECORD_BYTES, Received


class LostPayload(Exception):
    """The dead letter holds only the head of its record, and the rest is not where it was read."""


@dataclass(frozen=True, slots=True)
class Options:
    """What to replay."""

    paths: tuple[str, ...]
    """Files of dead letters (`.jsonl`)."""
    roots: tuple[str, ...] = ()
    """The PATHs that were replayed first: where a record's rest is read from."""
    max_record_bytes: int = MAX_RECORD_BYTES
    """A longer record stays a dead letter."""
    brokers: str | None = None
    """Where the topics are that were read first, for the rest of their records."""
    security: Security = field(default_factory=Security)
    """TLS and SASL towards those brokers."""

    def cluster(self) -> Cluster | None:
        """The cluster whose topics were read first."""
        return Cluster(self.brokers, self.security) if self.brokers else None


def receive(
    letter: DeadLetter, roots: Sequence[str], max_record_bytes: int, cluster: Cluster | None = None
) -> Received:
    """A dead letter's record as it was received.

    Raises:
        LostPayload: it is longer than the letter, or swept, and neither an input under `roots` nor its topic
            in `cluster` holds it any more.
        UnreadableInput: a root cannot be read.
        TopicMissing, Unreachable: the topic cannot be read.
    """
    if letter.payload is not None:
        payload = letter.payload.encode()
    else:
        payload = base64.b64decode(letter.payload_base64 or "")
    if hashlib.sha256(payload).hexdigest() == letter.payload_sha256:
        # What a cut file lost is not in the letter: it stays cut.
        is_cut = letter.reason is Reason.TRUNCATED_FILE
        fault = Fault(letter.reason, letter.detail) if is_cut else None
        return Received(payload, letter.origin, letter.media, fault)
    origin = letter.origin
    if origin.kafka_topic is not None:
        if cluster is not None and (found := _from_topic(letter, cluster)) is not None:
            return found
        roots = ()
    for file in files.discover(roots):
        if file.name == letter.origin.path:
            for received in files.records(file, max_record_bytes):
                if received.origin.record == letter.origin.record:
                    digest = received.payload_sha256 or hashlib.sha256(received.payload).hexdigest()
                    if digest == letter.payload_sha256:
                        return received
    raise LostPayload(
        f"{letter.origin}: the letter holds the first {len(payload):,} of {letter.payload_bytes:,} bytes, "
        "and the rest is not in the input any more"
    )


def _from_topic(letter: DeadLetter, cluster: Cluster) -> Received | None:
    origin = letter.origin
    topic = WholeTopic(cluster, origin.kafka_topic or "")
    record = topic.record(origin.partition or 0, origin.offset or 0)
    if record is None or record.value is None:
        return None
    is_it = hashlib.sha256(record.value).hexdigest() == letter.payload_sha256
    return Received(record.value, origin, letter.media) if is_it else None


def read(options: Options) -> beam.PTransform:
    """`PBegin -> PCollection[Received]`, bounded."""
    return "Read dead letters" >> _ReadDeadLetters(options)


class _ReadDeadLetters(beam.PTransform):
    def __init__(self, options: Options) -> None:
        super().__init__()
        self._options = options

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection:
        return begin | beam.Create(list(self._options.paths)) | beam.ParDo(_ReadDeadLettersFn(self._options))


class _ReadDeadLettersFn(beam.DoFn):
    def __init__(self, options: Options) -> None:
        self._options = options

    def process(self, path: str) -> Iterator[Received]:
        read = 0
        with Path(path).open("rb") as lines:
            for line in lines:
                if progress.first_record_at is None:
                    progress.first_record_at = time.monotonic()
                letter = codec.decode_dead_letter(line)
                options = self._options
                yield receive(letter, options.roots, options.max_record_bytes, options.cluster())
                read += 1
                progress.records_done += 1
        Metrics.counter(NAMESPACE, "read").inc(read)
