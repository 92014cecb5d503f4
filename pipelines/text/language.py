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
from pipelines.text import passages
from pipelines.text.address import host
from pipelines.text.language_rules import Family, load_rules
from schemas.article import Language, LanguageShare

UNSURE = "und"
MIXED = "mul"

MIXED_SHARE = 0.3
"""A text is mixed where a second language holds at least this share of it (0-1)."""
NAMED_SHARE = 0.1
"""A further language is named where it holds at least this share of the text (0-1)."""

_GUESS_CHARS = 200
_VOCABULARY_CHARS = 4000
_MIN_LETTERS = 12
"""With fewer letters no answer is given."""
_TELLING_LETTERS = 6
_CANDIDATES = 4
_TIE = 0.1

_CYRILLIC = frozenset(map(chr, range(0x400, 0x530)))
_LATIN = frozenset("abcdefghijklmnopqrstuvwxyz")
_LOOKALIKES = str.maketrans("AaBCcEeHIiKMOoPpTXxy", "АаВСсЕеНІіКМОоРрТХху")
_MIXED_SCRIPTS = re.compile("[А-яЁёІіЇїЄєЎўЈј][A-Za-z]|[A-Za-z][А-яЁёІіЇїЄєЎўЈј]")
_WORD = re.compile(r"[^\W\d_]+")
_LETTER = re.compile(r"[^\W\d_]")
_NO_LANGUAGE = re.compile(r'https?://\S+|www\.\S+|\S+@\S+|"\w+":\S*')
"""Addresses, and members of JSON that a page left in its text."""


class Look(NamedTuple):
    """What one look at a piece of text found."""

    tag: str
    probability: float
    """Of the tag, or of its whole family (0-1)."""
    family: Family | None = None
    rival: float = 0.0
    """Probability of the best language outside the family (0-1)."""
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
    """

    def __init__(self, model: Any) -> None:
        self._predict = model.f.predict  # the wrapper's own `predict(str)` breaks under NumPy 2
        self._rules = load_rules()

    def guess(self, text: str) -> str:
        """The tag by which rule packs are chosen before cleaning: one look at the longest lines.

        `und` where there is nothing to go by; never `mul`.
        """
        lines = sorted(text[:20_000].splitlines(), key=len, reverse=True)[:2]
        sample = " ".join([line[: _GUESS_CHARS // 2] for line in lines])
        look = self._look(sample)
        return UNSURE if look.probability < self._rules.margin else self._member(look, sample, ())

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
        said = _hinted(hints)
        looks = [self._look(sample) for sample in passages.samples(text)]
        if not all(self._is_clear(look, len(looks)) and look.group == looks[0].group for look in looks):
            return self._vote(text, said)
        look = min(looks, key=lambda look: look.doubt)
        tag = self._member(look, text[:_VOCABULARY_CHARS], said)
        return Language(tag, self._confidence(look.probability)), (LanguageShare(tag, 1.0),)

    def _is_clear(self, look: Look, looks: int) -> bool:
        rules = self._rules
        agreed = looks > 1 and look.probability >= rules.agreed and look.rival < rules.rival
        return agreed or look.probability >= rules.sure

    def _vote(self, text: str, hints: tuple[str, ...]) -> tuple[Language, tuple[LanguageShare, ...]]:
        """Read the text block by block; each block counts by its characters."""
        groups: dict[str, list[tuple[int, Look]]] = {}
        blocks, weak = passages.blocks(text), []
        for block in blocks:
            look = self._look(block, hints)
            if look.probability < self._rules.margin:
                continue
            if look.doubt and look.family is not None and look.family.by_block:
                weak.append((block, look._replace(tag=self._member(look, block, hints), doubt=False)))
            else:
                groups.setdefault(look.group, []).append((len(block), look))
        chars = {group: sum(size for size, _ in looks) for group, looks in groups.items()}
        main = max(chars, key=lambda group: chars[group], default=UNSURE)
        for block, look in weak:  # only words decided: rather a language that surely stands in the text
            if look.group not in chars and self._could_be(main, look, block):
                look = groups[main][0][1]
            groups.setdefault(look.group, []).append((len(block), look))
        chars = {group: sum(size for size, _ in looks) for group, looks in groups.items()}
        total = sum(chars.values())
        if not total:
            return Language(UNSURE, 0), ()
        ranked = sorted(groups, key=lambda group: (-chars[group], group))
        vocabulary = " ".join(blocks)[:_VOCABULARY_CHARS]
        shares = tuple(
            LanguageShare(
                self._member(_spokesman(groups[group]), vocabulary, hints),
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

    def _look(self, text: str, hints: tuple[str, ...] = ()) -> Look:
        """One prediction, mended: capitals, look-alike letters, alphabets, families, transliteration."""
        ranks = self._ranks(text)
        probability, tag = ranks[0]
        rules = self._rules
        if probability < rules.sure or len(text) < passages.MIN_BLOCK_CHARS:
            spoken = _NO_LANGUAGE.sub(" ", text)
            count = sum(map(str.isalpha, spoken))
            if count < _MIN_LETTERS:
                return _NOTHING
            if 2 * sum(map(str.isupper, spoken)) > count:  # lid.176 knows few words in capitals
                spoken = spoken.lower()
            if spoken != text:
                text = spoken
                ranks = self._ranks(text)
                probability, tag = ranks[0]
        family = rules.families.get(tag)
        if family is None and probability >= rules.sure and tag not in rules.cyrillic:
            return Look(tag, probability, None, ranks[1][0] if len(ranks) > 1 else 0.0)
        letters = frozenset(text.lower())
        if tag in rules.cyrillic and not text.isascii():
            if not _LATIN.isdisjoint(letters) and _MIXED_SCRIPTS.search(text):  # a trick against filters
                text = _WORD.sub(_in_one_script, text)
                letters = frozenset(text.lower())
                ranks = self._ranks(text)
                probability, tag = ranks[0]
            mended = self._by_alphabet(text, letters, ranks) if tag in rules.cyrillic else None
            if mended is not None:
                probability, tag = mended
                ranks = [mended]
            family = rules.families.get(tag)
        elif probability < rules.transliterated_below:
            share, name = self._transliterated(text)
            if share >= rules.transliterated_share:
                return Look(name, min(1.0, 0.5 + share))
        if family is not None:
            members = [p for p, label in ranks if label in family.labels]
            doubt = (
                tag in family.distrusted
                or (len(members) > 1 and members[1] > _TIE * members[0])
                or (tag in family.own and family.own[tag].isdisjoint(letters))
            )
            probability = max(probability, sum(members))
            if probability < rules.margin and self._is_known(tag, family, text):
                probability = rules.margin
            rival = max((p for p, label in ranks if label not in family.labels), default=0.0)
            return Look(tag, probability, family, rival, doubt)
        if len(ranks) > 1 and ranks[1][1] in hints and probability - ranks[1][0] < _TIE:
            tag = ranks[1][1]
        return Look(tag, probability, rival=ranks[1][0] if len(ranks) > 1 else 0.0)

    def _ranks(self, text: str) -> list[tuple[float, str]]:
        line = text.replace("\n", " ") + "\n"
        try:
            found = self._predict(line, _CANDIDATES, 0.0, "strict")
        except TypeError:  # half a surrogate pair
            found = self._predict(line.encode("utf-8", "ignore").decode(), _CANDIDATES, 0.0, "strict")
        return [(min(p, 1.0), label[9:]) for p, label in found]

    def _by_alphabet(
        self, text: str, letters: frozenset[str], ranks: list[tuple[float, str]]
    ) -> tuple[float, str] | None:
        """Another Cyrillic language, where too many letters are not in the favourite's alphabet."""
        alphabets = self._rules.cyrillic
        used = letters & _CYRILLIC
        if used <= alphabets[ranks[0][1]]:
            return None
        counts = Counter(letter for letter in text.lower() if letter in used)
        foreign = {
            tag: sum(count for letter, count in counts.items() if letter not in alphabet)
            for tag, alphabet in alphabets.items()
        }
        favourite = foreign[ranks[0][1]]
        if favourite < self._rules.foreign_share * counts.total():
            return None
        words = [word for word in _WORD.findall(text) if word.islower()] or _WORD.findall(text.lower())
        strange = used - alphabets[ranks[0][1]]
        if sum(not strange.isdisjoint(word) for word in words) < self._rules.foreign_words * len(words):
            return None
        likely = {label: p for p, label in ranks}
        rivals = {
            tag: count
            for tag, count in foreign.items()
            if tag in likely or len(counts.keys() & (alphabets[tag] - alphabets[ranks[0][1]])) >= 2
        }
        fewest = min(rivals.values())
        if fewest >= self._rules.foreign_share * counts.total():  # no one language: the blocks shall vote
            return min(ranks[0][0], self._rules.sure / 2), ranks[0][1]
        tag = max((t for t in rivals if rivals[t] == fewest), key=lambda t: likely.get(t, 0.0))
        return max(likely.get(tag, 0.0), 1.0 - 2.0 * fewest / favourite), tag

    def _transliterated(self, text: str) -> tuple[float, str]:
        letters = _LETTER.findall(text)
        if sum(map(str.isascii, letters)) < 0.99 * len(letters):
            return 0.0, UNSURE
        words = _WORD.findall(text.lower())
        found = {
            tag: [word for word in words if word in known]
            for tag, known in self._rules.transliteration.items()
        }
        tag = max(found, key=lambda tag: len(found[tag]))
        told = sum(map(len, set(found[tag])))  # a short word alone may be a neighbour's, too
        return (len(found[tag]) / len(words), tag) if told >= _TELLING_LETTERS else (0.0, UNSURE)

    def _is_known(self, tag: str, family: Family, text: str) -> bool:
        """Whether a family's member has the words and marks of a text, and clearly more than the others."""
        counts = self._counts(family, text)
        own = counts.pop(tag, 0)
        return own - max(counts.values(), default=0) >= self._rules.known_words

    def _counts(self, family: Family, text: str) -> dict[str, int]:
        """How many words and marks of each member stand in a text, of those that can write its letters."""
        words = _WORD.findall(text.lower())
        spaced = f" {' '.join(words)} "
        fitting = [tag for tag in family.words if self._can_write(tag, spaced)] or list(family.words)
        counts = {tag: sum(word in family.words[tag] for word in words) for tag in fitting}
        for tag in counts.keys() & family.marks.keys():
            counts[tag] += sum(map(spaced.count, family.marks[tag]))
        return counts

    def _member(self, look: Look, text: str, hints: tuple[str, ...]) -> str:
        """The member of a family whose words are the most frequent in a text, with its script."""
        family = look.family
        if family is None or not look.doubt:
            return look.tag
        if family.scripts and _CYRILLIC.intersection(text[: passages.SAMPLE_CHARS]):
            return f"{family.fallback}-Cyrl"
        counts = self._counts(family, text)
        most = max(counts.values())
        tied = [tag for tag, count in counts.items() if count == most]
        trusted = None if look.tag in family.distrusted else look.tag
        favourites = (*hints, trusted, family.fallback, look.tag)
        tag = next((favourite for favourite in favourites if favourite in tied), tied[0])
        return f"{tag}-Latn" if family.scripts and tag == family.fallback else tag

    def _could_be(self, tag: str, look: Look, text: str) -> bool:
        """Whether a block whose language only its words tell may as well be in this one."""
        neighbours = look.family.words if look.family is not None else {}
        written = tag in self._rules.cyrillic and self._can_write(tag, text.lower())
        return written or (tag in neighbours and tag not in self._rules.cyrillic)

    def _can_write(self, tag: str, text: str) -> bool:
        """Whether all Cyrillic letters of a text in lower case are in a language's alphabet."""
        alphabet = self._rules.cyrillic.get(tag.split("-")[0])
        return alphabet is None or _CYRILLIC.intersection(text) <= alphabet

    def _confidence(self, probability: float) -> int:
        steps = self._rules.confidence
        return steps[max(bisect_right(steps, (probability, 100)) - 1, 0)][1]


def _spokesman(looks: list[tuple[int, Look]]) -> Look:
    """The look that speaks for a group: one in doubt, for its vocabulary to decide, else the longest."""
    return max(looks, key=lambda sized: (sized[1].doubt, sized[0]))[1]


def _hinted(hints: Mapping[str, str] | None) -> tuple[str, ...]:
    """The languages hinted at, the most trusted first."""
    said = [hints.get(name) for name in ("language", "html_language", "publisher_language")] if hints else []
    return tuple(re.split("[-_]", hint)[0].lower() for hint in said if hint)


def publisher_language(address: str | None) -> str | None:
    """The usual language of a publisher by its URL or domain: what nearly all news under the domain's last
    part is written in (`https://www.delfi.lt/a` -> `lt`). None where it does not tell."""
    domain, dot, last = (host(address) or "").rstrip(".").rpartition(".")
    return load_rules().publisher.get(last) if domain and dot else None


def _in_one_script(word: re.Match[str]) -> str:
    return word[0].translate(_LOOKALIKES) if _MIXED_SCRIPTS.search(word[0]) else word[0]
