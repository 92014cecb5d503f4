"""Lines that an editor wants kept and no rule's example can hold: each with the page it stands in.

The line scorer and the rules of a page's structure judge a line by its page. `kept_lines.jsonl` in a
newsroom's own folder of packs holds such lines; `newsbeam rules test --packs DIR` cleans the pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
from pydantic import TypeAdapter, ValidationError

from pipelines.steps.strip_boilerplate import StripBoilerplate
from pipelines.text.keeps import line_of
from pipelines.text.ledger import restore
from pipelines.text.rule_examples import Failure
from schemas.article import Article, RawArticle, Removal
from schemas.dead_letter import ArticleRejected
from schemas.origin import Origin

FILE = "kept_lines.jsonl"


@dataclass(frozen=True)
class KeptLine:
    """One line, and the page as it arrived."""

    line: str
    rule: str
    """What removed it."""
    text: str
    title: str | None = None
    url: str | None = None


_KEPT_LINE = TypeAdapter(KeptLine)


def of_record(article: Article, removal: Removal) -> KeptLine:
    """The line of a removal, to be kept."""
    text = restore(article.text, article.removed)
    return KeptLine(line_of(article, removal), removal.rule, text, article.title, article.url)


def append(folder: Path, kept: KeptLine) -> bool:
    """Add a line to a folder's list; False where it is there already."""
    file = folder / FILE
    if file.exists() and kept in list(read(folder)):
        return False
    with file.open("ab") as stream:
        stream.write(orjson.dumps(asdict(kept)) + b"\n")
    return True


def read(folder: Path) -> Iterator[KeptLine]:
    """The lines of a folder's list; none where it has no list.

    Raises:
        ValueError: a line of the file is none of those that `append` writes; the message says where.
    """
    file = folder / FILE
    if not file.exists():
        return
    for number, line in enumerate(file.read_bytes().splitlines(), 1):
        try:
            yield _KEPT_LINE.validate_json(line)
        except ValidationError as error:
            raise ValueError(f"{file}: line {number}: {error.errors()[0]['msg']}") from None


def failures(lines: Iterable[KeptLine], own_packs: Path | None) -> Iterator[Failure]:
    """The lines that are removed all the same, by the package's packs and those of a folder."""
    step = StripBoilerplate(own_packs=own_packs)
    for number, kept in enumerate(lines):
        if number == 0:
            step.setup()
        raw = RawArticle("", Origin("files", FILE, number), text=kept.text, title=kept.title, url=kept.url)
        try:
            article = step.convert(raw)
        except ArticleRejected as rejection:
            yield Failure(kept.rule, "keeps", kept.line, rejection.fault.detail)
            continue
        if kept.line not in (line.strip() for line in article.text.split("\n")):
            by = [removal.rule for removal in article.removed if removal.text.strip() in kept.line]
            yield Failure(kept.rule, "keeps", kept.line, f"{', '.join(by) or 'a rule'} cuts it on its page")
