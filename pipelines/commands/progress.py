"""A progress bar on a terminal; a line now and then in a log."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from pipelines.commands.console import stderr
from pipelines.workers import SharedProgress

_TERMINAL_SECONDS, _LOG_SECONDS = 0.2, 15.0


@contextmanager
def watch(total_bytes: int, workers: int, doing: str = "Replaying") -> Iterator[SharedProgress]:
    """Shows how far a command has come while the block runs; hands out what the workers report to.

    Args:
        total_bytes: size of the whole input; 0 where it is unknown (standard input).
        workers: how many processes report.
        doing: what the command does, for the bar.
    """
    shared, over = SharedProgress(workers), threading.Event()
    show = _bar if stderr.is_terminal else _lines
    thread = threading.Thread(target=show, args=(total_bytes, shared, over, doing), daemon=True)
    thread.start()
    try:
        yield shared
    finally:
        over.set()
        thread.join()


def _bar(total_bytes: int, shared: SharedProgress, over: threading.Event, doing: str) -> None:
    columns = (TextColumn(doing), BarColumn(), _Records(), TimeRemainingColumn())
    with Progress(*columns, console=stderr, transient=True) as bar:
        task = bar.add_task("", total=total_bytes or None, records=0, begun=None)
        while not over.wait(_TERMINAL_SECONDS):
            begun = bar.tasks[0].fields["begun"]
            if begun is None and shared.records_done:
                begun = time.monotonic()
            bar.update(task, completed=shared.bytes_read, records=shared.records_done, begun=begun)


class _Records(ProgressColumn):
    def render(self, task: Task) -> Text:
        records, begun = task.fields["records"], task.fields["begun"]
        seconds = time.monotonic() - begun if begun else 0
        rate = f", {records / seconds:,.0f}/s" if seconds > 1 else ""
        return Text(f"{records:,} records{rate}" if records else "starting")


def _lines(total_bytes: int, shared: SharedProgress, over: threading.Event, doing: str) -> None:
    while not over.wait(_LOG_SECONDS):
        share = f" ({shared.bytes_read / total_bytes:.0%} of the input)" if total_bytes else ""
        stderr.print(f"{doing.lower()}: {shared.records_done:,} records{share}")
