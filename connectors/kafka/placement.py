"""Spreads partitions evenly over the workers of an engine that places them by hash.

Flink keys a splittable DoFn's restrictions by their elements: it hashes an element's bytes to one of 128 key
groups, and each task slot has a stretch of these. Left to chance, four slots leave one idle in 4 of 10
topics with 8 partitions. So each element carries a number, chosen so that the topic's partitions lie at
equal distances on the key groups: then each of any number of slots reads its share, give or take one.

The hashes are those of Beam's FlinkKey (MurmurHash3 x64 128, by Austin Appleby, public domain) and of Flink's
KeyGroupRangeAssignment with its default of 128 key groups, for up to 85 slots. Where an engine hashes in
another way the partitions are spread by chance, as without the numbers.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from apache_beam.coders import Coder
from apache_beam.coders.coders import LengthPrefixCoder

KEY_GROUPS = 128
_MASK_32, _MASK_64 = (1 << 32) - 1, (1 << 64) - 1
_C1, _C2 = 0x87C37B91114253D5, 0x4CF5AD432745937F


def spread(elements: Sequence[tuple[Any, ...]], coder: Coder) -> Iterator[tuple[Any, ...]]:
    """Elements with a number behind the rest, so that they lie at equal distances on the key groups.

    Args:
        elements: what is to be spread, without the number.
        coder: of the elements with the number.
    """
    seen = LengthPrefixCoder(coder)  # as engines hold a value whose coder they don't know
    for index, element in enumerate(elements):
        wanted = (2 * index + 1) * KEY_GROUPS // (2 * len(elements))
        for number in itertools.count():
            if key_group(seen.encode((*element, number))) == wanted:
                yield (*element, number)
                break


def key_group(key: bytes) -> int:
    """The key group of a key, 0 to 127."""
    return _flinks(murmur3(key) & _MASK_32) % KEY_GROUPS


def murmur3(data: bytes) -> int:
    """The first 64 bits of MurmurHash3 x64 128, seed 0."""
    h1 = h2 = 0
    whole = len(data) // 16 * 16
    for at in range(0, whole, 16):
        k1 = int.from_bytes(data[at : at + 8], "little")
        k2 = int.from_bytes(data[at + 8 : at + 16], "little")
        h1 = (_rotated(h1 ^ _mixed_1(k1), 27, 64) + h2) & _MASK_64
        h1 = (h1 * 5 + 0x52DCE729) & _MASK_64
        h2 = (_rotated(h2 ^ _mixed_2(k2), 31, 64) + h1) & _MASK_64
        h2 = (h2 * 5 + 0x38495AB5) & _MASK_64
    h1 ^= _mixed_1(int.from_bytes(data[whole : whole + 8], "little")) ^ len(data)
    h2 ^= _mixed_2(int.from_bytes(data[whole + 8 :], "little")) ^ len(data)
    h1 = (h1 + h2) & _MASK_64
    h2 = (h2 + h1) & _MASK_64
    return (_final(h1) + _final(h2)) & _MASK_64


def _mixed_1(k: int) -> int:
    return _rotated(k * _C1 & _MASK_64, 31, 64) * _C2 & _MASK_64


def _mixed_2(k: int) -> int:
    return _rotated(k * _C2 & _MASK_64, 33, 64) * _C1 & _MASK_64


def _final(h: int) -> int:
    h = (h ^ h >> 33) * 0xFF51AFD7ED558CCD & _MASK_64
    h = (h ^ h >> 33) * 0xC4CEB9FE1A85EC53 & _MASK_64
    return h ^ h >> 33


def _flinks(code: int) -> int:
    """Flink's MathUtils.murmurHash: a 32 bit hash of a 32 bit hash, never negative."""
    code = _rotated(code * 0xCC9E2D51 & _MASK_32, 15, 32) * 0x1B873593 & _MASK_32
    code = (_rotated(code, 13, 32) * 5 + 0xE6546B64) & _MASK_32 ^ 4
    code = (code ^ code >> 16) * 0x85EBCA6B & _MASK_32
    code = (code ^ code >> 13) * 0xC2B2AE35 & _MASK_32
    code ^= code >> 16
    signed = code - (1 << 32) if code >> 31 else code
    return 0 if signed == -(1 << 31) else abs(signed)


def _rotated(value: int, by: int, bits: int) -> int:
    return (value << by | value >> (bits - by)) & ((1 << bits) - 1)
