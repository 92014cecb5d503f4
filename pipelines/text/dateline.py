"""Reads the day of a date line: `5 Февруари, 2026`, `01.11.2019 14:24`, `date 2025-08-13`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import re2

from schemas.article import Precision

_ISO = re2.compile(r"(?:^|\D)(\d{4})-(\d{1,2})-(\d{1,2})(?:\D|$)")
_DAY_FIRST = re2.compile(r"(?:^|\D)(\d{1,2})[./-](\d{1,2})[./-](\d{4})(?:\D|$)")
_YEAR_FIRST = re2.compile(r"(?:^|\D)(\d{4})[./](\d{1,2})[./](\d{1,2})(?:\D|$)")
_NAMED = re2.compile(
    r"(\d{1,2})(?:\.|-?[a-zа-яё]{1,3}|º)?[,]?\s*(?:de\s+|d')?(\pL+)\.?,?\s*(?:de\s+|del\s+)?(\d{4})"
)
_MONTH_FIRST = re2.compile(r"(\pL+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")

_FIRST_YEAR, _LAST_YEAR = 1900, 2200


def read_date(text: str, months: Mapping[str, int]) -> tuple[datetime, Precision] | None:
    """The first date in a line, to the day: a page's line does not say its time zone.

    Args:
        text: the line.
        months: month name in lower case -> 1..12.

    Returns:
        Midnight UTC of the day and `Precision.DAY`; None where no whole date is written.
    """
    for pattern, order in (
        (_ISO, (1, 2, 3)),
        (_YEAR_FIRST, (1, 2, 3)),
        (_DAY_FIRST, (3, 2, 1)),
        (_NAMED, (3, 2, 1)),
        (_MONTH_FIRST, (3, 1, 2)),
    ):
        match = pattern.search(text)
        if match is None:
            continue
        year, month, day = (match.group(group) for group in order)
        number = int(month) if month.isdecimal() else months.get(month.lower(), 0)
        if _FIRST_YEAR <= int(year) <= _LAST_YEAR and 1 <= number <= 12:
            try:
                return datetime(int(year), number, int(day), tzinfo=UTC), Precision.DAY
            except ValueError:
                continue
    return None
