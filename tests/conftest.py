"""Fixtures that every test may use."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.shared import SHARED


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the gold and the data that lie beside the project; without it the test is skipped."""
    if not SHARED.is_dir():
        pytest.skip(f"no shared data at {SHARED} (set NEWSBEAM_SHARED)")
    return SHARED


@pytest.fixture(scope="session")
def seeds() -> Path:
    """The five seed articles."""
    return Path(__file__).parent / "golden" / "seeds"


@dataclass(frozen=True)
class Answer:
    """What a command answered."""

    exit_code: int
    stdout: bytes
    stderr: str

    @property
    def json(self) -> Any:
        """Its standard output, as JSON."""
        return json.loads(self.stdout)


@pytest.fixture(scope="session")
def newsbeam() -> Callable[..., Answer]:
    """Runs the `newsbeam` command in this process."""
    from pipelines.cli import app

    def run(*arguments: object, stdin: bytes | None = None) -> Answer:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Answer(result.exit_code, result.stdout_bytes, result.stderr)

    return run


def written(folder: Path, kind: str = "articles") -> list[dict[str, Any]]:
    """The records a replay wrote, in order of id, then origin."""
    lines = [line for file in sorted(folder.glob(f"{kind}/[!.]*.jsonl")) for line in file.open("rb")]
    return sorted((json.loads(line) for line in lines), key=lambda r: (r["id"] or "", str(r["origin"])))
