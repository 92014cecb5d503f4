"""compose.yaml against the Compose specification, and against what it mounts and runs."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from pipelines.config import load
from tests.deploy.scripts import DEPLOY, parse, script
from tests.shared import shared_file

FILE = DEPLOY / "docker" / "compose.yaml"
GIVEN = {"POSTGRES_PASSWORD": "one", "GRAFANA_PASSWORD": "two"}


def interpolated(text: str, given: dict[str, str]) -> str:
    """A text as Compose reads it, with some variables set.

    Raises:
        KeyError: a variable that must be set is not.
    """

    def value(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        name, rule, rest = match["name"], match["rule"], match["rest"]
        if given.get(name):
            return given[name]
        if rule == ":-":
            return str(rest)
        raise KeyError(f"{name}: {rest}")

    return re.sub(r"\$\$|\$\{(?P<name>\w+)(?:(?P<rule>:[-?])(?P<rest>[^}]*))?\}", value, text)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(interpolated(FILE.read_text("utf-8"), GIVEN))
    return found


def test_it_is_what_the_specification_allows(compose: dict[str, Any]) -> None:
    schema = shared_file("standards/compose-spec.json")
    if schema is None:
        pytest.skip("no compose-spec.json beside the project (NEWSBEAM_SHARED): the file is NOT validated")
    errors = Draft7Validator(json.loads(schema.read_text())).iter_errors(compose)
    assert [f"{'.'.join(map(str, error.path))}: {error.message[:200]}" for error in errors] == []


@pytest.mark.parametrize("missing", GIVEN)
def test_without_a_password_it_does_not_start(missing: str) -> None:
    with pytest.raises(KeyError, match=missing):
        interpolated(FILE.read_text("utf-8"), GIVEN | {missing: ""})


def test_no_password_is_written_down() -> None:
    text = FILE.read_text("utf-8")
    for line in text.splitlines():
        if re.search(r"^\s*\w*PASSWORD\w*: ", line):
            assert re.search(r": \$\{\w+:\?", line), line
    example = dict(
        line.split("=", 1)
        for line in (FILE.parent / "example.env").read_text().splitlines()
        if line[0] != "#"
    )
    assert example == dict.fromkeys(GIVEN, "")
    assert "\n.env\n" in (DEPLOY.parent / ".gitignore").read_text()


def test_what_is_mounted_is_there(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (FILE.parent / source).exists(), f"{name}: {source}"
            else:
                assert source in compose["volumes"], f"{name}: {source}"


def test_staged_files_lie_in_a_place_of_the_container(compose: dict[str, Any]) -> None:
    server = compose["services"]["job-server"]
    (folder,) = [one.partition("=")[2] for one in server["command"] if one.startswith("--artifacts-dir=")]
    assert folder in server["tmpfs"]


def test_who_is_waited_for_can_be_waited_for(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for name, service in services.items():
        for other, rule in service.get("depends_on", {}).items():
            awaited = services[other]
            if rule["condition"] == "service_healthy":
                # Ours have the image's own check.
                assert "healthcheck" in awaited or "build" in awaited, f"{name} waits for {other}"
            else:
                assert awaited.get("restart", "no") == "no", f"{other} never ends"
        if mode := service.get("network_mode"):
            assert mode.removeprefix("service:") in services


def ours(compose: dict[str, Any]) -> dict[str, list[str]]:
    """The commands of our own image, by service."""
    return {name: service["command"] for name, service in compose["services"].items() if "build" in service}


def test_the_commands_are_commands(compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    commands = ours(compose)
    assert set(commands) == {"migrate", "newsbeam", "workers-1", "workers-2"}
    for command in commands.values():
        if command[0] in ("worker-pool", "supervise"):
            monkeypatch.setattr("sys.argv", command)
            parsed = script(f"flink/{command[0]}").parse_args()
            if command[0] == "supervise":
                assert parsed.command[0] == "newsbeam"
                parse(parsed.command[1:])
        else:
            parse(command)


def test_the_configuration_names_the_services(compose: dict[str, Any]) -> None:
    path = FILE.parent / "newsbeam.toml"
    load(path)
    services = compose["services"]
    text = path.read_text("utf-8")
    for host, port in re.findall(r'"(?:\w+://)?(?:\w+@)?([\w-]+):(\d+)', text):
        assert host in services or (host, port) == ("localhost", "50000"), host
    made = services["topics"]["command"][0]
    config = tomllib.loads(text)
    for table in (config["source"], *config["sinks"]):
        if "kafka_topic" in table:
            assert f"make {table['kafka_topic']} " in made
    secrets = [sink["password"]["env"] for sink in config["sinks"] if "password" in sink]
    for name in ("workers-1", "workers-2"):
        assert services[name]["environment"].keys() >= set(secrets)
    workers = [name for name in services if name.startswith("taskmanager")]
    assert config["runner"]["options"]["parallelism"] <= len(workers)
    port = config["runner"]["options"]["environment_config"].rpartition(":")[2]
    assert all(port in services[name]["command"] for name in ("workers-1", "workers-2"))


def flink_settings(text: str) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in text.splitlines())


def test_flink_is_set_as_it_was_tested(
    compose: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = script("flink/cluster")
    monkeypatch.setattr("sys.argv", ["cluster"])
    cluster.configure(cluster.parse_args(), tmp_path, 8081)
    tested = flink_settings((tmp_path / "config.yaml").read_text())
    manifest = yaml.safe_load((DEPLOY / "flink/kubernetes/flink.yaml").read_text())
    for settings in (
        flink_settings(compose["services"]["jobmanager"]["environment"]["FLINK_PROPERTIES"]),
        manifest["spec"]["flinkConfiguration"],
    ):
        for key, value in settings.items():
            if key.startswith(("restart-strategy", "state.backend", "taskmanager.numberOf")):
                assert tested[key] == value, key
    assert (
        cluster.FLINK in manifest["spec"]["image"]
        and cluster.FLINK in compose["services"]["jobmanager"]["image"]
    )
