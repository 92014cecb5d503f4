"""Partitions lie evenly on the key groups, by the hashes that Flink and Beam's Flink runner really use."""

from __future__ import annotations

from collections import Counter

import pytest
from apache_beam.coders import registry
from apache_beam.coders.coders import LengthPrefixCoder

from connectors.kafka.placement import KEY_GROUPS, key_group, murmur3, spread


@pytest.mark.parametrize(
    ("text", "guavas", "group"),
    [
        ("", 0, 94),
        ("a", -161908599, 103),
        ("test-topic-0", -367023002, 69),
        ("abcdefghijklmnop", 575452963, 58),
        ("abcdefghijklmnopq", -2000837033, 33),
        ("The quick brown fox jumps over the lazy dog, Още", -1076597627, 123),
    ],
)
def test_hashes_are_those_of_guava_and_flink(text: str, guavas: int, group: int) -> None:
    """Expected: `Hashing.murmur3_128().hashBytes(…).asInt()` and `MathUtils.murmurHash(…) % 128` in Java."""
    assert (
        int.from_bytes((murmur3(text.encode()) & 0xFFFFFFFF).to_bytes(4, "big"), "big", signed=True) == guavas
    )
    assert key_group(text.encode()) == group


@pytest.mark.parametrize("partitions", [1, 3, 8, 64, 200])
def test_any_number_of_slots_share_evenly(partitions: int) -> None:
    coder = registry.get_coder(tuple[str, int, int])
    elements = list(spread([("topic", number) for number in range(partitions)], coder))
    assert [element[:2] for element in elements] == [("topic", number) for number in range(partitions)]
    groups = [key_group(LengthPrefixCoder(coder).encode(element)) for element in elements]
    for slots in (1, 2, 3, 4, 7, 16, 85):
        shares = Counter(group * slots // KEY_GROUPS for group in groups)
        assert max(shares.values()) <= partitions / slots + 2
        if partitions >= 2 * slots:
            assert len(shares) == slots
