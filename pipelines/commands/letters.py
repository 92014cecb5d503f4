"""Where dead letters lie, for the commands: in files, or in the topic that a config sends them to."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from pipelines.commands.console import stderr, wrong_usage
from pipelines.commands.written import read_file, written_files

if TYPE_CHECKING:
    from connectors.kafka.whole_topic import WholeTopic
    from pipelines.config import Config
    from schemas.dead_letter import DeadLetter

GROUP = "newsbeam-dead-letters"
"""The consumer group that remembers how far a topic's letters were replayed."""
_FIELD = r'"%s"\s*:\s*("(?:[^"\\]|\\.)*")'
_URL, _PUBLISHER = re.compile(_FIELD % "url"), re.compile(_FIELD % "publisher")
_TARGET = re.compile(r"(?im)^WARC-Target-URI:[ \t]*<?([^\s>]+)")

Place = Annotated[
    str,
    typer.Argument(
        metavar="PATH",
        help="A replay's output folder, a file of letters (.jsonl), a config (.toml) whose sink for dead "
        "letters is meant, or kafka://HOST:PORT/TOPIC.",
    ),
]


@dataclass(frozen=True, slots=True)
class Kept:
    """A dead letter, and when it was written."""

    letter: DeadLetter
    refused_at: datetime
    """The topic's time of the letter; the file's of one in a file."""
    line: bytes
    """As it is written."""

    @property
    def publisher(self) -> str:
        """See `publisher_of`."""
        return publisher_of(self.letter)


class LetterFiles:
    """Letters in `.jsonl` files (`.gz`, `.zst`)."""

    def __init__(self, files: list[Path]) -> None:
        self.files = files

    def read(self, *, replayed: bool = False) -> Iterator[Kept]:
        """All letters, in order of file and line."""
        for file in self.files:
            yield from letters_in(file)


class LetterTopic:
    """Letters in a Kafka topic: those not replayed yet. A letter that was sent twice counts once."""

    def __init__(self, topic: WholeTopic) -> None:
        self.topic = topic

    def read(self, *, replayed: bool = False) -> Iterator[Kept]:
        """Letters in order of partition and offset.

        Args:
            replayed: those that were replayed, too.
        """
        from pydantic import ValidationError

        from schemas.codec import decode_dead_letter

        seen: set[bytes] = set()
        foreign = 0
        for record in self.topic.records({} if replayed else self.topic.committed(GROUP)):
            if record.value is None:
                continue
            try:
                letter = decode_dead_letter(record.value)
            except ValidationError:
                foreign += 1
                continue
            name = f"{letter.origin}\n{letter.step}\n{letter.reason}".encode()
            name = hashlib.blake2b(name, digest_size=16).digest()
            if name not in seen:
                seen.add(name)
                refused_at = datetime.fromtimestamp(max(0, record.timestamp) / 1000, UTC)
                yield Kept(letter, refused_at, record.value)
        if foreign:
            stderr.print(f"{foreign:,} records of {self.topic.kafka_topic} are no dead letters: passed over")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which letters are meant; all, unless conditions are given."""

    reason: str | None = None
    step: str | None = None
    publisher: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        for name in ("since", "until"):
            time = getattr(self, name)
            if time is not None and time.tzinfo is None:
                object.__setattr__(self, name, time.replace(tzinfo=UTC))

    def __bool__(self) -> bool:
        return self != Selection()

    def has(self, kept: Kept) -> bool:
        """Whether a letter meets all conditions."""
        return (
            self.reason in (None, kept.letter.reason)
            and self.step in (None, kept.letter.step)
            and (self.since is None or kept.refused_at >= self.since)
            and (self.until is None or kept.refused_at < self.until)
            and (self.publisher is None or kept.publisher.casefold() == self.publisher.casefold())
        )


OfReason = Annotated[str | None, typer.Option("--reason", help="Only this reason.")]
OfStep = Annotated[str | None, typer.Option("--step", help="Only what this station or sink refused.")]
OfPublisher = Annotated[str | None, typer.Option("--publisher", help="Only this outlet's.")]
_TIMES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
Since = Annotated[
    datetime | None, typer.Option("--since", formats=_TIMES, help="Only letters written then or later (UTC).")
]
Until = Annotated[
    datetime | None, typer.Option("--until", formats=_TIMES, help="Only letters written before (UTC).")
]
Replayed = Annotated[bool, typer.Option("--all", help="Of a topic: those that were replayed from it, too.")]


def letters_at(place: str) -> LetterFiles | LetterTopic:
    """The letters at a place a person names; what is none ends the command."""
    if place.startswith("kafka://"):
        from connectors.kafka.connection import Cluster
        from connectors.kafka.whole_topic import WholeTopic

        brokers, _, kafka_topic = place.removeprefix("kafka://").partition("/")
        if not brokers or not kafka_topic:
            wrong_usage(f"{place}: kafka://HOST:PORT/TOPIC is asked for")
        return LetterTopic(WholeTopic(Cluster(brokers), kafka_topic))
    if place.endswith(".toml"):
        return letters_of(config_at(place))
    return LetterFiles(written_files(Path(place), "dead_letters"))


def letters_of(config: Config) -> LetterFiles | LetterTopic:
    """The letters of a config's first sink for them that can be read back."""
    from connectors.kafka.connection import Cluster
    from connectors.kafka.whole_topic import WholeTopic

    sinks = [
        sink for sink in config.sinks if sink.takes == "dead_letters" and sink.kind in ("kafka", "jsonl")
    ]
    if not sinks:
        wrong_usage("none of the config's sinks for dead letters is of kind kafka or jsonl")
    options = sinks[0].options
    if sinks[0].kind == "kafka":
        return LetterTopic(WholeTopic(Cluster(options.brokers, options.security), options.kafka_topic))
    return LetterFiles(written_files(Path(options.path), "dead_letters"))


@contextmanager
def reachable() -> Iterator[None]:
    """A cluster out of reach, or a topic, secret or certificate that is not there, ends the command."""
    from connectors.kafka.connection import TopicMissing, Unreachable
    from connectors.secrets import SecretMissing

    try:
        yield
    except (Unreachable, TopicMissing, SecretMissing, FileNotFoundError, PermissionError) as error:
        wrong_usage(str(error))


def config_at(file: str) -> Config:
    """A config file; one at fault ends the command."""
    from pipelines.config import ConfigError, load

    try:
        return load(Path(file))
    except ConfigError as error:
        wrong_usage(str(error))


def letters_in(file: Path) -> Iterator[Kept]:
    """The letters in one file."""
    from schemas.codec import decode_dead_letter

    refused_at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    for line, letter in read_file(file, "dead_letters", decode_dead_letter):
        yield Kept(letter, refused_at, line)


def publisher_of(letter: DeadLetter) -> str:
    """The outlet as the record names it, else its address's host; `-` where neither can be read.

    By a search, not by a parser: the record may be broken, or cut off.
    """
    head = letter.payload or ""
    if found := _PUBLISHER.search(head):
        return _string(found[1]) or "-"
    address = _TARGET.search(head)
    url = address[1] if address else _string(found[1]) if (found := _URL.search(head)) else None
    try:
        return urlsplit(url or "").hostname or "-"
    except ValueError:
        return "-"


def _string(quoted: str) -> str:
    try:
        return str(json.loads(quoted, strict=False))
    except ValueError:
        return ""
