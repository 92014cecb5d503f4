"""Trains the topic model: a regularised linear model that fastText serves.

Features are the beginnings of a text's distinct words, weighted by their inverse document frequency and
L2-normed, and the sum of the vectors that a larger model, the teacher, has for them. One logistic
regression a topic is fitted by stochastic gradient descent, to what readers said and to the teacher's
probabilities. Both parts are linear in the words, so the fitted vectors' share folds into one weight a
word and topic: the weights become fastText's input matrix, an identity its output matrix, and the whole
is quantized. Everything is seeded and runs in one thread, so the same data give the same model.

The model is fitted twice: without the held-out publishers, to be judged and calibrated, then on all rows.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.models import topic_teaching
from pipelines.models.topic_data import Row, read_rows, split
from pipelines.models.topic_fit import fit
from pipelines.models.topic_scores import KEYS, Scores, calibrate, judge
from pipelines.models.topic_teaching import Teaching
from pipelines.text.topics import LABEL, TEXT_CHARS, TITLE, Calibration, TopicTagger, features

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Recipe:
    """What was tuned on held-out publishers."""

    least_count: int = 3
    """A feature of fewer texts is left out, unless the teacher has a vector for it."""
    alpha: float = 1e-5
    epochs: int = 8
    pace: float = 2.0
    """The first step's length; it falls to nought by the last one."""
    title: float = 1.5
    """A word of the title counts so much beside the same word anywhere."""
    vectors: float = 0.35
    """Length of a text's vector beside its words' length of 1."""
    secondary: float = 0.45
    """How far a reader's secondary topic is one of the text's (0-1)."""
    weights: tuple[tuple[str, float], ...] = (
        ("reader", 20.0),
        ("written", 15.0),
        ("wikinews", 0.3),
        ("sib200_train", 0.1),
        ("sib200_dev", 0.1),
    )
    """Weight of a row by its source; the others weigh 1."""
    taught: float = 8.0
    """Weight of a row that the teacher labelled."""
    taught_sources: tuple[tuple[str, float], ...] = (
        ("none", 20.0),
        ("sib200_train", 0.3),
        ("sib200_dev", 0.3),
        *((name, 3.0) for name in ("pseudo_lingua", "pseudo_ud", "pseudo_lenta", "tgposts_ru")),
    )
    """The same, for sources whose texts are articles, or single sentences."""
    long_chars: int = 1900
    """An article of a reader or the teacher with so many characters teaches once more by what follows on
    those that the tagger reads."""
    later: float = 0.25
    """Weight of that beside the article's own."""
    first: int = 15
    further: int = 35
    seed: int = 1


RECIPE = Recipe()


def train(
    data: Sequence[Path],
    output: Path,
    *,
    progress: Progress = print,
    recipe: Recipe = RECIPE,
    teaching: Teaching | None = None,
) -> Scores:
    """Train on `data`, write the model to `output` and its entry for `models.toml` to `output`.toml.

    Args:
        data: files that `topic_data.read_rows` reads.
        output: the model's file, `….ftz`.
        progress: told one line at a time what is being done and what was measured.
        teaching: what the teacher said; without it what lies in `pipelines/models/teaching`.

    Returns:
        The scores on held-out publishers, of a quantized model that has not seen them. The written model
        is then fitted on all rows.

    Raises:
        DataFault: a file is not labelled data.
        OSError: a file, or the teaching, can't be read.
    """
    teaching = teaching or topic_teaching.read()
    rows = read_rows(data, teaching)
    kept, judged = split(rows)
    progress(f"{len(rows)} texts; {len(judged)} articles of held-out publishers to judge by")
    examples = {id(row): _examples(row, recipe) for row in rows}
    model = _fit([example for row in kept for example in examples[id(row)]], recipe, teaching, progress)
    scores, calibration = _judge(model, judged, recipe)
    for line in scores.lines():
        progress(line)
    progress("training on all texts")
    model = _fit([example for row in rows for example in examples[id(row)]], recipe, teaching, progress)
    model.save_model(str(output))
    entry = _entry(output, data, teaching, scores, calibration)
    output.with_suffix(".toml").write_text(entry, "utf-8")
    progress(f"{output}: {output.stat().st_size / 1e6:.1f} MB")
    return scores


@dataclass(frozen=True)
class _Example:
    features: Sequence[str]
    targets: Sequence[float]
    """How far the text is about each of `KEYS` (0-1)."""
    weight: float


def _examples(row: Row, recipe: Recipe) -> list[_Example]:
    """What the tagger will see of a text, and of a long one that is well labelled what comes after."""
    if row.asks_teacher:
        weight = dict(recipe.taught_sources).get(row.source, recipe.taught)
        targets = [row.taught.get(key, 0.0) for key in KEYS]
    else:
        weight = dict(recipe.weights).get(row.source, 1.0)
        shares = {**dict.fromkeys(row.secondary, recipe.secondary), row.primary: 1.0}
        targets = [shares.get(key, 0.0) for key in KEYS]
    seen = [_Example(features(row.title, row.text), targets, weight)]
    if len(row.text) >= recipe.long_chars and (row.asks_teacher or row.source == "reader"):
        later = features(None, row.text[TEXT_CHARS:])
        seen.append(_Example(later, targets, weight * recipe.later))
    return seen


def _fit(examples: Sequence[_Example], recipe: Recipe, teaching: Teaching, progress: Progress) -> Any:
    """A quantized fastText model fitted on the examples."""
    from scipy import sparse

    documents = [example.features for example in examples]
    model = _dictionary(documents, recipe, teaching)
    names = model.get_words()
    counts = _rows_of(names, documents)
    progress(f"{counts.shape[0]} texts, {counts.shape[1]} features")
    frequency = np.asarray((counts > 0).sum(axis=0)).ravel()
    rarity = (np.log((1 + len(examples)) / (1 + frequency)) + 1).astype(np.float32)
    rarity *= np.where([name.startswith(TITLE) for name in names], recipe.title, 1).astype(np.float32)
    weighted = counts @ sparse.diags(rarity)
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    weighted = sparse.diags(1 / np.maximum(lengths, 1e-9)) @ weighted
    vectors = _vectors(names, teaching)
    dense = weighted @ vectors
    scale = recipe.vectors / max(float(np.sqrt((dense**2).sum(axis=1).mean())), 1e-9)
    often = sparse.diags((frequency >= recipe.least_count).astype(np.float32))
    fitted = fit(
        sparse.hstack([weighted @ often, sparse.csr_matrix(dense * scale)]).tocsr(),
        np.array([example.targets for example in examples]),
        np.array([example.weight for example in examples]),
        alpha=recipe.alpha,
        epochs=recipe.epochs,
        pace=recipe.pace,
        seed=recipe.seed,
    )
    weights = often @ fitted[: len(names)] + (vectors * scale) @ fitted[len(names) :]
    return _served(model, weights * rarity[:, None], counts)


def _dictionary(documents: Sequence[Sequence[str]], recipe: Recipe, teaching: Teaching) -> Any:
    """An untrained fastText model: it brings the vocabulary."""
    import fasttext

    seen = Counter(word for document in documents for word in document)
    words = [word for word, count in seen.items() if count >= recipe.least_count]
    words += sorted(set(teaching.words).difference(words))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "words.txt"
        with path.open("w", encoding="utf-8", errors="ignore") as lines:
            for key in KEYS:
                lines.write(f"{LABEL}{key}\n")
            for word in words:
                lines.write(f"{word}\n")
        return fasttext.train_supervised(
            str(path),
            dim=len(KEYS),
            epoch=0,
            bucket=0,
            minn=0,
            maxn=0,
            minCount=1,
            thread=1,
            verbose=0,
        )


def _rows_of(names: Sequence[str], documents: Sequence[Sequence[str]]) -> Any:
    """A sparse matrix: which of the model's rows each document has."""
    from scipy import sparse

    numbers = {word: number for number, word in enumerate(names)}
    columns: list[int] = []
    ends = [0]
    for document in documents:
        columns += sorted(numbers[word] for word in document if word in numbers)
        ends.append(len(columns))
    shape = (len(documents), len(numbers))
    return sparse.csr_matrix((np.ones(len(columns), np.float32), columns, ends), shape=shape)


def _vectors(names: Sequence[str], teaching: Teaching) -> Any:
    """The teacher's vectors in the order of the model's rows; zeros where it has none."""
    numbers = {word: number for number, word in enumerate(teaching.words)}
    pairs = [(row, numbers[name]) for row, name in enumerate(names) if name in numbers]
    vectors = np.zeros((len(names), max(teaching.vectors.shape[1], 1)), np.float32)
    for row, number in pairs:
        vectors[row] = teaching.vectors[number]
    return vectors


def _served(model: Any, weights: Any, counts: Any) -> Any:
    """Put the weights into fastText, spread so far that its softmax loses none of them, and quantize."""
    labels = [KEYS.index(label[len(LABEL) :]) for label in model.get_labels()]
    matrix = np.ascontiguousarray(weights[:, labels], dtype=np.float32)  # else silently garbage
    means = (counts @ matrix) / np.maximum(np.asarray(counts.sum(axis=1)), 1)
    spread = np.quantile(means.max(axis=1) - means.min(axis=1), 0.999)
    model.set_matrices(matrix, np.ascontiguousarray(np.eye(len(KEYS)) * 8 / spread, dtype=np.float32))
    model.quantize(qnorm=True, dsub=2)
    return model


def _judge(model: Any, judged: Sequence[Row], recipe: Recipe) -> tuple[Scores, Calibration]:
    """Calibrate on the held-out rows; the scores come from halves calibrated on each other, by publisher."""
    level = dict.fromkeys(KEYS, 0.0)
    unfitted = Calibration(1.0, level, 1.0, level, recipe.first, recipe.further)
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


def _entry(
    output: Path, data: Sequence[Path], teaching: Teaching, scores: Scores, calibration: Calibration
) -> str:
    """The model's table for `models.toml`."""
    content = output.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in data}
    digests.update(teaching.digests)
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
        "[topics.calibration.offset]",
        *(f"{key} = {value}" for key, value in calibration.offset.items()),
        "[topics.calibration.bias]",
        *(f"{key} = {value}" for key, value in calibration.bias.items()),
    ]
    return "\n".join(lines) + "\n"
