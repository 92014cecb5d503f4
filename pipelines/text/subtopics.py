"""The second IPTC level of an article, by the words of its language; silent where they are few.

A subtopic is only asked for where the topic it belongs to was given, so topic model and words must agree.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.text.topics import media_topics
from schemas.article import Subtopic, Topic

TEXT_CHARS = 800
"""The title and so much of the text are read: what a story is about stands there."""
MAX_SUBTOPICS = 2

LEAST = 4
"""Points from which a subtopic is given: one for each of its words found, two where the title has one."""
NEAR = 0.6
"""A second subtopic needs this share (0-1) of the first one's points."""

CONFIDENCE = ((LEAST, 90), (6, 95))
"""Points -> confidence (0-100). A reader found 158 of 170 right: 91 and 96 of 100 in these bands."""

_WORD = re.compile(r"[^\W\d_]+")
_KEY_CHARS = 3


@dataclass(frozen=True)
class Rule:
    """One subtopic: what it is, and the words that speak for it by language."""

    code: str
    name: str
    topic: str
    """The code of its topic."""
    words: Mapping[str, tuple[str, ...]]
    why: str
    says: Sequence[Sequence[str]]
    silent: Sequence[Sequence[str]]
    """Examples: language, title, text."""


@dataclass(frozen=True, eq=False)
class _Word:
    """A word of a rule."""

    text: str
    written: str
    """As the rule has it: it ends in `_` where it is a whole word."""
    rule: Rule

    def stands_in(self, token: str, text: str) -> bool:
        """Whether a token of a text is this word, or begins this phrase."""
        if not self.text.isalpha():
            return self.text in text
        return token == self.text if self.written.endswith("_") else token.startswith(self.text)


def load_rules() -> tuple[Rule, ...]:
    """Read the shipped subtopics."""
    path = Path(__file__).parents[1] / "rules" / "topics" / "subtopics.toml"
    return tuple(_read_rule(table) for table in tomllib.loads(path.read_text("utf-8")).values())


def _read_rule(table: dict[str, Any]) -> Rule:
    code, _ = media_topics()[table.pop("topic")]
    words = {
        language: tuple(word.strip() for word in words.split(","))
        for language, words in table.pop("words").items()
    }
    return Rule(topic=code, words=words, **table)


@cache
def load() -> SubtopicTagger:
    """The tagger with the shipped rules, one a process."""
    return SubtopicTagger(load_rules())


class SubtopicTagger:
    """Pure functions over compiled rules.

    Args:
        rules: the subtopics.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._parents = frozenset(rule.topic for rule in rules)
        self._words: dict[str, dict[str, list[_Word]]] = {}
        for rule in rules:
            for language, words in rule.words.items():
                index = self._words.setdefault(language, {})
                for word in words:
                    first = _WORD.findall(word)[0]
                    index.setdefault(first[:_KEY_CHARS], []).append(_Word(word.rstrip("_"), word, rule))

    def tag(
        self, language: str, topics: Sequence[Topic], title: str | None, text: str
    ) -> tuple[Subtopic, ...]:
        """At most `MAX_SUBTOPICS` subtopics of an article's topics, the strongest first; mostly none or one.

        Args:
            language: the article's language tag.
            topics: its topics.
            title: its title.
            text: its clean text.
        """
        given = {topic.code for topic in topics if topic.code in self._parents}
        index = self._words.get(language)
        if not given or index is None:
            return ()
        head = (title or "").lower()
        found = _find(index, f"{head} {text[:TEXT_CHARS].lower()}", given)
        points: dict[str, int] = {}
        rules = {}
        for word in found:
            points[word.rule.code] = points.get(word.rule.code, 0) + 1
            rules[word.rule.code] = word.rule
        if not points:
            return ()
        for code in {word.rule.code for word in _find(index, head, given)}:
            points[code] += 2
        ranked = sorted(points, key=lambda code: (-points[code], code))[:MAX_SUBTOPICS]
        enough = max(LEAST, NEAR * points[ranked[0]])
        return tuple(
            Subtopic(code, rules[code].name, _confidence(points[code]), rules[code].topic)
            for code in ranked
            if points[code] >= enough
        )


def _find(index: Mapping[str, list[_Word]], text: str, topics: Collection[str]) -> set[_Word]:
    """The words of an index that stand in a text in lower case, of rules under some topics."""
    found = set()
    for token in set(_WORD.findall(text)):
        for word in index.get(token[:_KEY_CHARS], ()):
            if word.rule.topic in topics and word not in found and word.stands_in(token, text):
                found.add(word)
    return found


def _confidence(points: int) -> int:
    return max(confidence for least, confidence in CONFIDENCE if points >= least)
