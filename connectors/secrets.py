"""Secrets are named, never written: a config says in which variable, file or Google secret one stands.

It is read when a client connects. So it travels in no pipeline graph, no command line and no log.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

_VERSION = re.compile(r"projects/[^/\s]+/secrets/[^/\s]+/versions/[^/\s]+")
_GOOGLE_SECONDS = 30.0


class SecretMissing(LookupError):
    """A secret is not where the config says; the message names the place."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret stands: `{ env = "NAME" }`, `{ file = "/run/secrets/name" }` or
    `{ google = "projects/P/secrets/NAME/versions/latest" }`."""

    env: str | None = None
    """An environment variable of the process that connects (on a cluster: of the workers)."""
    file: str | None = None
    """A file; white space at its end is not part of the secret."""
    google: str | None = None
    """A version in Google's Secret Manager, for workers whose environment nobody can set (Dataflow's): asked
    for with the worker's own service account. Needs newsbeam[gcp]."""

    def __post_init__(self) -> None:
        if sum(place is not None for place in (self.env, self.file, self.google)) != 1:
            raise ValueError("a secret stands either in env or in file or in google")
        if self.google is not None and not _VERSION.fullmatch(self.google):
            raise ValueError(f"{self.google!r} is not projects/PROJECT/secrets/NAME/versions/VERSION")

    def read(self) -> str:
        """The secret itself.

        Raises:
            SecretMissing: the variable is not set, or the Secret Manager does not give it.
            OSError: the file cannot be read.
        """
        if self.google is not None:
            return _from_google(self.google)
        if self.file is not None:
            return Path(self.file).read_text("utf-8").rstrip()
        secret = os.environ.get(self.env or "")
        if secret is None:
            raise SecretMissing(f"the environment variable {self.env} is not set; it should hold a secret")
        return secret


def _from_google(name: str) -> str:
    try:
        from google.api_core.exceptions import GoogleAPIError
        from google.auth.exceptions import GoogleAuthError
        from google.cloud.secretmanager import SecretManagerServiceClient
    except ImportError:
        raise SecretMissing(f"{name}: the Secret Manager needs pip install 'newsbeam[gcp]'") from None
    try:
        answer = SecretManagerServiceClient().access_secret_version(name=name, timeout=_GOOGLE_SECONDS)
    except (GoogleAPIError, GoogleAuthError) as error:
        raise SecretMissing(f"{name}: {error}") from None
    return str(answer.payload.data.decode("utf-8").rstrip())
