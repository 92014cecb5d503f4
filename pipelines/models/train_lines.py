"""Trains the line scorer on pages whose lines a reader has labelled, on articles of which a larger model has
said how likely each line is junk (`line_teaching`), and its words on written lines, too (`written_lines`).

Deterministic: the same pages, packs and scikit-learn give the same model. scikit-learn is needed here,
never when serving.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from pipelines.models import line_teaching, written_lines
from pipelines.models.data_file import DataFault, read_lines
from pipelines.models.topic_teaching import digest
from pipelines.text import language, packs
from pipelines.text.boilerplate import Hints, decide
from pipelines.text.findings import Findings
from pipelines.text.line_features import GLANCE_NAMES, LineFeatures, candidates, short_line
from pipelines.text.line_model import (
    FEATURES,
    GLANCE_TOTAL,
    MAX_WEIGHT,
    NO_LINE,
    WORD_BITS,
    WORD_SCORES,
    bucket,
    tokens,
)
from pipelines.text.packs import PackLibrary
from pipelines.text.page import Page

FOLDS = 5
GLANCE_TREES = 10
TREES = 40
RATE = 0.2
LEAVES = 12
GLANCE_MARGIN = 0.6
"""Lines that a glance nearly settles teach the second look, too."""
BARE_WEIGHT = 0.5
"""A labelled page teaches once more, without the rules: such lines are what a rule catches on one site and
not on the next."""
LEAST_WEIGHT = 0.02
"""A taught line is a junk line and a body line at once, each as heavy as it is likely; a lighter half is
left out."""
MIN_PRECISION = 0.99
"""The threshold is the lowest at which this share of the lines taken from left-out sites, without the rules,
is junk. With rules less of what is left is junk, and more of what is taken body: one line in some hundred
pages (`python -m tests.quality.cleaning --scorer`)."""
_LOWEST, _HIGHEST = 0.6, 0.99


@dataclass
class Lines:
    """Scored lines: their features, their words, one verdict each."""

    glances: list[list[float]] = field(default_factory=list)
    further: list[list[float]] = field(default_factory=list)
    texts: list[tuple[str | None, str | None, str | None]] = field(default_factory=list)
    """The line, the one before, the one after; None where there is none or it is too long to be scored."""
    junk: list[float] = field(default_factory=list)
    """How likely the line is junk: 0 or 1 where a reader said it."""
    sites: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    """`ruled`: labelled, still undecided after the rules; `bare`: labelled, without the rules; `taught`."""

    def add(
        self, page: Page, title: str | None, junk: Sequence[float | None], site: str, source: str
    ) -> None:
        """Take up a page's candidates; a line whose `junk` is None is left out."""
        chosen = [index for index in candidates(page) if junk[index] is not None]
        features = LineFeatures(page, title)
        for index in chosen:
            self.glances.append(features.glance(index))
            self.further.append(features.further(index))
            self.texts.append((page.lines[index], short_line(page, index - 1), short_line(page, index + 1)))
            self.junk.append(junk[index] or 0.0)
            self.sites.append(site)
            self.sources.append(source)


def collect(
    pages: Iterable[Mapping[str, Any]],
    library: PackLibrary,
    guess_language: Callable[[str], str],
    taught: Mapping[str, Sequence[float]],
) -> Lines:
    """The lines of pages: of labelled ones after the rules and without them, of taught ones after the rules.

    Args:
        pages: labelled pages (`lines`, `labels`, `site`, `title`) and articles (`text`, `title`,
            `publisher`); an article that the teacher was not asked about is left out.
        library: the packs to use.
        guess_language: what chooses them.
        taught: digest of an article -> how likely each of its lines is junk.
    """
    found = Lines()
    for row in pages:
        title, labels = row.get("title"), row.get("labels")
        text = "\n\n".join(row["lines"]) if labels else row["text"]
        junk: Sequence[float | None] | None
        if labels:
            junk = [None if label == "unsure" else float(label not in written_lines.KEEP) for label in labels]
        else:
            junk = taught.get(digest(title or "", text))
        if junk is None:
            continue
        page = Page(text)
        if len(page.lines) != len(junk):
            continue  # a line of the gold holds a line break: its labels can't be told apart
        site = row.get("site") or row["publisher"]
        chosen_packs = library.select(guess_language(text), row.get("url") or site)
        decide(page, chosen_packs, Hints(title), Findings(chosen_packs.language))
        found.add(page, title, junk, site, "ruled" if labels else "taught")
        if labels:
            found.add(Page(text), title, junk, site, "bare")
    return found


def read_pages(path: Path) -> list[dict[str, Any]]:
    """The pages of a `.jsonl` or `.jsonl.gz` file.

    Raises:
        OSError: it can't be read.
        DataFault: it is not JSON Lines, or a page is neither labelled nor an article.
    """
    pages = []
    for number, page in read_lines(path):
        keys = page.keys() if isinstance(page, dict) else set()
        if not ({"lines", "labels", "site"} <= keys or {"text", "publisher"} <= keys):
            raise DataFault(f"{path}:{number}: it lacks lines, labels or site, and is no article")
        pages.append(page)
    return pages


def train_files(data: Sequence[Path], output: Path, *, progress: Callable[[str], None] = print) -> None:
    """Train on files of labelled pages and articles (`read_pages`), write the model to `output` and its entry
    for `models.toml` to `output`.toml.

    Raises:
        OSError: a file can't be read or written.
        ValueError: a file is not what `read_pages` reads, none holds a page, or `output` names no file in a
            folder that exists.
    """
    if output.is_dir() or not output.absolute().parent.is_dir():
        raise ValueError(f"{output}: name a file in a folder that exists")
    pages = [page for path in sorted(data) for page in read_pages(path)]
    if not pages:
        raise DataFault(f"no page in {', '.join(map(str, sorted(data)))}")
    progress(f"{len(pages):,} pages")
    trained_on = {path.name: path.read_bytes() for path in sorted(data)}
    taught = {}
    if any("labels" not in page for page in pages):
        taught = line_teaching.read()
        trained_on["teaching/lines.tsv.gz"] = line_teaching.FILE.read_bytes()
    library = packs.load()
    written = written_lines.verdicts()
    trained_on["teaching/written/*.tsv"] = b"".join(path.read_bytes() for path in written_lines.files())
    scores = train(pages, library, language.load().guess, output, taught, written)
    model = output.read_bytes()
    model_digest = hashlib.sha256(model).hexdigest()
    entry = [
        "[lines]",
        f'id = "lines-{model_digest[:8]}"',
        f'file = "{output.name}"',
        f'sha256 = "{model_digest}"',
        f"bytes = {len(model)}",
        'licence = "Apache-2.0; it holds no texts"',
        'origin = "newsbeam models train-lines"',
        "[lines.trained_on]",
        *(f'"{name}" = "{hashlib.sha256(content).hexdigest()}"' for name, content in trained_on.items()),
        "[lines.scores]  # of the short lines of sites left out, without the rules",
        *(f"{name} = {value}" for name, value in scores.items()),
    ]
    Path(f"{output}.toml").write_text("\n".join(entry) + "\n", encoding="utf-8")
    progress(", ".join(f"{name} {value:g}" for name, value in scores.items()))


def train(
    pages: Iterable[Mapping[str, Any]],
    library: PackLibrary,
    guess_language: Callable[[str], str],
    output: Path,
    taught: Mapping[str, Sequence[float]],
    written: Mapping[str, bool],
) -> dict[str, float]:
    """Train on pages and write the model.

    Args:
        pages: as `collect` takes them.
        library: the packs it will serve behind.
        guess_language: what chooses the packs.
        output: the model's file, JSON.
        taught: digest of an article -> how likely each of its lines is junk.
        written: text of a line -> whether it is junk (`written_lines`).

    Returns:
        What was measured on sites left out, of their lines without the rules: `threshold`, `precision` and
        `recall`.
    """
    pages = list(pages)
    written = {**written_lines.of_packs(library.all_packs()), **written}
    data = _Data(collect(pages, library, guess_language, taught), written)
    left_out = data.left_out_scores()
    threshold, precision, recall = _threshold(left_out[data.bare], data.junk[data.bare] > 0.5)
    everything = np.ones(len(data.junk), dtype=bool)
    glance, trees = data.fit(everything)
    content = {
        "features": [*FEATURES],
        "languages": sorted({page["lang"] for page in pages if "labels" in page}),
        "threshold": threshold,
        "words_of_pages": _export_words(data.fit_words_of_pages(everything)),
        "words_written": _export_words(data.written),
        "glance": _export(glance),
        "trees": _export(trees),
    }
    output.write_bytes(orjson.dumps(content))
    return {"threshold": threshold, "precision": precision, "recall": recall}


class _Data:
    def __init__(self, lines: Lines, written: Mapping[str, bool]) -> None:
        self.glances = np.array(lines.glances)
        self.further = np.array(lines.further)
        self.junk = np.array(lines.junk)
        sources = np.array(lines.sources)
        self.bare = sources == "bare"
        self.words = [_words(texts) for texts in zip(*lines.texts, strict=True)]
        """Of the lines, of those before, of those after."""
        self.written = fit_words(_words(list(written)), list(written.values()))
        pairs = [(site, source == "taught") for site, source in zip(lines.sites, lines.sources, strict=True)]
        counts = Counter(pairs)
        weights = np.array([1 / counts[pair] ** 0.5 for pair in pairs])  # big sites count less
        taught = sources == "taught"
        for part in (taught, ~taught):
            if part.any():
                weights[part] /= weights[part].mean()
        weights[self.bare] *= BARE_WEIGHT
        self.weights = weights
        self.fold = np.array([hashlib.sha256(site.encode()).digest()[0] % FOLDS for site in lines.sites])

    def fit(self, use: Any) -> tuple[Any, Any]:
        """The trees at a glance, and those for the lines that they leave open."""
        glance = self._fit(use, self.glance_features, GLANCE_TREES)
        is_open = use & (glance.decision_function(self.glance_features) >= GLANCE_TOTAL - GLANCE_MARGIN)
        if not 0 < self.junk[is_open].mean() < 1:  # a glance tells them all apart
            is_open = use
        return glance, self._fit(is_open, self.features, TREES)

    def _fit(self, use: Any, features: Any, count: int) -> Any:
        from sklearn.ensemble import HistGradientBoostingClassifier

        trees = HistGradientBoostingClassifier(
            max_iter=count,
            learning_rate=RATE,
            max_leaf_nodes=LEAVES,
            min_samples_leaf=15,
            l2_regularization=1,
            early_stopping=False,
            random_state=0,
        )
        at, junk, weights = self._verdicts(use)
        return trees.fit(features[at], junk, sample_weight=weights)

    @cached_property
    def glance_features(self) -> Any:
        """What the trees see at a glance."""
        return self.features[:, : len(GLANCE_NAMES) + len(WORD_SCORES)]

    @cached_property
    def features(self) -> Any:
        """The rows of `FEATURES`, with scores by words of pages that never saw the line's site."""
        scores = np.full((len(self.words), len(self.junk)), NO_LINE)
        for fold in range(FOLDS):
            these = self.fold == fold
            if these.any():
                of_pages = self.fit_words_of_pages(~these)
                for row, words in zip(scores, self.words, strict=True):
                    at = these & (words.getnnz(axis=1) > 0)
                    if at.any():
                        row[at] = of_pages.decision_function(words[at])
        own, before, after = scores
        written = self.written.decision_function(self.words[0])
        return np.column_stack([self.glances, own, written, self.further, before, after])

    def left_out_scores(self) -> Any:
        """Each line's score by trees that never saw its site; 0 where a glance settles it."""
        scores = np.zeros(len(self.junk))
        for fold in range(FOLDS):
            these = self.fold == fold
            if these.any():
                glance, trees = self.fit(~these)
                is_open = glance.decision_function(self.glance_features[these]) >= GLANCE_TOTAL
                scores[these] = is_open * trees.predict_proba(self.features[these])[:, 1]
        return scores

    def fit_words_of_pages(self, use: Any) -> Any:
        """The weights of the words of pages."""
        at, junk, weights = self._verdicts(use)
        return fit_words(self.words[0][at], junk, weights)

    def _verdicts(self, use: Any) -> tuple[Any, Any, Any]:
        """Of the lines used: indices, whether junk, weights; a taught line counts as both."""
        at = np.concatenate([np.flatnonzero(use)] * 2)
        junk = np.arange(len(at)) < len(at) // 2
        weights = self.weights[at] * np.where(junk, self.junk[at], 1 - self.junk[at])
        heavy = weights >= LEAST_WEIGHT
        return at[heavy], junk[heavy], weights[heavy]


def fit_words(words: Any, junk: Any, weights: Any = None) -> Any:
    """A linear score of words.

    Args:
        words: a row a line (`_words`).
        junk: whether each is junk.
        weights: how heavy each is.
    """
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=3, solver="liblinear").fit(words, junk, sample_weight=weights)


def _words(texts: Sequence[str | None]) -> Any:
    """A row a text, of length 1: its tokens' buckets."""
    from scipy.sparse import csr_matrix

    found = [tokens(text) if text else [] for text in texts]
    at = [n for n, of_text in enumerate(found) for _ in of_text]
    buckets = [bucket(token) for of_text in found for token in of_text]
    values = [len(of_text) ** -0.5 for of_text in found for _ in of_text]
    return csr_matrix((values, (at, buckets)), shape=(len(found), 1 << WORD_BITS))


def _threshold(scores: Any, junk: Any) -> tuple[float, float, float]:
    """The lowest threshold with `MIN_PRECISION`, and precision and recall there."""
    for threshold in np.arange(_LOWEST, _HIGHEST, 0.01):
        taken = scores >= threshold
        precision = float(junk[taken].mean()) if taken.any() else 1.0
        if precision >= MIN_PRECISION:
            break
    return round(float(threshold), 2), round(precision, 4), round(float(junk[taken].sum() / junk.sum()), 4)


def _export_words(words: Any) -> dict[str, Any]:
    """The weights as `WordScore` reads them."""
    scale = float(np.abs(words.coef_).max()) / MAX_WEIGHT
    weights = np.round(words.coef_[0] / scale).astype(np.int8)
    return {
        "weights": b64encode(weights.tobytes()).decode(),
        "scale": scale,
        "bias": float(words.intercept_[0]),
    }


def _export(trees: Any) -> list[list[list[float]]]:
    """The trees as `LineModel` reads them; the first is the share of junk among all lines.

    scikit-learn has no public way to a histogram tree's nodes; its ONNX converter reads the same fields.
    """
    return [
        [[-1, float(trees._baseline_prediction.item())]],
        *(
            [
                [-1, float(node["value"])]
                if node["is_leaf"]
                else [
                    int(node["feature_idx"]),
                    float(node["num_threshold"]),
                    int(node["left"]),
                    int(node["right"]),
                ]
                for node in predictor.nodes
            ]
            for (predictor,) in trees._predictors
        ),
    ]
