"""The counts add up, or the summary says where they do not."""

from __future__ import annotations

from collections import Counter

import pytest

from pipelines.config import Sink
from pipelines.summary import Summary

SINKS = (Sink("articles", "jsonl", "articles", None), Sink("dead", "jsonl", "dead_letters", None))
GOOD = Counter(
    {
        "read": 10,
        "outcome/enriched": 7,
        "outcome/rejected": 3,
        "articles/delivered": 7,
        "dead/delivered": 3,
        "language/bg": 7,
    }
)


def test_a_run_that_adds_up_has_no_fault() -> None:
    summary = Summary(GOOD, SINKS, 2.0)
    assert summary.faults() == []
    assert summary.per_second == 5.0
    assert summary.as_dict()["outcomes"] == {
        "enriched": 7,
        "duplicate": 0,
        "withdrawn": 0,
        "rejected": 3,
        "bug": 0,
    }
    assert summary.as_dict()["languages"] == {"bg": 7}


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"read": 11}, "11 records were read but 10"),
        ({"outcome/rejected": 2, "outcome/bug": 1}, "1 records ended as a bug"),
        ({"articles/delivered": 6}, "sink articles: 7 records were due, 6"),
        ({"outcome/enriched": 6, "outcome/withdrawn": 1, "articles/delivered": 6}, "7 records were due, 6"),
        ({"dead/delivered": 4}, "sink dead: 3 records were due, 4"),
        (
            {"articles/delivered": 6, "articles/undelivered": 1, "dead/delivered": 4},
            "1 articles could not be",
        ),
    ],
)
def test_a_run_that_does_not_says_so(change: dict[str, int], word: str) -> None:
    faults = Summary(Counter({**GOOD, **change}), SINKS, 1.0).faults()
    assert len(faults) == 1 and word in faults[0]


def test_kept_out_and_delivered_make_the_whole() -> None:
    counts = Counter({**GOOD, "articles/delivered": 5, "articles/kept_out": 2})
    assert Summary(counts, SINKS, 1.0).faults() == []
