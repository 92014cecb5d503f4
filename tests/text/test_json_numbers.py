"""JSON whose integers stay whole."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text import json_numbers

VALUE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("aЖ\0"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner, max_size=3),
    max_leaves=10,
)


@given(VALUE | st.integers(-(10**300), 10**300))
def test_what_is_written_is_read_as_it_was(value: Any) -> None:
    assert json_numbers.loads(json_numbers.dumps(value)) == value
    read = json_numbers.loads(json.dumps(value).encode())
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize("text", ["18446744073709551616", "-9223372036854775809", "1" + "0" * 300])
@pytest.mark.parametrize("shape", ["{}", "[{}]", '{{"a": {{"b": [1.5, {}]}}}}'])
def test_integers_beyond_64_bits_stay_whole(text: str, shape: str) -> None:
    line = shape.format(text)
    assert json.dumps(json_numbers.loads(line.encode())) == line


@pytest.mark.parametrize("line", [b"{", b"NaN", b"9" * 400, b"1e400", b'"\\ud800"'])
def test_what_orjson_refuses_is_refused(line: bytes) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        json_numbers.loads(line)


def test_however_deep_it_is_read() -> None:
    assert json_numbers.loads(b"[" * 1_000 + b"1e30" + b"]" * 1_000)
