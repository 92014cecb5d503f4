"""The end of a run whose input has gone bad: what the commands ask for, and what they say."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from pipelines.commands.console import stderr, wrong_usage

if TYPE_CHECKING:
    from pipelines.config import Config

STOPPED = 3
"""The exit code of a run that was stopped."""


def stopping(config: Config, share: float | None) -> Config:
    """A config with the share of the command line, where one is given there."""
    if share is None:
        return config
    if not 0 < share < 1:
        wrong_usage(f"--stop-when-rejected-share {share:g}: a share above 0 and below 1 is asked for")
    letters = dataclasses.replace(config.dead_letters, stop_when_rejected_share=share)
    return dataclasses.replace(config, dead_letters=letters)


def say_stopped(why: str, go_on: str) -> None:
    """Tell a person why a run was stopped, and how to go on."""
    from connectors import drain

    drain.forget()  # it was ours, not a signal's
    stderr.print(f"newsbeam: stopped: {why}.", style="bold red", markup=False)
    stderr.print(f"Nothing is lost: what was read is delivered. {go_on}", markup=False)
