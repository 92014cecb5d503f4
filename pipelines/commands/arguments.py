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

StopShare = Annotated[
    float | None,
    typer.Option(
        "--stop-when-rejected-share",
        metavar="SHARE",
        help="Stop when more than this share (0 to 1) of the latest 1,000 records was refused: the input has "
        "gone bad.  \\[default: what the config says; never]",
    ),
]

OwnPacks = Annotated[
    Path | None,
    typer.Option(
        "--packs", metavar="DIR", help="A folder of your own packs (DIR/sites/, DIR/boilerplate/), used too."
    ),
]
