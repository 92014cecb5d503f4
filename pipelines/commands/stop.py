"""`newsbeam stop`: end a job on a Flink cluster, with a savepoint or without."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.console import stderr, stdout, wrong_usage

STOP_SECONDS = 120


def stop(
    job: Annotated[str, typer.Argument(help="The job's id or name, as `newsbeam run` printed it.")],
    flink: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="The cluster's REST interface.  \\[default: the config's]"),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", metavar="FILE", help="Takes flink_master from \\[runner.options]."),
    ] = None,
    savepoint: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Write a savepoint under this folder or URL of the cluster's."),
    ] = None,
) -> None:
    """Stop a job on Flink.

    With --savepoint its bundles are finished, its positions are written, and its path is printed on
    standard output: `newsbeam run --from-savepoint PATH` goes on there, with the same pipeline, and with
    other rules and models if there are. Without, it is cancelled; the next run goes on at the group's
    committed offsets, and the last bundles are delivered again. Exit code 0: stopped. 1: it was not.
    """
    from pipelines.config import ConfigError, load
    from pipelines.flink import Flink, FlinkError, as_url

    if config is not None and flink is None:
        try:
            flink = str(load(config).runner.options.get("flink_master") or "") or None
        except ConfigError as error:
            wrong_usage(str(error))
    if flink is None:
        wrong_usage("--flink HOST:PORT is needed, or a --config whose [runner.options] has flink_master")
    cluster = Flink(flink)
    try:
        found = cluster.job(job)
        if savepoint is None:
            cluster.cancel(found.id, STOP_SECONDS)
            stderr.print(f"job {found.id} is cancelled", markup=False, highlight=False)
            return
        path = cluster.stop(found.id, as_url(savepoint), STOP_SECONDS)
    except FlinkError as error:
        stderr.print(f"newsbeam: {error}", style="bold red", markup=False)
        raise typer.Exit(1) from None
    stderr.print(
        f"job {found.id} is stopped; go on with: newsbeam run --from-savepoint", markup=False, highlight=False
    )
    stdout.print(path, markup=False, highlight=False, soft_wrap=True)
