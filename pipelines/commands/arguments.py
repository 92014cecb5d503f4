"""Arguments that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

InputPaths = Annotated[
    list[str],
    typer.Argument(
        metavar="PATH...",
        help="Files (.txt, .html, .jsonl, .jsonl.gz) and folders of them; - reads JSON Lines from standard "
        "input.",
    ),
]

OwnPacks = Annotated[
    Path | None,
    typer.Option(
        "--packs", metavar="DIR", help="A folder of your own packs (DIR/sites/, DIR/boilerplate/), used too."
    ),
]
