"""SASL over TLS against a real broker, and what the logs then hold: no secret, no article text."""

from __future__ import annotations

import base64
import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest

from connectors.delivery import Delivery
from connectors.kafka.connection import Unreachable
from connectors.kafka.security import Secret, Security
from connectors.sinks import kafka as sink
from connectors.sources import kafka as source
from schemas.article import Article
from tests.integration import collected
from tests.integration.broker import Broker, running_broker
from tests.integration.certificates import make_authority
from tests.integration.live import run
from tests.integration.test_kafka_sink import enriched

pytestmark = [pytest.mark.kafka, pytest.mark.xdist_group("kafka")]

PASSWORD = "s3cret-of-the-test"
TEXT = "Парламентът прие бюджета"


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="session")
def secure(folder: Path) -> Iterator[Broker]:
    _, certificate = make_authority(folder)
    (folder / "users").write_text(f"newsbeam:{PASSWORD}\n")
    with running_broker("--secure", "--tls", str(certificate), "--users", str(folder / "users")) as broker:
        yield broker


def security(folder: Path, mechanism: Any, **changes: Any) -> Security:
    (folder / "password").write_text(PASSWORD + "\n")
    settings = {
        "protocol": "SASL_SSL",
        "mechanism": mechanism,
        "username": "newsbeam",
        "password": Secret(file=str(folder / "password")),
        "ca_file": str(folder / "ca.pem"),
    }
    if mechanism == "OAUTHBEARER":
        (folder / "token").write_text(unsigned_token("newsbeam"))
        settings |= {"token": Secret(file=str(folder / "token")), "username": None, "password": None}
    return Security(**(settings | changes))


def unsigned_token(subject: str) -> str:
    now = int(time.time())
    parts = ({"alg": "none"}, {"sub": subject, "iat": now, "exp": now + 3600})
    coded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*coded, ""])


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"])
def test_reads_and_writes_over_tls_and_logs_neither_secrets_nor_texts(
    secure: Broker, folder: Path, mechanism: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert secure.secure is not None
    raw, out = secure.topic(2), secure.topic(2)
    secure.produce(raw, [TEXT.encode()] * 10)
    access = security(folder, mechanism)
    collected.arrivals.clear()

    def build(pipeline: beam.Pipeline) -> None:
        received = pipeline | source.read(source.Options(secure.secure, raw, until_end=True, security=access))
        received | beam.Map(collected.collect)
        outcomes = received | beam.Map(lambda record: enriched(record.origin.offset, record.payload.decode()))
        outcomes | sink.write(
            sink.Options(secure.secure, out, security=access), Delivery("out", Article, "0.1.0")
        )

    with caplog.at_level(logging.DEBUG):
        run(build)
    assert len(collected.arrivals) == 10
    assert len(secure.consume(out, 10)) == 10
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert caplog.records
    for hidden in (
        PASSWORD,
        TEXT,
        (folder / "token").read_text() if mechanism == "OAUTHBEARER" else PASSWORD,
    ):
        assert hidden not in logged
        assert base64.b64encode(hidden.encode()).decode() not in logged
        assert repr(hidden.encode()) not in logged


def test_a_wrong_password_is_a_plain_error_without_the_password(
    secure: Broker, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.kafka.connection.CONNECT_SECONDS", 3)
    monkeypatch.setenv("WRONG", "not-" + PASSWORD)
    access = security(folder, "PLAIN", password=Secret(env="WRONG"))
    with pytest.raises(Unreachable) as failure:
        run(lambda pipeline: pipeline | source.read(source.Options(secure.secure, "raw", security=access)))
    assert PASSWORD not in str(failure.value)


def test_a_broker_of_another_authority_is_not_trusted(
    secure: Broker, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.kafka.connection.CONNECT_SECONDS", 3)
    other, _ = make_authority(tmp_path, "another CA")
    access = security(folder, "PLAIN", ca_file=str(other))
    with pytest.raises(Unreachable):
        run(lambda pipeline: pipeline | source.read(source.Options(secure.secure, "raw", security=access)))
