"""`newsbeam replay --only-changed`: just what differs from an earlier output."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.commands.diff import records

if TYPE_CHECKING:
    from pipelines.config import Config


def changed_since(config: Config, old: Path, scratch: Path) -> Config:
    """A config whose sinks keep only articles that an earlier output does not have, or has otherwise.

    Args:
        config: a replay's.
        old: the earlier output; what is none ends the command.
        scratch: a folder that stands as long as the run.
    """
    from connectors.changed import ChangedSince, write_index

    write_index(records(old), scratch / "old.db")
    sinks = (
        dataclasses.replace(sink, keeps=ChangedSince(scratch / "old.db"))
        if sink.takes == "articles"
        else sink
        for sink in config.sinks
    )
    return dataclasses.replace(config, sinks=tuple(sinks))
