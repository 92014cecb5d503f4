"""What the integration tests share: one broker and one Flink cluster for all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.integration.broker import Broker, running_broker
from tests.integration.flink_cluster import Cluster, running_cluster
from tests.integration.postgres_server import Server, running_server


@pytest.fixture(scope="session")
def kafka() -> Iterator[Broker]:
    """A broker for the whole session; every test makes topics of its own."""
    if own := os.environ.get("NEWSBEAM_KAFKA_BROKERS"):
        yield Broker(own)
        return
    with running_broker() as broker:
        yield broker


@pytest.fixture(scope="session")
def session_cluster() -> Iterator[Cluster]:
    """A Flink cluster of two TaskManagers for the whole session."""
    with running_cluster() as running:
        yield running


@pytest.fixture
def cluster(session_cluster: Cluster) -> Iterator[Cluster]:
    """The session's Flink cluster, whose slots are free again after the test."""
    yield session_cluster
    session_cluster.cancel_all()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server for the whole session; every test makes a schema of its own."""
    with running_server() as server:
        yield server
