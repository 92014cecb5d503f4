"""Beam's Prism, built once by Go into the user's cache folder."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from tests.integration.broker import unavailable


def prism() -> Path:
    """The binary of the SDK's version. Skips the test where it cannot be built (fails in CI)."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "newsbeam"
    cache.mkdir(parents=True, exist_ok=True)
    built = cache / f"prism-{version('apache-beam')}"
    with (cache / "prism.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not built.is_file():
            if shutil.which("go") is None:
                unavailable("no Prism: install Go to build it")
            module = f"github.com/apache/beam/sdks/v2/go/cmd/prism@v{version('apache-beam')}"
            print(f"building {module} (once, some minutes) ...", file=sys.stderr)
            with tempfile.TemporaryDirectory(dir=cache) as scratch:
                command = ["go", "install", module]
                subprocess.run(command, env={**os.environ, "GOBIN": scratch}, check=True, timeout=900)
                (Path(scratch) / "prism").rename(built)
    return built
