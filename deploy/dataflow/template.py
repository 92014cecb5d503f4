#!/usr/bin/env python3
"""The flex template's program: `newsbeam run` on Dataflow, with the template's parameters.

Dataflow's launcher starts it inside the image with `--name=value` for every parameter and for every option of
Beam's own. The parameters are options of `newsbeam run`; what metadata.json tells of them
is taken from there.

    deploy/dataflow/template.py --metadata > deploy/dataflow/metadata.json
"""

from __future__ import annotations

import dataclasses
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import typer

from pipelines.cli import app
from pipelines.commands.remote import run_there
from pipelines.commands.run import topic_tables
from pipelines.config import Config, ConfigError, Runner, load

PARAMETERS = ("config", "brokers", "from", "to", "dead_letters", "group")
"""Of `newsbeam run`, those that make sense far away. No secret is among them: the configuration names each
(`{ google = "projects/P/secrets/NAME/versions/latest" }`), and the workers ask for it."""
LABELS = {
    "config": "Configuration",
    "brokers": "Kafka brokers",
    "from": "Topic with raw articles",
    "to": "Topic for articles",
    "dead_letters": "Topic for dead letters",
    "group": "Consumer group",
}
HELP = {"config": "gs:// path of a TOML file. Else brokers, from, to and dead_letters are needed."}
"""Where `newsbeam run --help` would mislead."""
REGEXES = {
    "config": r"gs://[^/\s]+/\S+",
    "brokers": r"[^\s,:]+:\d+(,[^\s,:]+:\d+)*",
    **dict.fromkeys(("from", "to", "dead_letters"), r"[A-Za-z0-9._-]{1,249}"),
    "group": r"\S+",
}
DEFAULTS = {
    "enable_streaming_engine": True,
    "autoscaling_algorithm": "THROUGHPUT_BASED",
    "max_num_workers": 8,
    "number_of_worker_harness_threads": 8,
}
"""Of Beam's options for Dataflow, unless the configuration or the launch says otherwise; see README.md."""


def metadata() -> dict[str, Any]:
    """The template's parameters as Dataflow takes them."""
    return {
        "name": "newsbeam",
        "description": "Raw news articles in; clean, language- and topic-tagged records out.",
        "streaming": True,
        "supportsAtLeastOnce": True,
        "supportsExactlyOnce": True,
        "defaultStreamingMode": "AT_LEAST_ONCE",
        "parameters": [
            {
                "name": name,
                "label": LABELS[name],
                "helpText": HELP.get(name) or (option.help or "").partition("  \\[")[0],  # escaped for Rich
                "isOptional": not option.required,
                "regexes": [f"^{REGEXES[name]}$"],
                "paramType": "GCS_READ_FILE" if name == "config" else "TEXT",
            }
            for name, option in options().items()
        ]
        + [
            {
                "name": "sdk_container_image",
                "label": "Image of the workers",
                "helpText": "newsbeam's image; the one that the template was built with.",
                "isOptional": True,
                "paramType": "TEXT",
            }
        ],
    }


def options() -> dict[str, Any]:
    """The options of `newsbeam run` that are parameters, by the parameter's name."""
    group: Any = typer.main.get_command(app)
    run = group.commands["run"]
    flags = {flag.lstrip("-").replace("-", "_"): option for option in run.params for flag in option.opts}
    return {name: flags[name] for name in PARAMETERS}


def parsed(given: list[str]) -> tuple[dict[str, str], dict[str, Any]]:
    """The template's parameters, and Beam's options: `--name=value`, a switch's `--name`, either repeated."""
    parameters: dict[str, str] = {}
    beams: dict[str, Any] = {}
    for argument in given:
        name, equals, value = argument.removeprefix("--").partition("=")
        if name in PARAMETERS:
            parameters[name] = value
        elif name in beams and equals:
            earlier = beams[name]
            beams[name] = [*(earlier if isinstance(earlier, list) else [earlier]), value]
        elif name != "runner":
            beams[name] = value if equals else True
    return parameters, beams


def settings(parameters: dict[str, str], beams: dict[str, Any], folder: Path) -> Config:
    """The run that is asked for; its configuration is copied into the folder.

    Raises:
        ConfigError: there is no such file, it is wrong, or a parameter is missing or one too many.
    """
    topics = {name: parameters[name] for name in PARAMETERS[1:] if parameters.get(name)}
    if parameters.get("config"):
        if topics:
            raise ConfigError(f"config says what {', '.join(topics)} would: take one of them")
        config = load(local(parameters["config"], folder))
    else:
        if missing := {"brokers", "from", "to", "dead_letters"} - topics.keys():
            raise ConfigError(f"without config, {', '.join(sorted(missing))} must be given")
        given = (topics.get(name) for name in ("from", "to", "dead_letters", "group"))
        config = load(None, topic_tables(topics["brokers"], *given))
    runner = Runner("dataflow", {**DEFAULTS, **config.runner.options, **beams})
    return dataclasses.replace(config, runner=runner)


def local(path: str, folder: Path) -> Path:
    """A file of any of Beam's filesystems, here."""
    from apache_beam.io.filesystems import FileSystems

    copy = folder / "newsbeam.toml"
    with FileSystems.open(path) as file:
        copy.write_bytes(file.read())
    return copy


def main() -> None:
    """Print the metadata, or submit the job and return: the launcher does not wait for its end."""
    if sys.argv[1:] == ["--metadata"]:
        print(json.dumps(metadata(), indent=2))
        return
    with tempfile.TemporaryDirectory(prefix="newsbeam-") as folder:
        try:
            wanted = settings(*parsed(sys.argv[1:]), Path(folder))
        except (ConfigError, OSError) as error:
            sys.exit(f"template: {error}")
        run_there(wanted, detach=True)


if __name__ == "__main__":
    main()
