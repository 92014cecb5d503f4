"""What an article is about: a linear model over its words and their parts, served by fastText.

The model is a matrix of word and subword weights, one column a topic. fastText averages the rows of a
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

from schemas.article import Topic

LABEL = "__label__"
TEXT_CHARS = 1200
"""The title and so much of the text speak; the rest of an article rarely adds a topic."""
MAX_TOPICS = 3

_WORD = re.compile(r"[^\W\d_]+|\d+")
_FLOOR = 1e-5  # what fastText adds to a probability before it takes the logarithm


@dataclass(frozen=True)
class Calibration:
    """How scores become probabilities; fitted by `pipelines.models.train_topics`."""

    temperature: float
    slope: float
    bias: Mapping[str, float]
    """Topic key -> log-odds added."""
    first: int
    """The likeliest topic is named from this confidence on (0-100)."""
    further: int
    """Other topics are named from this confidence on (0-100)."""


@cache
def media_topics(
    path: Path = Path(__file__).parents[1] / "rules" / "topics" / "media_topics.toml",
) -> Mapping[str, tuple[str, str]]:
    """Topic key -> IPTC code and English name, in the order of the codes."""
    tables = tomllib.loads(path.read_text("utf-8"))
    return {key: (table["code"], table["name"]) for key, table in tables.items()}


def feature_words(title: str | None, text: str) -> list[str]:
    """The distinct words that speak for a topic, in order: lower case, compatibility forms unified, each
    number a `0`."""
    words = _WORD.findall(unicodedata.normalize("NFKC", f"{title or ''}\n{text[:TEXT_CHARS]}").lower())
    return list(dict.fromkeys("0" if word[0].isdigit() else word for word in words))


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

    def tag(self, title: str | None, text: str) -> tuple[Topic, ...]:
        """At most `MAX_TOPICS` topics, the main one first, the others by falling confidence; often one,
        none where nothing reaches the floor."""
        confidences = self.confidences(title, text)
        if not confidences:
            return ()
        main = next(iter(confidences))
        chosen = [main] if confidences[main] >= self._calibration.first else []
        others = sorted((key for key in confidences if key != main), key=lambda key: -confidences[key])
        chosen += [key for key in others if confidences[key] >= self._calibration.further]
        names = media_topics()
        return tuple(Topic(*names[key], confidences[key]) for key in chosen[:MAX_TOPICS])

    def confidences(self, title: str | None, text: str) -> dict[str, int]:
        """Topic key -> how probable it is that the article is (also) about it (0-100), the main topic
        first; empty for a text without words."""
        scores = self.scores(title, text)
        if not scores:
            return {}
        calibration = self._calibration
        total = math.fsum(math.exp(calibration.temperature * score) for score in scores.values())
        confidences = {}
        for key, score in sorted(scores.items(), key=lambda item: (-item[1], item[0])):
            share = math.exp(calibration.temperature * score) / total
            odds = calibration.slope * _logit(share) + calibration.bias[key]
            confidences[key] = round(100 / (1 + math.exp(-odds)))
        return confidences

    def scores(self, title: str | None, text: str) -> dict[str, float]:
        """Topic key -> the linear model's score, up to a constant; empty for a text without words."""
        words = feature_words(title, text)
        if not words:
            return {}
        line = " ".join(words)
        ranks = self._predict(line.encode("utf-8", "ignore").decode() + "\n", -1, 0.0, "strict")
        scale = math.sqrt(len(line))
        return {label[len(LABEL) :]: scale * math.log(max(p - _FLOOR, 1e-7)) for p, label in ranks}

    def evidence(self, title: str | None, text: str, key: str, limit: int = 8) -> tuple[str, ...]:
        """The words of an article that spoke most for a topic (its key), the strongest first."""
        labels = [label[len(LABEL) :] for label in self._model.f.getLabels("strict")[0]]
        column = labels.index(key)
        weights = {}
        for word in feature_words(title, text):
            rows = len(self._model.f.getSubwords(word, "strict")[0])
            vector = self._model.get_word_vector(word)  # the mean of the word's rows
            weights[word] = rows * float(vector[column] - vector.mean())
        strongest = sorted(weights, key=lambda word: (-weights[word], word))[:limit]
        return tuple(word for word in strongest if weights[word] > 0)


def _logit(p: float) -> float:
    p = min(max(p, 1e-9), 1 - 1e-9)
    return math.log(p / (1 - p))
