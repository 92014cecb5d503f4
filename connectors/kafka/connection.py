"""Opens kafka-python clients, and says in plain words why one cannot be opened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError

from connectors.kafka.security import Security

CONNECT_SECONDS = 30


class Unreachable(Exception):
    """No broker answers, or none lets us in."""


class TopicMissing(Exception):
    """The topic does not exist, or we may not see it."""


@dataclass(frozen=True, slots=True)
class Topic:
    """What a cluster says of a topic."""

    partitions: tuple[int, ...]
    max_message_bytes: int | None
    """The longest record batch it takes; None where we may not ask."""
    retention_ms: int | None = None
    """How long it keeps records; -1 for ever; None where we may not ask."""
    cleanup_policy: str | None = None
    """`delete`, `compact` or both; None where we may not ask."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Kafka cluster and how to reach it."""

    brokers: str
    """`host:port`, several separated by commas."""
    security: Security = field(default_factory=Security)

    def open(self, client: Callable[..., Any], **settings: Any) -> Any:
        """A connected client of a kafka-python class.

        Raises:
            Unreachable: no connection within 30 seconds.
            LookupError, OSError: a secret or certificate is not where it should be.
        """
        try:
            return client(
                bootstrap_servers=[broker.strip() for broker in self.brokers.split(",")],
                bootstrap_timeout_ms=CONNECT_SECONDS * 1000,
                reconnect_backoff_max_ms=2000,  # a broker that restarts is found soon
                **self.security.client_settings(),
                **settings,
            )
        except KafkaError as error:
            raise Unreachable(
                f"Kafka at {self.brokers} ({self.security.protocol}): {type(error).__name__}: {error}"
            ) from error

    def describe(self, kafka_topic: str) -> Topic:
        """Look a topic up.

        Raises:
            TopicMissing: it does not exist, or we may not see it.
            Unreachable: see `open`.
        """
        with self.open(KafkaAdminClient, client_id="newsbeam") as admin:
            facts = admin.describe_topics([kafka_topic])[0]
            if facts["error_code"]:
                raise TopicMissing(
                    f"the topic {kafka_topic} does not exist at {self.brokers}, or may not be seen; "
                    "newsbeam does not create topics"
                )
            numbers = tuple(sorted(partition["partition_index"] for partition in facts["partitions"]))
            try:
                resource = ConfigResource(ConfigResourceType.TOPIC, kafka_topic)
                settings = admin.describe_configs([resource], config_filter="all")["topic"][kafka_topic]
                return Topic(
                    numbers,
                    int(settings["max.message.bytes"]["value"]),
                    int(settings["retention.ms"]["value"]),
                    settings["cleanup.policy"]["value"],
                )
            except (KafkaError, LookupError):
                return Topic(numbers, None)
