"""Trains the topic model: a regularised linear model that fastText serves.

Features are a text's distinct words and their beginnings, weighted by their inverse document frequency and
L2-normed. One logistic regression a topic is fitted by stochastic gradient descent
(scikit-learn), which beats fastText's own training by four points; its weights, times the document
frequencies' weights, become fastText's input matrix, an identity its output matrix, and the whole is
quantized. Everything is seeded and runs in one thread, so the same data give the same model.

The model is fitted twice: without the held-out publishers, to be judged and calibrated, then on all rows.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.models.topic_data import Row, read_rows, split
from pipelines.models.topic_scores import KEYS, Scores, calibrate, judge
from pipelines.text.topics import LABEL, Calibration, TopicTagger, features

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Recipe:
    """What was tuned on held-out publishers."""

    least_count: int = 3
    """A feature of fewer texts is left out."""
    alpha: float = 1e-5
    epochs: int = 8
    weights: tuple[tuple[str, float], ...] = (("reader", 20.0), ("written", 6.0), ("wikinews", 0.3))
    """Weight of a row by its source; the others weigh 1."""
    first: int = 15
    further: int = 35
    seed: int = 1


RECIPE = Recipe()


def train(
    data: Sequence[Path], output: Path, *, progress: Progress = print, recipe: Recipe = RECIPE
) -> Scores:
    """Train on `data`, write the model to `output` and its entry for `models.toml` to `output`.toml.

    Args:
        data: files that `topic_data.read_rows` reads.
        output: the model's file, `….ftz`.
        progress: told one line at a time what is being done and what was measured.

    Returns:
        The scores on held-out publishers, of a quantized model that has not seen them. The written model
        is then fitted on all rows.

    Raises:
        DataFault: a file is not labelled data.
    """
    rows = read_rows(data)
    kept, judged = split(rows)
    progress(f"{len(rows)} texts; {len(judged)} articles of held-out publishers to judge by")
    model = _fit(kept, recipe, progress)
    scores, calibration = _judge(model, judged, recipe)
    for line in scores.lines():
        progress(line)
    progress("training on all texts")
    _fit(rows, recipe, progress).save_model(str(output))
    entry = _entry(output, data, scores, calibration)
    output.with_suffix(".toml").write_text(entry, "utf-8")
    progress(f"{output}: {output.stat().st_size / 1e6:.1f} MB")
    return scores


def _fit(rows: Sequence[Row], recipe: Recipe, progress: Progress) -> Any:
    """A quantized fastText model fitted on the rows."""
    from scipy import sparse
    from sklearn.linear_model import SGDClassifier
    from sklearn.preprocessing import normalize

    documents = [features(row.title, row.text) for row in rows]
    model = _dictionary(documents, recipe)
    counts = _rows_of(model, documents)
    progress(f"{counts.shape[0]} texts, {counts.shape[1]} features")
    frequency = np.asarray((counts > 0).sum(axis=0)).ravel()
    rarity = (np.log((1 + len(rows)) / (1 + frequency)) + 1).astype(np.float32)
    weighted = normalize(counts @ sparse.diags(rarity)).astype(np.float32)
    weigh = dict(recipe.weights)
    classifier = SGDClassifier(
        loss="log_loss",
        alpha=recipe.alpha,
        max_iter=recipe.epochs,
        tol=None,
        fit_intercept=False,
        random_state=recipe.seed,
    )
    classifier.fit(
        weighted,
        np.array([KEYS.index(row.primary) for row in rows]),
        sample_weight=np.array([weigh.get(row.source, 1.0) for row in rows]),
    )
    weights = np.zeros((len(KEYS), weighted.shape[1]), np.float32)
    weights[classifier.classes_] = classifier.coef_
    return _served(model, weights, rarity, counts)


def _dictionary(documents: Sequence[Sequence[str]], recipe: Recipe) -> Any:
    """An untrained fastText model: it brings the vocabulary."""
    import fasttext

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "words.txt"
        with path.open("w", encoding="utf-8", errors="ignore") as lines:
            for number, words in enumerate(documents):
                lines.write(f"{LABEL}{KEYS[number % len(KEYS)]} {' '.join(words)}\n")
        return fasttext.train_supervised(
            str(path),
            dim=len(KEYS),
            epoch=0,
            bucket=0,
            minn=0,
            maxn=0,
            minCount=recipe.least_count,
            thread=1,
            verbose=0,
        )


def _rows_of(model: Any, documents: Sequence[Sequence[str]]) -> Any:
    """A sparse matrix: which of the model's rows each document has."""
    from scipy import sparse

    numbers = {word: number for number, word in enumerate(model.get_words())}
    columns: list[int] = []
    ends = [0]
    for document in documents:
        columns += sorted(numbers[word] for word in document if word in numbers)
        ends.append(len(columns))
    shape = (len(documents), len(numbers))
    return sparse.csr_matrix((np.ones(len(columns), np.float32), columns, ends), shape=shape)


def _served(model: Any, weights: Any, rarity: Any, counts: Any) -> Any:
    """Put the weights into fastText, spread so far that its softmax loses none of them, and quantize."""
    labels = [KEYS.index(label[len(LABEL) :]) for label in model.get_labels()]
    matrix = np.ascontiguousarray((weights * rarity).T[:, labels], dtype=np.float32)  # else silently garbage
    means = (counts @ matrix) / np.maximum(np.asarray(counts.sum(axis=1)), 1)
    spread = np.quantile(means.max(axis=1) - means.min(axis=1), 0.999)
    model.set_matrices(matrix, np.ascontiguousarray(np.eye(len(KEYS)) * 8 / spread, dtype=np.float32))
    model.quantize(qnorm=True, dsub=2)
    return model


def _judge(model: Any, judged: Sequence[Row], recipe: Recipe) -> tuple[Scores, Calibration]:
    """Calibrate on the held-out rows; the scores come from halves calibrated on each other, by publisher."""
    unfitted = Calibration(1.0, 1.0, dict.fromkeys(KEYS, 0.0), recipe.first, recipe.further)
    tagger = TopicTagger(model, unfitted)
    given = [tagger.scores(row.title, row.text) for row in judged]
    scores = np.array([[said.get(key, 0.0) for key in KEYS] for said in given])
    half = [hashlib.sha256(row.publisher.encode()).digest()[0] % 2 for row in judged]
    confidences: list[dict[str, int]] = [{} for _ in judged]
    for part in (0, 1):
        others = [number for number in range(len(judged)) if half[number] != part]
        fitted = calibrate(
            [judged[i] for i in others], scores[others], first=recipe.first, further=recipe.further
        )
        halved = TopicTagger(model, fitted)
        for number, row in enumerate(judged):
            if half[number] == part:
                confidences[number] = halved.confidences(row.title, row.text)
    calibration = calibrate(judged, scores, first=recipe.first, further=recipe.further)
    return judge(judged, confidences, recipe.first), calibration


def _entry(output: Path, data: Sequence[Path], scores: Scores, calibration: Calibration) -> str:
    """The model's table for `models.toml`."""
    content = output.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in data}
    lines = [
        "[topics]",
        f'id = "topics-{digest[:8]}"',
        f'file = "{output.name}"',
        f'sha256 = "{digest}"',
        f"bytes = {len(content)}",
        'licence = "Apache-2.0; it holds no texts, NOTICE names what it was trained on"',
        'origin = "newsbeam models train-topics"',
        "[topics.trained_on]",
        *(f'"{name}" = "{value}"' for name, value in digests.items()),
        "[topics.scores]  # on articles of held-out publishers",
        f"primary = {scores.primary:.3f}",
        f"in_set = {scores.in_set:.3f}",
        f"macro_f1 = {scores.macro_f1:.3f}",
        f"calibration_error = {scores.calibration_error:.3f}",
        "[topics.calibration]",
        f"temperature = {calibration.temperature}",
        f"slope = {calibration.slope}",
        f"first = {calibration.first}",
        f"further = {calibration.further}",
        "[topics.calibration.bias]",
        *(f"{key} = {value}" for key, value in calibration.bias.items()),
    ]
    return "\n".join(lines) + "\n"
