"""A user with pip alone: `pip install .` in an empty environment, then the command from any folder."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.install
@pytest.mark.timeout(900)
def test_pip_install_and_replay_from_any_folder(tmp_path: Path, seeds: Path) -> None:
    source = tmp_path / "source"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in tracked.decode().rstrip("\0").split("\0"):
        if not name.startswith("tests/") and (ROOT / name).exists():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "empty"], check=True)
    commands = tmp_path / "empty" / "bin"
    # What is not imported need not be compiled.
    subprocess.run([commands / "pip", "install", "--quiet", "--no-compile", source], check=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    def newsbeam(*arguments: str | Path) -> str:
        command = [commands / "newsbeam", *arguments]
        done = subprocess.run(command, cwd=elsewhere, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "5 records" in newsbeam("replay", seeds)
    assert len(list((elsewhere / "newsbeam-output" / "articles").glob("*.jsonl"))) == 1
    assert "[-related_link: " in newsbeam("explain", seeds / "000_45920702907dca75.txt")
    assert "lid.176" in newsbeam("models", "list")
