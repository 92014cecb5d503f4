"""A partition's buffer: in order, counted, and with marks between which fetching rests."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from connectors.kafka.buffer import BUFFER_BYTES, BUFFER_RECORDS, Buffer


def record(offset: int, size: int = 10) -> Any:
    return SimpleNamespace(offset=offset, value=b"x" * size, key=None)


def test_records_come_in_order_and_move_the_position_over_gaps() -> None:
    buffer = Buffer(5)
    buffer.put([record(5), record(9)])
    assert buffer.position == 5
    assert [buffer.pop().offset, buffer.position] == [5, 6]
    assert [buffer.pop().offset, buffer.position] == [9, 10]
    assert buffer.pop() is None
    assert (buffer.position, buffer.bytes) == (10, 0)


def test_fetching_rests_between_full_and_half_empty() -> None:
    buffer = Buffer(0)
    buffer.put(record(n) for n in range(BUFFER_RECORDS - 1))
    assert not buffer.is_full
    buffer.put([record(BUFFER_RECORDS)])
    assert buffer.is_full
    while not buffer.is_half_empty:
        buffer.pop()
    assert len(buffer.records) == BUFFER_RECORDS // 2 - 1


def test_a_few_large_records_fill_it_too() -> None:
    buffer = Buffer(0)
    buffer.put([record(0, BUFFER_BYTES)])
    assert buffer.is_full
    buffer.pop()
    assert buffer.is_half_empty


def test_a_tombstone_has_no_size() -> None:
    buffer = Buffer(0)
    buffer.put([SimpleNamespace(offset=0, value=None, key=None)])  # type: ignore[list-item]
    assert buffer.bytes == 0
