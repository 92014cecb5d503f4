"""Bytes for people: offset, hexadecimal, text, with those at fault marked."""

from __future__ import annotations

from rich.text import Text

from pipelines.commands.console import printable

_WIDTH = 16
_LINES = 4
"""So many lines are shown before and after the fault."""


def hex_view(payload: bytes, fault: tuple[int, int] | None) -> Text:
    """The lines around a fault; the first lines where none is known.

    In the text column a character stands at its first byte, and `·` for each of its others.
    """
    start, end = fault or (0, 0)
    first = max(0, start // _WIDTH - _LINES)
    last = min(len(payload) // _WIDTH, max(start, end - 1) // _WIDTH + _LINES)
    view = Text()
    for at in range(first * _WIDTH, min((last + 1) * _WIDTH, len(payload)), _WIDTH):
        line = payload[at : at + _WIDTH]
        characters = _characters(payload, at, len(line))
        view.append(f"{at:08x}  ", style="dim")
        for number in range(_WIDTH):
            is_at_fault = start <= at + number < end
            digits = f"{line[number]:02x}" if number < len(line) else "  "
            view.append(digits, style="bold red reverse" if is_at_fault else "")
            view.append("  " if number == 7 else " ")
        view.append(" ")
        for number, character in enumerate(characters):
            is_at_fault = start <= at + number < end
            view.append(character, style="bold red reverse" if is_at_fault else "")
        view.append("\n")
        if marked := [number for number in range(len(line)) if start <= at + number < end]:
            # Without colours, too.
            spaces = 10 + 3 * marked[0] + (marked[0] > 7)
            length = 3 * len(marked) - 1 + (marked[0] <= 7 < marked[-1])
            view.append(" " * spaces + "^" * length + "\n", style="bold red")
    return view


def _characters(payload: bytes, at: int, length: int) -> list[str]:
    """What stands in the text column for some bytes, one for each."""
    shown = []
    for offset in range(at, at + length):
        byte = payload[offset]
        if byte < 0x80:
            shown.append(printable(chr(byte)) if byte not in (9, 10) else "␉␊"[byte - 9])
            continue
        character = _character(payload, offset)
        is_within = any(
            len(_character(payload, offset - back).encode()) > back
            for back in (1, 2, 3)
            if offset >= back and payload[offset - back] >= 0xC0
        )
        shown.append(character or ("·" if is_within else "�"))
    return shown


def _character(payload: bytes, offset: int) -> str:
    """The character of several bytes that begins at an offset; empty where none does."""
    for length in (2, 3, 4):
        try:
            return printable(payload[offset : offset + length].decode("utf-8"))
        except UnicodeDecodeError:
            continue
    return ""
