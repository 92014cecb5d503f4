"""The shape of a line: what stays of it when numbers, dates, names and addresses may be others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from pipelines.text.packs import month_names
from pipelines.text.page import fold

LEAD_CHARS = 40
"""A marker in front of a colon, or behind the last dash or bar, is not longer."""
_MIN_LETTERS = 3
"""A marker has so many letters."""

_PART = re.compile(
    r"(?P<url>https?://\S+|www\.\S+)"
    r"|(?P<mail>[\w.+-]+@[\w-]+\.[\w.-]+)"
    r"|(?P<number>\d+)"
    r"|(?P<word>[^\W\d_]+(?:[-'][^\W\d_]+)*)"
    r"|(?P<space>\s+)"
    r"|(?P<other>.)",
    re.DOTALL,
)
_SPECIAL = re.compile(r"([.^$*+?{}\[\]\\|()])")
_LEAD = re.compile(rf"(.{{2,{LEAD_CHARS}}}?): (?=\S)")
_TAIL = re.compile(rf"(?<=\S) ([-–—|/]|::) ([^-–—|/]{{2,{LEAD_CHARS}}})$")


def folded(line: str) -> str:
    """A line as patterns see it: odd spaces and apostrophes made plain, one for one."""
    return fold(line).decode("utf-8", "surrogatepass")


def pattern(line: str, *, names: bool) -> str:
    """A pattern, in RE2's syntax, of the lines that have a line's shape.

    Digits stand for any digits, a month for any month, an address for any; every other character for
    itself.

    Args:
        line: a folded line.
        names: whether two to four capitalised words stand for any name.
    """
    return "".join(part for part, _ in _parts(line, names))


def letters(line: str, *, names: bool) -> int:
    """How many letters of a folded line stand for themselves in its pattern."""
    return sum(count for _, count in _parts(line, names))


def lead(line: str) -> str | None:
    """A line's marker with its colon: `Вижте още:` of `Вижте още: Снегът спря влаковете`, if it has one."""
    found = _LEAD.match(line)
    if found is None or not _is_marker(found[1]):
        return None
    return found[0]


def tail(line: str) -> str | None:
    """A line's last part with its dash or bar: ` | Спорт` of `Левски победи | Спорт`, if it has one."""
    found = _TAIL.search(line)
    if found is None or not _is_marker(found[2]):
        return None
    return found[0]


def _is_marker(text: str) -> bool:
    return sum(char.isalpha() for char in text) >= _MIN_LETTERS and len(text.split()) <= 5


def _parts(line: str, names: bool) -> Iterator[tuple[str, int]]:
    """The pieces of the pattern, and how many letters each fixes."""
    found = [(match.lastgroup or "", match[0]) for match in _PART.finditer(line)]
    dated = any(group == "number" for group, _ in found)  # "may" and "mar" are words without a day
    at = 0
    while at < len(found):
        group, text = found[at]
        taken = _name(found, at) if names and group == "word" else 0
        if taken:
            yield "{{NAME}}", 0
        elif group == "word" and dated and text.lower() in _months():
            yield "{{MONTH}}", 0
        elif group == "word":
            yield text, len(text)
        elif group == "number":
            yield r"\d+", 0
        elif group == "url":
            yield r"\S+", 0
        elif group == "mail":
            yield r"\S+@\S+", 0
        elif group == "space":
            yield (" " if text == " " else " +"), 0
        else:
            yield _SPECIAL.sub(r"\\\1", text), 0
        at += taken or 1


def _name(found: list[tuple[str, str]], at: int) -> int:
    """How many parts from `at` on are a name of two to four capitalised words; 0 where none is."""
    end = at
    words = 0
    while end < len(found) and found[end][0] == "word" and _is_capitalised(found[end][1]):
        words += 1
        if words == 4 or end + 2 >= len(found) or found[end + 1] != ("space", " "):
            end += 1
            break
        end += 2
    else:
        end -= 1  # the space in front of a word that is none of a name's
    return end - at if words > 1 else 0


def _is_capitalised(word: str) -> bool:
    return len(word) > 1 and word[0].isupper() and word[1:].islower()


@cache
def _months() -> frozenset[str]:
    return month_names()
