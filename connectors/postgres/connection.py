"""Connections to a PostgreSQL server."""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from connectors.secrets import Secret

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CONNECT_SECONDS = 10
_SILENCE_MILLISECONDS = 30_000
"""A server that leaves what we sent unacknowledged for so long counts as gone (a pulled cable sends no
goodbye)."""


@dataclass(frozen=True, slots=True)
class Database:
    """A schema in a database, and who we are there."""

    url: str
    """`postgresql://user@host:5432/database?sslmode=verify-full`; without a password."""
    password: Secret | None = None
    """Without it libpq's own ways hold: PGPASSWORD, ~/.pgpass, certificates, peer."""
    schema: str = "newsbeam"

    def __post_init__(self) -> None:
        try:
            settings = conninfo_to_dict(self.url)
        except psycopg.ProgrammingError:  # its message may quote a password
            raise ValueError("no address of a database: postgresql://user@host:5432/database") from None
        if settings.get("password"):
            raise ValueError("holds a password: name its place instead, in `password` or by PGPASSWORD")
        if not _NAME.fullmatch(self.schema):
            raise ValueError(f"schema {self.schema!r}: letters, digits and _ are asked for")

    def connect(self) -> psycopg.Connection[Any]:
        """A connection of its own, whose search path is the schema.

        Raises:
            psycopg.OperationalError: the server does not answer, or refuses us.
            LookupError, OSError: the password is not where it should be.
        """
        secret = {"password": self.password.read()} if self.password else {}
        return psycopg.connect(
            self.url,
            autocommit=True,
            connect_timeout=_CONNECT_SECONDS,
            tcp_user_timeout=_SILENCE_MILLISECONDS,
            keepalives_idle=30,
            application_name="newsbeam",
            options=f"-c search_path={self.schema},pg_catalog",
            **secret,  # type: ignore[arg-type]
        )


def take(database: Database) -> psycopg.Connection[Any]:
    """A connection of this process that nobody uses: one that was given back and still answers, or a new one.

    Raises:
        psycopg.OperationalError, LookupError, OSError: as for `Database.connect`.
    """
    while True:
        with _guard:
            connection = _idle[database].pop() if _idle[database] else None
        if connection is None:
            return database.connect()
        try:
            connection.execute("select 1")
        except psycopg.Error:  # the server was restarted meanwhile
            connection.close()
        else:
            return connection


def give_back(database: Database, connection: psycopg.Connection[Any]) -> None:
    """Let the next one have it; one that failed is closed before."""
    with _guard:
        _idle[database].append(connection)


# Process-wide: on Flink a writer may live for one bundle only.
_guard = threading.Lock()
_idle: defaultdict[Database, list[psycopg.Connection[Any]]] = defaultdict(list)
