from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.dead_letter import MAX_PAYLOAD_BYTES, DeadLetter, Fault, Kind, Reason
from schemas.origin import Origin
from schemas.received import Received


def letter_of(payload: bytes) -> DeadLetter:
    received = Received(payload, Origin("files", "a", 0))
    fault = Fault(Reason.EMPTY, "why")
    return DeadLetter.of(received, kind=Kind.REJECTED, fault=fault, step="S", newsbeam="0")


@given(st.binary(max_size=200))
def test_holds_the_bytes(payload: bytes) -> None:
    letter = letter_of(payload)
    held = base64.b64decode(letter.payload_base64) if letter.payload is None else letter.payload.encode()
    assert held == payload
    assert (letter.payload_bytes, letter.payload_sha256) == (
        len(payload),
        hashlib.sha256(payload).hexdigest(),
    )


@pytest.mark.parametrize("shift", [0, 1])
def test_a_long_text_is_cut_between_characters(shift: int) -> None:
    payload = b"x" * shift + "я".encode() * MAX_PAYLOAD_BYTES
    letter = letter_of(payload)
    assert letter.payload is not None
    assert MAX_PAYLOAD_BYTES - 1 <= len(letter.payload.encode()) <= MAX_PAYLOAD_BYTES
    assert payload.startswith(letter.payload.encode())
    assert letter.payload_bytes == len(payload)


def test_text_that_ends_inside_a_character_is_bytes() -> None:
    assert letter_of("я".encode()[:1]).payload is None
