"""Dead letters on disk: by publisher and time, with the fault marked, swept, and tried again in part."""

from __future__ import annotations

import base64
import gzip
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from connectors.secrets import Secret
from pipelines.commands.hex_view import hex_view
from pipelines.commands.letters import publisher_of, reachable
from pipelines.fault_place import fault_place, payload_of
from pipelines.record_files import open_records, rewrite
from pipelines.steps.decode_article import DecodeArticle
from schemas import codec
from schemas.dead_letter import ArticleRejected, DeadLetter, Fault, Kind, Reason
from schemas.origin import Origin
from schemas.received import Received
from tests.conftest import Answer, written

Newsbeam = Callable[..., Answer]
OLD = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


def letter(payload: bytes, number: int = 0) -> DeadLetter:
    """What the pipeline makes of a record it refuses."""
    received = Received(payload, Origin("files", "a.jsonl", number))
    try:
        DecodeArticle(1_000_000).convert(received)
    except ArticleRejected as rejected:
        fault = rejected.fault
    else:
        fault = Fault(Reason.NO_TEXT_LEFT, "nothing is left")
    return DeadLetter.of(
        received, kind=Kind.REJECTED, fault=fault, step="DecodeArticle", newsbeam="1", id=f"id{number}"
    )


@pytest.mark.parametrize(
    ("payload", "fault"),
    [
        ('{"title": "Жици", "text": "цяло" x}'.encode(), b"x"),
        ('{"a":\n "жж" ,\n "b" 5}'.encode(), b"5"),
        (b'\xef\xbb\xbf{"a": "\xd0\xb6" x}', b"x"),
        (b'{"a": 1', b"1"),
        (b'{"text": "\xd0\xb6 \xd0"}', b"\xd0"),
        (b'{"id": "a", "text" : 5}', b'"text" : '),
        (b'{"text": "  "}', b'"text": '),
        (b'{"text": "x", "html": "y"}', None),
        (b'{"text": "fine"}', None),
    ],
)
def test_the_fault_is_found(payload: bytes, fault: bytes | None) -> None:
    refused = letter(payload)
    place = fault_place(refused)
    assert payload_of(refused) == payload
    assert (payload[slice(*place)] if place else None) == fault


@given(st.binary(max_size=200), st.integers(0, 200))
def test_no_bytes_break_the_search_or_the_view(payload: bytes, at: int) -> None:
    place = fault_place(letter(payload))
    assert place is None or 0 <= place[0] < place[1] <= len(payload)
    view = hex_view(payload, (at, at + 1) if at < len(payload) else None).plain
    lines = [line for line in view.splitlines() if line.strip(" ^")]
    shown = b"".join(bytes.fromhex(line[10:59].replace("  ", " ")) for line in lines)
    assert shown in payload and (shown or not payload)
    if at < len(payload):
        above = next(n for n, line in enumerate(view.splitlines()) if line.strip() == "^^")
        column = view.splitlines()[above].index("^^")
        assert view.splitlines()[above - 1][column : column + 2] == f"{payload[at]:02x}"


def test_the_view_shows_characters_at_their_first_byte() -> None:
    view = hex_view('"Жици" \x1b x'.encode(), (9, 10)).plain
    assert '"Ж·и·ц·и·" ␛ x' in view


@pytest.mark.parametrize(
    ("payload", "publisher"),
    [
        ('{"publisher": "Днев\\"ник", "url": "https://x.bg/1", oops'.encode(), 'Днев"ник'),
        (b'{"url": "https://news.example.bg/1", "text": 5}', "news.example.bg"),
        (b"WARC/1.1\r\nWARC-Target-URI: <https://a.example/x>\r\n\r\n", "a.example"),
        (b'{"url": "http://[", "text": 5}', "-"),
        (b"\xff\xfe", "-"),
    ],
)
def test_the_publisher_is_read_off_what_is_broken(payload: bytes, publisher: str) -> None:
    assert publisher_of(letter(payload)) == publisher


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three letters of January, in a plain file, and one of today in each of two packed ones."""
    letters = tmp_path / "out" / "dead_letters"
    letters.mkdir(parents=True)
    payloads = [b'{"publisher": "A", oops', b'{"publisher": "B", "text": 5}', b"\xff"]
    lines = b"".join(codec.encode(letter(payload, n)) + b"\n" for n, payload in enumerate(payloads))
    (letters / "old.jsonl").write_bytes(lines)
    os.utime(letters / "old.jsonl", (OLD, OLD))
    (letters / "new.jsonl.gz").write_bytes(gzip.compress(codec.encode(letter(b"{", 7)) + b"\n"))
    (letters / "new.jsonl.zst").write_bytes(zstandard.compress(codec.encode(letter(b"{", 8)) + b"\n"))
    return tmp_path / "out"


def test_stats_group_by_reason_publisher_and_day(newsbeam: Newsbeam, folder: Path) -> None:
    stats = newsbeam("dead-letters", "stats", folder, "--json").json
    assert stats["letters"] == 5
    assert {one["reason"]: (one["records"], one["origin"]) for one in stats["refused"]} == {
        "not_json": (3, "a.jsonl#7"),
        "schema": (1, "a.jsonl#1"),
        "bad_charset": (1, "a.jsonl#2"),
    }
    assert stats["publishers"] == {"-": 3, "A": 1, "B": 1}
    assert stats["days"]["2026-01-01"] == 3
    said = newsbeam("dead-letters", "stats", folder).stdout.decode()
    assert "5 dead letters" in said and "a.jsonl#1" in said and "publisher" in said


@pytest.mark.parametrize(
    ("conditions", "count"),
    [
        (("--publisher", "a"), 1),
        (("--reason", "not_json"), 3),
        (("--reason", "not_json", "--until", "2026-01-02"), 1),
        (("--since", "2026-01-02"), 2),
        (("--step", "ExtractText"), 0),
    ],
)
def test_conditions(newsbeam: Newsbeam, folder: Path, conditions: tuple[str, ...], count: int) -> None:
    assert newsbeam("dead-letters", "stats", folder, "--json", *conditions).json["letters"] == count
    listed = newsbeam("dead-letters", "list", folder, *conditions).stdout.decode()
    assert listed.count("a.jsonl#") == count


def test_show_marks_the_fault(newsbeam: Newsbeam, folder: Path) -> None:
    said = newsbeam("dead-letters", "show", folder, "a.jsonl#0").stdout.decode()
    assert "00000010  22 2c 20 6f 6f 70 73" in said and "^^" in said
    assert newsbeam("dead-letters", "show", folder, "a.jsonl#99").exit_code == 2


def test_a_sweep_takes_texts_not_facts(newsbeam: Newsbeam, folder: Path) -> None:
    before = written(folder, "dead_letters")
    answer = newsbeam("dead-letters", "sweep", folder, "--older-than", "30d")
    assert answer.exit_code == 0 and "3 of 5 letters swept" in answer.stdout.decode()
    after = written(folder, "dead_letters")
    blank = {"payload": None, "payload_base64": None}
    assert after == [one | blank if one["origin"]["record"] < 3 else one for one in before]
    assert (folder / "dead_letters" / "old.jsonl").stat().st_mtime == OLD
    assert list((folder / "dead_letters").glob(".*")) == []
    assert "0 of 5" in newsbeam("dead-letters", "sweep", folder, "--older-than", "30d").stdout.decode()
    assert "(swept" in newsbeam("dead-letters", "show", folder, "a.jsonl#0").stdout.decode()


def test_a_sweep_by_config(newsbeam: Newsbeam, folder: Path, tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    sinks = '[[sinks]]\nkind = "jsonl"\npath = "x"\n[[sinks]]\nkind = "jsonl"\ntakes = "dead_letters"\n'
    config.write_text(
        f'[source]\nkind = "files"\npaths = ["x"]\n{sinks}path = "{folder / "dead_letters"}"\n'
        "[dead_letters]\nkeep_texts_days = 5\n"
    )
    assert "3 of 5 letters swept" in newsbeam("dead-letters", "sweep", config).stdout.decode()
    assert newsbeam("dead-letters", "sweep", folder).exit_code == 2
    assert newsbeam("dead-letters", "sweep", folder, "--older-than", "a month").exit_code == 2


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz", ".jsonl.zst"])
def test_rewriting_keeps_the_packing_and_the_time(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"a{suffix}"
    with open_records(file, "wb") as out:
        out.write(b"one\ntwo\n")
    os.utime(file, (OLD, OLD))
    assert rewrite(file, [b"three\n", b"four"]) == 2
    with open_records(file) as lines:
        assert lines.read() == b"three\nfour\n"
    assert file.stat().st_mtime == OLD
    assert rewrite(file, []) == 0 and not list(tmp_path.iterdir())


@pytest.mark.pipeline
class TestReplay:
    @pytest.fixture
    def output(self, newsbeam: Newsbeam, tmp_path: Path) -> Path:
        good = json.dumps({"id": "g", "text": "A sentence about the weather today."})
        long = json.dumps({"id": "long", "text": "A long sentence about politics. " * 5_000})
        (tmp_path / "in.jsonl").write_text(f"{long}\n{{oops\n{good}\n{{}}\n")
        (tmp_path / "small.toml").write_text("[limits]\nmax_record_bytes = 100000\n")
        config = ("--config", tmp_path / "small.toml")
        assert newsbeam("replay", tmp_path / "in.jsonl", "-o", tmp_path / "out", *config).exit_code == 0
        return tmp_path / "out"

    def test_in_part(self, newsbeam: Newsbeam, output: Path) -> None:
        answer = newsbeam("dead-letters", "replay", output, "--reason", "too_large", "--json")
        assert answer.exit_code == 0, answer.stderr
        assert answer.json["fates"] == {"delivered": 1} and answer.json["left_alone"] == 2
        assert answer.json["letters"] == [{"origin": "in.jsonl#0", "fate": "delivered"}]
        assert sorted(one["id"] for one in written(output)) == ["g", "long"]
        assert sorted(one["reason"] for one in written(output, "dead_letters")) == ["not_json", "schema"]
        again = newsbeam("dead-letters", "replay", output, "--json").json
        assert again["fates"] == {"not_json": 1, "schema": 1}
        assert len(written(output)) == 2

    def test_by_config_into_its_sinks(self, newsbeam: Newsbeam, output: Path, tmp_path: Path) -> None:
        config = tmp_path / "c.toml"
        config.write_text(
            f'[source]\nkind = "files"\npaths = ["{tmp_path / "in.jsonl"}"]\n'
            f'[[sinks]]\nkind = "jsonl"\npath = "{tmp_path / "other"}"\n[[sinks]]\nkind = "jsonl"\n'
            f'takes = "dead_letters"\npath = "{output / "dead_letters"}"\n'
        )
        answer = newsbeam("dead-letters", "replay", config, "--json")
        assert answer.json["fates"] == {"delivered": 1, "not_json": 1, "schema": 1}
        files = list((tmp_path / "other").glob("*.jsonl"))
        assert [json.loads(line)["id"] for file in files for line in file.open()] == ["long"]
        assert sorted(one["reason"] for one in written(output, "dead_letters")) == ["not_json", "schema"]
        assert newsbeam("dead-letters", "replay", config, "--config", config).exit_code == 2

    def test_what_was_swept_is_read_from_the_input(self, newsbeam: Newsbeam, output: Path) -> None:
        for file in (output / "dead_letters").iterdir():
            os.utime(file, (OLD, OLD))
        newsbeam("dead-letters", "sweep", output, "--older-than", "1d")
        assert all(one["payload"] is None for one in written(output, "dead_letters"))
        fates = newsbeam("dead-letters", "replay", output, "--json").json["fates"]
        assert fates == {"delivered": 1, "not_json": 1, "schema": 1}


def test_base64_of_what_is_no_utf_8_is_the_payload() -> None:
    refused = letter(b"\xff\x00")
    assert refused.payload_base64 == base64.b64encode(b"\xff\x00").decode()
    assert payload_of(refused) == b"\xff\x00"


def test_a_bug_of_ours_is_no_secret_that_is_missing() -> None:
    with pytest.raises(KeyError), reachable():
        raise KeyError("a name")
    with pytest.raises(typer.Exit), reachable():
        Secret(env="NEWSBEAM_NOBODY_SETS_THIS").read()
