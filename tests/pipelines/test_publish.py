"""The pace of `newsbeam publish`, by a clock that a test turns, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer

from pipelines.commands.publish import _Message, _number, _paced
from tests.conftest import Answer

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Clock:
    """Moves only when someone sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def message(name: str, after_seconds: float | None = None) -> _Message:
    moment = None if after_seconds is None else NOON + timedelta(seconds=after_seconds)
    return _Message(name.encode(), b"", moment)


def sent(messages: list[_Message], work_seconds: float = 0, **pace: Any) -> list[tuple[str, float]]:
    clock, found = Clock(), []
    pace = {"per_second": None, "factor": None, **pace}
    for due in _paced(iter(messages), sleep=clock.sleep, clock=lambda: clock.now, **pace):
        found.append((due.key.decode(), round(clock.now, 3)))
        clock.now += work_seconds
    return found


def test_without_a_pace_all_go_at_once() -> None:
    assert sent([message("a"), message("b")]) == [("a", 0), ("b", 0)]


def test_a_rate_holds_on_the_whole_also_after_a_hold_up() -> None:
    messages = [message(str(number)) for number in range(4)]
    assert sent(messages, per_second=2) == [("0", 0), ("1", 0.5), ("2", 1), ("3", 1.5)]
    assert sent(messages, work_seconds=0.7, per_second=2) == [("0", 0), ("1", 0.7), ("2", 1.4), ("3", 2.1)]


def test_speed_keeps_order_and_distances_of_the_records_times() -> None:
    messages = [message("late", 60), message("early", 0), message("after early"), message("middle", 30)]
    assert sent(messages, factor=10) == [("early", 0), ("after early", 0), ("middle", 3), ("late", 6)]


def test_speed_without_any_time_is_as_fast_as_it_goes() -> None:
    assert sent([message("a"), message("b")], factor=10) == [("a", 0), ("b", 0)]
    assert sent([], factor=10) == []


def test_a_pace_is_a_number_with_or_without_its_unit() -> None:
    assert _number("500/s", "/s", "--rate") == 500
    assert _number("0.5", "x", "--speed") == 0.5
    for wrong in ("0", "-1/s", "fast", "nan"):
        with pytest.raises(typer.Exit):
            _number(wrong, "/s", "--rate")


@pytest.mark.parametrize(
    ("place", "message"),
    [('env = "AN_UNSET_PASSWORD"', "AN_UNSET_PASSWORD is not set"), ('file = "/nowhere/x"', "/nowhere/x")],
)
def test_a_secret_that_is_not_there_is_wrong_usage(
    newsbeam: Callable[..., Answer], tmp_path: Path, seeds: Path, place: str, message: str
) -> None:
    cluster = 'kind = "kafka"\nbrokers = "127.0.0.1:1"\nkafka_topic = "raw"\n'
    (tmp_path / "c.toml").write_text(
        f'[source]\n{cluster}[source.security]\nprotocol = "SASL_SSL"\nmechanism = "PLAIN"\n'
        f'username = "u"\npassword = {{ {place} }}\n'
        '[[sinks]]\nkind = "jsonl"\npath = "a"\n'
        '[[sinks]]\nkind = "jsonl"\ntakes = "dead_letters"\npath = "b"\n'
    )
    answer = newsbeam("publish", seeds, "--to", "raw", "--config", tmp_path / "c.toml")
    assert answer.exit_code == 2 and message in answer.stderr
