"""Trains the line scorer on pages whose lines a reader has labelled.

Deterministic: the same pages, packs and scikit-learn give the same model. scikit-learn is needed here,
never when serving.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from pipelines.text import language, packs
from pipelines.text.boilerplate import Hints, decide
from pipelines.text.findings import Findings
from pipelines.text.line_features import NAMES, candidates, rows
from pipelines.text.line_model import WORD_BITS, buckets
from pipelines.text.packs import PackLibrary
from pipelines.text.page import Page

KEEP = frozenset({"body", "subhead"})
FOLDS = 6
TREES = 60
RATE = 0.12
LEAVES = 12
MIN_PRECISION = 0.95
"""The threshold is the lowest at which this share of the lines taken from left-out sites is junk. Those are
lines that the rules left: with .88 the scorer took a sentence without a full stop now and then."""
_LOWEST, _HIGHEST = 0.7, 0.99


@dataclass
class Lines:
    """Scored lines: one row of features, one bag of words, one verdict each."""

    rows: list[list[float]] = field(default_factory=list)
    words: list[dict[int, float]] = field(default_factory=list)
    junk: list[bool] = field(default_factory=list)
    sites: list[str] = field(default_factory=list)
    after_rules: list[bool] = field(default_factory=list)
    """Whether the line was still undecided after the rules; the others only teach."""


def collect(
    pages: Iterable[Mapping[str, Any]], library: PackLibrary, guess_language: Callable[[str], str]
) -> Lines:
    """The lines of labelled pages (`lines`, `labels`, `site`, `title`), after the rules and without them."""
    found = Lines()
    for row in pages:
        text = "\n\n".join(row["lines"])
        ruled, bare = Page(text), Page(text)
        if len(ruled.lines) != len(row["lines"]):
            continue  # a line of the gold holds a line break: its labels can't be told apart
        chosen_packs = library.select(guess_language(text), row.get("url") or row["site"])
        decide(ruled, chosen_packs, Hints(row.get("title")), Findings(chosen_packs.language))
        for page in (ruled, bare):
            chosen = candidates(page)
            for index, features in zip(chosen, rows(page, chosen, row.get("title")), strict=True):
                if row["labels"][index] == "unsure":
                    continue
                found.rows.append(features)
                found.words.append(buckets(page.lines[index]))
                found.junk.append(row["labels"][index] not in KEEP)
                found.sites.append(row["site"])
                found.after_rules.append(page is ruled)
    return found


def train_files(data: Sequence[Path], output: Path, *, progress: Callable[[str], None] = print) -> None:
    """Train on files of labelled pages (JSON Lines), write the model to `output` and its entry for
    `models.toml` to `output`.toml.

    Raises:
        OSError: a file can't be read or written.
        ValueError: a file is not JSON Lines, or a page lacks `lines`, `labels` or `site`.
    """
    contents = {path.name: path.read_bytes() for path in sorted(data)}
    pages = [orjson.loads(line) for content in contents.values() for line in content.splitlines()]
    if any(not {"lines", "labels", "site"} <= page.keys() for page in pages):
        raise ValueError("a page lacks lines, labels or site")
    progress(f"{len(pages):,} pages")
    scores = train(pages, packs.load(), language.load().guess, output)
    model = output.read_bytes()
    digest = hashlib.sha256(model).hexdigest()
    entry = [
        "[lines]",
        f'id = "lines-{digest[:8]}"',
        f'file = "{output.name}"',
        f'sha256 = "{digest}"',
        f"bytes = {len(model)}",
        'licence = "Apache-2.0; it holds no texts"',
        'origin = "newsbeam models train-lines"',
        "[lines.trained_on]",
        *(f'"{name}" = "{hashlib.sha256(content).hexdigest()}"' for name, content in contents.items()),
        "[lines.scores]  # of the lines the rules leave undecided, on sites left out",
        *(f"{name} = {value}" for name, value in scores.items()),
    ]
    Path(f"{output}.toml").write_text("\n".join(entry) + "\n", encoding="utf-8")
    progress(", ".join(f"{name} {value:g}" for name, value in scores.items()))


def train(
    pages: Iterable[Mapping[str, Any]],
    library: PackLibrary,
    guess_language: Callable[[str], str],
    output: Path,
) -> dict[str, float]:
    """Train on labelled pages and write the model.

    Args:
        pages: as in the gold.
        library: the packs it will serve behind.
        guess_language: what chooses the packs.
        output: the model's file, JSON.

    Returns:
        What was measured on sites left out: `threshold`, `precision` and `recall` of the lines that the
        rules leave undecided.
    """
    pages = list(pages)
    data = _Data(collect(pages, library, guess_language))
    left_out = data.left_out_scores()
    threshold, precision, recall = _threshold(left_out[data.after], data.junk[data.after])
    everything = np.ones(len(data.junk), dtype=bool)
    words, trees = data.fit(everything)
    scale = float(np.abs(words.coef_).max()) / 127
    content = {
        "features": [*NAMES, "words"],
        "languages": sorted({page["lang"] for page in pages}),
        "threshold": threshold,
        "word_scale": scale,
        "word_bias": float(words.intercept_[0]),
        "words": [int(weight) for weight in np.round(words.coef_[0] / scale)],
        "trees": [_export(tree, trees.learning_rate) for tree in trees.estimators_[:, 0]],
    }
    output.write_bytes(orjson.dumps(content))
    return {"threshold": threshold, "precision": precision, "recall": recall}


class _Data:
    def __init__(self, lines: Lines) -> None:
        from scipy.sparse import csr_matrix

        self.rows = np.array(lines.rows)
        self.junk = np.array(lines.junk)
        self.after = np.array(lines.after_rules)
        cells = [(n, bucket, value) for n, bag in enumerate(lines.words) for bucket, value in bag.items()]
        at, bucket, value = zip(*cells, strict=True)
        self.words = csr_matrix((value, (at, bucket)), shape=(len(lines.words), 1 << WORD_BITS))
        counts = Counter(lines.sites)
        self.weights = np.array([1 / counts[site] ** 0.5 for site in lines.sites])  # big sites count less
        self.fold = np.array([hashlib.sha256(site.encode()).digest()[0] % FOLDS for site in lines.sites])

    def fit(self, use: Any) -> tuple[Any, Any]:
        """The word weights and the trees; the trees see words' scores from sites left out."""
        from sklearn.ensemble import GradientBoostingClassifier

        word_scores = np.zeros(len(self.junk))
        for fold in range(FOLDS):
            others, these = use & (self.fold != fold), use & (self.fold == fold)
            if these.any():
                word_scores[these] = self._fit_words(others).decision_function(self.words[these])
        trees = GradientBoostingClassifier(
            init="zero",
            n_estimators=TREES,
            learning_rate=RATE,
            max_leaf_nodes=LEAVES,
            max_depth=None,
            min_samples_leaf=15,
            random_state=0,
        )
        features = np.column_stack([self.rows, word_scores])
        trees.fit(features[use], self.junk[use], sample_weight=self.weights[use])
        return self._fit_words(use), trees

    def left_out_scores(self) -> Any:
        """Each line's score by a model that never saw its site."""
        scores = np.zeros(len(self.junk))
        for fold in range(FOLDS):
            words, trees = self.fit(self.fold != fold)
            these = self.fold == fold
            word_scores = words.decision_function(self.words[these])
            scores[these] = trees.predict_proba(np.column_stack([self.rows[these], word_scores]))[:, 1]
        return scores

    def _fit_words(self, use: Any) -> Any:
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=3, max_iter=300)
        return model.fit(self.words[use], self.junk[use], sample_weight=self.weights[use])


def _threshold(scores: Any, junk: Any) -> tuple[float, float, float]:
    """The lowest threshold with `MIN_PRECISION`, and precision and recall there."""
    for threshold in np.arange(_LOWEST, _HIGHEST, 0.01):
        taken = scores >= threshold
        precision = float(junk[taken].mean()) if taken.any() else 1.0
        if precision >= MIN_PRECISION:
            break
    return round(float(threshold), 2), round(precision, 4), round(float(junk[taken].sum() / junk.sum()), 4)


def _export(tree: Any, rate: float) -> list[list[float]]:
    nodes = tree.tree_
    return [
        [-1, float(nodes.value[n].item()) * rate]
        if nodes.children_left[n] < 0
        else [
            int(nodes.feature[n]),
            float(nodes.threshold[n]),
            int(nodes.children_left[n]),
            int(nodes.children_right[n]),
        ]
        for n in range(nodes.node_count)
    ]
