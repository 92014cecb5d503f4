"""What the integration tests share: one broker and one Flink cluster for all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.integration.broker import Broker, running_broker
from tests.integration.flink_cluster import Cluster, running_cluster


@pytest.fixture(scope="session")
def kafka() -> Iterator[Broker]:
    """A broker for the whole session; every test makes topics of its own."""
    if own := os.environ.get("NEWSBEAM_KAFKA_BROKERS"):
        yield Broker(own)
        return
    with running_broker() as broker:
        yield broker


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A Flink cluster of two TaskManagers for the whole session; every test cancels its jobs."""
    with running_cluster() as running:
        yield running
