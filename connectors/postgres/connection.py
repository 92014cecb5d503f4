"""Connections to a PostgreSQL server."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
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
STATEMENT_SECONDS = 50.0
"""The server gives up a statement of ours that takes so long: one that waits for a lock, say."""
ANSWER_SECONDS = 60.0
"""A server that has not answered by then counts as gone: its machine still acknowledges what we send when
nothing in it moves any more. A batch of 500 articles takes one or two seconds."""


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

    def connect(self, statement_seconds: float | None = None) -> psycopg.Connection[Any]:
        """A connection of its own, whose search path is the schema.

        Args:
            statement_seconds: how long the server may take over a statement; without it as it likes.

        Raises:
            psycopg.OperationalError: the server does not answer, or refuses us.
            LookupError, OSError: the password is not where it should be.
        """
        secret = {"password": self.password.read()} if self.password else {}
        settings = f"-c search_path={self.schema},pg_catalog"
        if statement_seconds is not None:
            settings += f" -c statement_timeout={round(statement_seconds * 1000)}"
        return psycopg.connect(
            self.url,
            autocommit=True,
            connect_timeout=_CONNECT_SECONDS,
            tcp_user_timeout=_SILENCE_MILLISECONDS,
            keepalives_idle=30,
            application_name="newsbeam",
            options=settings,
            **secret,  # type: ignore[arg-type]
        )


def take(
    database: Database, check: Callable[[psycopg.Connection[Any], Database], None]
) -> psycopg.Connection[Any]:
    """A connection of this process that nobody uses: one that was given back and still answers, or a new one.

    Args:
        database: where to.
        check: is asked about a new one, and raises where it will not do.

    Raises:
        psycopg.OperationalError, LookupError, OSError: as for `Database.connect`.
    """
    while True:
        with _guard:
            connection = _idle[database].pop() if _idle[database] else None
        if connection is None:
            return _new(database, check)
        try:
            with answered(connection):
                connection.execute("select 1")
        except psycopg.Error:  # the server was restarted meanwhile
            connection.close()
        else:
            return connection


def _new(
    database: Database, check: Callable[[psycopg.Connection[Any], Database], None]
) -> psycopg.Connection[Any]:
    connection = database.connect(STATEMENT_SECONDS)
    try:
        with answered(connection):
            check(connection, database)
    except Exception:
        connection.close()
        raise
    return connection


def give_back(database: Database, connection: psycopg.Connection[Any]) -> None:
    """Let the next one have it; one that failed is closed before."""
    with _guard:
        _idle[database].append(connection)


@contextlib.contextmanager
def answered(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Cut the connection, which then raises `psycopg.OperationalError`, where this block takes too long."""
    cutting = threading.Timer(ANSWER_SECONDS, _cut, (connection,))
    cutting.daemon = True
    cutting.start()
    try:
        yield
    finally:
        cutting.cancel()
        cutting.join()  # so that it never cuts what has come under the same number


def _cut(connection: psycopg.Connection[Any]) -> None:
    with (
        contextlib.suppress(psycopg.Error, OSError),  # the server has closed it meanwhile
        socket.socket(fileno=os.dup(connection.fileno())) as ours,
    ):
        ours.shutdown(socket.SHUT_RDWR)


# Process-wide: on Flink a writer may live for one bundle only.
_guard = threading.Lock()
_idle: defaultdict[Database, list[psycopg.Connection[Any]]] = defaultdict(list)
