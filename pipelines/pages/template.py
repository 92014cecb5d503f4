"""The templates of this folder: what comes from data is escaped, a missing value is an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.commands.console import printable
from pipelines.version import VERSION


def fill(name: str, **values: Any) -> str:
    """The page of a template, as HTML.

    Args:
        name: the template's file.
        values: what it shows. It also has `version`, and the filters `printable` (control characters and
            halves of surrogate pairs made visible) and `number` (thousands apart).

    Raises:
        jinja2.UndefinedError: the template wants a value that is not there.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["printable"] = lambda text: printable(str(text)).encode("utf-8", "replace").decode()
    environment.filters["number"] = lambda number: f"{number:,}"
    return environment.get_template(name).render(version=VERSION, **values)
