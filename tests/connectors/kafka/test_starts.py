"""Where a run begins, and what happens when that place is gone."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.kafka.starts import OffsetLost, starting_offset

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def begin(
    start: Any, committed: int | None = None, out_of_range: Any = "fail", found: int | None = None
) -> int:
    return starting_offset(
        "raw-3",
        3,
        start,
        committed=committed,
        first=100,
        end=200,
        at_time=lambda moment: found,
        out_of_range=out_of_range,
    )


@pytest.mark.parametrize(
    ("start", "committed", "expected"),
    [
        ("committed", 150, 150),
        ("committed", 200, 200),
        ("committed", None, 100),
        ("earliest", 150, 100),
        ("latest", 150, 200),
        ({3: 170}, 150, 170),
        ({4: 170}, 150, 150),
        ({4: 170}, None, 100),
    ],
)
def test_begins_where_it_was_told(start: Any, committed: int | None, expected: int) -> None:
    assert begin(start, committed) == expected


def test_a_time_is_the_first_record_at_or_after_it_else_the_end() -> None:
    assert begin(NOON, found=120) == 120
    assert begin(NOON, found=None) == 200


@pytest.mark.parametrize("wanted", [99, 201])
def test_an_offset_outside_the_log_is_an_error_by_default(wanted: int) -> None:
    with pytest.raises(
        OffsetLost, match=rf"raw-3: offset {wanted} is not in the log, which holds 100 to 200"
    ):
        begin("committed", wanted)


def test_a_log_that_lost_records_goes_on_at_an_end_when_told_and_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        assert begin("committed", 40, "earliest") == 100
        assert begin("committed", 40, "latest") == 200
    assert "60 offsets were deleted unread" in caplog.text
