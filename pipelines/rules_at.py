"""Rule packs as they were: a folder, or a Git revision of the folder they lie in."""

from __future__ import annotations

import subprocess
from pathlib import Path

from pipelines.text.packs import RULES


class NoSuchRules(Exception):
    """There are no rules there; the message says why."""


def rules_of(against: str, own: Path | None, scratch: Path) -> tuple[Path, Path | None]:
    """The rules to compare today's with.

    Args:
        against: a folder: of rules (with `boilerplate/common.toml`), or of own packs; else a Git revision of
            the package's rules and the own ones, each where it lies in a Git repository.
        own: today's own packs.
        scratch: an empty folder, for what Git hands out.

    Returns:
        The rules folder and the folder of own packs.

    Raises:
        NoSuchRules: neither a folder nor a revision, or Git does not hand out what it lists.
    """
    folder = Path(against)
    if folder.is_dir():
        if (folder / "boilerplate" / "common.toml").exists() and (folder / "dates.toml").exists():
            return folder, own
        return RULES, folder
    rules = _names(against, RULES)
    packs = _names(against, own) if own is not None else None
    if not rules and packs is None:
        raise NoSuchRules(f"{against}: no folder, and no Git revision that holds the rules")
    old_rules = _write(against, RULES, rules, scratch / "rules") if rules else RULES
    if own is None or packs is None:
        return old_rules, own
    return old_rules, _write(against, own, packs, scratch / "own") if packs else None


def _names(revision: str, folder: Path) -> list[str] | None:
    """The TOML files of a folder at a revision; None where Git knows no such revision there."""
    listed = _git(folder, "ls-tree", "-r", "-z", "--name-only", "--end-of-options", revision, "--", ".")
    if listed is None:
        return None
    return [name for name in listed.decode("utf-8", "surrogateescape").split("\0") if name.endswith(".toml")]


def _write(revision: str, folder: Path, names: list[str], target: Path) -> Path:
    for name in names:
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = _git(folder, "show", "--end-of-options", f"{revision}:./{name}")
        if content is None:
            raise NoSuchRules(f"{revision}: Git does not hand out {name}")
        path.write_bytes(content)
    return target


def _git(folder: Path, *arguments: str) -> bytes | None:
    """What Git says in a folder; None where it refuses or is not installed."""
    try:
        done = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None
