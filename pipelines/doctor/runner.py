"""The engine's settings, and files that are read."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.sources.files import STDIN, UnreadableInput, discover
from pipelines.config import Config
from pipelines.doctor.finding import Finding, fail, ok
from pipelines.engines import Unsafe, refuse_unsafe


def examine_runner(config: Config) -> Iterator[Finding]:
    """Looks at what would lose records, and at a source of files."""
    if config.source.kind == "kafka":
        try:
            refuse_unsafe(config.runner, () if config.source.options.until_end else config.sinks)
        except Unsafe as unsafe:
            yield fail("runner", str(unsafe), "change [runner] or the sink")
        else:
            yield ok("runner", config.runner.kind)
    if config.source.kind == "files" and STDIN not in config.source.options.paths:
        try:
            files = discover(config.source.options.paths)
        except UnreadableInput as error:
            yield fail("source (files)", str(error), "correct [source] paths")
        else:
            total = sum(file.size_bytes for file in files)
            yield ok("source (files)", f"{len(files):,} files, {total / 1e6:,.1f} MB")
