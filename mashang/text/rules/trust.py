"""How sure a sorting is: what the scores show beside the class itself, weighed into one figure, and that into a share.

Not every narrow margin is doubtful, nor every wide one safe: a class that only one view sees, or that is often taken for
another, is wrong more often. What these signs weigh is learned from texts that the model had not seen. So is, where the
best two are close, whether the next one is right after all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_BEST = 3


def signs_of(views: int, labels: int) -> int:
    """How many signs there are."""
    return 1 + _BEST + views + 2 * labels


def signs(scores: Floats, parts: Floats) -> Floats:
    """Texts x signs: the margin, the best three scores, by how much each view prefers the class told, and as 0 or 1 which class
    is told and which comes next.

    scores: texts x labels. parts: views x texts x labels, what each view adds to them.
    """
    count, labels = scores.shape
    row = np.arange(count)
    order = np.argsort(scores, axis=1)
    first, second = _best_two(order)
    best = [scores[row, order[:, max(labels - 1 - place, 0)]] for place in range(_BEST)]
    said = parts[:, row, first]
    others = parts.copy()
    others[:, row, first] = -np.inf if labels > 1 else 0
    columns: list[Any] = [
        best[0] - scores[row, second],
        *best,
        *(said - others.max(axis=2)),
        *_marks(first, second, labels),
    ]
    return np.column_stack(columns).astype(np.float32)


def margin_alone(views: int, labels: int) -> Floats:
    """The weights of the signs where too few texts were wrong to learn any."""
    weights = np.zeros(signs_of(views, labels), dtype=np.float32)
    weights[0] = 1
    return weights


def _best_two(order: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return order[:, -1], order[:, -2 if order.shape[1] > 1 else -1]


def _marks(first: NDArray[np.int64], second: NDArray[np.int64], labels: int) -> list[Floats]:
    """As 0 or 1: which class is first, which is second."""
    every = np.eye(labels, dtype=np.float32)
    return [every[first], every[second]]


def margins(scores: Floats) -> Floats:
    """First score less the second."""
    if scores.shape[1] < 2:
        return scores[:, 0]
    top = np.partition(scores, scores.shape[1] - 2, axis=1)
    return np.asarray(top[:, -1] - top[:, -2])


def between(scores: Floats, parts: Floats) -> Floats:
    """Texts x (2 + views + 2 labels): what speaks for the first class against the second: the margin, each view's share of it,
    which two they are, and a 1."""
    count, labels = scores.shape
    row = np.arange(count)
    first, second = _best_two(np.argsort(scores, axis=1))
    shares = parts[:, row, first] - parts[:, row, second]
    margin = scores[row, first] - scores[row, second]
    columns: list[Any] = [margin, *shares, *_marks(first, second, labels), np.ones(count)]
    return np.column_stack(columns).astype(np.float32)


def looked_again(scores: Floats, parts: Floats, weights: Floats, narrow: float) -> Floats:
    """The scores, the best two exchanged where they are no further apart than `narrow` and `weights` of what stands `between`
    them say that the second is right."""
    out = scores.copy()
    rows = np.flatnonzero(margins(scores) <= narrow)
    rows = rows[between(scores[rows], parts[:, rows]) @ weights > 0]
    first, second = _best_two(np.argsort(scores[rows], axis=1))
    out[rows, first], out[rows, second] = scores[rows, second], scores[rows, first]
    return out
