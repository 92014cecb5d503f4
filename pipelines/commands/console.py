"""What the commands print for people goes to standard error, so that output can be piped."""

from __future__ import annotations

from typing import NoReturn

import typer
from rich.console import Console

stderr = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)
stdout = Console(highlight=False, emoji=False)


def wrong_usage(message: str) -> NoReturn:
    """Say what is wrong with the command line and leave with exit code 2."""
    stderr.print(f"newsbeam: {message}", style="red", markup=False)
    raise typer.Exit(2)
