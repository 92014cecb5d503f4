"""`newsbeam restore`: the raw text of written records, character for character."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.console import wrong_usage
from pipelines.commands.written import read_written


def restore(
    file: Annotated[
        Path, typer.Argument(help="Written articles: a .jsonl file or a replay's output folder.")
    ],
    id: Annotated[str | None, typer.Option("--id", help="Only this article, as plain text.")] = None,
) -> None:
    """Print the raw text of written articles: clean text and removed spans put together again.

    Without --id one JSON object a line, {"id", "text"}.
    """
    import orjson

    from pipelines.text.ledger import restore as put_back
    from schemas.codec import decode_article

    out, found = sys.stdout.buffer, False
    for article in read_written(file, "articles", decode_article):
        if id is not None and article.id != id:
            continue
        found = True
        try:
            raw = put_back(article.text, article.removed)
        except ValueError as error:
            wrong_usage(f"{file}: article {article.id} was altered: {error}")
        out.write(raw.encode() if id is not None else orjson.dumps({"id": article.id, "text": raw}) + b"\n")
    if not found:
        wrong_usage(f"{file}: no article with id {id}" if id is not None else f"{file}: holds no article")
