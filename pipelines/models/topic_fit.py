"""One logistic regression a topic over sparse rows, fitted to shares (0-1) instead of yes and no.

scikit-learn's `SGDClassifier` does it one topic after the other and takes no shares: twenty times as long.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt


def fit(
    texts: Any,
    targets: npt.NDArray[Any],
    weights: npt.NDArray[Any],
    *,
    alpha: float,
    epochs: int,
    pace: float,
    seed: int,
) -> npt.NDArray[np.float32]:
    """The weights, a row a feature, a column a topic, by stochastic gradient descent without an intercept.

    Args:
        texts: a sparse matrix (scipy's CSR), a row a text of about length 1.
        targets: how far each text is about each topic (0-1).
        weights: of each text.
        alpha: strength of the L2 penalty, beside the mean loss of a text.
        epochs: how often each text is taken, in an order drawn by `seed`.
        pace: the first step's length; it falls to nought by the last one.
    """
    order = np.random.default_rng(seed)
    starts, columns = texts.indptr.astype(np.int64), texts.indices.astype(np.int64)
    values, targets, weights = (array.astype(np.float32) for array in (texts.data, targets, weights))
    found = np.zeros((texts.shape[1], targets.shape[1]), np.float32)
    shrunk = 1.0
    for epoch in range(epochs):
        shrunk = _epoch(
            order.permutation(texts.shape[0]),
            starts,
            columns,
            values,
            targets,
            weights,
            found,
            shrunk,
            pace * (1 - epoch / epochs),
            pace / epochs / texts.shape[0],
            alpha,
        )
    return (found * shrunk).astype(np.float32)


def _run(  # type: ignore[no-untyped-def]
    order, starts, columns, values, targets, weights, found, shrunk, step, less, alpha
):
    """One pass over the texts, changing `found`; the penalty is kept aside as the factor it returns."""
    topics = targets.shape[1]
    errors = np.empty(topics, np.float32)
    for text in order:
        first, last = starts[text], starts[text + 1]
        errors[:] = 0
        for place in range(first, last):
            for topic in range(topics):
                errors[topic] += values[place] * found[columns[place], topic]
        shrunk *= 1 - step * alpha
        for topic in range(topics):
            said = 1 / (1 + np.exp(-errors[topic] * shrunk / (1 - step * alpha)))
            errors[topic] = (said - targets[text, topic]) * weights[text] * step / shrunk
        for place in range(first, last):
            for topic in range(topics):
                found[columns[place], topic] -= values[place] * errors[topic]
        step -= less
    return shrunk


_epoch = numba.njit(_run)
