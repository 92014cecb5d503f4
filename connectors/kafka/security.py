"""Who we are to a Kafka cluster, and how its answer is trusted.

Secrets are named, never written (`connectors/secrets.py`).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Literal

from kafka.net.sasl.oauth import AbstractTokenProvider

from connectors.secrets import Secret

# At DEBUG kafka-python prints whole requests, with SASL tokens and article texts; below ERROR, much that
# mends itself.
logging.getLogger("kafka").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Security:
    """TLS and SASL towards the brokers."""

    protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] | None = None
    """How we prove who we are; needed with a SASL protocol."""
    username: str | None = None
    password: Secret | None = None
    """For PLAIN and SCRAM."""
    token: Secret | None = None
    """For OAUTHBEARER; read again at every connection, so a renewed token is picked up."""
    ca_file: str | None = None
    """PEM of the authority that signed the brokers' certificates; the system's own by default."""
    cert_file: str | None = None
    """PEM of our certificate, where brokers ask for one."""
    key_file: str | None = None
    key_password: Secret | None = None
    check_hostname: bool = True

    def __post_init__(self) -> None:
        if self.protocol.startswith("SASL"):
            if self.mechanism is None:
                raise ValueError(f"{self.protocol} needs a mechanism")
            if self.mechanism == "OAUTHBEARER":
                if self.token is None:
                    raise ValueError("OAUTHBEARER needs a token")
            elif self.username is None or self.password is None:
                raise ValueError(f"{self.mechanism} needs a username and a password")
        elif self.mechanism is not None:
            raise ValueError(f"a mechanism needs a SASL protocol, not {self.protocol}")

    def client_settings(self) -> dict[str, Any]:
        """The keyword arguments of a kafka-python client; reads the secrets.

        Raises:
            LookupError, OSError: a secret is not where it should be.
        """
        settings: dict[str, Any] = {"security_protocol": self.protocol}
        if self.protocol.endswith("SSL"):
            settings |= {
                "ssl_check_hostname": self.check_hostname,
                "ssl_cafile": self.ca_file,
                "ssl_certfile": self.cert_file,
                "ssl_keyfile": self.key_file,
                "ssl_password": self.key_password.read() if self.key_password else None,
            }
        if self.token:
            self.token.read()  # a missing token is an error now, not at the first connection
            settings |= {"sasl_mechanism": self.mechanism, "sasl_oauth_token_provider": _Tokens(self.token)}
        elif self.password:
            settings |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.username,
                "sasl_plain_password": self.password.read(),
            }
        return settings


class _Tokens(AbstractTokenProvider):
    def __init__(self, secret: Secret) -> None:
        self._secret = secret

    def token(self) -> str:
        return self._secret.read()
