"""The models that travel in the package: what they are, and one loaded copy of each per process.

On Flink the SDK makes new DoFn instances for every bundle that waits for finalization and calls their
`setup()` again, so a loaded model belongs to the process, not to the step that asked for it.
"""

from __future__ import annotations

import hashlib
import threading
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent

_lock = threading.Lock()
_loaded: dict[tuple[Path, str], Any] = {}


class ModelFault(RuntimeError):
    """A model is missing, damaged or not the one that is listed: the environment is at fault."""


@dataclass(frozen=True)
class ModelEntry:
    """One table of `models.toml`."""

    id: str
    """Name and version: it stands in each record's provenance."""
    file: str
    """The file's name, beside `models.toml`."""
    sha256: str
    bytes: int
    licence: str
    origin: str
    """Who made it, of what."""
    trained_on: Mapping[str, str] = field(default_factory=dict)
    """Data file -> sha256, for a model that a command of the project trains."""
    scores: Mapping[str, float] = field(default_factory=dict)
    """What was measured on held-out data when the model was made (0-1)."""
    calibration: Mapping[str, Any] = field(default_factory=dict)
    """What turns the model's scores into confidences."""


@cache
def entries(folder: Path = FOLDER) -> Mapping[str, ModelEntry]:
    """Job -> model, as `models.toml` in `folder` lists them.

    Raises:
        ModelFault: the list is missing, or an entry lacks a key or has an unknown one.
    """
    path = folder / "models.toml"
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
        return {job: ModelEntry(**table) for job, table in tables.items()}
    except (OSError, tomllib.TOMLDecodeError, TypeError) as error:
        raise ModelFault(f"{path}: {error}") from error


def verified(job: str, folder: Path = FOLDER) -> Path:
    """The path of a job's model, after its size and digest were compared with the list.

    Raises:
        ModelFault: there is no such job or file, or the file is not the one that is listed.
    """
    try:
        entry = entries(folder)[job]
    except KeyError:
        raise ModelFault(f"{folder / 'models.toml'} lists no model for {job!r}") from None
    path = folder / entry.file
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelFault(f"model {entry.id}: {error}") from error
    if len(content) != entry.bytes:
        raise ModelFault(f"model {entry.id}: {path} has {len(content)} bytes, {entry.bytes} are listed")
    digest = hashlib.sha256(content).hexdigest()
    if digest != entry.sha256:
        raise ModelFault(f"model {entry.id}: {path} has sha256 {digest}, {entry.sha256} is listed")
    return path


def load_fasttext(job: str, folder: Path = FOLDER) -> Any:
    """A job's fastText model (`fasttext.FastText._FastText`), verified once and loaded once a process.

    Raises:
        ModelFault: see `verified`; also when fastText itself refuses the file.
    """
    with _lock:
        model = _loaded.get((folder, job))
        if model is None:
            path = verified(job, folder)
            import fasttext  # costs 50 ms that a command without models need not pay

            try:
                model = fasttext.load_model(str(path))
            except ValueError as error:
                raise ModelFault(f"{path}: {error}") from error
            _loaded[folder, job] = model
        return model
