"""Secrets from Google's Secret Manager. Google's own client is asked for what it takes, but never called."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from connectors.secrets import Secret

NAME = "projects/press/secrets/kafka/versions/latest"


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """What a Secret Manager holds, by name."""
    held: dict[str, bytes] = {}

    class GoogleAPIError(Exception):
        pass

    class Client:
        def access_secret_version(self, *, name: str, timeout: float) -> Any:
            if name not in held:
                raise GoogleAPIError(f"403 Permission denied on {name}")
            return SimpleNamespace(payload=SimpleNamespace(data=held[name]))

    for module, names in {
        "google.api_core.exceptions": {"GoogleAPIError": GoogleAPIError},
        "google.auth.exceptions": {"GoogleAuthError": type("GoogleAuthError", (Exception,), {})},
        "google.cloud.secretmanager": {"SecretManagerServiceClient": Client},
    }.items():
        fake = ModuleType(module)
        vars(fake).update(names)
        monkeypatch.setitem(sys.modules, module, fake)
        for part in ("google", module.rpartition(".")[0]):
            monkeypatch.setitem(sys.modules, part, ModuleType(part))
    return held


def test_is_asked_for_when_it_is_read(manager: dict[str, bytes]) -> None:
    secret = Secret(google=NAME)
    manager[NAME] = b"s3cret\n"
    assert secret.read() == "s3cret"
    assert "s3cret" not in repr(secret)
    manager[NAME] = b"renewed"
    assert secret.read() == "renewed"


def test_a_refusal_names_the_secret(manager: dict[str, bytes]) -> None:
    with pytest.raises(LookupError, match=r"projects/press/secrets/kafka.*Permission denied"):
        Secret(google=NAME).read()


def test_without_googles_client_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google.cloud.secretmanager", None)
    with pytest.raises(LookupError, match=r"pip install 'newsbeam\[gcp\]'"):
        Secret(google=NAME).read()


@pytest.mark.parametrize(
    "name", ["kafka", "projects/press/secrets/kafka", "projects/p/secrets/a/b/versions/1"]
)
def test_a_name_that_is_none_is_refused_at_once(name: str) -> None:
    with pytest.raises(ValueError, match="is not projects/PROJECT/secrets"):
        Secret(google=name)


def test_googles_client_takes_what_it_is_given() -> None:
    client = pytest.importorskip(
        "google.cloud.secretmanager", reason="needs newsbeam[gcp]: the call to Secret Manager is NOT checked"
    ).SecretManagerServiceClient
    from inspect import signature

    assert {"name", "timeout"} <= set(signature(client.access_secret_version).parameters)
