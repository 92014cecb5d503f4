"""`docs/schema.md` agrees with the types, and leaves no field without a word."""

from __future__ import annotations

import re

from schemas.reference import _RECORDS, FILE, reference
from schemas.wire import PUBLISHED


def test_the_page_is_made_from_the_types() -> None:
    assert FILE.read_text("utf-8") == reference(), "stale: run `python -m schemas.reference`"


def test_every_published_record_is_there() -> None:
    assert set(_RECORDS.values()) == set(PUBLISHED.values())


def test_each_field_of_the_records_is_described() -> None:
    page = reference().split("## Parts")[0]
    assert len(re.findall(r"^\| `", page, re.M)) > 40
    assert re.findall(r"^\| `(\w+)` \|[^|]*\| +\|$", page, re.M) == []
