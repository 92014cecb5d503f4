"""A text as lines, with what has been decided about each, and a folded copy for the rules."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from pipelines.text.ledger import Cut

PARAGRAPH_CHARS = 120
"""A line of this length is taken for a paragraph of running text, whatever it ends with."""
SENTENCE_CHARS = 60
"""A line of this length that ends as a sentence does is taken for one too."""

SHORT_CHARS = 80
"""A line of this length is held against the open rules, whatever it ends with."""
OPEN_CHARS = 300
"""A longer line is not, whatever it ends with."""
HEADLINE_CHARS = 200
"""A longer line is no headline."""

CLOSED = frozenset('.!?…:;,"”“»')
"""A line that ends with one of these is closed: as a rule a sentence, or what leads to the next line."""

_SPACES = "\xa0\u2009\u202f\u200b\ufeff\r\x0b\x0c\u2028\u2029\x85"
_APOSTROPHES = "’ʼ`´"
_NOT_HEADLINE = frozenset(".;:,…")
_ENDS = frozenset('.!?…"”“»)')


class Page:
    """The lines of a text that are not blank.

    Args:
        text: the text; only `\\n` ends a line.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts: list[int] = []
        self.lines: list[str] = []
        """Without the white space around them."""
        self.whole: list[str] = []
        """With it."""
        offset = 0
        for line in text.split("\n"):
            stripped = line.strip()
            if stripped:
                indent = 0 if len(stripped) == len(line) else line.find(stripped[0])
                self.starts.append(offset + indent)
                self.lines.append(stripped)
                self.whole.append(line)
            offset += len(line) + 1
        self.cuts: list[Cut | None] = [None] * len(self.lines)
        """A line's removal, if it was decided."""
        self.spans: dict[int, list[Cut]] = {}
        """Removals inside a line that stays."""
        self.groups: dict[Cut, dict[str, str]] = {}
        """What the named groups of a cut's rule matched."""
        self.is_searched = True
        """Whether every place that a rule matches was seen."""

    def is_open(self, index: int) -> bool:
        """Whether a line is short, or neither long nor ended as a sentence is."""
        line = self.lines[index]
        return len(line) <= SHORT_CHARS or (len(line) <= OPEN_CHARS and line[-1] not in CLOSED)

    def end(self, index: int) -> int:
        """Where a line ends in the text."""
        return self.starts[index] + len(self.lines[index])

    def is_paragraph(self, index: int) -> bool:
        """Whether a line looks like running text by itself."""
        line = self.lines[index]
        return len(line) >= PARAGRAPH_CHARS or (len(line) >= SENTENCE_CHARS and self.ends_sentence(index))

    def ends_sentence(self, index: int) -> bool:
        """Whether a line ends as a sentence does."""
        return self.lines[index][-1] in _ENDS

    def is_headline(self, index: int) -> bool:
        """Whether a line could be the headline of another story: short, and no sentence's end."""
        line = self.lines[index]
        return len(line) <= HEADLINE_CHARS and line[-1] not in _NOT_HEADLINE

    def index_at(self, offset: int) -> int:
        """The line that an offset of the text lies in."""
        return bisect_right(self.starts, offset) - 1

    def settled(self) -> frozenset[str]:
        """The lines that no rule takes anything of, whatever stands around them."""
        if not self.is_searched:
            return frozenset()
        cuts, spans = self.cuts, self.spans
        return frozenset([line for i, line in enumerate(self.whole) if cuts[i] is None and i not in spans])

    def undecided(self) -> list[int]:
        """The lines that nothing has taken whole, in order."""
        return [index for index, cut in enumerate(self.cuts) if cut is None]

    def decided(self) -> Iterator[Cut]:
        """All removals in order."""
        for index, cut in enumerate(self.cuts):
            if cut is not None:
                yield cut
            else:
                yield from self.spans.get(index, ())


def fold(text: str) -> bytes:
    """A text as rules see it: odd spaces and apostrophes made plain, one for one."""
    for space in _SPACES:
        if space in text:
            text = text.replace(space, " ")
    for apostrophe in _APOSTROPHES:
        if apostrophe in text:
            text = text.replace(apostrophe, "'")
    if "İ" in text:  # RE2 knows no lower case for it
        text = text.replace("İ", "I")
    return text.encode("utf-8", "surrogatepass")
