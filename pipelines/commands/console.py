"""What the commands print for people goes to standard error, so that output can be piped."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

import typer
from rich.console import Console

stderr = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)
stdout = Console(highlight=False, emoji=False)


def wrong_usage(message: str) -> NoReturn:
    """Say what is wrong with the command line and leave with exit code 2."""
    stderr.print(f"newsbeam: {message}", style="red", markup=False)
    raise typer.Exit(2)


_PICTURES = {code: 0x2400 + code for code in range(0x20) if code not in (0x09, 0x0A)} | {0x7F: 0x2421}
_PICTURES |= dict.fromkeys(range(0x80, 0xA0), 0xFFFD)


def printable(text: str) -> str:
    """Text from outside with its control characters made visible: an article must not drive the terminal."""
    return text.translate(_PICTURES)


def print_json(value: Any) -> None:
    """A value as JSON on standard output, for programs."""
    import orjson

    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n")
    sys.stdout.flush()
