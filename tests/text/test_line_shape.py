"""Shapes of lines: general where a line varies, and always matching the line they are made of."""

from __future__ import annotations

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.line_shape import folded, lead, letters, pattern, tail
from pipelines.text.packs import PackLibrary
from pipelines.text.rule import fill

DEFINITIONS = PackLibrary().definitions


@pytest.mark.parametrize(
    ("line", "names", "expected"),
    [
        ("Прочетено: 1 204 пъти (+3)", False, r"Прочетено: \d+ \d+ пъти \(\+\d+\)"),
        ("Newsroom, 1 ноември 2019", False, r"Newsroom, \d+ {{MONTH}} \d+"),
        ("Май ще вали", False, "Май ще вали"),
        ("Иван Петров, БЛИЦ", False, "Иван Петров, БЛИЦ"),
        ("Иван Петров, БЛИЦ", True, "{{NAME}}, БЛИЦ"),
        ("Снимка: Иван Петров Иванов и още", True, "Снимка: {{NAME}} и още"),
        ("Иван каза", True, "Иван каза"),
        ("https://a.bg/x?y=1 Blitz.bg", False, r"\S+ Blitz\.bg"),
        ("Пишете на desk@a.bg!", False, r"Пишете на \S+@\S+!"),
        ("a  b", False, "a +b"),
    ],
)
def test_a_pattern_is_general_where_lines_differ(line: str, names: bool, expected: str) -> None:
    assert pattern(line, names=names) == expected


def test_letters_that_a_pattern_fixes() -> None:
    assert letters("Иван Петров, 12", names=True) == 0
    assert letters("Иван Петров, 12", names=False) == 10


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60), st.booleans())
def test_a_pattern_matches_its_line(text: str, names: bool) -> None:
    line = folded(text).strip()
    if not line:
        return
    made = f"(?i:{fill(pattern(line, names=names), DEFINITIONS, 'x')})"
    found = re2.fullmatch(made, line)
    # {{NAME}} knows fewer letters than Unicode has; what isn't a name's letter is no furniture's either.
    assert found or "{{NAME}}" in pattern(line, names=names)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Вижте още: Снегът спря влаковете", "Вижте още: "),
        ("Начало 10:30 в зала 3", None),
        ("https://a.bg/1", None),
        ("2: две", None),
        ("Това е едно много дълго въведение без край: да", None),
        ("Още:", None),
    ],
)
def test_lead(line: str, expected: str | None) -> None:
    assert lead(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Левски победи | Спорт", " | Спорт"),
        ("А - Б - Blitz.bg", " - Blitz.bg"),
        ("Резултат 2 - 1", None),
        ("без край", None),
    ],
)
def test_tail(line: str, expected: str | None) -> None:
    assert tail(line) == expected
