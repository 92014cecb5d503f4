"""`newsbeam replay`: files in, enriched records and dead letters out, and a summary."""

from __future__ import annotations

import dataclasses
import signal
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

import typer

from pipelines.commands.arguments import InputPaths, StopShare
from pipelines.commands.console import print_json, stderr, stdout, wrong_usage
from pipelines.commands.stopping import STOPPED, say_stopped, stopping


def replay(
    paths: InputPaths,
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Where articles/, dead_letters/ and run.json go; - writes articles to standard output.",
        ),
    ] = "newsbeam-output",
    form: Annotated[
        Literal["jsonl", "parquet", "ninjs", "schema_org"],
        typer.Option("--format", help="How articles are written."),
    ] = "jsonl",
    dead_letters: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where dead letters go.  \\[default: DIR/dead_letters]"),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TOML with \\[limits], \\[cleaning], \\[runner].")
    ] = None,
    runner: Annotated[
        Literal["direct", "prism", "portable", "flink", "dataflow"] | None,
        typer.Option(help="The engine.  \\[default: direct]"),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes on this machine, each on its own part of the input.")
    ] = 1,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an interrupted replay stopped.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the output of an earlier run.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(metavar="OUT.html", help="Write a page about the run, one file, for a browser."),
    ] = None,
    only_changed: Annotated[
        Path | None,
        typer.Option(
            metavar="OLD",
            help="Write only articles that an earlier output (JSON Lines) has otherwise, or not.",
        ),
    ] = None,
    stop_share: StopShare = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON on standard output.")
    ] = False,
) -> None:
    """Replay articles from files through the pipeline.

    Exit code 0: every record is accounted for. 1: the counts do not add up, or a record ended as a bug
    of ours or undelivered. 2: wrong usage. 3: stopped, the input has gone bad. 130: interrupted; --resume
    goes on.
    """
    from connectors import drain
    from connectors.sources.files import STDIN, Share, UnreadableInput, discover
    from pipelines.commands.only_changed import changed_since
    from pipelines.commands.output import Output, UnfitOutput
    from pipelines.commands.page_file import check_target
    from pipelines.commands.progress import watch
    from pipelines.commands.report import write_report
    from pipelines.commands.table import render
    from pipelines.config import ConfigError, load
    from pipelines.summary import Summary
    from pipelines.workers import WorkerFailed, run_workers

    if output == "-" and (resume or as_json or workers > 1):
        wrong_usage("--output - goes with none of --resume, --json and --workers")
    if STDIN in paths and (resume or workers > 1):
        wrong_usage("standard input can be read once, by one process: no --resume, no --workers")
    if resume and overwrite:
        wrong_usage("--resume keeps what --overwrite removes: take one of them")
    if output == "-" and form == "parquet":
        wrong_usage("--format parquet makes a folder of files: name it with --output")
    if resume and form in ("ninjs", "schema_org"):
        wrong_usage(f"{form} has no place for a record's origin, so --resume could not tell what is written")
    if report is not None:
        if output == "-" or form in ("ninjs", "schema_org"):
            wrong_usage("--report reads records that were written to files: no --output -, ninjs, schema_org")
        check_target(report)
    if resume and only_changed:
        wrong_usage("--only-changed leaves out what --resume would look for: take one of them")
    default = Path("newsbeam-output")
    folder = Output((dead_letters or default) if output == "-" else Path(output), dead_letters, form)
    sinks: list[dict[str, Any]] = [
        folder.articles_sink() | ({"path": "-"} if output == "-" else {}),
        {"kind": "jsonl", "takes": "dead_letters", "path": str(folder.dead_letters)},
    ]
    with ExitStack() as until_done:
        try:
            files = discover(paths)
            run = load(config, {"source": {"kind": "files", "paths": paths}, "sinks": sinks})
            run = stopping(run, stop_share)
            if only_changed:
                if only_changed.resolve() in (folder.folder.resolve(), folder.articles.resolve()):
                    wrong_usage(f"{only_changed}: what is compared with would be overwritten")
                scratch = until_done.enter_context(TemporaryDirectory(prefix="newsbeam-changed-"))
                run = changed_since(run, only_changed, Path(scratch))
            if runner is not None:
                run = dataclasses.replace(run, runner=dataclasses.replace(run.runner, kind=runner))
            until_done.enter_context(folder.held())
            done = None
            if output == "-":
                folder.prepare_letters(paths, overwrite=overwrite)
            else:
                done = folder.prepare(paths, run.limits, resume=resume, overwrite=overwrite)
        except (UnreadableInput, ConfigError, UnfitOutput, OSError) as error:
            wrong_usage(str(error))
        source = Share(tuple(paths), run.limits.max_record_bytes, finished=done)
        run = dataclasses.replace(run, source=dataclasses.replace(run.source, options=source))

        drain.on_signals()
        if output == "-":
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader that leaves ends us quietly: `| head`
        try:
            with watch(sum(file.size_bytes for file in files), workers) as shared:
                counts, seconds, refusals = run_workers(run, workers, shared)
        except WorkerFailed as error:
            stderr.print(f"newsbeam: {error}", style="bold red", markup=False)
            raise typer.Exit(1) from None
    summary = Summary(counts, run.sinks, seconds, refusals)
    if as_json:
        print_json(summary.as_dict())
    else:
        (stderr if output == "-" else stdout).print(render(summary))
    for fault in summary.faults():
        stderr.print(f"newsbeam: {fault}", style="bold red", markup=False)
    if report is not None:
        write_report(folder, report, summary)
    if refusals.stopped:
        say_stopped(refusals.stopped, "Mend the input, then the same command with --resume goes on.")
        raise typer.Exit(1 if summary.faults() else STOPPED)
    if drain.is_requested():
        stderr.print("Interrupted. What was read is written; the same command with --resume goes on.")
        raise typer.Exit(130)
    raise typer.Exit(1 if summary.faults() else 0)
