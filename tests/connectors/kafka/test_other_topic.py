"""A savepoint's positions are never read from another topic than they were written for."""

from __future__ import annotations

import pytest

from connectors.kafka.positions import Positions, PositionsTracker, Span
from connectors.sources.kafka import OtherTopic, Share, _ReadPartitions


def test_positions_of_another_topic_are_refused() -> None:
    reader = _ReadPartitions(Share("localhost:1", "mine"))
    tracker = PositionsTracker(Positions((Span(0, 7),)))
    with pytest.raises(OtherTopic, match="of the topic other, not mine"):
        next(reader.process(("other", 0, 1, 5), tracker))
