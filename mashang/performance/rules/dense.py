"""The fast road for many counties and months at once, over a dense array of figures, with numpy alone.

Min-max, efficacy and as-is scores are straight lines in the figure, and a weighted mean of straight lines is one matrix
product. So a whole tree of arithmetic means comes down to three passes over figures that sit in the processor's cache:
least, greatest, and figures times weights. Blocks (a county's months) are taken one after another, so that nothing of
the size of the input is ever made. The answers are those of `engine.evaluate`; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mashang.kernel.refused import Fault, Refused
from mashang.kernel.said import said
from mashang.performance.rules.scheme import Grades, Indicator, Scheme
from mashang.performance.rules.statistics import NOISE

Figures = NDArray[Any]
Ints = NDArray[np.int64]
SINGLE_NOISE = 4
"""Decimal places at which scores worked out in single precision count as equal when ranked."""
LINES = frozenset({"min-max", "efficacy", "as-is"})


@dataclass(frozen=True, slots=True)
class DenseResult:
    """`scores[node]` per (block, unit) in the type of the figures; rank and place among the grades of the root."""

    scores: dict[str, Figures]
    ranks: NDArray[np.int32]
    places: NDArray[np.int8]


class Dense:
    """A scheme compiled to weights: for each class of unit and each node shown, what an indicator's score adds to it."""

    def __init__(self, scheme: Scheme, classes: Sequence[str] = ("",), nodes: Sequence[str] = ()) -> None:
        if faults := list(_bends(scheme)):
            raise Refused.of(faults)
        self.scheme, self.classes = scheme, tuple(classes)
        self.nodes = (scheme.root, *(n for n in nodes if n != scheme.root))
        self.leaves = list(scheme.indicators.values())
        self.slope, self.base = _lines(self.leaves)
        self.weights = np.array(
            [[_reach(scheme.for_class(c), n, self.leaves) for n in self.nodes] for c in self.classes]
        )

    def run(self, figures: Figures, klass: Ints, *, chunk: int = 12) -> DenseResult:
        """Score figures (blocks, units, indicators), complete; `klass[unit]` is the place in `classes`.

        Scales are set by all units of a block, and so are ranks and grades. `chunk` blocks are worked on together: choose
        it so that they fit the cache.
        """
        blocks, units, _ = figures.shape
        out = np.empty((blocks, units, len(self.nodes)), dtype=figures.dtype)
        shown = np.arange(len(self.nodes))
        width = len(self.classes) * len(self.nodes)
        pick = (np.arange(units)[:, None] * width + klass[:, None] * len(self.nodes) + shown).ravel()

        scratch = np.empty((min(chunk, blocks), units, figures.shape[2]), dtype=figures.dtype)
        for start in range(0, blocks, chunk):
            part = figures[start : start + chunk]
            into = out[start : start + chunk].reshape(len(part), -1)
            np.take(self._chunk(part, scratch[: len(part)]), pick, axis=1, out=into, mode="clip")
        scores = {node: out[:, :, n] for n, node in enumerate(self.nodes)}
        groups = self._groups(klass)
        return DenseResult(scores, *_placed(scores[self.scheme.root], groups, self.scheme.grades))

    def _groups(self, klass: Ints) -> list[NDArray[np.intp]]:
        if self.scheme.rank_within != self.scheme.class_by or not self.scheme.class_by:
            return [np.arange(len(klass))]
        return [np.flatnonzero(klass == c) for c in range(len(self.classes))]

    def _chunk(self, part: Figures, above: Figures) -> Figures:
        """Scores of all classes and nodes for some blocks, (blocks, units · classes · nodes)."""
        low, high = _fold(np.minimum, part, above), _fold(np.maximum, part, above)
        spread = high - low
        if not np.all(spread > 0):
            self._refuse(spread)
        np.subtract(part, low[:, None, :], out=above)
        least, step = self._scale(low, spread)
        table = self.weights.reshape(-1, len(self.leaves)).T.astype(part.dtype)
        product = above @ (step[:, :, None] * table)
        product += (least @ table)[:, None, :]
        return np.asarray(product.reshape(len(part), -1))

    def _scale(self, low: Figures, spread: Figures) -> tuple[Figures, Figures]:
        """For each block and indicator the score at its least figure, and the score that one unit of figure adds."""
        relative = np.array([leaf.method.kind != "as-is" for leaf in self.leaves])
        slope, base = self.slope.astype(low.dtype), self.base.astype(low.dtype)
        step = np.where(relative, slope / np.where(relative, spread, 1), slope)
        return np.where(relative, base, base + slope * low), step

    def _refuse(self, spread: Figures) -> None:
        """Gaps, and one figure for all where the scheme has no rule for it (as-is needs no spread)."""
        if np.isnan(spread).any():
            raise Refused("values.missing", "数据有空缺，成批计分要求数据完整；请改用逐县计分。")
        flat = sorted({self.leaves[k].id for k in np.nonzero(spread <= 0)[1] if self.leaves[k].method.kind != "as-is"})
        if flat:
            text = said("这些指标有一组单位数值全部相同，无法拉开差距：{names}。", names=flat)
            raise Refused("values.one-value", text)


def _bends(scheme: Scheme) -> list[Fault]:
    """Why a scheme cannot take the fast road, if it cannot."""
    faults = []
    freed = {name for rule in scheme.classes.values() for name in rule.without}
    for leaf in scheme.indicators.values():
        fixed = leaf.method.kind == "efficacy" and not all(np.isnan(leaf.method.options[k]) for k in ("worst", "best"))
        prepared = leaf.per or leaf.treat or leaf.clip or leaf.within or leaf.role != "part"
        apart = leaf.id in freed and leaf.method.kind != "as-is"  # not all units set its scale
        if leaf.method.kind not in LINES or fixed or prepared or apart:
            faults.append(
                Fault("dense.bend", said("指标“{id}”的算法不是数值的一次函数，不能成批快算。", id=leaf.id), leaf.id)
            )
    for node in scheme.nodes.values():
        limited = any(limit is not None for limit in (node.cap, node.floor, node.ceiling))
        if node.mean != "arithmetic" or node.method or limited or node.role != "part":
            faults.append(
                Fault("dense.bend", said("节点“{id}”不是单纯的加权算术平均，不能成批快算。", id=node.id), node.id)
            )
    if (
        scheme.rank_within not in ("", scheme.class_by)
        or any(rule.indicators for rule in scheme.classes.values())
        or (scheme.classes and not scheme.compare_all)
    ):
        faults.append(
            Fault("dense.bend", '成批快算要求全体单位用同一把尺（compare = "all"），各类只变权重。', "classes")
        )
    return faults


def _lines(leaves: Sequence[Indicator]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Slope over the range (or over the figure, for as-is) and score at the least figure (at 0, for as-is)."""
    slope, base = [], []
    for leaf in leaves:
        o, sign = leaf.method.options, 1.0 if leaf.higher else -1.0
        if leaf.method.kind == "as-is":
            slope.append(sign * o["times"])
            base.append(0.0 if leaf.higher else o["out_of"] * o["times"])
            continue
        low, high = (o["base"], 100.0) if leaf.method.kind == "efficacy" else o["to"]
        slope.append(sign * (high - low))
        base.append(low if leaf.higher else high)
    return np.array(slope), np.array(base)


def _reach(scheme: Scheme, node: str, leaves: Sequence[Indicator]) -> NDArray[np.float64]:
    """What one point of each indicator adds to a node: the product of its shares on the way up, 0 from outside."""
    out = np.zeros(len(leaves))
    for n, leaf in enumerate(leaves):
        item, share = scheme.indicators.get(leaf.id), 1.0
        path = scheme.path(leaf.parent) if item else []
        if item is None or node not in path:
            continue
        below: Any = item
        for step in path[: path.index(node) + 1]:
            weights = [1.0 if c.weight is None else c.weight for c in scheme.children(step)]
            share *= (1.0 if below.weight is None else below.weight) / sum(weights)
            below = scheme.nodes[step]
        out[n] = share
    return out


def _fold(op: np.ufunc, part: Figures, scratch: Figures) -> Figures:
    """Least or greatest over the units of each block by halving: long runs of memory, where a reduction takes short ones."""
    count = part.shape[1]
    half = count // 2
    op(part[:, :half], part[:, count - half :], out=scratch[:, :half])
    if count % 2:
        scratch[:, half] = part[:, half]
    count -= half
    while count > 1:
        half = count // 2
        op(scratch[:, :half], scratch[:, count - half : count], out=scratch[:, :half])
        count -= half
    return np.array(scratch[:, 0])


def _placed(
    root: Figures, groups: Sequence[NDArray[np.intp]], grades: Grades | None
) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
    """Ranks and grade places of each block's units inside their groups; ties share the better rank."""
    ranks = np.empty(root.shape, dtype=np.int32)
    places = np.zeros(root.shape, dtype=np.int8)
    for rows in groups:
        scores = np.round(root[:, rows], NOISE if root.dtype == np.float64 else SINGLE_NOISE)
        own, worst = _ranks(scores)
        ranks[:, rows] = own
        if grades is None:
            continue
        if grades.by == "thresholds":
            places[:, rows] = np.sum([scores < bound for bound in grades.bounds], axis=0)
        else:
            rank = worst if grades.strict else own
            places[:, rows] = np.sum([rank > x for x in np.floor(np.cumsum(grades.bounds) * len(rows) + 1e-9)], axis=0)
    return ranks, places


def _ranks(scores: Figures) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Better and worse shared rank of each unit: how many stand above it, and how many above or level."""
    count = scores.shape[1]
    order = np.argsort(scores, axis=1)[:, ::-1]
    place = np.arange(1, count + 1, dtype=np.int32)
    own = np.empty(scores.shape, dtype=np.int32)
    np.put_along_axis(own, order, np.broadcast_to(place, own.shape), axis=1)
    ordered = np.take_along_axis(scores, order, axis=1)
    tied = np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1))
    worst = own.copy() if len(tied) else own
    for block in tied:
        line = scores[block]
        own[block] = 1 + (line > line[:, None]).sum(axis=1)
        worst[block] = (line >= line[:, None]).sum(axis=1)
    return own, worst
