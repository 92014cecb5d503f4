"""How good a topic model is on held-out articles, and the calibration of its confidences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipelines.models.topic_data import Row
from pipelines.text.topics import Calibration, media_topics

KEYS = tuple(media_topics())
_STEPS = ((0, 10), (10, 20), (20, 30), (30, 40), (40, 50), (50, 60), (60, 70), (70, 80), (80, 90), (90, 101))

_RARE = 0.3  # a topic's rows weigh by its frequency to minus this
_OFFSET_PRIOR, _BIAS_PRIOR = 5.0, 4.0

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    """What was measured on articles of held-out publishers. All shares are 0-1."""

    articles: int
    primary: float
    """Share whose first topic is the reader's primary topic; an article without a topic counts as wrong."""
    in_set: float
    """Share whose first topic is among the reader's primary and secondary topics."""
    macro_f1: float
    """F1 of the first topic against the primary one, averaged over the 17 topics."""
    calibration_error: float
    """Expected calibration error of all confidences of 1 and more against the reader's set."""
    topics: Mapping[str, float] = field(default_factory=dict)
    """Topic key -> F1."""
    languages: Mapping[str, tuple[int, float, float]] = field(default_factory=dict)
    """Language -> articles, primary, in set."""
    reliability: Sequence[tuple[int, int, float, float]] = ()
    """Confidence from, number of judgements, mean confidence (0-1), share that were right."""

    def lines(self) -> list[str]:
        """The scores as a person reads them."""
        said = [
            f"{self.articles} articles of held-out publishers: primary {self.primary:.3f}, in set "
            f"{self.in_set:.3f}, macro-F1 {self.macro_f1:.3f}, "
            f"calibration error {self.calibration_error:.3f}",
            "language  articles  primary  in set",
        ]
        for language, (count, primary, in_set) in self.languages.items():
            said.append(f"{language:8}  {count:8}  {primary:7.3f}  {in_set:6.3f}")
        said.append("topic         F1")
        said += [f"{key:12}  {f1:.2f}" for key, f1 in self.topics.items()]
        said.append("confidence  judgements  mean   right")
        said += [
            f"{low:10}  {count:10}  {mean:.3f}  {right:.3f}" for low, count, mean, right in self.reliability
        ]
        return said


def judge(rows: Sequence[Row], confidences: Sequence[Mapping[str, int]], first: int) -> Scores:
    """Score the confidences (main topic first) that a model gave to labelled rows."""
    named = [
        next(iter(given)) if given and given[next(iter(given))] >= first else None for given in confidences
    ]
    right = np.array([name == row.primary for name, row in zip(named, rows, strict=True)])
    inside = np.array(
        [name == row.primary or name in row.secondary for name, row in zip(named, rows, strict=True)]
    )
    by_topic = {key: _f1(key, named, [row.primary for row in rows]) for key in KEYS}
    by_language: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        by_language[row.language].append(number)
    error, table = reliability(rows, confidences)
    return Scores(
        articles=len(rows),
        primary=float(right.mean()),
        in_set=float(inside.mean()),
        macro_f1=float(np.mean(list(by_topic.values()))),
        calibration_error=error,
        topics=by_topic,
        languages={
            language: (len(numbers), float(right[numbers].mean()), float(inside[numbers].mean()))
            for language, numbers in sorted(by_language.items(), key=lambda item: -len(item[1]))
        },
        reliability=table,
    )


def _f1(key: str, named: Sequence[str | None], primary: Sequence[str]) -> float:
    both = sum(a == b == key for a, b in zip(named, primary, strict=True))
    said = named.count(key) + primary.count(key)
    return 2 * both / said if said else 0.0


def reliability(
    rows: Sequence[Row], confidences: Sequence[Mapping[str, int]]
) -> tuple[float, tuple[tuple[int, int, float, float], ...]]:
    """Expected calibration error over ten steps of all confidences of 1 and more, and the table by step."""
    pairs = [
        (confidence, key == row.primary or key in row.secondary)
        for row, given in zip(rows, confidences, strict=True)
        for key, confidence in given.items()
        if confidence >= 1
    ]
    said = np.array([confidence for confidence, _ in pairs]) / 100
    true = np.array([hit for _, hit in pairs], dtype=float)
    error, table = 0.0, []
    for low, high in _STEPS:
        inside = (said * 100 >= low) & (said * 100 < high)
        if inside.any():
            mean, share = float(said[inside].mean()), float(true[inside].mean())
            error += float(inside.mean()) * abs(mean - share)
            table.append((low, int(inside.sum()), mean, share))
    return error, tuple(table)


def calibrate(rows: Sequence[Row], scores: Matrix, *, first: int, further: int) -> Calibration:
    """Fit temperature, offsets, slope and biases to scores (rows x KEYS) of articles not trained on.

    Temperature and offsets make the softmax of the scores fit the primary topics, rare ones weighing a
    little more; slope and biases make each topic's probability fit the readers' sets. Offsets and biases
    are held near nought, or their mean, by a Gaussian prior.
    """
    from scipy.optimize import minimize

    primary = np.array([KEYS.index(row.primary) for row in rows])
    member = np.array(
        [[key == row.primary or key in row.secondary for key in KEYS] for row in rows], dtype=float
    )
    often = np.bincount(primary, minlength=len(KEYS)) + 1
    weights = (1 / often[primary]) ** _RARE
    weights /= weights.mean()

    def surprise(parameters: npt.NDArray[np.float64]) -> float:
        shares = _softmax(np.exp(parameters[0]) * scores + parameters[1:])
        said = np.log(shares[np.arange(len(rows)), primary] + 1e-12)
        return -float((weights * said).sum()) + _OFFSET_PRIOR * float((parameters[1:] ** 2).sum())

    chosen = minimize(surprise, np.zeros(1 + len(KEYS)), method="L-BFGS-B").x
    temperature = float(np.exp(chosen[0]))
    shares = np.clip(_softmax(temperature * scores + chosen[1:]), 1e-9, 1 - 1e-9)
    logits = np.log(shares / (1 - shares))

    def loss(parameters: npt.NDArray[np.float64]) -> float:
        slope, mean, bias = parameters[0], parameters[1], parameters[2:]
        odds = slope * logits + mean + bias
        return float((np.logaddexp(0, odds) - member * odds).sum() + _BIAS_PRIOR * (bias**2).sum())

    fitted = minimize(loss, np.concatenate([[1.0, 0.0], np.zeros(len(KEYS))]), method="L-BFGS-B").x
    offset = {key: round(float(chosen[1 + i]), 3) for i, key in enumerate(KEYS)}
    bias = {key: round(float(fitted[1] + fitted[2 + i]), 3) for i, key in enumerate(KEYS)}
    return Calibration(round(temperature, 4), offset, round(float(fitted[0]), 4), bias, first, further)


def _softmax(scores: Matrix) -> Matrix:
    powers: Matrix = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Matrix = powers / powers.sum(axis=1, keepdims=True)
    return shares
