"""The PostgreSQL sink against a real server: what is newest wins, and nothing is lost when it dies."""

from __future__ import annotations

import dataclasses
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apache_beam as beam
import psycopg
import pytest

from connectors.delivery import Delivery, Undeliverable
from connectors.postgres import connection, migrations
from connectors.postgres.connection import Database
from connectors.postgres.migrations import SchemaMismatch, migrate
from connectors.secrets import Secret
from connectors.sinks import postgres as sink
from connectors.sinks.postgres import DeliveryFailed, Options, _PostgresWriter
from connectors.sources.dead_letters import receive
from schemas import codec
from schemas.article import Article, Language, Provenance, Topic
from schemas.dead_letter import DeadLetter, Fault, Kind, Reason
from schemas.origin import Origin
from schemas.outcome import Outcome
from schemas.received import Received
from schemas.withdrawal import Withdrawal
from tests.conftest import Answer
from tests.integration import live
from tests.integration.postgres_server import PASSWORD, Server
from tests.schemas.test_wire import FULL

pytestmark = [pytest.mark.postgres, pytest.mark.xdist_group("postgres")]

SECRET = Secret(env="TEST_PASSWORD")


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_PASSWORD", PASSWORD)


@pytest.fixture
def options(postgres: Server) -> Options:
    database = Database(postgres.url, SECRET, f"t_{uuid.uuid4().hex[:12]}")
    assert migrate(database)
    return Options(database.url, SECRET, database.schema, retry_seconds=30)


@pytest.fixture
def writer(options: Options) -> Iterator[_PostgresWriter]:
    writer = _PostgresWriter(options)
    writer.open()
    yield writer
    writer.close()


def at(offset: int, second: int | None = None) -> Origin:
    timestamp = None if second is None else datetime(2026, 1, 1, 0, 0, second, tzinfo=UTC)
    return Origin("kafka", kafka_topic="raw", partition=0, offset=offset, timestamp=timestamp)


def article(id: str, origin: Origin, fetched_second: int | None = None, text: str = "Текст.") -> Article:
    fetched = None if fetched_second is None else datetime(2026, 1, 1, 0, 0, fetched_second, tzinfo=UTC)
    return Article(id, text, "", 6, 1, origin, Provenance("0"), fetched_at=fetched)


def rows(options: Options, query: str) -> list[tuple[Any, ...]]:
    with options.database().connect() as client:
        return client.execute(query).fetchall()  # type: ignore[arg-type]


def numbers(options: Options) -> dict[str, int]:
    return dict(rows(options, "select id, (record->'origin'->>'offset')::int from articles"))


def test_a_record_lies_in_columns_and_whole(options: Options, writer: _PostgresWriter) -> None:
    writer.write(FULL)
    writer.flush()
    ((id, language, topics, published, record),) = rows(
        options,
        "select id, language, topics, published_at, record || jsonb_build_object('text', text) from articles",
    )
    assert (id, language, published) == ("a", "bg", FULL.published_at)
    assert topics == ["medtop:11000000", "medtop:20000574"]
    assert record == codec.plain(FULL)


VERSIONS = [
    article("x", at(1, 5), fetched_second=1, text="oldest"),
    article("x", at(7, 6), fetched_second=20, text="fetched last"),
    article("x", at(9, 8), text="by the Kafka time"),
    article("x", at(10, 8), text="by the offset"),
]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("batch", [1, 500])
def test_the_newest_wins_in_any_order(options: Options, seed: int, batch: int) -> None:
    shuffled = random.Random(seed).sample(VERSIONS, len(VERSIONS))
    writer = _PostgresWriter(options)
    writer.open()
    for value in shuffled:
        writer.write(value)
        if batch == 1:
            writer.flush()
    writer.flush()
    writer.close()
    assert rows(options, "select text from articles") == [("fetched last",)]


def test_without_a_time_the_later_offset_wins(options: Options, writer: _PostgresWriter) -> None:
    for offset in (3, 5, 4):
        writer.write(article("x", at(offset)))
        writer.flush()
    assert numbers(options) == {"x": 5}


@pytest.mark.parametrize("is_together", [True, False])
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_withdrawn_article_goes_and_stays_away(
    options: Options, writer: _PostgresWriter, order: tuple[int, int], is_together: bool
) -> None:
    values = article("x", at(1, 5)), Withdrawal("x", at(2, 6))
    for number in order:
        writer.write(values[number])
        if not is_together:
            writer.flush()
    writer.flush()
    assert numbers(options) == {}
    writer.write(article("x", at(1, 5)))  # the bundle runs again
    writer.flush()
    assert numbers(options) == {}
    writer.write(article("x", at(3, 7)))  # published once more
    writer.flush()
    assert numbers(options) == {"x": 3}
    writer.write(Withdrawal("x", Origin("files", "takedown.jsonl", 0)))  # of unknown time: final
    writer.write(article("x", at(4, 59)))
    writer.flush()
    assert numbers(options) == {}


def test_many_workers_agree_on_the_newest_and_do_not_lock_each_other_out(options: Options) -> None:
    ids = [f"{n}" for n in range(40)]

    def work(seed: int) -> None:
        writer, chance = _PostgresWriter(options), random.Random(seed)
        writer.open()
        for _ in range(6):
            for id in chance.sample(ids, len(ids)):
                offset = chance.randrange(1000)
                if chance.random() < 0.3:
                    writer.write(Withdrawal(id, at(offset, offset % 60)))
                else:
                    writer.write(article(id, at(offset, offset % 60)))
            writer.flush()
        writer.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    differing = rows(
        options,
        "select count(*) from articles full join versions using (id) where "
        "withdrawn is distinct from (articles.id is null) "
        "or not withdrawn and (record->'origin'->>'offset')::int <> number",
    )
    assert differing == [(0,)]
    assert rows(options, "select count(*) from versions") == [(40,)]


def test_text_is_found_by_its_stem_and_topics_by_their_code(
    options: Options, writer: _PostgresWriter
) -> None:
    topic = Topic("medtop:11000000", "politics", 90)
    for id, tag, text in (
        ("ru", "ru", "Президенты двух стран встретились."),
        ("en", "en-GB", "The presidents were meeting in Alaska."),
        ("bg", "bg", "Президентите се срещнаха."),
    ):
        writer.write(
            article(id, at(1), text=text).evolve(
                language=Language(tag, 99), topics=(topic,), title="Заглавие"
            )
        )
    writer.flush()
    assert rows(options, "select id from articles where search @@ to_tsquery('russian', 'президентом')") == [
        ("ru",)
    ]
    assert rows(options, "select id from articles where search @@ to_tsquery('english', 'meets')") == [
        ("en",)
    ]
    # PostgreSQL knows no Bulgarian: words as they stand.
    assert rows(options, "select id from articles where search @@ to_tsquery('simple', 'президентите')") == [
        ("bg",)
    ]
    assert len(rows(options, "select 1 from articles where topics @> '{medtop:11000000}'")) == 3
    with options.database().connect() as client:
        client.execute("set enable_seqscan = off")
        plan = client.execute("explain select 1 from articles where topics @> '{x}'").fetchall()
    assert "articles_topics" in str(plan)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (article("x", at(1), text="a\0b"), "NUL"),
        (article("x", at(1)).evolve(extra={"a": ["\0"]}), "NUL"),
        (article("я" * 1_301, at(1)), "2,602 bytes"),
    ],
)
def test_what_it_cannot_hold_is_undeliverable(
    options: Options, writer: _PostgresWriter, value: Article, why: str
) -> None:
    with pytest.raises(Undeliverable, match=why):
        writer.write(value)
    writer.write(article("fine", at(1), text="a backslash and u0000: \\u0000"))
    writer.flush()
    assert list(numbers(options)) == ["fine"]


def test_it_holds_the_longest(options: Options, writer: _PostgresWriter) -> None:
    """Words of all lengths up to PostgreSQL's limits, in the widest characters."""
    words = " ".join("\U00020000" * (1 + n % 300) + str(n) for n in range(3_000))
    distinct = " ".join(f"д{n:x}" for n in range(200_000))
    for id, text in (("i" * 2_600, words), ("d", distinct), ("s", "x" * 3_000_000)):
        long = article(id, at(1), text=text)
        writer.write(long.evolve(title="т" * 2_000, publisher="и" * 2_000, url="u" * 2_000))
        writer.flush()
    assert len(numbers(options)) == 3


def test_dead_letters_stand_once_for_each_step(options: Options, writer: _PostgresWriter) -> None:
    received = Received(b"\xff", at(3))
    for _ in range(2):
        for step in ("DecodeArticle", "articles"):
            fault = Fault(Reason.BAD_CHARSET, "why")
            writer.write(DeadLetter.of(received, kind=Kind.REJECTED, fault=fault, step=step, newsbeam="0"))
        writer.flush()
    found = rows(options, 'select place, number, reason, step from dead_letters order by step collate "C"')
    assert found == [("raw-0", 3, "bad_charset", "DecodeArticle"), ("raw-0", 3, "bad_charset", "articles")]


def test_a_dead_letter_with_nul_characters_is_held_and_can_be_replayed(
    options: Options, writer: _PostgresWriter
) -> None:
    received, fault = Received("Още\0".encode(), at(3)), Fault(Reason.BAD_CHARSET, "why")
    letter = DeadLetter.of(received, kind=Kind.REJECTED, fault=fault, step="DecodeArticle", newsbeam="0")
    assert letter.payload is not None
    writer.write(letter)
    writer.flush()
    ((record,),) = rows(options, "select record::text from dead_letters")
    assert receive(codec.decode_dead_letter(record), (), 10**6) == received


def test_killed_in_mid_stream_it_has_every_id_once(postgres: Server, options: Options) -> None:
    total = 6_000
    writer = _PostgresWriter(dataclasses.replace(options, batch_records=20))
    writer.open()
    written = threading.Event()

    def stream() -> None:
        for number in range(total):
            writer.write(article(f"{number}", at(number)))
            if number == total // 4:
                written.set()
        writer.flush()

    with ThreadPoolExecutor(1) as pool:
        streaming = pool.submit(stream)
        for _ in range(3):
            written.wait(60)
            time.sleep(0.1)
            postgres.kill()
            time.sleep(0.3)
            postgres.start()
        streaming.result(90)
    writer.close()
    assert numbers(options) == {f"{number}": number for number in range(total)}


def test_a_restart_between_two_bundles_is_not_noticed(postgres: Server, options: Options) -> None:
    for offset in (1, 2):
        writer = _PostgresWriter(options)  # as on Flink: a new one for each bundle
        writer.open()
        writer.write(article("x", at(offset)))
        writer.flush()
        writer.close()
        if offset == 1:
            postgres.kill()
            postgres.start()
    assert numbers(options) == {"x": 2}


def test_a_batch_is_one_round_trip(options: Options, writer: _PostgresWriter, tmp_path: Path) -> None:
    assert writer._connection is not None
    for number in range(100):
        writer.write(article(f"{number}", at(number)))
    writer.write(Withdrawal("7", at(200)))
    with (tmp_path / "trace").open("w") as trace:
        writer._connection.pgconn.trace(trace.fileno())
        writer.flush()
        writer._connection.pgconn.untrace()
    sent = [line.split("\t")[3] for line in (tmp_path / "trace").read_text().splitlines() if "\tF\t" in line]
    assert sent.count("Sync") == 1, sent
    assert sent.count("Execute") == 3


def test_a_server_that_stays_away_fails_the_bundle(postgres: Server, options: Options) -> None:
    writer = _PostgresWriter(dataclasses.replace(options, retry_seconds=1.0))
    writer.open()
    writer.write(article("x", at(1), text="secret words"))
    postgres.kill()
    try:
        with pytest.raises(DeliveryFailed) as failed:
            writer.flush()
        assert "secret words" not in str(failed.value)
    finally:
        postgres.start()
    writer.flush()  # nothing was forgotten
    writer.close()
    assert numbers(options) == {"x": 1}


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "STATEMENT_SECONDS", 0.5)
    monkeypatch.setattr(connection, "ANSWER_SECONDS", 2.0)
    monkeypatch.setattr(connection, "_CONNECT_SECONDS", 2)


@pytest.mark.parametrize("is_between_bundles", [True, False])
def test_a_server_that_hangs_fails_the_bundle(
    postgres: Server, options: Options, impatient: None, is_between_bundles: bool
) -> None:
    writer = _PostgresWriter(dataclasses.replace(options, retry_seconds=1.0))
    writer.open()
    if is_between_bundles:
        writer.close()
    writer.write(article("x", at(1)))
    begun = time.monotonic()
    with postgres.hanging(), pytest.raises(DeliveryFailed):
        writer.flush()
    assert time.monotonic() - begun < 20
    writer.flush()  # nothing was forgotten
    writer.close()
    assert numbers(options) == {"x": 1}


def test_a_lock_that_somebody_holds_fails_the_bundle_and_nothing_waits_on(
    options: Options, impatient: None
) -> None:
    writer = _PostgresWriter(dataclasses.replace(options, retry_seconds=1.0))
    writer.open()
    writer.write(article("x", at(1)))
    with options.database().connect() as other, other.transaction():
        other.execute("lock table versions in access exclusive mode")
        with pytest.raises(DeliveryFailed, match="statement timeout"):
            writer.flush()
        waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
        assert other.execute(waiting).fetchone() == (0,)
    writer.flush()
    writer.close()
    assert numbers(options) == {"x": 1}


def test_what_answers_in_time_is_not_cut(options: Options, impatient: None) -> None:
    writer = _PostgresWriter(options)
    writer.open()
    for offset in range(3):
        writer.write(article("x", at(offset)))
        writer.flush()
        time.sleep(0.8)  # together longer than one answer may take
    kept = writer._connection
    writer.close()
    writer.open()
    assert writer._connection is kept
    assert numbers(options) == {"x": 2}
    writer.close()


def test_a_run_feeds_it_and_two_runs_are_one(options: Options, tmp_path: Path) -> None:
    outcomes = [
        Outcome(Received(b"{}", at(n)), article(f"{n}", at(n), text="a\0" if n == 3 else "x"))
        for n in range(10)
    ]

    def build(pipeline: beam.Pipeline) -> None:
        articles = sink.write(options, Delivery("db", Article, "0"))
        letters = sink.write(options, Delivery("letters", DeadLetter, "0"))
        pipeline | beam.Create(outcomes) | "Articles" >> articles | "Letters" >> letters

    for _ in range(2):
        live.run(build)
    assert sorted(numbers(options)) == [f"{n}" for n in range(10) if n != 3]
    assert rows(options, "select kind, step, number from dead_letters") == [("undelivered", "db", 3)]


def test_migrating_twice_or_at_once_is_migrating_once(postgres: Server) -> None:
    database = Database(postgres.url, SECRET, f"t_{uuid.uuid4().hex[:12]}")
    with ThreadPoolExecutor(4) as pool:
        applied = list(pool.map(lambda _: len(migrate(database)), range(4)))
    assert sorted(applied) == [0, 0, 0, len(migrations.migrations())]


def test_a_schema_that_does_not_fit_is_refused(
    postgres: Server, options: Options, newsbeam: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = _PostgresWriter(Options(postgres.url, SECRET, "nowhere"))
    with pytest.raises(SchemaMismatch, match=r"newsbeam migrate --to postgresql://.* --schema nowhere"):
        nowhere.open()
    with options.database().connect() as client:
        client.execute("update migrations set sha256 = 'x'")
        with pytest.raises(SchemaMismatch, match="edited"):
            migrations.check(client, options.database())
        client.execute("insert into migrations (number, name, sha256) values (9999, 'x', 'x')")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    answer = newsbeam("migrate", "--to", postgres.url, "--schema", options.schema)
    assert answer.exit_code == 1
    answer = newsbeam("migrate", "--to", postgres.url, "--schema", f"t_{uuid.uuid4().hex[:12]}")
    assert (answer.exit_code, b"applied 0001_articles" in answer.stdout) == (0, True)
    monkeypatch.setenv("PGPASSWORD", "wrong")
    answer = newsbeam("migrate", "--to", postgres.url)
    assert answer.exit_code == 1 and "password authentication failed" in answer.stderr


def test_a_password_in_the_address_is_refused() -> None:
    with pytest.raises(ValueError, match="holds a password") as refused:
        Options("postgresql://me:hunter2@host/db")
    assert "hunter2" not in str(refused.value)


def test_its_connections_are_given_back(options: Options) -> None:
    for _ in range(5):
        writer = _PostgresWriter(options)
        writer.open()
        writer.write(article("x", at(1)))
        writer.flush()
        writer.close()
    assert len(connection._idle[options.database()]) == 1
    with pytest.raises(psycopg.OperationalError):
        Database("postgresql://postgres@127.0.0.1:9/x").connect()
