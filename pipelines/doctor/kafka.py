"""A Kafka cluster as a config uses it: reachable, topics there, rights, copies, and what may get lost.

Nothing is written: rights are those the brokers say we have.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, OffsetSpec
from kafka.errors import KafkaError

from connectors.kafka.connection import Cluster, TopicMissing, Unreachable
from connectors.kafka.whole_topic import WholeTopic
from pipelines.config import Config
from pipelines.doctor.finding import Finding, fail, ok, warn

_AHEAD_SECONDS = 60.0
_DAY_MS = 24 * 3600 * 1000


class Use(NamedTuple):
    """What a config does with a topic."""

    kafka_topic: str
    right: str
    """`READ` or `WRITE`."""
    role: str
    """`source`, or the sink's name."""
    letters: bool = False
    """Whether dead letters go there."""


def uses(config: Config) -> dict[Cluster, list[Use]]:
    """The clusters that a config names, and what it does there."""
    found: dict[Cluster, list[Use]] = {}

    def add(options: Any, use: Use) -> None:
        found.setdefault(Cluster(options.brokers, options.security), []).append(use)

    if config.source.kind == "kafka":
        add(config.source.options, Use(config.source.options.kafka_topic, "READ", "source"))
    for sink in config.sinks:
        if sink.kind == "kafka":
            is_letters = sink.takes == "dead_letters"
            add(sink.options, Use(sink.options.kafka_topic, "WRITE", f"sink {sink.name}", is_letters))
    return found


def examine_kafka(config: Config) -> Iterator[Finding]:
    """Looks at each cluster that the config names."""
    for cluster, used in uses(config).items():
        what = f"kafka {cluster.brokers}"
        try:
            with cluster.open(KafkaAdminClient, client_id="newsbeam-doctor") as admin:
                brokers = admin.describe_cluster()["brokers"]
                yield ok(what, f"{cluster.security.protocol}, {len(brokers)} brokers")
                for use in used:
                    yield from _topic(admin, use, len(brokers), config)
        except (Unreachable, KafkaError, LookupError, OSError, ValueError) as error:
            do = "check the address, the firewall and [security]; a secret must be set where this runs"
            yield fail(what, f"{type(error).__name__}: {error}", do)
            continue
        if any(use.right == "READ" for use in used):
            yield from _group(cluster, config)


def _topic(admin: Any, use: Use, brokers: int, config: Config) -> Iterator[Finding]:
    what = f"topic {use.kafka_topic} ({use.role})"
    facts = admin.describe_topics([use.kafka_topic])[0]
    if facts["error_code"]:
        do = f"create it, or give us DESCRIBE on it: kafka-topics.sh --create --topic {use.kafka_topic}"
        yield fail(what, "does not exist, or may not be seen; newsbeam does not create topics", do)
        return
    partitions = facts["partitions"]
    copies = min(len(partition["replica_nodes"]) for partition in partitions)
    in_sync = min(len(partition["isr_nodes"]) for partition in partitions)
    rights = {getattr(right, "name", str(right)) for right in facts.get("topic_authorized_operations") or ()}
    if rights and not rights & {use.right, "ALL"}:
        do = (
            f"kafka-acls.sh --add --operation {use.right.title()} --topic {use.kafka_topic} (and a principal)"
        )
        yield fail(what, f"we may not {use.right.lower()} it (only {', '.join(sorted(rights))})", do)
        return
    leaderless = [p["partition_index"] for p in partitions if p["leader_id"] < 0]
    if leaderless:
        yield fail(what, f"partitions {leaderless} have no leader", "look at the brokers that hold them")
        return
    settings = _settings(admin, use.kafka_topic)
    said = f"{len(partitions)} partitions, {copies} copies, may {use.right.lower()}"
    wanted = int(settings.get("min.insync.replicas", 1))
    if use.right == "WRITE" and in_sync < wanted:
        do = "bring the brokers back that hold its copies, or lower min.insync.replicas"
        yield fail(what, f"{in_sync} copies in sync, min.insync.replicas is {wanted}: writes are refused", do)
    elif copies < 2 <= brokers:
        yield warn(what, said, "one broker that dies takes it along: 3 copies, min.insync.replicas=2")
    elif use.right == "WRITE" and copies > 1 and wanted < 2:
        do = "set min.insync.replicas=2: else a record that was acknowledged may stand on one broker only"
        yield warn(what, f"{said}, min.insync.replicas is {wanted}", do)
    else:
        yield ok(what, said)
    yield from _fit(what, use, settings, config)
    if use.right == "READ":
        yield from _times(admin, what, use.kafka_topic, [p["partition_index"] for p in partitions])


def _settings(admin: Any, kafka_topic: str) -> dict[str, str]:
    """The topic's settings; none where we may not ask."""
    try:
        resource = ConfigResource(ConfigResourceType.TOPIC, kafka_topic)
        found = admin.describe_configs([resource], config_filter="all")["topic"][kafka_topic]
        return {name: entry["value"] for name, entry in found.items()}
    except (KafkaError, LookupError):
        return {}


def _fit(what: str, use: Use, settings: dict[str, str], config: Config) -> Iterator[Finding]:
    """Whether a topic's settings suit what goes there."""
    days = config.dead_letters.keep_texts_days
    if use.letters and days is not None and "retention.ms" in settings:
        kept = int(settings["retention.ms"])
        if "delete" not in settings.get("cleanup.policy", "") or kept < 0 or kept > days * _DAY_MS:
            do = f"newsbeam dead-letters sweep CONFIG prints the command (retention.ms={days * _DAY_MS})"
            yield warn(what, f"keeps letters longer than keep_texts_days = {days}", do)
    largest = int(settings.get("max.message.bytes", 0))
    if use.letters and 0 < largest < 200_000:
        yield warn(
            what, f"max.message.bytes is {largest:,}", "a letter holds up to 64 KiB, twice that in JSON"
        )


def _times(admin: Any, what: str, kafka_topic: str, partitions: list[int]) -> Iterator[Finding]:
    """Records of the future: somebody's clock is wrong, perhaps ours."""
    try:
        spec = {TopicPartition(kafka_topic, number): OffsetSpec.MAX_TIMESTAMP for number in partitions}
        latest = max((found.timestamp for found in admin.list_partition_offsets(spec).values()), default=-1)
    except (KafkaError, AttributeError):  # a broker before 3.0
        return
    ahead = latest / 1000 - datetime.now(UTC).timestamp()
    if ahead > _AHEAD_SECONDS:
        do = "set this machine's clock and the producers' (NTP)"
        yield warn(f"{what}: clock", f"its newest record is {ahead:,.0f} s in our future", do)


def _group(cluster: Cluster, config: Config) -> Iterator[Finding]:
    options = config.source.options
    what = f"group {options.group}"
    topic = WholeTopic(cluster, options.kafka_topic)
    try:
        committed = topic.committed(options.group)
        bounds = topic.bounds()
    except TopicMissing:
        return  # told already
    except Exception as error:  # no right to the group: kafka-python has several answers
        do = f"kafka-acls.sh --add --operation Read --group {options.group} --allow-principal ..."
        yield fail(what, f"{type(error).__name__}: {error}", do)
        return
    lost = sum(max(0, bounds[n][0] - offset) for n, offset in committed.items() if n in bounds)
    if options.start == "committed" and lost:
        do = 'decide with out_of_range = "earliest" in [source]; then keep records longer (retention.ms)'
        verdict = warn if options.out_of_range != "fail" else fail
        yield verdict(what, f"{lost:,} offsets were deleted before they were read", do)
        return
    lag = sum(end - max(committed.get(number, 0), first) for number, (first, end) in bounds.items())
    begun = f"has read {len(committed)} of {len(bounds)} partitions before" if committed else "is new"
    yield ok(what, f"{begun}; up to {lag:,} records wait")
