"""What differs between two cleanings of one text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.rule_changes import EXAMPLES, Change, Difference, RuleChanges, compare
from schemas.article import Removal, RemovalKind

TEXT = "една две три четири пет"


def cut(start: int, end: int, rule: str = "a", kind: RemovalKind = RemovalKind.AD) -> Removal:
    return Removal(start, end, TEXT[start:end], kind, rule)


def test_what_is_newly_removed_and_what_no_longer() -> None:
    before, now = [cut(0, 5)], [cut(9, 13, "b")]
    assert list(compare(before, now)) == [
        Difference(Change.REMOVED, "b", "три"),
        Difference(Change.KEPT, "a", "една"),
    ]


def test_only_the_part_that_differs_is_told() -> None:
    assert list(compare([cut(5, 8)], [cut(0, 12, "b")])) == [
        Difference(Change.REMOVED, "b", "една"),
        Difference(Change.REMOVED, "b", "три"),
    ]


def test_white_space_does_not_count_but_another_rule_or_kind_does() -> None:
    assert list(compare([cut(4, 9)], [cut(5, 8)])) == []
    assert list(compare([cut(4, 9)], [cut(5, 8, "b")])) == [Difference(Change.MOVED, "b", "две", "a")]
    assert [d.change for d in compare([cut(5, 8)], [cut(5, 8, kind=RemovalKind.UI)])] == [Change.MOVED]


SPANS = st.lists(st.integers(0, len(TEXT)), unique=True, max_size=8).map(
    lambda at: [cut(a, b) for a, b in zip(*[iter(sorted(at))] * 2, strict=False)]
)


@given(SPANS, SPANS)
def test_the_comparison_is_the_same_from_both_sides(one: list[Removal], other: list[Removal]) -> None:
    there = sorted(d.text for d in compare(one, other) if d.change is Change.REMOVED)
    back = sorted(d.text for d in compare(other, one) if d.change is Change.KEPT)
    assert there == back
    assert list(compare(one, one)) == []


def test_changes_are_counted_by_rule() -> None:
    changes = RuleChanges()
    for number in range(EXAMPLES + 2):
        changes.add(f"p{number}", [], [cut(0, 4), cut(5, 8), cut(9, 12, "b")])
    changes.add("same", [cut(0, 4)], [cut(0, 4)])
    first, second = changes.by_rule()
    assert (changes.pages, changes.changed_pages) == (EXAMPLES + 3, EXAMPLES + 2)
    assert (first.rule, first.parts, first.pages, len(first.examples)) == ("a", 14, 7, EXAMPLES)
    assert (second.rule, second.examples[0]) == ("b", ("p0", "три"))
