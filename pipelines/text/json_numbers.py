"""JSON whose integers stay whole: orjson reads those beyond 64 bits as floats, which keep 16 digits."""

from __future__ import annotations

import json
from typing import Any

import orjson

_FIRST_BEYOND = 2.0**63


def loads(payload: bytes) -> Any:
    """A JSON value, read by orjson where no integer may have lost digits by it.

    Raises:
        orjson.JSONDecodeError: it is no JSON, or a number is too large for a float (309 digits).
    """
    value = orjson.loads(payload)
    if _may_be_rounded(value):
        try:
            return json.loads(payload)
        except RecursionError:  # nested so deeply that only orjson reads it: rounded is better than refused
            return value
    return value


def dumps(value: Any) -> bytes:
    """What `loads` has read as JSON in UTF-8."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:  # an integer beyond 64 bits, or deeper than 254 levels
        return json.dumps(value, ensure_ascii=False).encode()


def _may_be_rounded(value: Any) -> bool:
    """Whether a number is a float that an integer beyond 64 bits becomes."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, float) and abs(value) >= _FIRST_BEYOND:
            return True
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return False
