"""Secrets are named, never written: a config holds the variable or the file one stands in.

It is read when a client connects. So it travels in no pipeline graph, no command line and no log.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret stands: `{ env = "NAME" }` or `{ file = "/run/secrets/name" }`."""

    env: str | None = None
    """An environment variable of the process that connects (on a cluster: of the workers)."""
    file: str | None = None
    """A file; white space at its end is not part of the secret."""

    def __post_init__(self) -> None:
        if (self.env is None) == (self.file is None):
            raise ValueError("a secret stands either in env or in file")

    def read(self) -> str:
        """The secret itself.

        Raises:
            LookupError: the variable is not set.
            OSError: the file cannot be read.
        """
        if self.file is not None:
            return Path(self.file).read_text("utf-8").rstrip()
        secret = os.environ.get(self.env or "")
        if secret is None:
            raise LookupError(f"the environment variable {self.env} is not set; it should hold a secret")
        return secret
