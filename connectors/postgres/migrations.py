"""The database's schema, in numbered steps: `NNNN_name.sql` beside this file, each applied once, in order.

A step that has been published is never edited: a change is a new step.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from connectors.postgres.connection import Database

_LOCK = 0x6E657773  # "news": two migrations at once wait for each other
_FILE = re.compile(r"(\d{4})_([a-z_]+)\.sql")
_APPLIED = """
create table if not exists migrations (
    number     integer primary key,
    name       text not null,
    sha256     text not null,
    applied_at timestamptz not null default now()
)
"""


class Migration(NamedTuple):
    """One step."""

    number: int
    name: str
    statements: str

    @property
    def sha256(self) -> str:
        """Digest of its statements."""
        return hashlib.sha256(self.statements.encode()).hexdigest()


class SchemaMismatch(Exception):
    """The database's schema is not what this version needs; the message says what to do."""


def migrations() -> list[Migration]:
    """All steps, in order."""
    found = []
    for file in sorted(Path(__file__).parent.glob("*.sql")):
        match = _FILE.fullmatch(file.name)
        assert match, file
        found.append(Migration(int(match[1]), match[2], file.read_text("utf-8")))
    return found


def migrate(database: Database) -> list[Migration]:
    """Bring a database up to date; makes its schema. All steps or none.

    Returns:
        The steps that were applied; none where it was up to date.

    Raises:
        SchemaMismatch: a step was edited after it had been applied, or the database is newer than we are.
        psycopg.Error: the server refuses.
    """
    with database.connect() as connection, connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
        connection.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(database.schema)))
        connection.execute(_APPLIED)
        missing = _missing(connection)
        for migration in missing:
            connection.execute(migration.statements)  # type: ignore[arg-type] # ours, not a user's
            connection.execute(
                "insert into migrations (number, name, sha256) values (%s, %s, %s)",
                (migration.number, migration.name, migration.sha256),
            )
    return missing


def check(connection: psycopg.Connection[Any], database: Database) -> None:
    """Refuse a database that is not up to date.

    Raises:
        SchemaMismatch: as for `migrate`, or steps are missing.
    """
    try:
        missing = _missing(connection)
    except psycopg.errors.UndefinedTable:
        missing = migrations()
    if missing:
        raise SchemaMismatch(
            f"schema {database.schema} lacks {', '.join(f'{m.number:04}_{m.name}' for m in missing)}: "
            f"newsbeam migrate --to {database.url} --schema {database.schema}"
        )


def _missing(connection: psycopg.Connection[Any]) -> list[Migration]:
    applied: dict[int, str] = dict(connection.execute("select number, sha256 from migrations").fetchall())
    known = migrations()
    for migration in known:
        if applied.get(migration.number, migration.sha256) != migration.sha256:
            raise SchemaMismatch(f"migration {migration.number:04} was edited after it had been applied")
    if newer := sorted(set(applied) - {migration.number for migration in known}):
        raise SchemaMismatch(f"the database has migration {newer[-1]:04}: it is newer than this newsbeam")
    return [migration for migration in known if migration.number not in applied]
