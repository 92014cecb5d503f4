"""What an article is about: a linear model over the beginnings of its words, served by fastText.

The model is a matrix of weights, a row a feature, a column a topic. fastText averages the rows of a
text and takes a softmax; the average of many rows is smaller than the L2-normed sum that the weights were
trained for, by a factor that the text's length tells, so the scores are put back on their scale here and
then turned into probabilities by a calibration fitted on held-out publishers.
"""

from __future__ import annotations

import math
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.models import registry
from schemas.article import Topic

LABEL = "__label__"
TEXT_CHARS = 1200
"""The title and so much of the text speak; the rest of an article rarely adds a topic."""
MAX_TOPICS = 3
EVIDENCE = 8
"""So many words are named as the evidence for a topic."""

BEGINNING = 6
"""So many characters stand for a word."""
TITLE = "^"
"""Stands before a word of the title."""

_WORD = re.compile(r"[^\W\d_]+")
_ADDED = 1e-5  # what fastText adds to a probability before it takes the logarithm
_LEAST = 1e-9


@dataclass(frozen=True)
class Calibration:
    """How scores become probabilities; fitted by `pipelines.models.train_topics`."""

    temperature: float
    offset: Mapping[str, float]
    """Topic key -> added to its score, times the temperature, before the likeliest topic is chosen: the
    training rows have other shares of topics than a day's news."""
    slope: float
    bias: Mapping[str, float]
    """Topic key -> log-odds added."""
    first: int
    """The likeliest topic is named from this confidence on (0-100)."""
    further: int
    """Other topics are named from this confidence on (0-100)."""


@cache
def media_topics() -> Mapping[str, tuple[str, str]]:
    """Topic key -> IPTC code and English name, in the order of the codes."""
    path = Path(__file__).parents[1] / "rules" / "topics" / "media_topics.toml"
    tables = tomllib.loads(path.read_text("utf-8"))
    return {key: (table["code"], table["name"]) for key, table in tables.items()}


def features(title: str | None, text: str) -> list[str]:
    """What speaks for a topic, in order: the beginnings of the distinct words in lower case with
    compatibility forms unified (`решила` for `решилась`), then those of the title once more (`^решила`).

    Beginnings do for subwords in a quarter of the features: inflection is at the end of a word.
    """
    head = dict.fromkeys([word[:BEGINNING] for word in _words(title or "")])
    found = dict.fromkeys([*head, *[word[:BEGINNING] for word in _words(text[:TEXT_CHARS])]])
    return [*found, *[TITLE + beginning for beginning in head]]


def _words(text: str) -> list[str]:
    if not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", text)
    return _WORD.findall(text.lower())


@cache
def load() -> TopicTagger:
    """The tagger on the shipped model, one a process. Raises `ModelFault`."""
    entry = registry.entries()["topics"]
    return TopicTagger(registry.load_fasttext("topics"), Calibration(**entry.calibration))


class TopicTagger:
    """Pure functions over a loaded topic model.

    Args:
        model: the fastText model, `pipelines.models.registry.load_fasttext("topics")`.
        calibration: fitted for this model.
    """

    def __init__(self, model: Any, calibration: Calibration) -> None:
        self._model = model
        self._predict = model.f.predict  # the wrapper's own `predict(str)` breaks under NumPy 2
        self._calibration = calibration
        self._offset = {LABEL + key: math.exp(offset) for key, offset in calibration.offset.items()}
        self._bias = {LABEL + key: math.exp(bias) for key, bias in calibration.bias.items()}

    def tag(self, title: str | None, text: str) -> tuple[Topic, ...]:
        """At most `MAX_TOPICS` topics, the main one first, the others by falling confidence; often one,
        none where nothing reaches the floor."""
        confidences = self.confidences(title, text)
        if not confidences:
            return ()
        (main, confidence), *others = confidences.items()
        chosen = [(main, confidence)] if confidence >= self._calibration.first else []
        others.sort(key=lambda item: -item[1])
        chosen += [(key, percent) for key, percent in others if percent >= self._calibration.further]
        names = media_topics()
        return tuple(Topic(*names[key], percent) for key, percent in chosen[:MAX_TOPICS])

    def confidences(self, title: str | None, text: str) -> dict[str, int]:
        """Topic key -> how probable it is that the article is (also) about it (0-100), the main topic
        first; empty for a text without words."""
        found = features(title, text)
        if not found:
            return {}
        calibration = self._calibration
        power = calibration.temperature * math.sqrt(len(found))
        shares = [
            (self._offset[label] * max(p - _ADDED, _LEAST) ** power, label) for p, label in self._ranks(found)
        ]
        total = math.fsum(share for share, _ in shares)
        confidences = {}
        for share, label in sorted(shares, reverse=True):
            odds = (share / max(total - share, _LEAST * total)) ** calibration.slope
            odds *= self._bias[label]
            confidences[label[len(LABEL) :]] = round(100 * odds / (1 + odds))
        return confidences

    def scores(self, title: str | None, text: str) -> dict[str, float]:
        """Topic key -> the linear model's score, up to a constant; empty for a text without words."""
        found = features(title, text)
        if not found:
            return {}
        scale = math.sqrt(len(found))
        return {
            label[len(LABEL) :]: scale * math.log(max(p - _ADDED, _LEAST)) for p, label in self._ranks(found)
        }

    def evidence(self, title: str | None, text: str, key: str) -> tuple[str, ...]:
        """The words of an article that spoke most for a topic (its key), the strongest first; few."""
        labels = [label[len(LABEL) :] for label in self._model.get_labels()]
        column = labels.index(key)
        spoken: dict[str, float] = {}
        head = set(_words(title or ""))
        for word in dict.fromkeys([*head, *_words(text[:TEXT_CHARS])]):
            forms = [word[:BEGINNING], *([TITLE + word[:BEGINNING]] if word in head else [])]
            vectors = [self._model.get_word_vector(form) for form in forms]
            spoken[word] = sum(float(vector[column] - vector.mean()) for vector in vectors)
        strongest = sorted(spoken, key=lambda word: (-spoken[word], word))[:EVIDENCE]
        return tuple(word for word in strongest if spoken[word] > 0)

    def _ranks(self, found: list[str]) -> list[tuple[float, str]]:
        line = " ".join(found).encode("utf-8", "ignore").decode()
        ranks: list[tuple[float, str]] = self._predict(f"{line}\n", -1, 0.0, "strict")
        return ranks
