"""`newsbeam models`: the shipped models, and the commands that train them."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, help="The models newsbeam ships, and how they are made.")
