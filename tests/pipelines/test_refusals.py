"""What a run refuses: an example of each reason, and the end of a run whose input has gone bad."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import drain
from pipelines import refusals
from pipelines.refusals import InputGoneBad, Refusals, Refused, Stop
from schemas.dead_letter import DeadLetter, Fault, Kind, Reason
from schemas.origin import Origin
from schemas.received import Received
from tests.conftest import Answer, written

GOOD = json.dumps({"text": "The parliament voted on Monday evening, after a long debate about the budget."})


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    refusals.taken()
    yield
    refusals.taken()
    drain.forget()


def letter(number: int, reason: Reason = Reason.NOT_JSON) -> DeadLetter:
    received = Received(b"x", Origin("files", "a.jsonl", number))
    fault = Fault(reason, f"fault {number}")
    return DeadLetter.of(received, kind=Kind.REJECTED, fault=fault, step="DecodeArticle", newsbeam="1")


def test_each_reason_is_counted_with_its_first_example() -> None:
    for number in range(3):
        refusals.note(letter(number), None)
        refusals.note("an article", None)
    refusals.note(letter(7, Reason.EMPTY), None)
    assert refusals.taken().refused == (
        Refused("rejected", "not_json", "DecodeArticle", 3, "a.jsonl#0", "fault 0"),
        Refused("rejected", "empty", "DecodeArticle", 1, "a.jsonl#7", "fault 7"),
    )
    assert refusals.taken() == Refusals()


def test_workers_are_added_up_in_any_order() -> None:
    one = Refusals((Refused("rejected", "schema", "DecodeArticle", 2, "a#5", "x"),))
    other = Refusals((Refused("rejected", "schema", "DecodeArticle", 3, "a#1", "y"),), "why")
    whole = Refusals((Refused("rejected", "schema", "DecodeArticle", 5, "a#1", "y"),), "why")
    assert refusals.together([one, other]) == refusals.together([other, one]) == whole


@given(st.lists(st.booleans(), max_size=80), st.integers(1, 20), st.floats(0.05, 0.95))
def test_it_stops_with_the_first_window_that_holds_too_many(
    bad: list[bool], records: int, share: float
) -> None:
    refusals.taken()
    drain.forget()
    windows = [bad[end - records : end] for end in range(records, len(bad) + 1)]
    due = next((n + records for n, window in enumerate(windows) if sum(window) > share * records), None)
    for number, is_bad in enumerate(bad, 1):
        refusals.note(letter(number) if is_bad else "an article", Stop(share, records, by_drain=True))
        assert drain.is_requested() == (due is not None and number >= due)
    assert (refusals.taken().stopped is not None) == (due is not None)


def test_where_the_source_cannot_be_drained_the_job_fails() -> None:
    with pytest.raises(InputGoneBad, match=r"2 of the latest 2 records were refused \(not_json 2\)"):
        for number in range(2):
            refusals.note(letter(number), Stop(0.5, 2, by_drain=False))
    assert not drain.is_requested()


@pytest.mark.pipeline
@pytest.mark.parametrize("workers", [1, 2])
def test_a_replay_whose_input_goes_bad_stops_and_is_resumed(
    newsbeam: Callable[..., Answer], tmp_path: Path, workers: int
) -> None:
    source, config = tmp_path / "in.jsonl", tmp_path / "c.toml"
    source.write_text((GOOD + "\n") * 300 + "{oops\n" * 3000)
    config.write_text("[dead_letters]\nstop_after_records = 100\n")
    command = ("replay", source, "-o", tmp_path / "out", "--config", config, "--json", "--workers", workers)
    stopped = newsbeam(*command, "--stop-when-rejected-share", "0.5")
    assert stopped.exit_code == 3, stopped.stderr
    assert "51 of the latest 100 records were refused (not_json 51)" in stopped.stderr
    assert "--resume goes on" in stopped.stderr
    summary = stopped.json
    # A worker reads on for the moment that it takes to reach it.
    assert summary["outcomes"]["enriched"] <= 300
    assert 51 <= summary["outcomes"]["rejected"] < (52 if workers == 1 else 3000)
    assert summary["faults"] == [] and "gone bad" in summary["stopped"]
    assert len(written(tmp_path / "out", "dead_letters")) == summary["outcomes"]["rejected"]
    source.write_text((GOOD + "\n") * 3300)
    resumed = newsbeam(*command, "--resume")
    assert (resumed.exit_code, resumed.json["read"]) == (0, 3300 - summary["read"])


@pytest.mark.pipeline
def test_the_summary_shows_an_example_of_each_reason(newsbeam: Callable[..., Answer], tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(f"{GOOD}\n{{oops\n{{bad\n{{}}\n")
    said = newsbeam("replay", tmp_path / "in.jsonl", "-o", tmp_path / "out").stdout.decode()
    assert "in.jsonl#1" in said and "line 1 column 2" in said and "in.jsonl#2" not in said
    assert "in.jsonl#3" in said and "neither text nor html" in said


def test_a_share_that_is_none_is_wrong_usage(newsbeam: Callable[..., Answer], tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(GOOD)
    command = ("replay", tmp_path / "in.jsonl", "-o", tmp_path / "out", "--stop-when-rejected-share")
    assert newsbeam(*command, "1.5").exit_code == 2
