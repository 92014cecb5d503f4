"""In which language a text is written: lid.176 by fastText, mended where it is known to err.

Most articles are settled by one look at some 300 characters of them. Where that look leaves doubt, or
hints at two languages, the text is read block by block and the blocks vote.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from pipelines.models import registry
from pipelines.text.language_rules import Family, Rules, load_rules
from schemas.article import Language, LanguageShare

UNSURE = "und"
MIXED = "mul"

MIXED_SHARE = 0.3
"""A text is mixed where a second language holds at least this share of it (0-1)."""
NAMED_SHARE = 0.1
"""A further language is named where it holds at least this share of the text (0-1)."""

_SAMPLE_CHARS = 280
_GUESS_CHARS = 200
_BLOCK_CHARS = 400
_MIN_BLOCK_CHARS = 60
_MAX_BLOCKS = 24
_VOCABULARY_CHARS = 4000
_MIN_LETTERS = 12
"""With fewer letters no answer is given."""
_CANDIDATES = 4
_TIE = 0.1

_CYRILLIC = frozenset(map(chr, range(0x400, 0x530)))
_WORD = re.compile(r"[^\W\d_]+")
_LETTER = re.compile(r"[^\W\d_]")
_LINKS = re.compile(r"https?://\S+|www\.\S+|\S+@\S+")


class Look(NamedTuple):
    """What one look at a piece of text found."""

    tag: str
    probability: float
    """Of the tag, or of its whole family (0-1)."""
    family: Family | None = None
    doubt: bool = False
    """The tag is lid.176's favourite in a family, and the vocabulary is to decide."""

    @property
    def group(self) -> str:
        """What blocks are counted by: a family whose members don't mix, or the tag."""
        return self.tag if self.family is None or self.family.by_block else min(self.family.labels)


_NOTHING = Look(UNSURE, 0.0)


@cache
def load() -> LanguageIdentifier:
    """The identifier on the shipped model, one a process. Raises `ModelFault`."""
    return LanguageIdentifier(registry.load_fasttext("language"))


class LanguageIdentifier:
    """Pure functions over a loaded lid.176.

    Args:
        model: the fastText model, `pipelines.models.registry.load_fasttext("language")`.
        rules: what mends it.
    """

    def __init__(self, model: Any, rules: Rules | None = None) -> None:
        self._predict = model.f.predict  # the wrapper's own `predict(str)` breaks under NumPy 2
        self._rules = rules or load_rules()

    def guess(self, text: str) -> str:
        """The tag by which rule packs are chosen before cleaning: one look at the longest lines.

        `und` where there is nothing to go by; never `mul`.
        """
        lines = sorted(text[:20_000].splitlines(), key=len, reverse=True)[:2]
        sample = " ".join([line[: _GUESS_CHARS // 2] for line in lines])
        look = self._look(sample)
        return UNSURE if look.probability < self._rules.margin else self._member(look, sample, None)

    def identify(
        self, text: str, hints: Mapping[str, str] | None = None
    ) -> tuple[Language, tuple[LanguageShare, ...]]:
        """The language of a clean text, and the share of each language in it.

        Args:
            text: the clean text.
            hints: what others say of the article's language, by name (`language`, `html_language`,
                `publisher_language`): it breaks a tie and does nothing else.

        Returns:
            The tag (BCP 47; `und` below the margin, `mul` where a second language holds `MIXED_SHARE` of
            the text) with its confidence (0-100); and the languages by falling share, none for `und`.
        """
        hint = _hinted(hints)
        look = self._look(_sample(text))
        if look.probability < self._rules.sure:
            return self._vote(text, hint)
        tag = self._member(look, text[:_VOCABULARY_CHARS], hint)
        return Language(tag, self._confidence(look.probability)), (LanguageShare(tag, 1.0),)

    def _vote(self, text: str, hint: str | None) -> tuple[Language, tuple[LanguageShare, ...]]:
        """Read the text block by block; each block counts by its characters."""
        groups: dict[str, list[tuple[int, Look]]] = {}
        blocks = _blocks(text)
        for block in blocks:
            look = self._look(block, hint)
            if look.probability >= self._rules.margin:
                if look.family is not None and look.family.by_block:
                    look = look._replace(tag=self._member(look, block, hint), doubt=False)
                groups.setdefault(look.group, []).append((len(block), look))
        chars = {group: sum(size for size, _ in looks) for group, looks in groups.items()}
        total = sum(chars.values())
        if not total:
            return Language(UNSURE, 0), ()
        ranked = sorted(groups, key=lambda group: (-chars[group], group))
        vocabulary = " ".join(blocks)[:_VOCABULARY_CHARS]
        shares = tuple(
            LanguageShare(
                self._member(_spokesman(groups[group]), vocabulary, hint),
                round(chars[group] / total, 2),
            )
            for group in ranked
            if chars[group] >= NAMED_SHARE * total
        )
        mixed = len(ranked) > 1 and chars[ranked[1]] >= MIXED_SHARE * total
        counted = [sized for group in (ranked if mixed else ranked[:1]) for sized in groups[group]]
        probability = sum(size * look.probability for size, look in counted) / sum(
            size for size, _ in counted
        )
        return Language(MIXED if mixed else shares[0].tag, self._confidence(probability)), shares

    def _look(self, text: str, hint: str | None = None) -> Look:
        """One prediction, mended: capitals, letters, families, transliteration."""
        ranks = self._ranks(text)
        probability, tag = ranks[0]
        rules = self._rules
        if probability < rules.sure or len(text) < _MIN_BLOCK_CHARS:
            text = _LINKS.sub(" ", text)
            letters = sum(map(str.isalpha, text))
            if letters < _MIN_LETTERS:
                return _NOTHING
            if 2 * sum(map(str.isupper, text)) > letters:  # lid.176 knows few words in capitals
                text = text.lower()
            ranks = self._ranks(text)
            probability, tag = ranks[0]
        if tag in rules.cyrillic:
            mended = self._by_alphabet(text, ranks)
            if mended is not None:
                return mended
        if probability < rules.transliterated_below:
            share, name = self._transliterated(text)
            if share >= rules.transliterated_share:
                return Look(name, min(1.0, 0.5 + share))
        family = rules.families.get(tag)
        if family is not None:
            members = [p for p, label in ranks if label in family.labels]
            doubt = tag in family.distrusted or (len(members) > 1 and members[1] > _TIE * members[0])
            return Look(tag, sum(members), family, doubt)
        if hint is not None and ranks[1][1] == hint and probability - ranks[1][0] < _TIE:
            return Look(hint, probability)
        return Look(tag, probability)

    def _ranks(self, text: str) -> list[tuple[float, str]]:
        line = text.replace("\n", " ").encode("utf-8", "ignore").decode() + "\n"
        return [(min(p, 1.0), label[9:]) for p, label in self._predict(line, _CANDIDATES, 0.0, "strict")]

    def _by_alphabet(self, text: str, ranks: list[tuple[float, str]]) -> Look | None:
        """Another Cyrillic language, where too many letters are not in the favourite's alphabet."""
        alphabets = self._rules.cyrillic
        used = _CYRILLIC.intersection(text.lower())
        if used <= alphabets[ranks[0][1]]:
            return None
        counts = Counter(letter for letter in text.lower() if letter in used)
        foreign = {
            tag: sum(count for letter, count in counts.items() if letter not in letters)
            for tag, letters in alphabets.items()
        }
        favourite = foreign[ranks[0][1]]
        if favourite < self._rules.foreign_share * counts.total():
            return None
        likely = {label: p for p, label in ranks}
        rivals = {
            tag: count
            for tag, count in foreign.items()
            if tag in likely or len(counts.keys() & (alphabets[tag] - alphabets[ranks[0][1]])) >= 2
        }
        fewest = min(rivals.values())
        if fewest >= self._rules.foreign_share * counts.total():  # no one language: the blocks shall vote
            return Look(ranks[0][1], min(ranks[0][0], self._rules.sure / 2))
        tag = max((t for t in rivals if rivals[t] == fewest), key=lambda t: likely.get(t, 0.0))
        return Look(tag, max(likely.get(tag, 0.0), 1.0 - 2.0 * fewest / favourite))

    def _transliterated(self, text: str) -> tuple[float, str]:
        letters = _LETTER.findall(text)
        if sum(map(str.isascii, letters)) < 0.99 * len(letters):
            return 0.0, UNSURE
        words = _WORD.findall(text.lower())
        return max(
            (sum(word in known for word in words) / max(len(words), 1), tag)
            for tag, known in self._rules.transliteration.items()
        )

    def _member(self, look: Look, text: str, hint: str | None) -> str:
        """The member of a family whose words are the most frequent in a text, with its script."""
        family = look.family
        if family is None or not look.doubt:
            return look.tag
        if family.scripts and _CYRILLIC.intersection(text[:_SAMPLE_CHARS]):
            return f"{family.fallback}-Cyrl"
        words = _WORD.findall(text.lower())
        counts = {tag: sum(word in known for word in words) for tag, known in family.words.items()}
        for tag, letters in family.letters.items():
            counts[tag] += sum(letter in letters for letter in text)
        most = max(counts.values())
        tied = [tag for tag, count in counts.items() if count == most]
        trusted = None if look.tag in family.distrusted else look.tag
        favourites = (hint, trusted, family.fallback, look.tag)
        tag = next((favourite for favourite in favourites if favourite in tied), tied[0])
        return f"{tag}-Latn" if family.scripts and tag == family.fallback else tag

    def _confidence(self, probability: float) -> int:
        steps = self._rules.confidence
        return steps[max(bisect_right(steps, (probability, 100)) - 1, 0)][1]


def _spokesman(looks: list[tuple[int, Look]]) -> Look:
    """The look that speaks for a group: one in doubt, for its vocabulary to decide, else the longest."""
    return max(looks, key=lambda sized: (sized[1].doubt, sized[0]))[1]


def _hinted(hints: Mapping[str, str] | None) -> str | None:
    for name in ("language", "html_language", "publisher_language"):
        if hints and hints.get(name):
            return re.split("[-_]", hints[name])[0].lower()
    return None


def _sample(text: str) -> str:
    """Some characters of a text: half from the start, a quarter each from the middle and the end."""
    if len(text) <= 2 * _SAMPLE_CHARS:
        return text[:_SAMPLE_CHARS]
    half, quarter = _SAMPLE_CHARS // 2, _SAMPLE_CHARS // 4
    middle = len(text) // 2
    return f"{text[:half]} {text[middle : middle + quarter]} {text[-quarter:]}"


def _blocks(text: str) -> list[str]:
    """A text's lines, the short joined and the long cut; evenly chosen ones of a long text."""
    blocks = []
    pending = ""
    for line in text.splitlines():
        pending = f"{pending} {line}" if pending else line
        if len(pending) >= _MIN_BLOCK_CHARS:
            blocks += [pending[i : i + _BLOCK_CHARS] for i in range(0, len(pending), _BLOCK_CHARS)]
            pending = ""
    if pending:
        blocks.append(pending)
    if len(blocks) <= _MAX_BLOCKS:
        return blocks
    return [blocks[i * len(blocks) // _MAX_BLOCKS] for i in range(_MAX_BLOCKS)]
