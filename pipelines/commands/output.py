"""The folder a replay writes to, and the note in it that says what made it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from connectors.finished import Finished, finished
from connectors.sinks.jsonl import HIDDEN
from pipelines.config import Limits
from pipelines.version import VERSION

ARTICLES, DEAD_LETTERS, NOTE = "articles", "dead_letters", "run.json"


class UnfitOutput(Exception):
    """The folder cannot take this run's output; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Output:
    """A replay's output: `articles/*.jsonl`, `dead_letters/*.jsonl` and `run.json`."""

    folder: Path

    @property
    def articles(self) -> Path:
        """The folder of the enriched articles."""
        return self.folder / ARTICLES

    @property
    def dead_letters(self) -> Path:
        """The folder of the dead letters."""
        return self.folder / DEAD_LETTERS

    def files(self) -> list[Path]:
        """All finished files."""
        return sorted([*self.articles.glob("[!.]*.jsonl*"), *self.dead_letters.glob("[!.]*.jsonl*")])

    def roots(self) -> list[str]:
        """The PATHs that were replayed into this folder: where a dead letter's origin leads."""
        try:
            paths: list[str] = orjson.loads((self.folder / NOTE).read_bytes())["paths"]
        except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
            return []
        return paths

    def prepare(
        self, paths: Sequence[str], limits: Limits, *, resume: bool, overwrite: bool
    ) -> Finished | None:
        """Make the folder ready for a run.

        Args:
            paths: the PATHs of this run.
            limits: the run's; with version, rules and models they decide what a record becomes.
            resume: go on where an interrupted run stopped.
            overwrite: remove what stands there.

        Returns:
            What has already been written, when resuming.

        Raises:
            UnfitOutput: output of another run stands there.
        """
        note = {
            "newsbeam": VERSION,
            "recipe_sha256": _recipe(limits),
            "paths": sorted(str(Path(path).resolve()) if path != "-" else path for path in paths),
        }
        old = self.files()
        done = None
        if resume and (self.folder / NOTE).exists():
            if orjson.loads((self.folder / NOTE).read_bytes()) != note:
                raise UnfitOutput(
                    f"{self.folder} was written from other paths, or by another version, rules, models or "
                    "limits: one output must have one recipe. Take another --output, or --overwrite"
                )
            done = finished(old)
        elif old and not overwrite:
            raise UnfitOutput(f"{self.folder} holds the output of a run: --resume it, or --overwrite it")
        else:
            for file in old:
                file.unlink()
        for folder in (self.articles, self.dead_letters):
            folder.mkdir(parents=True, exist_ok=True)
            for unfinished in folder.glob(f"{HIDDEN}*"):
                unfinished.unlink()
        (self.folder / NOTE).write_bytes(orjson.dumps(note, option=orjson.OPT_INDENT_2) + b"\n")
        return done


def _recipe(limits: Limits) -> str:
    """Digest of all that decides what a record becomes, but the code: limits, rule packs, models."""
    digest, package = hashlib.sha256(repr(limits).encode()), Path(__file__).parents[1]
    for file in sorted([*package.glob("rules/**/*.toml"), package / "models" / "models.toml"]):
        digest.update(file.relative_to(package).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
