"""Takes the texts out of old dead letters; what they say of the record stays."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.commands.letters import letters_in
from pipelines.record_files import rewrite

if TYPE_CHECKING:
    from connectors.kafka.whole_topic import WholeTopic

_DAY_MS = 24 * 3600 * 1000


def sweep_file(file: Path, before: datetime) -> tuple[int, int]:
    """Sweep one file of letters if it was written before a time; it is replaced whole, and keeps its time.

    Returns:
        How many letters lost their text now, and how many there are.
    """
    from schemas.codec import encode

    count = swept = 0
    is_old = False
    for kept in letters_in(file):
        count += 1
        is_old = kept.refused_at < before
        swept += kept.letter.payload is not None or kept.letter.payload_base64 is not None
    if not is_old or not swept:
        return 0, count

    def lines() -> Iterator[bytes]:
        for kept in letters_in(file):
            yield encode(dataclasses.replace(kept.letter, payload=None, payload_base64=None))

    rewrite(file, lines())
    return swept, count


def retention_fault(topic: WholeTopic, days: int) -> str | None:
    """What is wrong with a topic that is to forget its records after some days; None where nothing is."""
    facts = topic.cluster.describe(topic.kafka_topic)
    change = f"kafka-configs.sh --bootstrap-server {topic.cluster.brokers} --alter --entity-type topics"
    change += f" --entity-name {topic.kafka_topic} --add-config"
    if facts.retention_ms is None or facts.cleanup_policy is None:
        return f"{topic.kafka_topic}: its settings may not be read; is retention.ms {days * _DAY_MS} or less?"
    if "delete" not in facts.cleanup_policy:
        return f"{topic.kafka_topic}: never forgets ({facts.cleanup_policy}): {change} cleanup.policy=delete"
    if facts.retention_ms < 0 or facts.retention_ms > days * _DAY_MS:
        kept = "for ever" if facts.retention_ms < 0 else f"{facts.retention_ms / _DAY_MS:.3g} days"
        wanted = f"{change} retention.ms={days * _DAY_MS}"
        return f"{topic.kafka_topic}: keeps letters {kept}, not {days} days: {wanted}"
    return None
