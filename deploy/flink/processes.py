"""Child processes that are kept running until somebody asks them to stop: what the scripts here share."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

HOST = "127.0.0.1"
STOP_SECONDS = 20
_LOOK_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 30.0
_SOUND_SECONDS = 60.0
"""A child that ran for so long is started again at once; one that did not, after a pause that doubles."""


class Failed(Exception):
    """A child did not come up; the message holds the end of its log."""


@dataclass
class Child:
    """A process that writes to a log of its own, and is started again when it dies."""

    name: str
    command: Sequence[str | Path]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    """In addition to this process's environment."""
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    started_at: float = 0.0
    start_at: float = 0.0

    def start(self) -> None:
        """Start the process; its output is added to the log."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(part) for part in self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.env},
                start_new_session=True,  # a Ctrl-C reaches us first, and we stop it in order
            )
        self.started_at = time.monotonic()

    def is_running(self) -> bool:
        """Whether the process is there."""
        return self.process is not None and self.process.poll() is None

    def look_after(self) -> bool:
        """Start the process again where it is dead and its pause is over; True when it did."""
        if self.is_running():
            return False
        now = time.monotonic()
        if self.process is not None:
            code, self.process = self.process.returncode, None
            self.failures = 0 if now - self.started_at > _SOUND_SECONDS else self.failures + 1
            pause = min(_LONGEST_PAUSE_SECONDS, 2.0**self.failures) if self.failures else 0.0
            self.start_at = now + pause
            say(f"{self.name} ended with code {code}; starting it again in {pause:.0f} s")
        if now < self.start_at:
            return False
        self.start()
        return True

    def wait_until(self, is_ready: Callable[[], bool], seconds: float) -> None:
        """Return when the process is ready.

        Raises:
            Failed: it died, or took longer.
        """
        deadline = time.monotonic() + seconds
        while not is_ready():
            if not self.is_running():
                raise Failed(f"{self.tail()}\n{self.name} ended while starting")
            if time.monotonic() > deadline:
                raise Failed(f"{self.tail()}\n{self.name} was not ready within {seconds:.0f} s")
            time.sleep(_LOOK_SECONDS)

    def tail(self) -> str:
        """The end of the log."""
        return self.log.read_bytes()[-4096:].decode(errors="replace")

    def stop(self) -> None:
        """End the process: by SIGTERM, and by SIGKILL if it takes too long."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def stopping(children: Sequence[Child]) -> Iterator[None]:
    """Ends the children with the block, the last one first; SIGTERM and Ctrl-C end the block."""

    def stop(number: int, frame: FrameType | None) -> None:
        # A second signal must not interrupt the stopping itself.
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, signal.SIG_IGN)
        sys.exit(0)

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, stop)
    try:
        yield
    except Failed as failure:
        sys.exit(f"{failure}")
    finally:
        for child in reversed(children):
            child.stop()


def keep_running(children: Sequence[Child], data: Path, *, until_eof: bool) -> None:
    """Start again what dies, until standard input closes (`until_eof`) or a signal comes.

    Args:
        children: what to look after.
        data: where `pids.json` is to name the processes.
        until_eof: whether closing standard input ends it.
    """
    while True:
        if until_eof:
            readable, _, _ = select.select([sys.stdin], [], [], _LOOK_SECONDS)
            if readable and not os.read(sys.stdin.fileno(), 4096):
                return
        else:
            time.sleep(_LOOK_SECONDS)
        again = [child for child in children if child.look_after()]
        if again:
            note_pids(children, data)


def note_pids(children: Sequence[Child], data: Path) -> None:
    """Write `pids.json`: the processes by name."""
    fresh = data / ".pids.json"
    fresh.write_text(json.dumps({child.name: child.process.pid for child in children if child.process}))
    fresh.replace(data / "pids.json")


@contextlib.contextmanager
def data_folder(given: Path | None, name: str) -> Iterator[Path]:
    """The folder named on the command line, kept; or a temporary one, removed with the block."""
    if given:
        given.mkdir(parents=True, exist_ok=True)
        yield given.resolve()
        return
    with tempfile.TemporaryDirectory(prefix=f"newsbeam-{name}-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def cached(name: str, fetch: Callable[[Path], None]) -> Path:
    """A folder of the user's cache, filled by `fetch` where it is not there yet (it is handed an empty one).

    Several processes may ask at once: one fetches, the others wait for it.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "newsbeam"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / name
    with (cache / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            fresh = Path(tempfile.mkdtemp(dir=cache))
            try:
                fetch(fresh)
                fresh.rename(folder)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
    return folder


def answers(port: int) -> bool:
    """Whether something listens on a port of this machine."""
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
        return True
    return False


def free_ports(count: int) -> list[int]:
    """So many ports that nobody uses now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server((HOST, 0))) for _ in range(count)]
        return [taken.getsockname()[1] for taken in sockets]


def java_opens() -> list[str]:
    """What Flink and Beam reach into in Java 17."""
    inside = ["lang", "lang.reflect", "util", "util.concurrent", "util.concurrent.atomic"]
    inside += ["util.concurrent.locks", "nio", "net", "io", "text", "time"]
    return [f"--add-opens=java.base/java.{package}=ALL-UNNAMED" for package in inside]


def need_java(what: str) -> None:
    """Exit with what to do where there is no Java."""
    if shutil.which("java") is None:
        sys.exit(f"{Path(sys.argv[0]).name}: no `java` on PATH for {what}. Install a Java 17 runtime.")


def say(message: str) -> None:
    """A line for the person who watches."""
    print(f"{Path(sys.argv[0]).name}: {message}", file=sys.stderr, flush=True)
