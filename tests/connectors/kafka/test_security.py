"""Security settings: complete or refused; secrets are named, never held."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from connectors.kafka.security import Secret, Security

SECRET = "correct horse battery staple"


def parse(table: dict[str, Any]) -> Security:
    return TypeAdapter(Security).validate_python(table)


def test_a_secret_is_read_when_it_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "password"
    file.write_text(SECRET + "\n")
    assert Secret(file=str(file)).read() == SECRET
    monkeypatch.setenv("KAFKA_PASSWORD", SECRET)
    assert Secret(env="KAFKA_PASSWORD").read() == SECRET
    monkeypatch.delenv("KAFKA_PASSWORD")
    with pytest.raises(LookupError, match="KAFKA_PASSWORD"):
        Secret(env="KAFKA_PASSWORD").read()


def test_settings_hold_no_secret_until_a_client_connects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_PASSWORD", SECRET)
    security = parse(
        {
            "protocol": "SASL_SSL",
            "mechanism": "SCRAM-SHA-512",
            "username": "newsbeam",
            "password": {"env": "KAFKA_PASSWORD"},
            "ca_file": "ca.pem",
        }
    )
    assert SECRET not in repr(security)
    assert SECRET.encode() not in pickle.dumps(security)
    settings = security.client_settings()
    assert settings["sasl_plain_password"] == SECRET
    assert settings["ssl_cafile"] == "ca.pem"
    assert settings["ssl_check_hostname"] is True


def test_a_token_is_read_again_at_every_connection(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("one")
    settings = Security("SASL_SSL", "OAUTHBEARER", token=Secret(file=str(file))).client_settings()
    provider = settings["sasl_oauth_token_provider"]
    assert provider.token() == "one"
    file.write_text("two")
    assert provider.token() == "two"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"protocol": "SASL_SSL"}, "needs a mechanism"),
        ({"protocol": "SASL_SSL", "mechanism": "PLAIN", "username": "me"}, "needs a username and a password"),
        ({"protocol": "SASL_SSL", "mechanism": "OAUTHBEARER"}, "needs a token"),
        ({"protocol": "SSL", "mechanism": "PLAIN"}, "needs a SASL protocol"),
        ({"protocol": "TLS"}, "Input should be"),
        ({"password": SECRET}, "dictionary or an instance of Secret"),
        ({"password": {"env": "A", "file": "b"}}, "either in env or in file"),
        ({"password": {}}, "either in env or in file"),
    ],
)
def test_what_is_incomplete_is_refused(table: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        parse(table)
