"""Dataflow's template, launch script and job graph. Offline: nothing here has spoken to Google."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.config import ConfigError
from tests.deploy.scripts import DEPLOY, script

FOLDER = DEPLOY / "dataflow"
IMAGE = "europe-docker.pkg.dev/my-press/news/newsbeam@sha256:" + "0" * 64
TOPICS = ["--brokers=kafka-1:9092,kafka-2:9092", "--from=raw", "--to=articles", "--dead_letters=dead"]
BEAMS = [
    "--runner=DataflowRunner",
    "--project=my-press",
    "--region=europe-west1",
    "--temp_location=gs://news-bucket/temp",
    "--staging_location=gs://news-bucket/staging",
    "--job_name=newsbeam",
    f"--sdk_container_image={IMAGE}",
    "--experiments=use_runner_v2",
    "--experiments=streaming_mode_at_least_once",
    "--streaming",
]
CONFIG = """
[source]
kind = "kafka"
brokers = "kafka:9093"
kafka_topic = "raw"
[source.security]
protocol = "SASL_SSL"
mechanism = "PLAIN"
username = "newsbeam"
password = { google = "projects/my-press/secrets/kafka/versions/latest" }
[runner]
kind = "flink"
options = { max_num_workers = 20 }
[[sinks]]
kind = "kafka"
brokers = "kafka:9093"
kafka_topic = "articles"
[[sinks]]
kind = "kafka"
takes = "dead_letters"
brokers = "kafka:9093"
kafka_topic = "dead"
"""

template = script("dataflow/template.py")


def test_the_metadata_are_those_of_the_options() -> None:
    assert json.loads((FOLDER / "metadata.json").read_text()) == template.metadata(), (
        "write it anew: deploy/dataflow/template.py --metadata > deploy/dataflow/metadata.json"
    )


def test_the_metadata_are_what_dataflow_takes() -> None:
    metadata = template.metadata()
    for parameter in metadata["parameters"]:
        assert {"name", "label", "helpText"} <= parameter.keys()
        assert parameter["label"] and parameter["helpText"]
        for regex in parameter.get("regexes", []):
            re.compile(regex)
        assert not re.search("password|secret|token|key", parameter["name"])
    examples = {
        "config": "gs://news-bucket/newsbeam.toml",
        "brokers": "kafka-1:9092,kafka-2.press:9093",
        **dict.fromkeys(("from", "to", "dead_letters"), "raw-articles"),
        "group": "newsbeam",
    }
    regexes = {one["name"]: one["regexes"][0] for one in metadata["parameters"] if "regexes" in one}
    assert regexes.keys() == examples.keys()
    for name, example in examples.items():
        assert re.fullmatch(regexes[name], example), name
    assert not re.fullmatch(regexes["config"], "/etc/newsbeam.toml")
    assert not re.fullmatch(regexes["brokers"], "kafka")


def test_parameters_and_beams_options_are_told_apart(tmp_path: Path) -> None:
    parameters, beams = template.parsed([*TOPICS, *BEAMS])
    assert parameters.keys() == {"brokers", "from", "to", "dead_letters"}
    assert beams["experiments"] == ["use_runner_v2", "streaming_mode_at_least_once"]
    assert beams["streaming"] is True and "runner" not in beams
    config = template.settings(parameters, beams, tmp_path)
    assert (config.source.options.kafka_topic, config.source.options.group) == ("raw", "newsbeam")
    assert [sink.options.kafka_topic for sink in config.sinks] == ["articles", "dead"]
    assert config.runner.kind == "dataflow"
    assert (
        config.runner.options.items() >= {"enable_streaming_engine": True, "region": "europe-west1"}.items()
    )


def test_a_configuration_rules_and_the_launch_rules_it(tmp_path: Path) -> None:
    file = tmp_path / "there.toml"
    file.write_text(CONFIG)
    config = template.settings({"config": str(file)}, {}, tmp_path)
    assert config.runner.kind == "dataflow", "whatever the file says"
    assert config.runner.options["max_num_workers"] == 20
    assert (
        template.settings({"config": str(file)}, {"max_num_workers": "3"}, tmp_path).runner.options[
            "max_num_workers"
        ]
        == "3"
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"brokers": "k:1"}, "dead_letters, from, to must be given"),
        ({"config": "x.toml", "to": "articles"}, "config says what to would"),
    ],
)
def test_what_is_missing_or_said_twice_is_refused(
    given: dict[str, str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        template.settings(given, {}, tmp_path)


def test_the_job_graph_holds_no_secret_and_one_shuffle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("google.cloud.storage", reason="needs newsbeam[gcp]: the job graph is NOT checked")
    from apache_beam.runners.dataflow.internal import apiclient

    graphs: list[Any] = []

    class Job(apiclient.Job):  # type: ignore[misc]
        def __init__(self, options: Any, proto: Any) -> None:
            super().__init__(options, proto)
            graphs.append((self, proto))

    monkeypatch.setattr(apiclient, "Job", Job)
    file = tmp_path / "there.toml"
    file.write_text(CONFIG)
    monkeypatch.setattr(sys, "argv", ["template.py", f"--config={file}", *BEAMS, "--dry_run=True"])
    template.main()
    assert "job newsbeam" in capfd.readouterr().out
    ((job, graph),) = graphs
    components = graph.components
    names = [one.unique_name for one in components.transforms.values()]
    for station in ("DecodeArticle", "ExtractText", "StripBoilerplate", "DetectLanguage", "TagTopics"):
        assert station in names
    shuffles = [name for name in names if name.endswith("GroupByKey")]
    assert shuffles == ["Read/Spread partitions/ReshufflePerKey/GroupByKey"]
    assert all(IMAGE.encode() in one.payload for one in components.environments.values())
    reads = [one for one in components.transforms.values() if one.unique_name == "Read/Read partitions"]
    (output,) = reads[0].outputs.values()
    unbounded = 1  # beam_runner_api_pb2.IsBounded.UNBOUNDED
    assert components.pcollections[output].is_bounded == unbounded
    options = job.options.get_all_options()
    assert options["streaming"] and options["enable_streaming_engine"]
    assert options["max_num_workers"] == 20 and options["autoscaling_algorithm"] == "THROUGHPUT_BASED"


def launch(*arguments: str) -> list[str]:
    said = subprocess.run(
        [sys.executable, FOLDER / "launch", *arguments, "--dry-run"],
        capture_output=True,
        text=True,
        check=True,
    )
    return shlex.split(said.stdout)


JOB = ["--project=my-press", "--region=europe-west1", f"--image={IMAGE}", "--template=gs://b/newsbeam.json"]
JOB += ["--temp=gs://b/temp/", "--name=newsbeam"]


def test_launch_prints_the_call_before_it_is_made() -> None:
    call = launch("run", *JOB, "--brokers=k-1:9092,k-2:9092", "--from=raw", "--to=out", "--dead-letters=dead")
    assert call[:5] == ["gcloud", "dataflow", "flex-template", "run", "newsbeam"]
    (given,) = [one for one in call if one.startswith("--parameters=")]
    parameters = dict(pair.split("=", 1) for pair in given.removeprefix("--parameters=^~^").split("~"))
    assert parameters == {
        "sdk_container_image": IMAGE,
        "brokers": "k-1:9092,k-2:9092",
        "from": "raw",
        "to": "out",
        "dead_letters": "dead",
    }
    known = {one["name"] for one in template.metadata()["parameters"]}
    assert parameters.keys() <= known, "Dataflow refuses what the metadata do not tell"
    assert {"--enable-streaming-engine", "--staging-location=gs://b/temp/staging"} <= set(call)
    assert "--update" not in call and "--update" in launch("update", *JOB)


def test_launch_builds_and_drains() -> None:
    call = launch("build", "--project=my-press", f"--image={IMAGE}", "--template=gs://b/newsbeam.json")
    assert call[:5] == ["gcloud", "dataflow", "flex-template", "build", "gs://b/newsbeam.json"]
    (metadata,) = [one for one in call if one.startswith("--metadata-file=")]
    assert Path(metadata.partition("=")[2]) == FOLDER / "metadata.json"
    drain = launch("drain", "--project=my-press", "--region=europe-west1", "--job-id=1")
    assert drain[:5] == ["gcloud", "dataflow", "jobs", "drain", "1"]


def test_without_gcloud_it_says_so_and_has_printed_the_call() -> None:
    command = [sys.executable, FOLDER / "launch", "drain", "--project=p", "--region=r", "--job-id=1"]
    said = subprocess.run(command, capture_output=True, text=True, env={"PATH": ""})
    assert said.returncode == 1 and "no `gcloud` on PATH" in said.stderr
    assert said.stdout.startswith("gcloud dataflow jobs drain")
