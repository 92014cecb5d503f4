"""Opens kafka-python clients, and says in plain words why one cannot be opened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from kafka.errors import KafkaError

from connectors.kafka.security import Security

CONNECT_SECONDS = 30
_Client = TypeVar("_Client")


class Unreachable(Exception):
    """No broker answers, or none lets us in."""


class TopicMissing(Exception):
    """The topic does not exist, or we may not see it."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Kafka cluster and how to reach it."""

    brokers: str
    """`host:port`, several separated by commas."""
    security: Security = field(default_factory=Security)

    def open(self, client: Callable[..., _Client], **settings: Any) -> _Client:
        """A connected client of a kafka-python class.

        Raises:
            Unreachable: no connection within 30 seconds.
            LookupError, OSError: a secret or certificate is not where it should be.
        """
        try:
            return client(
                bootstrap_servers=[broker.strip() for broker in self.brokers.split(",")],
                bootstrap_timeout_ms=CONNECT_SECONDS * 1000,
                # Beam's metrics and ours say what is needed; kafka-python's cost time for every record.
                metrics_enabled=False,
                **self.security.client_settings(),
                **settings,
            )
        except KafkaError as error:
            raise Unreachable(
                f"Kafka at {self.brokers} ({self.security.protocol}): {type(error).__name__}: {error}"
            ) from error
