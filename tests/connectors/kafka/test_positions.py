"""The restriction, its coder and its tracker: nothing is claimed twice, nothing falls between two calls."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.kafka.positions import Claim, Positions, PositionsCoder, PositionsTracker, Span, backlog

spans = st.builds(
    lambda partition, start, length: Span(partition, start, None if length is None else start + length),
    st.integers(0, 200),
    st.integers(0, 2**60),
    st.none() | st.integers(0, 100),
)
positions = st.lists(spans, max_size=5, unique_by=lambda span: span.partition).map(
    lambda found: Positions(tuple(found))
)


@given(positions)
def test_coder_gives_back_what_it_took(value: Positions) -> None:
    assert PositionsCoder().decode(PositionsCoder().encode(value)) == value


@given(st.integers(0, 1000), st.lists(st.integers(1, 50), max_size=20), st.integers(0, 20))
def test_a_checkpoint_hands_on_exactly_what_was_not_claimed(
    start: int, steps: list[int], split_at: int
) -> None:
    tracker = PositionsTracker(Positions((Span(0, start),)))
    offset, claimed, residual = start - 1, [], None
    for number, step in enumerate(steps):
        offset += step  # gaps
        if number == split_at:
            split = tracker.try_split(0)
            assert split is not None
            primary, residual = split
            assert primary == tracker.current_restriction()
            assert primary.spans[0].stop == residual.spans[0].start
        if not tracker.try_claim(Claim(0, offset)):
            break
        claimed.append(offset)
    if residual is None:
        residual = tracker.try_split(0)[1]
    assert residual.spans == (Span(0, claimed[-1] + 1 if claimed else start),)
    assert tracker.check_done()


def test_splits_only_as_a_checkpoint_and_only_once() -> None:
    tracker = PositionsTracker(Positions((Span(0, 5),)))
    assert tracker.try_split(0.5) is None
    assert tracker.try_split(0) is not None
    assert tracker.try_split(0) is None
    assert not tracker.try_claim(Claim(0, 5))


def test_claims_stop_at_the_stop() -> None:
    tracker = PositionsTracker(Positions((Span(3, 5, 8),)))
    assert tracker.is_bounded()
    assert tracker.try_claim(Claim(3, 6))
    with pytest.raises(ValueError, match="partition 3: read to 7 only"):
        tracker.check_done()
    assert tracker.try_claim(Claim(3, 7))
    assert tracker.check_done()
    assert not tracker.try_claim(Claim(3, 8))


def test_an_endless_restriction_is_done_only_when_handed_on_or_let_go() -> None:
    tracker = PositionsTracker(Positions((Span(0, 5),)))
    with pytest.raises(ValueError):
        tracker.check_done()
    assert tracker.try_claim(None)
    assert tracker.check_done()
    assert not tracker.try_claim(Claim(0, 5))


def test_claiming_backwards_is_an_error() -> None:
    tracker = PositionsTracker(Positions((Span(0, 5),)))
    tracker.try_claim(Claim(0, 9))
    with pytest.raises(ValueError, match="offset 9 claimed after 9"):
        tracker.try_claim(Claim(0, 9))


def test_a_partition_that_was_added_is_taken_up_by_its_first_claim() -> None:
    tracker = PositionsTracker(Positions())
    assert tracker.try_claim(Claim(7, 2))
    _, residual = tracker.try_split(0)
    assert residual == Positions((Span(7, 3),))


def test_backlog_is_what_lies_unread_and_never_nothing() -> None:
    both = Positions((Span(0, 10), Span(1, 10, 15)))
    assert backlog(both, {0: 100, 1: 100}) == 95
    assert backlog(both, {}) == 1
    assert backlog(Positions(), {}) == 1
    assert backlog(both, {0: 100, 1: 100}, record_bytes=4000.5) == 380_048
