"""What becomes of records when their sink fails: the pipeline stops, or they become dead letters."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from connectors import delivery
from connectors.delivery import Delivery, Undeliverable, _DeliverFn, _DeliverOrHoldFn
from schemas.article import Article, Provenance
from schemas.dead_letter import DeadLetter, Kind
from schemas.origin import Origin
from schemas.outcome import Outcome
from schemas.received import Received
from schemas.withdrawal import Withdrawal


class Flaky:
    """A writer that holds what was flushed, and fails on demand."""

    def __init__(self) -> None:
        self.safe: list[str] = []
        self.buffer: list[str] = []
        self.fails = ""
        self.opened = 0

    def open(self) -> None:
        self.opened += 1
        if self.fails:
            raise ConnectionError("it is away")

    def write(self, value: Any) -> None:
        if value.id == "bad":
            raise Undeliverable("never")
        if self.fails == "write":
            raise ConnectionError("it is away")
        self.buffer.append(value.id)

    def flush(self) -> None:
        if self.fails == "flush":
            raise ConnectionError("it is away")
        self.safe += self.buffer
        self.buffer.clear()

    def close(self) -> None:
        self.buffer.clear()


@pytest.fixture
def writer(monkeypatch: pytest.MonkeyPatch) -> Flaky:
    monkeypatch.setattr(delivery, "PAUSE_SECONDS", 0.0)
    return Flaky()


def outcome(id: str, origin: Origin = Origin("files", "a", 0)) -> Outcome:  # noqa: B008 - frozen
    return Outcome(Received(b"{}", origin), Article(id, "x", "", 1, 1, origin, Provenance("0")))


def bundle(fn: _DeliverFn, *ids: str) -> tuple[list[Outcome], Counter[str]]:
    """One bundle: what came back as dead letters, and the counts."""
    fn.start_bundle()
    back = [letter for id in ids for letter in fn.process(outcome(id))]
    ended = fn.finish_bundle()
    back += [windowed.value for windowed in ended] if isinstance(ended, Iterator) else []
    return back, fn._counts


@pytest.mark.parametrize("fails", ["write", "flush"])
def test_by_default_a_failing_sink_stops_the_pipeline(writer: Flaky, fails: str) -> None:
    fn = _DeliverFn(writer, Delivery("s", Article, "0"))
    fn.setup()
    writer.fails = fails
    with pytest.raises(ConnectionError):
        bundle(fn, "a")


@pytest.mark.parametrize("fails", ["write", "flush"])
def test_on_request_its_records_become_dead_letters_until_it_is_back(writer: Flaky, fails: str) -> None:
    fn = _DeliverOrHoldFn(writer, Delivery("s", Article, "0"))
    fn.setup()
    assert bundle(fn, "a", "b") == ([], {"delivered": 2})
    writer.fails = fails
    back, counts = bundle(fn, "c", "d")
    assert counts == {"undelivered": 2}
    assert [(letter.value.id, letter.value.kind, letter.value.step) for letter in back] == [
        ("c", Kind.UNDELIVERED, "s"),
        ("d", Kind.UNDELIVERED, "s"),
    ]
    assert "it is away" in back[0].value.detail
    writer.fails = ""
    assert bundle(fn, "e") == ([], {"delivered": 1})
    assert writer.safe == ["a", "b", "e"]


def test_what_was_safe_before_it_failed_is_no_dead_letter(
    writer: Flaky, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "HELD_RECORDS", 2)
    fn = _DeliverOrHoldFn(writer, Delivery("s", Article, "0"))
    fn.setup()
    fn.start_bundle()
    for id in "abc":
        assert list(fn.process(outcome(id))) == []
    writer.fails = "flush"
    back = [letter.value for letter in fn.finish_bundle()]
    assert [letter.value.id for letter in back] == ["c"]
    assert fn._counts == {"delivered": 2, "undelivered": 1}


def test_a_record_of_its_own_fault_is_no_failure_of_the_sink(writer: Flaky) -> None:
    for fn in (
        _DeliverFn(writer, Delivery("s", Article, "0")),
        _DeliverOrHoldFn(writer, Delivery("s", Article, "0")),
    ):
        fn.setup()
        back, counts = bundle(fn, "a", "bad", "b")
        assert ([letter.value.id for letter in back], counts) == (["bad"], {"delivered": 2, "undelivered": 1})


def test_a_failing_sink_is_left_alone_for_a_while(writer: Flaky, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "PAUSE_SECONDS", 3600.0)
    fn = _DeliverOrHoldFn(writer, Delivery("s", Article, "0"))
    fn.setup()
    writer.fails = "write"
    assert len(bundle(fn, "a", "b", "c")[0]) == 3
    assert writer.opened == 1


def test_a_sink_that_cannot_be_opened_stops_the_pipeline(writer: Flaky) -> None:
    writer.fails = "open"
    with pytest.raises(ConnectionError):
        _DeliverFn(writer, Delivery("s", Article, "0")).setup()


def test_on_request_also_one_that_cannot_be_opened_makes_dead_letters_until_it_is_there(
    writer: Flaky, caplog: pytest.LogCaptureFixture
) -> None:
    fn = _DeliverOrHoldFn(writer, Delivery("s", Article, "0"))
    writer.fails = "open"
    fn.setup()
    back, counts = bundle(fn, "a", "b")
    assert ([letter.value.id for letter in back], counts) == (["a", "b"], {"undelivered": 2})
    assert "ConnectionError: it is away" in back[0].value.detail
    assert writer.opened == 3  # at the start, and again for each record, since the test's pause is none
    writer.fails = ""
    assert bundle(fn, "c") == ([], {"delivered": 1})
    assert writer.safe == ["c"]
    assert [record.message for record in caplog.records][-1] == "sink s: open again"


def test_a_sink_for_articles_takes_withdrawals_and_no_letters(writer: Flaky) -> None:
    received = Received(b"{}", Origin("files", "a", 0))
    letter = Delivery("other", Article, "0").undelivered(outcome("z"), "why").value
    assert isinstance(letter, DeadLetter)
    for takes, counts in ((Article, {"withdrawn": 1}), (DeadLetter, {"delivered": 1})):
        fn = _DeliverFn(writer, Delivery("s", takes, "0"))
        fn.start_bundle()
        for value in (Withdrawal("w", received.origin), letter):
            assert list(fn.process(Outcome(received, value))) == []
        assert fn._counts == counts


@pytest.mark.parametrize("fn_class", [_DeliverFn, _DeliverOrHoldFn])
@pytest.mark.parametrize("fails", ["open", "write", "flush"])
def test_prometheus_hears_of_each_failure(writer: Flaky, fn_class: type[_DeliverFn], fails: str) -> None:
    sink = f"{fn_class.__name__}-{fails}"
    fn = fn_class(writer, Delivery(sink, DeadLetter if fails == "open" else Article, "0"))
    writer.fails = fails if fails == "open" else ""
    with contextlib.suppress(ConnectionError):
        fn.setup()
        writer.fails = fails
        bundle(fn, "a")
    takes = "dead_letters" if fails == "open" else "articles"
    labels = {"sink": sink, "takes": takes}
    assert REGISTRY.get_sample_value("newsbeam_sink_failures_total", labels) == 1


@pytest.mark.parametrize("fn_class", [_DeliverFn, _DeliverOrHoldFn])
def test_prometheus_hears_how_old_records_are_when_the_sink_holds_them(
    writer: Flaky, fn_class: type[_DeliverFn]
) -> None:
    sink, now = f"{fn_class.__name__}-ages", datetime.now(UTC)
    fn = fn_class(writer, Delivery(sink, Article, "0"))
    fn.setup()
    fn.start_bundle()
    for seconds in (20, -3600):  # a producer's clock may be ahead: that counts as 0
        origin = Origin(
            "kafka", kafka_topic="t", partition=0, offset=0, timestamp=now - timedelta(0, seconds)
        )
        list(fn.process(outcome("a", origin)))
    list(fn.process(outcome("file")))  # has no Kafka time
    list(fn.finish_bundle() or ())

    def value(name: str, **more: str) -> float | None:
        return REGISTRY.get_sample_value(f"newsbeam_{name}", {"sink": sink, **more})

    assert value("delivery_age_seconds_count") == 2
    assert value("delivery_age_seconds_bucket", le="0.05") == 1
    assert value("delivery_age_seconds_bucket", le="10.0") == 1
    assert value("delivery_age_seconds_bucket", le="30.0") == 2
    assert value("sink_flush_seconds_count") == 1
    assert value("sink_records_total", takes="articles", result="delivered") == 3
