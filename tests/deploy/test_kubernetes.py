"""The manifests, offline: core kinds by Kubernetes' own schemas, FlinkDeployment by the operator's."""

from __future__ import annotations

import copy
import os
import re
import shutil
import subprocess
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from pipelines.config import load
from tests.deploy.scripts import DEPLOY, documents, parse, script

FOLDER = DEPLOY / "flink" / "kubernetes"
KUBERNETES = "1.31"
OPERATOR = "1.10.0"
CORE = [
    document
    for file in sorted(FOLDER.glob("*.yaml"))
    for document in documents(file)
    if document["kind"] not in ("Kustomization", "FlinkDeployment")
]
(FLINK,) = documents(FOLDER / "flink.yaml")


def named(kind: str, name: str) -> dict[str, Any]:
    (found,) = [one for one in CORE if (one["kind"], one["metadata"]["name"]) == (kind, name)]
    return found


def templates() -> dict[str, dict[str, Any]]:
    spec = FLINK["spec"]
    return {
        "all": spec["podTemplate"],
        "jobManager": spec["jobManager"]["podTemplate"],
        "taskManager": spec["taskManager"]["podTemplate"],
    }


def validated(document: dict[str, Any]) -> None:
    kubernetes_validate = pytest.importorskip(
        "kubernetes_validate", reason="no kubernetes-validate: the manifests are NOT validated"
    )
    kubernetes_validate.validate(document, KUBERNETES, strict=True)


@pytest.mark.parametrize("document", CORE, ids=lambda one: f"{one['kind']}/{one['metadata']['name']}")
def test_kubernetes_takes_it(document: dict[str, Any]) -> None:
    validated(document)


@pytest.mark.parametrize("part", templates())
def test_kubernetes_takes_flinks_pods(part: str) -> None:
    pod = copy.deepcopy(templates()[part])
    assert pod["spec"]["containers"][0]["name"] == "flink-main-container", "templates are merged by position"
    pod["spec"]["containers"][0].setdefault("image", "flink")
    validated(pod)


def test_the_validator_would_notice() -> None:
    broken = copy.deepcopy(named("Deployment", "newsbeam-job-server"))
    broken["spec"]["template"]["spec"]["containers"][0]["readinessprobe"] = {}
    with pytest.raises(Exception, match="readinessprobe"):
        validated(broken)


@pytest.fixture(scope="module")
def operators_schema() -> dict[str, Any]:
    """The schema of FlinkDeployment, out of the operator's API (Apache-2.0), which Maven fetches."""
    if shutil.which("mvn") is None:
        message = "no mvn to fetch the operator's schema: FlinkDeployment is NOT validated"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    jar = f"flink-kubernetes-operator-api-{OPERATOR}.jar"

    def fetch(folder: Path) -> None:
        artifact = f"org.apache.flink:flink-kubernetes-operator-api:{OPERATOR}"
        maven = [
            "mvn",
            "-q",
            "-B",
            "dependency:copy",
            f"-Dartifact={artifact}",
            f"-DoutputDirectory={folder}",
        ]
        subprocess.run([*maven, "-Dmdep.useBaseVersion=true"], check=True, stdin=subprocess.DEVNULL)

    folder = script("flink/processes.py").cached(f"operator-api-{OPERATOR}", fetch)
    with zipfile.ZipFile(folder / jar) as classes:
        text = classes.read("META-INF/fabric8/flinkdeployments.flink.apache.org-v1.yml")
    crd = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    (version,) = [one for one in crd["spec"]["versions"] if one["name"] == "v1beta1"]
    schema: dict[str, Any] = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    close(schema)
    return schema


def close(schema: Any) -> None:
    """Refuse unknown fields: Kubernetes drops them without a word."""
    if isinstance(schema, dict):
        if "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema.setdefault("additionalProperties", False)
        for inner in schema.values():
            close(inner)


@pytest.mark.timeout(300)
def test_the_operator_takes_the_cluster(operators_schema: dict[str, Any]) -> None:
    validator = Draft7Validator(operators_schema)
    assert FLINK["apiVersion"] == "flink.apache.org/v1beta1"
    assert [
        f"{list(error.path)}: {error.message[:200]}" for error in validator.iter_errors(FLINK["spec"])
    ] == []
    broken = copy.deepcopy(FLINK["spec"])
    broken["taskManager"]["podtemplate"] = {}
    assert not validator.is_valid(broken)


def test_all_files_are_applied_and_nothing_else() -> None:
    (kustomization,) = documents(FOLDER / "kustomization.yaml")
    files = {file.name for file in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(kustomization["resources"]) == files
    (config,) = kustomization["configMapGenerator"]
    assert all((FOLDER / file).exists() for file in config["files"])
    submit = named("Job", "newsbeam-submit")["spec"]["template"]["spec"]
    assert config["name"] in [volume.get("configMap", {}).get("name") for volume in submit["volumes"]]
    (image,) = kustomization["images"]
    ours = [one["image"] for one in submit["containers"] + submit["initContainers"]]
    assert {*ours, worker()["image"]} == {image["name"]}


def worker() -> dict[str, Any]:
    """The sidecar."""
    (found,) = [one for one in templates()["taskManager"]["spec"]["containers"] if one["name"] == "workers"]
    return found


def test_the_commands_are_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", worker()["args"])
    pool = script(f"flink/{worker()['args'][0]}").parse_args()
    assert pool.port == worker()["readinessProbe"]["tcpSocket"]["port"]
    assert pool.metrics_port == worker()["livenessProbe"]["httpGet"]["port"]
    submit = named("Job", "newsbeam-submit")["spec"]["template"]["spec"]
    parse(submit["containers"][0]["args"])
    compile(submit["initContainers"][0]["args"][0], "wait", "exec")


def test_the_configuration_fits_the_cluster() -> None:
    load(FOLDER / "newsbeam.toml")
    options = tomllib.loads((FOLDER / "newsbeam.toml").read_text())["runner"]["options"]
    spec = FLINK["spec"]
    slots = spec["taskManager"]["replicas"] * int(spec["flinkConfiguration"]["taskmanager.numberOfTaskSlots"])
    assert options["parallelism"] <= slots
    assert f">= {options['parallelism']}:" in str(named("Job", "newsbeam-submit"))
    assert options["flink_master"] == f"{FLINK['metadata']['name']}-rest:8081"
    assert options["environment_config"] == f"localhost:{worker()['readinessProbe']['tcpSocket']['port']}"
    service = named("Service", "newsbeam-job-server")
    assert options["job_endpoint"] in [
        f"{service['metadata']['name']}:{port['port']}" for port in service["spec"]["ports"]
    ]
    job_server = named("Deployment", "newsbeam-job-server")["spec"]["template"]
    assert service["spec"]["selector"].items() <= job_server["metadata"]["labels"].items()


def test_secrets_are_references() -> None:
    assert not [one for one in CORE if one["kind"] == "Secret"]
    named_in_config = set(re.findall(r'env = "(\w+)"', (FOLDER / "newsbeam.toml").read_text()))
    given = {one["name"]: one for one in worker()["env"]}
    assert named_in_config == {name for name, one in given.items() if "secretKeyRef" in one["valueFrom"]}
    for file in FOLDER.glob("*.yaml"):
        for line in file.read_text().splitlines():
            assert not re.search(r"(?i)(password|secret|token)\w*\s*[:=]\s*[\"']?\w{6,}", line), (
                f"{file.name}: {line}"
            )


def pods() -> dict[str, dict[str, Any]]:
    found = {
        name: named(kind, name)["spec"]["template"]["spec"]
        for kind, name in (("Deployment", "newsbeam-job-server"), ("Job", "newsbeam-submit"))
    }
    return found | {"workers": {**templates()["all"]["spec"], "containers": [worker()]}}


@pytest.mark.parametrize("name", pods())
def test_pods_are_confined_and_say_what_they_need(name: str) -> None:
    pod = pods()[name]
    assert pod["securityContext"]["runAsNonRoot"] is True
    for container in [*pod["containers"], *pod.get("initContainers", [])]:
        security = container["securityContext"]
        assert security["allowPrivilegeEscalation"] is False and security["capabilities"] == {"drop": ["ALL"]}
        assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
        assert "memory" in container["resources"]["limits"]
        if name != "newsbeam-submit":
            assert "readinessProbe" in container and "livenessProbe" in container


def test_staged_files_lie_in_a_volume_of_the_pod() -> None:
    pod = pods()["newsbeam-job-server"]
    (server,) = pod["containers"]
    (folder,) = [one.partition("=")[2] for one in server["args"] if one.startswith("--artifacts-dir=")]
    (volume,) = [mount["name"] for mount in server["volumeMounts"] if mount["mountPath"] == folder]
    assert "emptyDir" in next(one for one in pod["volumes"] if one["name"] == volume)


def test_disruptions_and_networks_select_pods_that_there_are() -> None:
    labels = [
        {"app": "newsbeam-flink", "component": "taskmanager"},  # as the operator labels them
        {"app": "newsbeam-flink", "component": "jobmanager"},
        named("Deployment", "newsbeam-job-server")["spec"]["template"]["metadata"]["labels"],
        named("Job", "newsbeam-submit")["spec"]["template"]["metadata"]["labels"],
    ]
    assert FLINK["metadata"]["name"] == "newsbeam-flink"
    for document in CORE:
        if document["kind"] == "PodDisruptionBudget":
            selectors = [document["spec"]["selector"]["matchLabels"]]
        elif document["kind"] == "NetworkPolicy":
            selectors = [document["spec"]["podSelector"]["matchLabels"]]
        else:
            continue
        for selector in selectors:
            assert any(selector.items() <= one.items() for one in labels), selector
