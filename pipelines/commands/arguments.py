"""Arguments that several commands take."""

from __future__ import annotations

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
