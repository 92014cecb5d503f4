"""Promise 4 across engines: the local runner, Prism and Flink write the same enriched records."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.flink_cluster import ROOT, Cluster
from tests.integration.prism import prism
from tests.shared import shared_file

pytestmark = [pytest.mark.flink, pytest.mark.xdist_group("flink"), pytest.mark.timeout(1200)]

COUNT = 5000


def raw_articles(seeds: Path) -> Iterator[bytes]:
    """Real articles where the shared data are here; else paragraphs of the seeds, put together anew."""
    import gzip
    import itertools

    if file := shared_file("data/articles_2019.jsonl.gz"):
        with gzip.open(file) as lines:
            yield from (line.rstrip(b"\n") for line in itertools.islice(lines, COUNT))
        return
    paragraphs = [part for file in sorted(seeds.glob("*.txt")) for part in file.read_text().split("\n\n")]
    for number in range(COUNT):
        parts = [paragraphs[(number * 7 + step * (number % 11 + 1)) % len(paragraphs)] for step in range(5)]
        yield json.dumps({"id": f"id-{number}", "text": "\n\n".join(parts)}, ensure_ascii=False).encode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, seeds: Path) -> Path:
    folder = tmp_path_factory.mktemp("same-answer")
    (folder / "articles.jsonl").write_bytes(b"".join(line + b"\n" for line in raw_articles(seeds)))
    return folder


def replay(folder: Path, engine: str, options: dict[str, Any]) -> list[bytes]:
    """The enriched records of a run on an engine, sorted by id."""
    config, out = folder / f"{engine}.toml", folder / engine
    values = "".join(f"{name} = {json.dumps(value)}\n" for name, value in options.items())
    config.write_text(
        f'[source]\nkind = "files"\npaths = ["{folder}/articles.jsonl"]\n'
        f'[[sinks]]\nkind = "jsonl"\npath = "{out}/articles"\n'
        f'[[sinks]]\nkind = "jsonl"\ntakes = "dead_letters"\npath = "{out}/dead_letters"\n'
        f'[runner]\nkind = "{engine}"\n[runner.options]\n{values}'
    )
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "pipelines.cli",
        "run",
        "--config",
        str(config),
        "--json",
    ]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=400)
    assert ran.returncode == 0, ran.stderr
    # Before the summary stands the job's name.
    summary = json.loads(ran.stdout[ran.stdout.index("{") :])
    assert (summary["read"], summary["faults"]) == (COUNT, [])
    lines = [line for file in out.glob("articles/*.jsonl") for line in file.read_bytes().splitlines()]
    return sorted(lines, key=lambda line: (json.loads(line)["id"], line))


def test_every_engine_writes_the_same_records(folder: Path, cluster: Cluster) -> None:
    local = replay(folder, "direct", {})
    assert len(local) > COUNT * 0.9
    assert replay(folder, "prism", {"prism_location": str(prism())}) == local
    assert replay(folder, "flink", cluster.options()) == local
