"""How sure a sorting is: what the scores show beside the class itself, weighed into one figure, and that into a share.

Not every narrow margin is doubtful, nor every wide one safe: a class that only one view sees, or that is often taken for
another, is wrong more often. What these signs weigh is learned from texts that the model had not seen.
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
    first, second = order[:, -1], order[:, -2 if labels > 1 else -1]
    best = [scores[row, order[:, max(labels - 1 - place, 0)]] for place in range(_BEST)]
    said = parts[:, row, first]
    others = parts.copy()
    others[:, row, first] = -np.inf if labels > 1 else 0
    told, next_ = (np.eye(labels, dtype=np.float32)[which] for which in (first, second))
    columns: list[Any] = [best[0] - scores[row, second], *best, *(said - others.max(axis=2)), told, next_]
    return np.column_stack(columns).astype(np.float32)


def margin_alone(views: int, labels: int) -> Floats:
    """The weights of the signs where too few texts were wrong to learn any."""
    weights = np.zeros(signs_of(views, labels), dtype=np.float32)
    weights[0] = 1
    return weights
