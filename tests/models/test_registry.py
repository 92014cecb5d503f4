"""The registry refuses a model that is not the one it lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.models import registry, topic_teaching
from pipelines.models.registry import ModelFault

TABLE = """
[language]
id = "lid"
file = "lid.bin"
sha256 = "{sha256}"
bytes = {bytes}
licence = "none"
origin = "a test"
"""
SHA256_OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def _folder(
    path: Path, *, sha256: str = SHA256_OF_ABC, size: int = 3, content: bytes | None = b"abc"
) -> Path:
    (path / "models.toml").write_text(TABLE.format(sha256=sha256, bytes=size), "utf-8")
    if content is not None:
        (path / "lid.bin").write_bytes(content)
    return path


FOLDERS = (registry.FOLDER, topic_teaching.FOLDER)
LISTED = [(folder, job) for folder in FOLDERS for job in registry.entries(folder)]


@pytest.mark.parametrize(("folder", "job"), LISTED, ids=[job for _, job in LISTED])
def test_every_listed_model_is_the_one_that_is_there(folder: Path, job: str) -> None:
    assert registry.verified(job, folder).is_file()
    entry = registry.entries(folder)[job]
    assert entry.licence and entry.origin
    assert entry.trained_on or entry.origin.startswith("fastText")


def test_every_file_that_is_no_text_is_listed() -> None:
    texts = {".py", ".toml", ".tsv", ".pyc"}
    there = {path for path in registry.FOLDER.rglob("*") if path.is_file() and path.suffix not in texts}
    assert there == {registry.verified(job, folder) for folder, job in LISTED}


def test_the_models_were_trained_on_the_teaching_that_is_listed() -> None:
    trained_on = registry.entries()["topics"].trained_on | registry.entries()["lines"].trained_on
    for entry in registry.entries(topic_teaching.FOLDER).values():
        assert trained_on[f"teaching/{entry.file}"] == entry.sha256


def test_accepts_the_listed_file(tmp_path: Path) -> None:
    assert registry.verified("language", _folder(tmp_path)).read_bytes() == b"abc"


def test_refuses_another_digest(tmp_path: Path) -> None:
    with pytest.raises(ModelFault, match="sha256"):
        registry.verified("language", _folder(tmp_path, sha256="0" * 64))


def test_refuses_another_size(tmp_path: Path) -> None:
    with pytest.raises(ModelFault, match="4 bytes, 3 are listed"):
        registry.verified("language", _folder(tmp_path, content=b"abcd"))


def test_refuses_a_missing_file_and_an_unknown_job(tmp_path: Path) -> None:
    folder = _folder(tmp_path, content=None)
    with pytest.raises(ModelFault, match="lid"):
        registry.verified("language", folder)
    with pytest.raises(ModelFault, match="'topics'"):
        registry.verified("topics", folder)


def test_refuses_a_file_that_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelFault, match=r"lid\.bin"):
        registry.load_fasttext("language", _folder(tmp_path))


def test_refuses_an_unknown_key(tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_text(TABLE.format(sha256="", bytes=1) + 'colour = "red"\n', "utf-8")
    with pytest.raises(ModelFault, match="colour"):
        registry.entries(tmp_path)


def test_loads_a_model_once_a_process() -> None:
    assert registry.load_fasttext("language") is registry.load_fasttext("language")
