"""Lines such as news pages print, written for training from knowledge of a language's press: they teach the
line scorer words that no labelled page holds.

`teaching/written/<language>.tsv` has on each line a label of the line gold (`body`, `subhead`, or which kind
of junk), a tab, the text. The examples of the rule packs are such lines, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from pipelines.models.data_file import DataFault
from pipelines.models.topic_teaching import FOLDER
from pipelines.text.pack import Pack

WRITTEN = FOLDER / "written"
KEEP = frozenset({"body", "subhead"})
"""Labels of what belongs to an article."""
JUNK = frozenset(
    "title byline dateline credit caption related promo ad share legal tags ui".split(" ")
)  # the labels of `cleaning_dev`
_CUT = "[["


class WrittenLine(NamedTuple):
    """A line, its language's tag and its label."""

    language: str
    label: str
    text: str

    @property
    def is_junk(self) -> bool:
        """Whether it does not belong to an article."""
        return self.label in JUNK


def files(folder: Path = WRITTEN) -> list[Path]:
    """The files of written lines, a language each."""
    return sorted(folder.glob("*.tsv"))


def read(folder: Path = WRITTEN) -> Iterator[WrittenLine]:
    """The lines of all the folder's files.

    Raises:
        OSError: a file can't be read.
        DataFault: a line is not a label, a tab and a text.
    """
    for path in files(folder):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            label, _, text = line.partition("\t")
            if not text or label not in KEEP | JUNK:
                raise DataFault(f"{path}:{number}: it is not a label, a tab and a text")
            yield WrittenLine(path.stem, label, text)


def verdicts() -> dict[str, bool]:
    """Text -> whether it is junk: the project's own written lines. Raises as `read` does."""
    return {line.text: line.is_junk for line in read()}


def of_packs(packs: Iterable[Pack]) -> dict[str, bool]:
    """Text -> whether it is junk: the examples of rules by lines, but those that are cut in part."""
    return dict(_of_packs(packs))


def _of_packs(packs: Iterable[Pack]) -> Iterator[tuple[str, bool]]:
    for pack in packs:
        for rule in pack.rules:
            for examples, is_junk in ((rule.drops, True), (rule.keeps, False)):
                for example in examples:
                    if _CUT not in example:
                        lines = (line.strip() for line in example.split("\n"))
                        yield from ((line, is_junk) for line in lines if line)
