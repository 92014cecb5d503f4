"""The folder a replay writes to, and the note in it that says what made it."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import orjson

from connectors.finished import Finished, finished
from connectors.whole_files import HIDDEN, withdrawn_beside
from pipelines.config import Limits
from pipelines.record_files import record_files
from pipelines.version import VERSION

ARTICLES, DEAD_LETTERS, NOTE = "articles", "dead_letters", "run.json"
Form = Literal["jsonl", "parquet", "ninjs", "schema_org"]


class UnfitOutput(Exception):
    """The folder cannot take this run's output; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Output:
    """A replay's output: `articles/`, `dead_letters/*.jsonl` and `run.json`; where articles were withdrawn,
    `articles-withdrawn/*.jsonl`, too."""

    folder: Path
    letters: Path | None = None
    """Where dead letters go, if not to `dead_letters/`."""
    form: Form = "jsonl"
    """How articles are written: records or another standard's objects a line, or columns."""

    @property
    def articles(self) -> Path:
        """The folder of the enriched articles."""
        return self.folder / ARTICLES

    @property
    def dead_letters(self) -> Path:
        """The folder of the dead letters."""
        return self.letters or self.folder / DEAD_LETTERS

    @property
    def withdrawn(self) -> Path:
        """The folder of the withdrawals, made with the first of them."""
        return Path(withdrawn_beside(str(self.articles)))

    def as_noted(self) -> Output:
        """This output with the format and the dead letters' folder of the run that wrote it."""
        note = self._note() or {}
        letters = note.get("dead_letters")
        return replace(self, letters=Path(letters) if letters else None, form=note.get("format", "jsonl"))

    def written_form(self) -> Form:
        """How the articles that stand here were written."""
        form: Form = (self._note() or {}).get("format", "jsonl")
        return form

    def articles_sink(self) -> dict[str, Any]:
        """The config of the sink that writes the articles."""
        sink = {"takes": "articles", "path": str(self.articles)}
        if self.form == "parquet":
            return {"kind": "parquet", **sink}
        return {"kind": "jsonl", **sink, "format": "newsbeam" if self.form == "jsonl" else self.form}

    def files(self) -> list[Path]:
        """All finished files."""
        return [
            *record_files(self.articles),
            *sorted(self.articles.rglob("[!.]*.parquet")),
            *record_files(self.withdrawn),
            *record_files(self.dead_letters),
        ]

    def roots(self) -> list[str]:
        """The PATHs that were replayed into this folder: where a dead letter's origin leads."""
        paths: list[str] = (self._note() or {}).get("paths", [])
        return paths

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keeps every other replay out of the output while the block runs; makes its folders.

        Raises:
            UnfitOutput: another replay holds it.
            OSError: a folder cannot be made.
        """
        with ExitStack() as locks:
            for folder in {self.folder, self.letters or self.folder}:
                folder.mkdir(parents=True, exist_ok=True)
                held = os.open(folder, os.O_RDONLY)
                locks.callback(os.close, held)
                try:
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise UnfitOutput(f"another replay is writing to {folder} now") from None
                except OSError:
                    pass  # a file system without locks
            yield

    def prepare(
        self, paths: Sequence[str], limits: Limits, *, resume: bool, overwrite: bool
    ) -> Finished | None:
        """Make the folder ready for a run.

        Args:
            paths: the PATHs of this run.
            limits: the run's; with version, rules and models they decide what a record becomes.
            resume: go on where an interrupted run stopped; from the start where none was.
            overwrite: remove what stands there.

        Returns:
            What has already been written, when resuming.

        Raises:
            UnfitOutput: output of another run stands there, or the output would be read as input.
            OSError: a folder cannot be made or written to.
        """
        self._keep_apart(self.articles, paths)
        self._keep_apart(self.dead_letters, paths)
        note = {
            "newsbeam": VERSION,
            "recipe_sha256": _recipe(limits),
            "paths": sorted(str(Path(path).resolve()) if path != "-" else path for path in paths),
            **({"dead_letters": str(self.letters.resolve())} if self.letters else {}),
            **({"format": self.form} if self.form != "jsonl" else {}),
        }
        for folder in (self.articles, self.dead_letters):
            folder.mkdir(parents=True, exist_ok=True)
        old, made_by = self.files(), self._note()
        done = None
        if resume and (old or made_by):
            if made_by != note:
                raise UnfitOutput(
                    f"{self.folder} was written from other paths, in another format, or by another version, "
                    "rules, models or limits: one output must have one recipe. Take another "
                    "--output, or --overwrite"
                )
            try:
                done = finished(old)
            except (ValueError, KeyError, TypeError) as error:
                raise UnfitOutput(f"{self.folder} cannot be resumed: {error}") from None
        elif old and not overwrite:
            raise UnfitOutput(f"{self.folder} holds the output of a run: --resume it, or --overwrite it")
        else:
            for file in old:
                file.unlink()
        for folder in (self.articles, self.withdrawn, self.dead_letters):
            _clear_unfinished(folder)
        # By a rename: a note cut in the middle would stand in the way of --resume.
        (self.folder / f".{NOTE}").write_bytes(orjson.dumps(note, option=orjson.OPT_INDENT_2) + b"\n")
        (self.folder / f".{NOTE}").replace(self.folder / NOTE)
        return done

    def prepare_letters(self, paths: Sequence[str], *, overwrite: bool) -> None:
        """Make only the folder of the dead letters ready: the articles go to standard output.

        Raises:
            UnfitOutput: dead letters of another run stand there (those of this one could take their
                names), or the folder would be read as input.
            OSError: the folder cannot be made or written to.
        """
        self._keep_apart(self.dead_letters, paths)
        self.dead_letters.mkdir(parents=True, exist_ok=True)
        old = record_files(self.dead_letters)
        if old and not overwrite:
            raise UnfitOutput(
                f"{self.dead_letters} holds dead letters of another run: take another --dead-letters, or "
                "--overwrite them"
            )
        for file in old:
            file.unlink()
        _clear_unfinished(self.dead_letters)

    def _keep_apart(self, folder: Path, paths: Sequence[str]) -> None:
        target = folder.resolve()
        for given in paths:
            source = Path(given).resolve()
            if given != "-" and (target.is_relative_to(source) or source.is_relative_to(target)):
                raise UnfitOutput(f"{folder} would be input and output, given {given}: take another --output")

    def _note(self) -> dict[str, Any] | None:
        try:
            note = orjson.loads((self.folder / NOTE).read_bytes())
        except (OSError, orjson.JSONDecodeError):
            return None
        return note if isinstance(note, dict) else None


def _clear_unfinished(folder: Path) -> None:
    for unfinished in folder.rglob(f"{HIDDEN}*"):
        unfinished.unlink()


def _recipe(limits: Limits) -> str:
    """Digest of all that decides what a record becomes, but the code: limits, rule packs, models."""
    digest, package = hashlib.sha256(repr(limits).encode()), Path(__file__).parents[1]
    for file in sorted([*package.glob("rules/**/*.toml"), package / "models" / "models.toml"]):
        digest.update(file.relative_to(package).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
