"""The `newsbeam` command."""

from __future__ import annotations

from typing import IO, Annotated, cast

import typer

from pipelines import logs
from pipelines.commands import (
    config,
    dead_letters,
    diff,
    doctor,
    explain,
    migrate,
    models,
    publish,
    quality,
    replay,
    report,
    restore,
    rules,
    run,
    stop,
)
from pipelines.commands.console import stderr
from pipelines.version import VERSION

app = typer.Typer(
    name="newsbeam",
    help="Raw news articles in; clean, language- and topic-tagged records out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(run.run)
app.command()(stop.stop)
app.command()(replay.replay)
app.command()(report.report)
app.command()(publish.publish)
app.command()(explain.explain)
app.command()(restore.restore)
app.command()(migrate.migrate)
app.command()(diff.diff)
app.command()(doctor.doctor)
app.add_typer(config.app, name="config")
app.command()(quality.quality)
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(models.app, name="models")
app.add_typer(rules.app, name="rules")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"newsbeam {VERSION}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    log_format: Annotated[
        logs.LogFormat | None,
        typer.Option(
            envvar=logs.VARIABLE,
            help="How warnings and errors are written: text, or a line of JSON each.  \\[default: text]",
        ),
    ] = None,
) -> None:
    logs.configure(log_format)
    if logs.is_json():
        stderr.file = cast("IO[str]", logs.JsonLines())


def main() -> None:
    """Entry point of the `newsbeam` script."""
    app()


if __name__ == "__main__":
    main()
