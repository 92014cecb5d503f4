"""The machine: Python, Beam, processors, memory, the clock, and room for temporary files."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from pipelines.doctor.finding import Finding, fail, ok, warn

_PROCESS_BYTES = 1_000_000_000
"""What a worker process takes: half of it are models and libraries (measured: 500 MB)."""
_FREE_BYTES = 1_000_000_000
_RELEASED = datetime(2026, 1, 1, tzinfo=UTC)
"""No clock that is right shows an earlier time."""


def examine_machine() -> Iterator[Finding]:
    """Looks at the machine this runs on."""
    yield _python()
    yield _beam()
    yield _processors()
    yield _memory()
    yield _clock()
    yield free_space("temp folder", Path(tempfile.gettempdir()))


def free_space(what: str, folder: Path) -> Finding:
    """Whether a folder, or the nearest above it that is there, can be written to and has room."""
    above = folder
    while not above.exists():
        above = above.parent
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        return fail(what, f"{above} cannot be written to", "give the user that runs newsbeam the right to")
    free = shutil.disk_usage(above).free
    said = f"{folder}, {free / 1e9:,.1f} GB free"
    if free < _FREE_BYTES:
        return warn(what, said, f"make room on the disk of {above}: at least {_FREE_BYTES / 1e9:.0f} GB")
    return ok(what, said)


def memory_bytes() -> int | None:
    """Memory that this process may still get, by the kernel and the container's limit; None if unknown."""
    found = []
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        found.append(next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable")))
    except (OSError, StopIteration, ValueError):
        pass
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        used = Path("/sys/fs/cgroup/memory.current").read_text().strip()
        found.append(int(limit) - int(used))
    except (OSError, ValueError):  # no container, or `max`
        pass
    return min(found, default=None)


def _python() -> Finding:
    said = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return ok("python", said)


def _beam() -> Finding:
    found = version("apache-beam")
    try:
        wanted = next(line for line in requires("newsbeam") or () if line.startswith("apache-beam"))
    except (PackageNotFoundError, StopIteration):
        return ok("beam", found)  # run from a clone
    from packaging.requirements import Requirement

    if Requirement(wanted).specifier.contains(found):
        return ok("beam", f"{found} ({wanted.partition(';')[0].strip()})")
    return fail("beam", f"{found}, not {wanted}", "pip install --upgrade newsbeam")


def _processors() -> Finding:
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return ok("processors", f"{count}: --workers {count} at most")


def _memory() -> Finding:
    free = memory_bytes()
    if free is None:
        return ok("memory", "unknown on this system")
    said = f"{free / 1e9:,.1f} GB free, room for {max(0, free // _PROCESS_BYTES)} worker processes"
    if free < _PROCESS_BYTES:
        return warn("memory", said, f"a worker process takes up to {_PROCESS_BYTES / 1e9:.0f} GB: free some")
    return ok("memory", said)


def _clock() -> Finding:
    now = datetime.now(UTC)
    said = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    if now < _RELEASED:
        return fail("clock", said, "set the clock (NTP): TLS and Kafka's times depend on it")
    return ok("clock", said)
