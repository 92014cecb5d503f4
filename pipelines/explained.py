"""An article with all that explains it: what was cut and why, and what spoke for its topics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.config import Cleaning
from pipelines.enrich import Enricher
from pipelines.steps.tag_topics import TagTopics
from pipelines.text import packs
from pipelines.text.boilerplate import LINE_MODEL_RULE
from pipelines.version import VERSION
from schemas.article import Article, Removal
from schemas.dead_letter import DeadLetter, Fault, Kind, Reason
from schemas.received import Received
from schemas.withdrawal import Withdrawal

_STRUCTURE_WHYS = {
    LINE_MODEL_RULE: "The learned line scorer: by shape, place and words the line is not the article.",
    "document/title": "The line repeats the title.",
    "document/kicker": "A short first line that is no sentence: the section or theme above the headline.",
    "document/doubled_title": "The line stands twice in a row above the first paragraph: the title.",
    "document/doubled_tail": "The tail of the page: headlines of other stories, each printed twice.",
    "document/repeat": "A short line that stands on the page three times or more: a label.",
    "document/last_name": "A bare name in the last line, under a paragraph: the author, or a caption.",
    "document/last_label": "A few words without an end in the last lines, under a paragraph: tags, links.",
}
_STRUCTURE_WHY = "A rule of the page's structure."


@dataclass(frozen=True)
class Piece:
    """A part of the raw text."""

    text: str
    removal: Removal | None = None
    """What took it away; none for text that stayed and for the white space around a removal."""
    number: int | None = None
    """The removal's place in `removed`; also of the white space it took along."""


@dataclass(frozen=True)
class Explained:
    """One record, explained."""

    name: str
    """The file and record it came from."""
    article: Article | DeadLetter
    pieces: tuple[Piece, ...] = ()
    """The raw text, in order."""
    whys: Mapping[str, str] | None = None
    """Rule -> why it removes, for the rules that did."""
    evidence: Mapping[str, tuple[str, ...]] | None = None
    """Topic code -> the words that spoke most for it."""


class Explainer:
    """Enriches records and explains what it did.

    Args:
        own_packs: a folder of more rule packs, if any.

    Raises:
        PackError: a pack is not well formed.
    """

    def __init__(self, own_packs: Path | None = None) -> None:
        self._enricher = Enricher(cleaning=Cleaning(own_packs))
        self._tagger = TagTopics()
        self._tagger.setup()
        rules = (rule for pack in packs.load(None, own_packs).all_packs() for rule in pack.rules)
        self._whys = {rule.id: rule.why for rule in rules} | _STRUCTURE_WHYS

    def explain(self, received: Received) -> Explained:
        """One record as a source hands it over. Never raises for the record's sake."""
        name, value = str(received.origin), self._enricher.convert(received)
        if isinstance(value, Withdrawal):
            fault = Fault(Reason.EMPTY, "withdrawn by its producer: there is no text to explain")
            value = DeadLetter.of(
                received, kind=Kind.REJECTED, fault=fault, step="DecodeArticle", newsbeam=VERSION, id=value.id
            )
        if isinstance(value, DeadLetter):
            return Explained(name, value)
        rules = dict.fromkeys(removal.rule for removal in value.removed)
        return Explained(
            name,
            value,
            tuple(pieces(value)),
            {rule: self._whys.get(rule, _STRUCTURE_WHY) for rule in rules},
            self._tagger.evidence(value),
        )


def pieces(article: Article) -> Iterator[Piece]:
    """The raw text of an article in pieces, the removed ones without the white space around them."""
    at = clean_at = 0
    for number, removal in enumerate(article.removed):
        kept = removal.start - at
        if kept:
            yield Piece(article.text[clean_at : clean_at + kept])
        clean_at, at = clean_at + kept, removal.end
        inner = removal.text.strip()
        before, _, after = removal.text.partition(inner) if inner else (removal.text, "", "")
        if before:
            yield Piece(before, None, number)
        if inner:
            yield Piece(inner, removal, number)
        if after:
            yield Piece(after, None, number)
    if article.text[clean_at:]:
        yield Piece(article.text[clean_at:])
