"""`newsbeam dead-letters replay`: another try for what was refused."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.console import print_json, stderr, stdout, wrong_usage
from pipelines.commands.letter_fates import Again, Fates, spool
from pipelines.commands.letters import (
    GROUP,
    LetterFiles,
    LetterTopic,
    OfPublisher,
    OfReason,
    OfStep,
    Place,
    Selection,
    Since,
    Until,
    config_at,
    letters_of,
    reachable,
)

if TYPE_CHECKING:
    from pipelines.commands.output import Output
    from pipelines.config import Config


def replay(
    path: Place,
    input: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH",
            help="Where the raw records lie, for those longer than a letter holds.  \\[default: as replayed]",
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TOML, as for `newsbeam replay`.")
    ] = None,
    reason: OfReason = None,
    step: OfStep = None,
    publisher: OfPublisher = None,
    since: Since = None,
    until: Until = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON on standard output.")] = False,
) -> None:
    """Send dead letters through the pipeline again, and say what became of them.

    PATH is a replay's output folder: what becomes an article moves to its articles/. Or a config: articles
    go to its sinks, which know them by id, so that none is there twice. What is refused again stays a dead
    letter, with its new reason. Of a topic the consumer group newsbeam-dead-letters remembers what was
    replayed; with a condition (--reason ...) it stays where it is.

    Exit code 1: a letter's record is lost, a record ended as a bug of ours or undelivered, or the counts do
    not add up.
    """
    selection = Selection(reason, step, publisher, since, until)
    with ExitStack() as until_done, reachable():
        if path.endswith(".toml"):
            if config is not None:
                wrong_usage(f"{path} is a config: no --config beside it")
            retry = _of_config(config_at(path), input or [], selection, until_done)
        elif path.startswith("kafka://"):
            wrong_usage("which sinks are the articles for? Name the config whose letters these are")
        else:
            retry = _of_folder(Path(path), config, input, until_done)
        fates = _run(retry, selection)
    if as_json:
        print_json(fates.as_dict())
    else:
        stdout.print(fates.render())
    for fault in fates.summary.faults():
        stderr.print(f"newsbeam: {fault}", style="bold red", markup=False)
    raise typer.Exit(1 if fates.summary.faults() or fates.lost else 0)


@dataclass(frozen=True)
class _Retry:
    """What is needed to try letters again."""

    letters: LetterFiles | LetterTopic
    config: Config
    """The run: its source is the spool, one of its sinks writes to `again`."""
    spool: Path
    again: Path
    """The folder of the letters of what is refused again."""
    output: Output | None = None
    """The replay's output that the letters are of."""
    made: Output | None = None
    """Where its articles are made."""


def _of_folder(path: Path, config: Path | None, input: list[str] | None, until_done: ExitStack) -> _Retry:
    """Letters of a replay's output folder."""
    from pipelines.commands.output import Output, UnfitOutput
    from pipelines.config import ConfigError, DeadLetters, load
    from pipelines.record_files import record_files

    output = Output(path)
    files = record_files(output.dead_letters) if output.dead_letters.is_dir() else []
    if not files:
        wrong_usage(f"{path}: holds no dead_letters/*.jsonl")
    made = Output(path / ".replayed", form=output.written_form())
    spooled = made.folder / "letters.jsonl"
    roots = input or output.roots()
    tables = {
        "source": {"kind": "dead_letters", "paths": [str(spooled)], "roots": roots},
        "sinks": [
            made.articles_sink(),
            {"kind": "jsonl", "takes": "dead_letters", "path": str(made.dead_letters)},
        ],
    }
    try:
        run = dataclasses.replace(load(config, tables), dead_letters=DeadLetters())
        options = dataclasses.replace(run.source.options, max_record_bytes=run.limits.max_record_bytes)
        run = dataclasses.replace(run, source=dataclasses.replace(run.source, options=options))
        until_done.enter_context(output.held())
        shutil.rmtree(made.folder, ignore_errors=True)
        made.folder.mkdir()
        until_done.callback(shutil.rmtree, made.folder, ignore_errors=True)
        output.articles.mkdir(exist_ok=True)
    except (ConfigError, UnfitOutput, OSError) as error:
        wrong_usage(str(error))
    return _Retry(LetterFiles(files), run, spooled, made.dead_letters, output, made)


def _of_config(config: Config, input: list[str], selection: Selection, until_done: ExitStack) -> _Retry:
    """Letters that a config's runs made, for its sinks."""
    from connectors.sinks.jsonl import Options as JsonlOptions
    from connectors.sources.dead_letters import Options
    from pipelines.commands.output import Output, UnfitOutput
    from pipelines.config import DeadLetters, Runner, Sink, Source

    letters = letters_of(config)
    if isinstance(letters, LetterFiles) and letters.files:
        try:
            until_done.enter_context(Output(letters.files[0].parent).held())
        except (UnfitOutput, OSError) as error:
            wrong_usage(str(error))
    folder = Path(until_done.enter_context(tempfile.TemporaryDirectory(prefix="newsbeam-letters-")))
    source, again = config.source, folder / "again"
    is_kafka = source.kind == "kafka"
    options = Options(
        (str(folder / "letters.jsonl"),),
        tuple(input) or (source.options.paths if source.kind == "files" else ()),
        config.limits.max_record_bytes,
        **({"brokers": source.options.brokers, "security": source.options.security} if is_kafka else {}),
    )
    sinks = [sink for sink in config.sinks if sink.takes == "articles"]
    if isinstance(letters, LetterTopic) and not selection:
        # Behind those that the group will have passed.
        sinks += [sink for sink in config.sinks if sink.takes == "dead_letters" and sink.kind == "kafka"][:1]
    sinks.append(Sink("refused-again", "jsonl", "dead_letters", JsonlOptions(str(again))))
    run = dataclasses.replace(
        config,
        source=Source("dead_letters", options),
        sinks=tuple(sinks),
        runner=Runner(),
        dead_letters=DeadLetters(),
    )
    return _Retry(letters, run, folder / "letters.jsonl", again)


def _run(retry: _Retry, selection: Selection) -> Fates:
    """Try the letters again, and put what came of it in their place."""
    from connectors.sources.files import UnreadableInput
    from pipelines.summary import Summary
    from pipelines.workers import SharedProgress, WorkerFailed, run_workers

    topic = retry.letters.topic if isinstance(retry.letters, LetterTopic) else None
    ends = topic.ends() if topic else {}
    try:
        spooled = spool(retry.letters.read(), selection, retry.config.source.options, retry.spool)
    except UnreadableInput as error:
        wrong_usage(str(error))
    try:
        done = run_workers(retry.config, 1, SharedProgress(1))
    except WorkerFailed as error:
        stderr.print(f"newsbeam: {error}", style="bold red", markup=False)
        raise typer.Exit(1) from None
    summary = Summary(done.counts, retry.config.sinks, done.seconds, done.refusals)
    again = Again(retry.again)
    fates = Fates.of(summary, spooled, again)
    if not summary.unaccounted():
        # Articles first: a crash in between leaves a letter too many, never a record too few.
        if retry.output is not None and retry.made is not None:
            _move_articles(retry.made, retry.output)
        if isinstance(retry.letters, LetterFiles):
            again.take_the_place_of(retry.letters.files, spooled)
        elif topic is not None and not selection:
            topic.commit(GROUP, ends)
    return fates


def _move_articles(made: Output, output: Output) -> None:
    for folder, kept_in in ((made.articles, output.articles), (made.withdrawn, output.withdrawn)):
        for file in [file for file in folder.rglob("[!.]*") if file.is_file()]:
            place = kept_in / file.relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            file.replace(place)
