"""`newsbeam run`: the live pipeline, from a Kafka topic to its sinks."""

from __future__ import annotations

import dataclasses
import os
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import typer

from pipelines.commands.arguments import StopShare
from pipelines.commands.console import print_json, stderr, stdout, wrong_usage
from pipelines.commands.remote import REMOTE, run_there
from pipelines.commands.stopping import STOPPED, say_stopped, stopping
from pipelines.flink import as_url

if TYPE_CHECKING:
    from pipelines.config import Config
    from pipelines.refusals import Refusals


def run(
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", metavar="FILE", help="TOML: source, sinks, limits, runner."),
    ] = None,
    brokers: Annotated[
        str | None,
        typer.Option(envvar="NEWSBEAM_KAFKA_BROKERS", metavar="HOST:PORT,...", help="The Kafka cluster."),
    ] = None,
    source: Annotated[
        str | None, typer.Option("--from", metavar="TOPIC", help="The topic with raw articles.")
    ] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="TOPIC", help="The topic for articles.")] = None,
    dead_letters: Annotated[
        str | None, typer.Option(metavar="TOPIC", help="The topic for what is refused.")
    ] = None,
    group: Annotated[
        str | None, typer.Option(help="The consumer group to go on from.  \\[default: newsbeam]")
    ] = None,
    until_end: Annotated[
        bool, typer.Option("--until-end", help="Stop at what is the topic's end now.")
    ] = False,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes on this machine, each on its own partitions.")
    ] = 1,
    metrics_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Serve Prometheus metrics on this port.")
    ] = None,
    stop_share: StopShare = None,
    runner: Annotated[
        str | None,
        typer.Option(metavar="ENGINE", help="direct, prism, flink, portable, dataflow.  \\[default: direct]"),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", "-o", metavar="NAME=VALUE", help="An option of Beam's own."),
    ] = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="Flink, Dataflow: return once the job runs.")
    ] = False,
    from_savepoint: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="Flink: go on from a savepoint or a retained checkpoint."),
    ] = None,
    allow_non_restored_state: Annotated[
        bool,
        typer.Option("--allow-non-restored-state", help="Drop what of the savepoint no longer fits."),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON on standard output.")
    ] = False,
) -> None:
    """Enrich a Kafka topic, live.

    Takes --config, or --brokers, --from, --to and --dead-letters. On this machine (direct, prism) Ctrl-C or
    SIGTERM drains: what was read is delivered and committed. On Flink and Dataflow it ends the waiting
    only; the job runs on, under the name that is printed, until `newsbeam stop`. Exit code 0: drained,
    done, or left running, and every record is accounted for. 1: the pipeline failed, or the counts do
    not add up. 2: wrong usage. 3: stopped, the input has gone bad.
    """
    from pipelines.config import ConfigError, load
    from pipelines.refusals import Refusals

    flags = {"--from": source, "--to": to, "--dead-letters": dead_letters}
    try:
        if config is not None:
            if given := [name for name, value in {**flags, "--group": group}.items() if value is not None]:
                wrong_usage(f"--config says what {given[0]} would: take one of them")
            settings = load(config)
        else:
            if missing := [name for name, value in {"--brokers": brokers, **flags}.items() if value is None]:
                wrong_usage(f"without --config, {missing[0]} is needed")
            settings = load(None, topic_tables(str(brokers), source, to, dead_letters, group))
    except ConfigError as error:
        wrong_usage(str(error))
    settings = stopping(settings, stop_share)
    if until_end:
        settings = _bounded(settings)
    chosen = _option_table(option or [], from_savepoint, allow_non_restored_state)
    settings = _engine(settings, runner, chosen)
    is_remote = settings.runner.kind in REMOTE
    if detach and not is_remote:
        wrong_usage(f"--detach: what {settings.runner.kind} runs ends with this command")
    if from_savepoint and settings.runner.kind not in ("flink", "portable"):
        wrong_usage(f"--from-savepoint: {settings.runner.kind} has none; it goes on at the group's offsets")
    if metrics_port is not None and is_remote:
        wrong_usage("--metrics-port: the workers are elsewhere; their pool serves them (deploy/flink)")
    if workers > 1 and (settings.source.kind != "kafka" or settings.runner.kind != "direct"):
        wrong_usage("--workers shares the partitions of a Kafka source on the local runner only")

    engine = "Beam's local FnApiRunner" if settings.runner.kind == "direct" else settings.runner.kind
    stderr.print(f"running on {engine}{'' if is_remote else '; Ctrl-C drains'}", markup=False)
    begun = time.monotonic()
    counts: Counter[str] | None
    try:
        if is_remote:
            counts, refusals = run_there(settings, detach=detach), Refusals()
        else:
            counts, refusals = _run(settings, workers, metrics_port)
    except Exception as error:  # a pipeline fails in as many ways as there are engines
        stderr.print(f"newsbeam: {type(error).__name__}: {error}", style="bold red", markup=False)
        raise typer.Exit(1) from None
    if counts is not None:
        _report(counts, refusals, settings, time.monotonic() - begun, as_json=as_json)


def _run(settings: Config, workers: int, metrics_port: int | None) -> tuple[Counter[str], Refusals]:
    from connectors import drain
    from pipelines import refusals

    refusals.taken()
    drain.on_signals()
    with tempfile.TemporaryDirectory(prefix="newsbeam-metrics-") as folder:
        if workers > 1:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder  # the workers', who import Prometheus anew
        from prometheus_client import REGISTRY, CollectorRegistry, ProcessCollector
        from prometheus_client.multiprocess import MultiProcessCollector

        from connectors import metrics
        from pipelines.commands.status import watch
        from pipelines.running import run as run_here
        from pipelines.supervisor import supervise

        if workers == 1:
            with watch(REGISTRY, metrics_port):
                return run_here(settings), refusals.taken()
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
        ProcessCollector(registry=registry)
        registry.register(metrics.RESTARTS)  # this process counts them, the workers all else
        with watch(registry, metrics_port):
            return supervise(settings, workers)


def topic_tables(
    brokers: str, source: str | None, to: str | None, dead_letters: str | None, group: str | None
) -> dict[str, Any]:
    """The tables of a configuration from topic to topics of one cluster."""
    place = {"kind": "kafka", "brokers": brokers}
    return {
        "source": {**place, "kafka_topic": source, **({"group": group} if group else {})},
        "sinks": [
            {**place, "takes": "articles", "kafka_topic": to},
            {**place, "takes": "dead_letters", "kafka_topic": dead_letters},
        ],
    }


def _option_table(given: list[str], savepoint: str | None, allow_non_restored: bool) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals:
            wrong_usage(f"--option {pair}: NAME=VALUE is asked for")
        table[name] = value
    if savepoint:
        table["savepoint_path"] = as_url(savepoint)
    if allow_non_restored:
        table["allow_non_restored_state"] = True
    return table


def _engine(settings: Config, kind: str | None, more: dict[str, Any]) -> Config:
    """The settings with the engine and options that the command line names."""
    from pipelines.config import Kind

    if kind is not None and kind not in get_args(Kind):
        wrong_usage(f"--runner {kind}: none of {', '.join(get_args(Kind))}")
    own = settings.runner
    changed = dataclasses.replace(own, kind=cast("Kind", kind or own.kind), options={**own.options, **more})
    return dataclasses.replace(settings, runner=changed)


def _bounded(settings: Config) -> Config:
    if settings.source.kind != "kafka":
        return settings  # files end by themselves
    options = dataclasses.replace(settings.source.options, until_end=True)
    return dataclasses.replace(settings, source=dataclasses.replace(settings.source, options=options))


def _report(
    counts: Counter[str], refusals: Refusals, settings: Config, seconds: float, *, as_json: bool
) -> None:
    from pipelines.commands.table import render
    from pipelines.summary import Summary

    summary = Summary(counts, settings.sinks, seconds, refusals)
    if as_json:
        print_json(summary.as_dict())
    else:
        stdout.print(render(summary))
    for fault in summary.faults():
        stderr.print(f"newsbeam: {fault}", style="bold red", markup=False)
    if refusals.stopped:
        go_on = "Mend what sends to the topic, or raise the share; then the same command goes on."
        say_stopped(refusals.stopped, go_on)
        raise typer.Exit(1 if summary.faults() else STOPPED)
    raise typer.Exit(1 if summary.faults() else 0)
