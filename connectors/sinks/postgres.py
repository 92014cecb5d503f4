"""Writes articles to PostgreSQL: one row an article, and the newest version wins.

Which version is the newest is decided by the database, in any order of arrival: the latest `fetched_at`,
else the latest Kafka time; between equals the later place and offset (or file and record). A withdrawal
deletes the row, and an older version that comes later does not bring it back. So a bundle that runs again
changes nothing. `newsbeam migrate` makes the tables (`connectors/postgres/*.sql`).
"""

from __future__ import annotations

import base64
import logging
import math
import random
import time
from dataclasses import dataclass, replace
from typing import Any

import apache_beam as beam
import orjson
import psycopg

from connectors.delivery import Deliver, Delivery, DeliveryFailed, Undeliverable
from connectors.postgres import migrations
from connectors.postgres.connection import Database, answered, give_back, take
from connectors.secrets import Secret
from schemas import codec
from schemas.article import Article
from schemas.dead_letter import DeadLetter
from schemas.origin import Origin
from schemas.withdrawal import Withdrawal

log = logging.getLogger(__name__)

_MAX_ID_BYTES = 2_600
"""An index entry of PostgreSQL holds 2,704 bytes."""
_LONGEST_PAUSE_SECONDS = 5.0
# One parameter holds the whole batch, as a JSON array: the server takes the columns out of it. Rows are
# locked in order of id, so that two workers with the same articles wait for each other instead of locking
# each other out.
_VERSIONS = """
insert into versions (id, as_of, place, number, withdrawn)
select distinct on (id) id, as_of, place, number, withdrawn
from jsonb_to_recordset(%s::jsonb)
    as v(id text, as_of timestamptz, place text, number bigint, withdrawn boolean)
order by id, as_of desc, place desc, number desc
on conflict (id) do update
set as_of = excluded.as_of, place = excluded.place, number = excluded.number, withdrawn = excluded.withdrawn
where (excluded.as_of, excluded.place, excluded.number)
    > (versions.as_of, versions.place, versions.number)
"""
_ARTICLES = """
insert into articles (
    id, url, publisher, title, text, language, topics, published_at, fetched_at,
    char_count, word_count, record
)
select distinct on (k.id)
    k.id, a->>'url', a->>'publisher', a->>'title', a->>'text', a->'language'->>'tag',
    array(
        select topic->>'code'
        from jsonb_array_elements((a->'topics') || coalesce(a->'subtopics', '[]')) as topic
    ),
    (a->>'published_at')::timestamptz, (a->>'fetched_at')::timestamptz,
    (a->>'char_count')::integer, (a->>'word_count')::integer, a - 'text'
from jsonb_to_recordset(%s::jsonb) as k(id text, as_of timestamptz, place text, number bigint, a jsonb)
join versions v on (v.id, v.as_of, v.place, v.number, v.withdrawn) = (k.id, k.as_of, k.place, k.number, false)
order by k.id
on conflict (id) do update
set url = excluded.url, publisher = excluded.publisher, title = excluded.title, text = excluded.text,
    language = excluded.language, topics = excluded.topics, published_at = excluded.published_at,
    fetched_at = excluded.fetched_at, char_count = excluded.char_count, word_count = excluded.word_count,
    record = excluded.record
"""
_WITHDRAWN = """
delete from articles a using versions v where v.id = a.id and v.withdrawn and a.id = any(%s)
"""
_DEAD_LETTERS = """
insert into dead_letters (place, number, id, kind, reason, step, record)
select distinct on (place, number, d->>'step')
    place, number, d->>'id', d->>'kind', d->>'reason', d->>'step', d
from jsonb_to_recordset(%s::jsonb) as k(place text, number bigint, d jsonb)
order by place, number, d->>'step'
on conflict (place, number, step) do update
set id = excluded.id, kind = excluded.kind, reason = excluded.reason, record = excluded.record
"""


@dataclass(frozen=True, slots=True)
class Options:
    """Where and how to write."""

    url: str
    """`postgresql://user@host:5432/database?sslmode=verify-full`; without a password."""
    password: Secret | None = None
    """Where it stands, if libpq's own ways (PGPASSWORD, ~/.pgpass, certificates) do not say it."""
    schema: str = "newsbeam"
    """Where the tables are; another one for another sink in the same database."""
    batch_records: int = 500
    """So many records travel in one round trip …"""
    batch_bytes: int = 8 * 1024 * 1024
    """… or so many bytes."""
    retry_seconds: float = 60.0
    """How long a server that went away is waited for before the run fails."""

    def __post_init__(self) -> None:
        self.database()

    def database(self) -> Database:
        """The same as a `Database`. Raises `ValueError` where it is none."""
        return Database(self.url, self.password, self.schema)


def write(options: Options, delivery: Delivery) -> beam.PTransform:
    """`PCollection[Outcome] -> PCollection[Outcome]`: writes; what PostgreSQL cannot hold comes back."""
    return Deliver(_PostgresWriter(options), delivery)


class _PostgresWriter:
    def __init__(self, options: Options) -> None:
        self._options, self._database = options, options.database()
        self._connection: psycopg.Connection[Any] | None = None
        self._articles: list[dict[str, Any]] = []
        self._withdrawals: list[dict[str, Any]] = []
        self._letters: list[dict[str, Any]] = []
        self._bytes = 0

    def open(self) -> None:
        self._connection = take(self._database, migrations.check)

    def write(self, value: Article | Withdrawal | DeadLetter) -> None:
        if isinstance(value, DeadLetter):
            value = _storable(value)
        line = codec.encode(value)
        if b"\\u0000" in line and _has_nul(orjson.loads(line)):
            raise Undeliverable("holds NUL characters, which PostgreSQL cannot store")
        if value.id is not None and len(value.id.encode()) > _MAX_ID_BYTES:
            raise Undeliverable(f"an id of {len(value.id.encode()):,} bytes; the limit is {_MAX_ID_BYTES:,}")
        if isinstance(value, DeadLetter):
            self._letters.append({**_place(value.origin), "d": orjson.Fragment(line)})
        elif isinstance(value, Withdrawal):
            self._withdrawals.append(_version(value))
        else:
            self._articles.append({**_version(value), "a": orjson.Fragment(line)})
        self._bytes += len(line)
        records = len(self._articles) + len(self._withdrawals) + len(self._letters)
        if records >= self._options.batch_records or self._bytes >= self._options.batch_bytes:
            self.flush()

    def flush(self) -> None:
        if not (self._articles or self._withdrawals or self._letters):
            return
        deadline, pause = math.inf, 0.1
        while True:
            try:
                if self._connection is None:
                    self._connection = take(self._database, migrations.check)
                with answered(self._connection):
                    self._send(self._connection)
                break
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                # Gone, going, not up yet, or locked out by another worker: the batch is sent again, whether
                # or not it had arrived.
                self._drop()
                deadline = min(deadline, time.monotonic() + self._options.retry_seconds)
                if time.monotonic() + pause > deadline:
                    raise DeliveryFailed(f"{_where(self._database)}: {_what(error)}") from None
                log.warning("%s: %s; trying again in %.1f s", _where(self._database), _what(error), pause)
                time.sleep(pause * random.uniform(0.8, 1.2))
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
            except psycopg.Error as error:
                self._drop()
                raise DeliveryFailed(f"{_where(self._database)}: {_what(error)}") from None
        self._forget()

    def close(self) -> None:
        if self._connection is not None:
            give_back(self._database, self._connection)
            self._connection = None
        self._forget()

    def _send(self, connection: psycopg.Connection[Any]) -> None:
        """All or nothing, in one round trip: what a pipeline holds is one transaction."""
        versions = [{**version, "a": None} for version in (*self._articles, *self._withdrawals)]
        with connection.pipeline():
            if versions:
                connection.execute(_VERSIONS, (_json(versions),))
            if self._articles:
                connection.execute(_ARTICLES, (_json(self._articles),))
            if self._withdrawals:
                connection.execute(_WITHDRAWN, ([withdrawal["id"] for withdrawal in self._withdrawals],))
            if self._letters:
                connection.execute(_DEAD_LETTERS, (_json(self._letters),))

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _forget(self) -> None:
        for taken in (self._articles, self._withdrawals, self._letters):
            taken.clear()
        self._bytes = 0


def _storable(letter: DeadLetter) -> DeadLetter:
    """A letter whose payload PostgreSQL can store: one with NUL characters travels in base64."""
    if letter.payload is None or "\0" not in letter.payload:
        return letter
    packed = base64.b64encode(letter.payload.encode()).decode("ascii")
    return replace(letter, payload=None, payload_base64=packed)


def _version(value: Article | Withdrawal) -> dict[str, Any]:
    """Which version of its article this is."""
    is_withdrawn = isinstance(value, Withdrawal)
    as_of = value.fetched_at or value.origin.timestamp
    return {
        "id": value.id,
        # A withdrawal of unknown time is final.
        "as_of": as_of or ("infinity" if is_withdrawn else "-infinity"),
        **_place(value.origin),
        "withdrawn": is_withdrawn,
    }


def _place(origin: Origin) -> dict[str, Any]:
    if origin.kafka_topic is not None:
        return {"place": f"{origin.kafka_topic}-{origin.partition}", "number": origin.offset}
    return {"place": origin.path or "", "number": origin.record or 0}


def _json(rows: list[dict[str, Any]]) -> str:
    return orjson.dumps(rows).decode()


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(key) or _has_nul(inner) for key, inner in value.items())
    return isinstance(value, list) and any(map(_has_nul, value))


def _where(database: Database) -> str:
    return f"PostgreSQL, schema {database.schema}"


def _what(error: psycopg.Error) -> str:
    """What went wrong, without the detail: it may quote the article."""
    return f"{type(error).__name__}: {error.diag.message_primary or str(error).splitlines()[0]}"
