"""What the integration tests share: one broker for all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.integration.broker import Broker, running_broker
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
def postgres() -> Iterator[Server]:
    """A PostgreSQL server for the whole session; every test makes a schema of its own."""
    with running_server() as server:
        yield server
