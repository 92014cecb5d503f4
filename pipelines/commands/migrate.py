"""`newsbeam migrate`: makes a database's tables, or brings them up to date."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.commands.console import stderr, stdout, wrong_usage


def migrate(
    to: Annotated[
        str,
        typer.Option(
            "--to", metavar="URL", help="postgresql://user@host:5432/database; the password from PGPASSWORD."
        ),
    ],
    schema: Annotated[str, typer.Option(help="The schema; made where it is not there.")] = "newsbeam",
) -> None:
    """Make the tables the postgres sink writes to, or bring them up to date.

    Safe to repeat, and while others do the same. Exit code 1: the server refuses, or is newer than this.
    """
    try:
        import psycopg
    except ImportError:
        wrong_usage("psycopg is not installed: pip install 'newsbeam[postgres]'")
    from connectors.postgres.connection import Database
    from connectors.postgres.migrations import SchemaMismatch
    from connectors.postgres.migrations import migrate as bring_up_to_date

    try:
        database = Database(to, schema=schema)
    except ValueError as error:
        wrong_usage(f"--to: {error}")
    try:
        applied = bring_up_to_date(database)
    except (psycopg.Error, SchemaMismatch) as error:
        stderr.print(f"newsbeam: {str(error).strip()}", style="bold red", markup=False)
        raise typer.Exit(1) from None
    for migration in applied:
        stdout.print(f"applied {migration.number:04}_{migration.name}", markup=False)
    stdout.print(f"schema {schema} is up to date", markup=False)
