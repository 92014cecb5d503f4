"""Replays dead letters: each keeps its first origin, so an article that comes of it keeps its id.

A dead letter holds at most the head of a large record; the rest is read where its origin leads.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import apache_beam as beam
from apache_beam.metrics import Metrics

from connectors.delivery import NAMESPACE
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


def receive(letter: DeadLetter, roots: Sequence[str], max_record_bytes: int) -> Received:
    """A dead letter's record as it was received.

    Raises:
        LostPayload: it is longer than the letter, and no input under `roots` holds it any more.
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
                yield receive(letter, self._options.roots, self._options.max_record_bytes)
                read += 1
                progress.records_done += 1
        Metrics.counter(NAMESPACE, "read").inc(read)
