"""The file that a page for a browser goes to."""

from __future__ import annotations

from pathlib import Path

from pipelines.commands.console import wrong_usage


def check_target(html: Path) -> None:
    """End the command where a page could not be written: before the work, not after it."""
    if html.is_dir() or not html.absolute().parent.is_dir():
        wrong_usage(f"{html}: name a file in a folder that exists")


def write_page(html: Path, page: str) -> None:
    """Write a page. Where it cannot be written the command ends."""
    try:
        html.write_text(page, encoding="utf-8")
    except OSError as error:
        wrong_usage(f"{html}: {error.strerror}")
