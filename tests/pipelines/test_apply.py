"""The railway: one in, one out, whatever a step does."""

from __future__ import annotations

import logging

import pytest

from pipelines.apply import apply
from schemas.article import RawArticle
from schemas.dead_letter import ArticleRejected, DeadLetter, Kind, Reason
from schemas.origin import Origin
from schemas.outcome import Outcome
from schemas.received import Received

RECEIVED = Received(b"secret text", Origin("files", "a", 0))
RAW = RawArticle("id-1", RECEIVED.origin, "x")


class Decode:
    def setup(self) -> None: ...

    def convert(self, received: Received) -> RawArticle:
        return RAW


class Refuse:
    def setup(self) -> None: ...

    def convert(self, raw: RawArticle) -> RawArticle:
        raise ArticleRejected(Reason.NO_TEXT, "nothing there")


class Fail:
    def setup(self) -> None: ...

    def convert(self, raw: RawArticle) -> RawArticle:
        raise ValueError(f"cannot read {RECEIVED.payload!r}")


def test_a_step_turns_the_value_and_keeps_what_was_received() -> None:
    assert apply(Decode(), RECEIVED) == Outcome(RECEIVED, RAW)


def test_a_rejection_becomes_a_dead_letter_with_bytes_origin_step_and_reason() -> None:
    letter = apply(Refuse(), Outcome(RECEIVED, RAW)).value
    assert isinstance(letter, DeadLetter)
    assert (letter.kind, letter.reason, letter.step) == (Kind.REJECTED, Reason.NO_TEXT, "Refuse")
    assert (letter.payload, letter.origin, letter.id) == ("secret text", RECEIVED.origin, "id-1")


def test_anything_else_is_our_bug_and_its_message_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        letter = apply(Fail(), Outcome(RECEIVED, RAW)).value
    assert isinstance(letter, DeadLetter)
    assert (letter.kind, letter.reason) == (Kind.BUG, Reason.EXCEPTION)
    assert "secret" in letter.detail
    assert "ValueError" in caplog.text and "secret" not in caplog.text


def test_a_dead_letter_passes_untouched() -> None:
    dead = apply(Refuse(), Outcome(RECEIVED, RAW))
    assert apply(Fail(), dead) == dead
