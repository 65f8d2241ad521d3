"""From scores of children to the score of a node. Arrays may carry leading axes (replicates); the last one is units.

A missing child (NaN) is left out and its weight shared among the rest: whether it may be missing at all was decided by
the indicator's own rule before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from mashang.kernel.refused import Refused
from mashang.kernel.said import said
from mashang.performance.rules.scheme import Indicator, Node, Scheme
from mashang.performance.rules.statistics import Array

Mean = Callable[[Sequence[Array], Sequence[Array]], Array]


def _total(terms: Sequence[Array]) -> Array:
    """Added one by one in the order of the ids, so that the same inputs give the same last digit anywhere."""
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def _known(scores: Sequence[Array], weights: Sequence[Array]) -> tuple[list[Array], list[Array]]:
    if not any(np.isnan(s).any() for s in scores):
        return list(scores), list(weights)
    gaps = [np.isnan(s) for s in scores]
    return (
        [np.where(g, 1.0, s) for s, g in zip(scores, gaps, strict=True)],
        [np.where(g, 0.0, w) for w, g in zip(weights, gaps, strict=True)],
    )


def _positive(scores: Sequence[Array], weights: Sequence[Array]) -> tuple[list[Array], list[Array]]:
    s, w = _known(scores, weights)
    if any(np.any((a < 0) & (b > 0)) for a, b in zip(s, w, strict=True)):
        raise Refused(
            "values.negative-part",
            "几何平均、调和平均和 Mazziotta–Pareto 均值不能有负分；请让归一化的结果都大于 0，例如 to = [1, 100]。",
        )
    return s, w


def arithmetic(scores: Sequence[Array], weights: Sequence[Array]) -> Array:
    """Σ w·x / Σ w over the children that have a score; NaN where none has, or all weigh nothing."""
    s, w = _known(scores, weights)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(_total([a * b for a, b in zip(s, w, strict=True)]) / _total(w))


def geometric(scores: Sequence[Array], weights: Sequence[Array]) -> Array:
    """Π x^(w/Σw); 0 if any counted child is 0; refuses a negative one."""
    s, w = _positive(scores, weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = [np.where(b > 0, np.log(a), 0.0) * b for a, b in zip(s, w, strict=True)]
        return np.asarray(np.exp(_total(logs) / _total(w)))


def harmonic(scores: Sequence[Array], weights: Sequence[Array]) -> Array:
    """Σw / Σ(w/x); 0 if any counted child is 0; refuses a negative one."""
    s, w = _positive(scores, weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = [np.where(b > 0, b / a, 0.0) for a, b in zip(s, w, strict=True)]
        return np.asarray(_total(w) / _total(inverse))


def added(scores: Sequence[Array], weights: Sequence[Array]) -> Array:
    """The plain sum of what is known, whatever the weights; what weighs nothing is left out. NaN where nothing is known."""
    s, w = _known(scores, weights)
    total = _total([np.where(b > 0, a, 0.0) for a, b in zip(s, w, strict=True)])
    return np.where(_total(w) > 0, total, np.nan)


def mazziotta_pareto(scores: Sequence[Array], weights: Sequence[Array]) -> Array:
    """M - S·(S/M): the mean less a penalty for imbalance (Mazziotta and Pareto); children on a mean-100, sd-10 scale. 0 where
    all are 0; refuses a negative one."""
    _positive(scores, weights)
    middle = arithmetic(scores, weights)
    spread = arithmetic([(s - middle) ** 2 for s in scores], weights)
    return np.asarray(middle - spread / np.where(middle == 0, 1.0, middle))


MEANS: Mapping[str, Mean] = {
    "arithmetic": arithmetic,
    "geometric": geometric,
    "harmonic": harmonic,
    "sum": added,
    "mazziotta-pareto": mazziotta_pareto,
}
OF_POSITIVE = frozenset({"geometric", "harmonic", "mazziotta-pareto"})
"""Means that are not defined for negative parts."""
MEAN_LABELS = {
    "arithmetic": said("加权算术平均"),
    "geometric": said("加权几何平均"),
    "harmonic": said("加权调和平均"),
    "sum": said("相加"),
    "mazziotta-pareto": said("Mazziotta–Pareto 均值"),
}


def node_score(
    scheme: Scheme, node: Node, scores: Mapping[str, Array], weights: Mapping[str, Array], mean: str = ""
) -> Array:
    """The score of one node from those of its children: mean of parts + bonus - deductions. Its limits come after its own
    method, by `limited`."""
    parts = sorted(c.id for c in parts_of(scheme, node))
    total = MEANS[mean or node.mean]([scores[c] for c in parts], [weights[c] for c in parts])
    if node.known > 0:
        total = np.where(
            _share_known([scores[c] for c in parts], [weights[c] for c in parts]) < node.known, np.nan, total
        )
    return _extras(total, scheme.children(node.id), scores) if node.role == "part" else total


def parts_of(scheme: Scheme, node: Node) -> list[Indicator | Node]:
    """The children of which a node is the mean: what is added or taken afterwards, or caps the grade, is none of them."""
    return [c for c in scheme.children(node.id) if c.role == "part" or node.role != "part"]


def limited(node: Node, score: Array) -> Array:
    """The score within the node's floor, ceiling and cap."""
    if node.cap is None and node.floor is None and node.ceiling is None:
        return score
    low = -np.inf if node.floor is None else node.floor
    return np.clip(score, low, min(np.inf if limit is None else limit for limit in (node.cap, node.ceiling)))


def _extras(total: Array, children: Sequence[Indicator | Node], scores: Mapping[str, Array]) -> Array:
    for child in children:
        if child.role in ("bonus", "deduction"):
            sign = 1.0 if child.role == "bonus" else -1.0
            total = total + sign * np.nan_to_num(scores[child.id])
    return total


def _share_known(scores: Sequence[Array], weights: Sequence[Array]) -> Array:
    held = _total([np.where(np.isnan(s), 0.0, w) for s, w in zip(scores, weights, strict=True)])
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(held / _total([np.broadcast_to(w, s.shape) for s, w in zip(scores, weights, strict=True)]))
