"""Lines of a TOML file by place."""

from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from pipelines.config_lines import line_of, lines

TEXT = '''# a comment
[source]   # [not] a header
kind = "files"
paths = [
  "a = 1",   # in an array
  "b",
]
security.protocol = "SSL"

[[sinks]]
path = """
[limits]
"""
[sinks.security]
ca_file = "x"
[[sinks]]
options = { a = 1, b = { c = 2 } }
[sinks.security]
'''


def test_each_place_has_its_line() -> None:
    assert lines(TEXT) == {
        "source": 2,
        "source.kind": 3,
        "source.paths": 4,
        "source.security": 8,
        "source.security.protocol": 8,
        "sinks[0]": 10,
        "sinks[0].path": 11,
        "sinks[0].security": 14,
        "sinks[0].security.ca_file": 15,
        "sinks[1]": 16,
        "sinks[1].options": 17,
        "sinks[1].options.a": 17,
        "sinks[1].options.b": 17,
        "sinks[1].options.b.c": 17,
        "sinks[1].security": 18,
    }


def test_only_a_line_feed_ends_a_line() -> None:
    text = '# one\u2028still one\npath = "a\x85b"\n# \u2029still three\nkind = 1\n'
    assert lines(text) == {"path": 2, "kind": 4}


def test_a_missing_value_has_the_line_of_its_table() -> None:
    found = lines(TEXT)
    assert line_of("sinks[1].security.protocol", found) == 18
    assert line_of("sinks[1].path", found) == 16
    assert line_of("sinks[7].path", found) is None
    assert line_of("[source] is missing", found) is None
    assert line_of("runner.kind", found) is None


@given(
    st.lists(
        st.tuples(
            st.text("ab", min_size=1, max_size=3),
            st.sampled_from(['"x # = ["', "[1,\n 2]", '"""\n[a]\n"""', "{ k = 1 }"]),
        ),
        unique_by=lambda pair: pair[0],
    )
)
def test_every_value_that_python_reads_has_a_line(pairs: list[tuple[str, str]]) -> None:
    text = "".join(f"{key} = {value}\n" for key, value in pairs)
    found = lines(text)
    for key in tomllib.loads(text):
        assert text.splitlines()[found[key] - 1].startswith(f"{key} = ")
