"""How sure is a rank: weights perturbed, methods exchanged, indicators left out, all at once and many times.

Follows the OECD/JRC handbook (2008, step 7) and Saisana, Saltelli and Tarantola (2005): ranks' intervals from random
replicates; what moves the ranks from Sobol indices (first order: Saltelli 2010; total: Jansen 1999) of the mean absolute
shift in rank, with standard errors by bootstrap. The same seed gives the same study.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mashang.kernel.refused import Refused
from mashang.performance.rules.engine import Block, Ints, Result, climb, evaluate, spread, work_out_all
from mashang.performance.rules.scheme import Impute, Indicator, Method, Scheme
from mashang.performance.rules.statistics import Array
from mashang.performance.rules.table import Table

EXCHANGED = frozenset({"min-max", "z-score", "rank", "goalposts", "distance", "efficacy", "as-is"})
"""Methods that a study may exchange for others; those with targets agreed beforehand stay as they are."""
BOOTSTRAPS = 200


@dataclass(frozen=True, slots=True)
class Effect:
    """How far one uncertain choice moves the ranks: alone (`first`) and with all it interacts with (`total`)."""

    factor: str
    first: float
    first_error: float
    total: float
    total_error: float


@dataclass(frozen=True, slots=True)
class Study:
    """For each row: nominal rank, and the ranks' 5th, 50th and 95th percentile over the replicates; for each factor its
    effect; for each indicator that can be spared the mean and largest shift in rank when it alone is left out."""

    result: Result
    replicates: int
    ranks: Ints
    low: Ints
    median: Ints
    high: Ints
    shift: float
    effects: tuple[Effect, ...]
    left_out: Mapping[str, tuple[float, int]]


@dataclass(frozen=True, slots=True)
class _Choices:
    """The alternatives for each discrete factor; a list of one means that it doesn't vary."""

    normalise: tuple[Method | None, ...]
    impute: tuple[Impute | None, ...]
    treat: tuple[bool, ...]
    means: tuple[str, ...]
    leave: tuple[str, ...]

    def sizes(self) -> dict[str, int]:
        lists = {
            "normalise": self.normalise,
            "impute": self.impute,
            "treat": self.treat,
            "means": self.means,
            "leave_out": self.leave,
        }
        return {name: len(values) for name, values in lists.items() if len(values) > 1}


def study(scheme: Scheme, table: Table, *, replicates: int = 1000, seed: int = 1) -> Study:
    """Run the scheme's `sensitivity` section: `replicates` draws for the intervals, and as many again for each factor."""
    if replicates < 2:
        raise Refused("sensitivity.replicates", "重复次数至少是 2。", "replicates")
    result = evaluate(scheme, table)
    plan = _Plan(result)
    draws = np.random.default_rng(seed)
    a, b = (draws.random((replicates, plan.width)) for _ in range(2))
    ranks_a, ranks_b = plan.ranks(a), plan.ranks(b)
    shift_a, shift_b = plan.shift(ranks_a), plan.shift(ranks_b)
    effects = []
    for factor, columns in plan.factors.items():
        mixed = a.copy()
        mixed[:, columns] = b[:, columns]
        effects.append(_effect(factor, shift_a, shift_b, plan.shift(plan.ranks(mixed)), draws))
    nominal = result.ranks[scheme.root]
    low, median, high = (np.rint(np.percentile(ranks_a, q, axis=0)).astype(np.int64) for q in (5, 50, 95))
    return Study(
        result, replicates, nominal, low, median, high, float(shift_a.mean()), tuple(effects), _left_out(plan, nominal)
    )


def _effect(factor: str, a: Array, b: Array, mixed: Array, draws: np.random.Generator) -> Effect:
    first, total = _indices(a, b, mixed)
    picks = draws.integers(0, len(a), (BOOTSTRAPS, len(a)))
    again = np.array([_indices(a[p], b[p], mixed[p]) for p in picks])
    error = again.std(axis=0, ddof=1)
    return Effect(factor, first, float(error[0]), total, float(error[1]))


def _indices(a: Array, b: Array, mixed: Array) -> tuple[float, float]:
    both = np.concatenate([a, b])
    variance = float(both.var())
    if variance == 0:
        return 0.0, 0.0
    first = float(((b - both.mean()) * (mixed - a)).mean() / variance)
    return first, float(((a - mixed) ** 2).mean() / 2 / variance)


def _left_out(plan: _Plan, nominal: Ints) -> dict[str, tuple[float, int]]:
    out = {}
    for leaf in plan.leavable:
        moved = np.abs(plan.result.peers.ranks(plan.root_without(leaf)) - nominal)
        out[leaf] = (float(moved.mean()), int(moved.max()))
    return out


class _Plan:
    """What varies, which random number decides what, and leaf scores kept for each combination of methods."""

    def __init__(self, result: Result) -> None:
        self.result, self.scheme = result, result.scheme
        self.order = self.scheme.bottom_up()
        how = self.scheme.sensitivity
        parts = [i.id for i in self.scheme.indicators.values() if i.role == "part"]
        scored = ~np.isnan(result.scores[self.scheme.root])
        self.leavable = [i for i in parts if not np.isnan(self.root_without(i)[scored]).any()]
        self.choices = _Choices(
            how.normalise or (None,),
            how.impute or (None,),
            (True, False) if how.treat else (True,),
            how.means or ("",),
            ("", *self.leavable) if how.leave_out else ("",),
        )
        self.weighted = (
            [c.id for c in self.scheme.items.values() if c.parent and c.role == "part"] if how.weights > 0 else []
        )
        self.factors: dict[str, list[int]] = {"weights": list(range(len(self.weighted)))} if self.weighted else {}
        self.width = len(self.weighted)
        for name in self.choices.sizes():
            self.factors[name] = [self.width]
            self.width += 1
        if not self.factors:
            raise Refused("sensitivity.nothing", "方案的 sensitivity 没有写任何要变动的内容。", "sensitivity")
        self.leaves: dict[tuple[int, int, int], dict[str, Array]] = {}

    def ranks(self, u: Array) -> Ints:
        """Ranks of the root, (replicates, rows), for each row of random numbers."""
        sizes = self.choices.sizes()
        picks = {n: np.minimum((u[:, self.factors[n][0]] * k).astype(int), k - 1) for n, k in sizes.items()}
        none = np.zeros(len(u), dtype=int)
        combo = np.stack([picks.get(n, none) for n in ("normalise", "impute", "treat", "means")], axis=1)
        out = np.empty((len(u), len(self.result.table)), dtype=np.int64)
        for kind in np.unique(combo, axis=0):
            rows = np.flatnonzero((combo == kind).all(axis=1))
            weights = self._weights(u[rows], picks.get("leave_out", none)[rows])
            out[rows] = self._run(tuple(int(k) for k in kind), weights)
        return out

    def root_without(self, leaf: str) -> Array:
        """The totals when an indicator is left out: NaN where nothing else makes one up."""
        weights = {**self.result.weights, leaf: np.zeros(len(self.result.table))}
        scores: dict[str, Array] = {i: self.result.scores[i] for i in self.scheme.indicators}
        climb(self.scheme, self.order, scores, weights, self.result.blocks)
        return scores[self.scheme.root]

    def shift(self, ranks: Ints) -> Array:
        """Mean absolute shift in rank of each replicate against the nominal ranks."""
        return np.asarray(np.abs(ranks - self.result.ranks[self.scheme.root]).mean(axis=1))

    def _weights(self, u: Array, leave: NDArray[np.int64]) -> dict[str, Array]:
        weights = dict(self.result.weights)
        for at, child in enumerate(self.weighted):
            factor = 1 + self.scheme.sensitivity.weights * (2 * u[:, at : at + 1] - 1)
            weights[child] = weights[child] * factor
        for number in np.unique(leave[leave > 0]):
            leaf = self.choices.leave[number]
            weights[leaf] = np.where((leave == number)[:, None], 0.0, weights[leaf])
        return weights

    def _run(self, kind: tuple[int, ...], weights: dict[str, Array]) -> Ints:
        normalise, impute, treat, mean = kind
        scores = dict(self._scores((normalise, impute, treat)))
        climb(self.scheme, self.order, scores, weights, self.result.blocks, self.choices.means[mean])
        return self.result.peers.ranks(scores[self.scheme.root])

    def _scores(self, kind: tuple[int, int, int]) -> dict[str, Array]:
        if kind not in self.leaves:
            normalise, impute, treat = (
                self.choices.normalise[kind[0]],
                self.choices.impute[kind[1]],
                self.choices.treat[kind[2]],
            )
            blocks = tuple(_exchanged(b, normalise, impute, treat) for b in self.result.blocks)
            done = work_out_all(blocks, self.result.table)
            count = len(self.result.table)
            self.leaves[kind] = {i: spread(i, "normalised", blocks, done, count) for i in self.scheme.indicators}
        return self.leaves[kind]


def _exchanged(block: Block, method: Method | None, impute: Impute | None, treat: bool) -> Block:
    leaves = {i.id: _changed(i, method, impute, treat) for i in block.scheme.indicators.values()}
    return replace(block, scheme=replace(block.scheme, indicators=leaves))


def _changed(leaf: Indicator, method: Method | None, impute: Impute | None, treat: bool) -> Indicator:
    if leaf.role != "part" or leaf.method.kind not in EXCHANGED:
        return leaf
    if method is not None:
        leaf = replace(leaf, method=method)
    if impute is not None and leaf.impute.kind != "none":
        leaf = replace(leaf, impute=impute)
    return leaf if treat else replace(leaf, treat=None)


def rank_intervals(
    result: Result,
    rates: Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    replicates: int = 400,
    seed: int = 1,
) -> tuple[Ints, Ints]:
    """5th and 95th percentile of each row's rank when measured rates are drawn from what their counts leave open.

    `rates[indicator]` are hits and totals for each row (NaN where the row has none); a rate is drawn from Beta(hits + 1/2,
    total - hits + 1/2), scaled as the figure in the table is (share, per cent or share of 100).
    """
    draws, count = np.random.default_rng(seed), len(result.table)
    scores: dict[str, Array] = {i: result.scores[i] for i in result.scheme.indicators}
    for leaf, (hits, totals) in rates.items():
        drawn = _drawn(
            result.table.numbers[leaf], np.asarray(hits, float), np.asarray(totals, float), replicates, draws
        )
        lines = []
        for column in drawn:
            table = replace(result.table, numbers={**result.table.numbers, leaf: column})
            blocks = tuple(_only(b, leaf) for b in result.blocks)
            lines.append(spread(leaf, "normalised", blocks, work_out_all(blocks, table), count))
        scores[leaf] = np.array(lines)
    climb(result.scheme, result.scheme.bottom_up(), scores, result.weights, result.blocks)
    root = np.broadcast_to(scores[result.scheme.root], (replicates, count))
    ranks = result.peers.ranks(np.ascontiguousarray(root))
    low, high = (np.rint(np.percentile(ranks, q, axis=0)).astype(np.int64) for q in (5, 95))
    return low, high


def _only(block: Block, leaf: str) -> Block:
    leaves = {i.id: i for i in block.scheme.indicators.values() if i.id == leaf}
    return replace(block, scheme=replace(block.scheme, indicators=leaves))


def _drawn(figures: Array, hits: Array, totals: Array, replicates: int, draws: np.random.Generator) -> Array:
    counted = totals > 0
    rate = np.where(counted, hits / np.where(counted, totals, 1), np.nan)
    scale = np.where(rate > 0, figures / np.where(rate > 0, rate, 1), 1.0)
    scale[~counted | ~(rate > 0)] = np.nanmedian(scale[counted & (rate > 0)]) if np.any(counted & (rate > 0)) else 1.0
    beta = draws.beta(
        np.where(counted, hits, 0) + 0.5, np.where(counted, totals - hits, 0) + 0.5, (replicates, len(figures))
    )
    return np.where(counted, beta * scale, figures)
