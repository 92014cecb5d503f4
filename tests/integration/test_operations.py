"""The operator's commands against a real broker and a real PostgreSQL: doctor, dead letters, the stop."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.kafka.connection import Cluster
from connectors.kafka.whole_topic import WholeTopic
from connectors.postgres.connection import Database
from connectors.postgres.migrations import migrate
from connectors.secrets import Secret
from tests.conftest import Answer
from tests.integration.broker import Broker
from tests.integration.postgres_server import PASSWORD, Server
from tests.integration.test_run import newsbeam_process

Newsbeam = Callable[..., Answer]
GOOD = json.dumps({"text": "The parliament voted on Monday evening, after a long debate."}).encode()


def config(folder: Path, kafka: Broker, topics: tuple[str, str, str], extra: str = "") -> Path:
    raw, out, letters = topics
    place = f'kind = "kafka"\nbrokers = "{kafka.brokers}"\n'
    text = (
        f'[source]\n{place}kafka_topic = "{raw}"\ngroup = "{raw}"\n{extra}'
        f'[[sinks]]\n{place}kafka_topic = "{out}"\n'
        f'[[sinks]]\n{place}kafka_topic = "{letters}"\ntakes = "dead_letters"\n'
    )
    (folder / "c.toml").write_text(text)
    return folder / "c.toml"


def by_what(answer: Answer) -> dict[str, dict[str, str]]:
    return {finding["what"]: finding for finding in answer.json}


@pytest.mark.kafka
@pytest.mark.xdist_group("kafka")
class TestDoctor:
    def test_a_cluster_that_is_right(self, kafka: Broker, newsbeam: Newsbeam, tmp_path: Path) -> None:
        raw, out, letters = kafka.topic(3), kafka.topic(2), kafka.topic(1)
        kafka.produce(raw, [GOOD] * 5)
        answer = newsbeam("doctor", "--config", config(tmp_path, kafka, (raw, out, letters)), "--json")
        findings = by_what(answer)
        assert answer.exit_code == 0, findings
        assert findings[f"topic {raw} (source)"]["said"].startswith("3 partitions, 1 copies, may read")
        assert findings[f"topic {out} (sink articles)"]["verdict"] == "ok"
        assert findings[f"group {raw}"]["said"] == "is new; up to 5 records wait"

    def test_what_is_wrong_is_named(self, kafka: Broker, newsbeam: Newsbeam, tmp_path: Path) -> None:
        raw = kafka.topic(1)
        strict = kafka.topic(1, **{"min.insync.replicas": "2"})
        letters = kafka.topic(1, **{"max.message.bytes": "50000", "retention.ms": "-1"})
        extra = "[dead_letters]\nkeep_texts_days = 30\n"
        topics = ("absent-topic", strict, letters)
        findings = by_what(newsbeam("doctor", "--config", config(tmp_path, kafka, topics, extra), "--json"))
        assert findings["topic absent-topic (source)"]["verdict"] == "fail"
        finding = findings[f"topic {strict} (sink articles)"]
        assert finding["verdict"] == "fail" and "min.insync.replicas is 2" in finding["said"]
        said = newsbeam("doctor", "--config", config(tmp_path, kafka, topics, extra)).stdout.decode()
        assert "keeps letters longer than keep_texts_days = 30" in said and "50,000" in said
        assert "->" in said
        # Records that were deleted before the group read them.
        kafka.produce(raw, [GOOD] * 5)
        topic = WholeTopic(Cluster(kafka.brokers), raw)
        topic.commit(raw, {0: 1})
        _delete_before(kafka, raw, 3)
        findings = by_what(
            newsbeam("doctor", "--config", config(tmp_path, kafka, (raw, letters, letters)), "--json")
        )
        assert findings[f"group {raw}"]["verdict"] == "fail"
        assert "2 offsets were deleted" in findings[f"group {raw}"]["said"]

    def test_no_broker(self, newsbeam: Newsbeam, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("connectors.kafka.connection.CONNECT_SECONDS", 1)
        nowhere = Broker("127.0.0.1:1")
        answer = newsbeam("doctor", "--config", config(tmp_path, nowhere, ("a", "b", "c")), "--json")
        assert answer.exit_code == 1
        assert by_what(answer)["kafka 127.0.0.1:1"]["do"].startswith("check the address")


@pytest.mark.kafka
@pytest.mark.xdist_group("kafka")
def test_letters_of_a_topic_are_tried_once(kafka: Broker, newsbeam: Newsbeam, tmp_path: Path) -> None:
    raw, out, letters = kafka.topic(2), kafka.topic(1), kafka.topic(2)
    long = json.dumps({"id": "long", "text": "A sentence about the weather. " * 4_000}).encode()
    small = "[limits]\nmax_record_bytes = 100000\n"
    kafka.produce(raw, [GOOD, b"{oops", long, b"{}"])
    file = config(tmp_path, kafka, (raw, out, letters), small)
    assert newsbeam_process("run", "--config", file, "--until-end").returncode == 0
    assert newsbeam("dead-letters", "stats", file, "--json").json["letters"] == 3
    place = f"kafka://{kafka.brokers}/{letters}"
    shown = newsbeam("dead-letters", "show", place, f"{raw}-1-0").stdout.decode()
    assert "not_json" in shown and "^^" in shown
    # With the default limit the long record passes: its rest is read from the raw topic.
    file = config(tmp_path, kafka, (raw, out, letters))
    some = newsbeam("dead-letters", "replay", file, "--reason", "schema", "--json").json
    assert (some["fates"], some["left_alone"]) == ({"schema": 1}, 2)
    assert len(kafka.consume(letters, 3)) == 3
    answer = newsbeam("dead-letters", "replay", file, "--json")
    assert answer.json["fates"] == {"delivered": 1, "not_json": 1, "schema": 1}
    assert answer.exit_code == 0, answer.stderr
    assert sorted(record.key for record in kafka.consume(out, 2))[-1] == b"long"
    # What was refused again is the next replay's; what was delivered is no letter any more.
    assert newsbeam("dead-letters", "stats", file, "--json").json["letters"] == 2
    assert newsbeam("dead-letters", "stats", file, "--all", "--json").json["letters"] == 3
    again = newsbeam("dead-letters", "replay", file, "--json").json
    assert again["fates"] == {"not_json": 1, "schema": 1}
    assert len(kafka.consume(out, 2)) == 2


@pytest.mark.kafka
@pytest.mark.xdist_group("kafka")
def test_a_sweep_of_a_topic_checks_its_retention(kafka: Broker, newsbeam: Newsbeam) -> None:
    week, month = str(7 * 24 * 3600 * 1000), str(31 * 24 * 3600 * 1000)
    for settings, code, said in (
        ({"retention.ms": week}, 0, "keeps letters for 30 days at most"),
        ({"retention.ms": month}, 1, "retention.ms=2592000000"),
        ({"retention.ms": week, "cleanup.policy": "compact"}, 1, "cleanup.policy=delete"),
    ):
        topic = kafka.topic(1, **settings)
        answer = newsbeam("dead-letters", "sweep", f"kafka://{kafka.brokers}/{topic}", "--older-than", "30d")
        assert answer.exit_code == code and said in " ".join(answer.stdout.decode().split())


@pytest.mark.kafka
@pytest.mark.xdist_group("kafka")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_live_run_whose_input_goes_bad_stops(kafka: Broker, tmp_path: Path, workers: int) -> None:
    raw, out, letters = kafka.topic(2), kafka.topic(1), kafka.topic(1)
    kafka.produce(raw, [GOOD] * 20 + [b"{oops"] * 3000)
    extra = "[dead_letters]\nstop_when_rejected_share = 0.5\nstop_after_records = 50\n"
    file = config(tmp_path, kafka, (raw, out, letters), extra)
    text = file.read_text().replace("[source]\n", "[source]\nbundle_records = 100\n")
    file.write_text(text)
    # Live: it would never end by itself.
    ran = newsbeam_process("run", "--config", file, "--json", "--workers", workers)
    assert ran.returncode == 3, ran.stderr
    assert "of the latest 50 records were refused (not_json" in ran.stderr
    summary = json.loads(ran.stdout)
    assert summary["faults"] == [] and summary["read"] < 3020
    assert sum(kafka.committed(raw, raw).values()) == summary["read"]
    assert len(kafka.consume(letters, 1)) == summary["outcomes"]["rejected"]


@pytest.mark.postgres
@pytest.mark.xdist_group("postgres")
def test_the_doctor_looks_at_postgresql(
    postgres: Server, newsbeam: Newsbeam, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_PASSWORD", PASSWORD)
    database = Database(postgres.url, Secret(env="TEST_PASSWORD"), f"t_{uuid.uuid4().hex[:12]}")
    (tmp_path / "in.jsonl").write_text('{"text": "x"}\n')
    (tmp_path / "c.toml").write_text(
        f'[source]\nkind = "files"\npaths = ["{tmp_path / "in.jsonl"}"]\n'
        f'[[sinks]]\nkind = "postgres"\nurl = "{database.url}"\nschema = "{database.schema}"\n'
        'password = { env = "TEST_PASSWORD" }\n'
        f'[[sinks]]\nkind = "jsonl"\ntakes = "dead_letters"\npath = "{tmp_path / "letters"}"\n'
    )
    doctor = ("doctor", "--config", tmp_path / "c.toml", "--json")
    finding = by_what(newsbeam(*doctor))["sink articles (postgres)"]
    assert finding["verdict"] == "fail" and finding["do"].startswith("newsbeam migrate --to")
    migrate(database)
    answer = newsbeam(*doctor)
    finding = by_what(answer)["sink articles (postgres)"]
    assert answer.exit_code == 0 and "is up to date" in finding["said"]
    monkeypatch.setenv("TEST_PASSWORD", "wrong")
    answer = newsbeam(*doctor)
    finding = by_what(answer)["sink articles (postgres)"]
    assert finding["verdict"] == "fail" and "wrong" not in answer.stdout.decode().replace("is wrong", "")


def _delete_before(kafka: Broker, topic: str, offset: int) -> None:
    from kafka import KafkaAdminClient, TopicPartition

    with KafkaAdminClient(bootstrap_servers=kafka.brokers) as admin:
        admin.delete_records({TopicPartition(topic, 0): offset})
