"""One indicator over the units that are compared with each other: from figures to scores, every stage kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from mashang.kernel.refused import Fault, Refused
from mashang.kernel.said import said
from mashang.performance.rules.limits import Wrong, missing_columns, own_limits, wrong_denominators, wrong_figures
from mashang.performance.rules.methods import KINDS, Column, Fact, Scored, best, trimmed
from mashang.performance.rules.prepare import Treated, denominated, imputed, treated
from mashang.performance.rules.scheme import Indicator
from mashang.performance.rules.statistics import LARGEST, Array

STAGES = ("denominated", "imputed", "treated", "normalised")


@dataclass(frozen=True, slots=True)
class Peers:
    """The units compared: numbers and groups about them (aligned arrays), and how many there are. `freed[indicator]` are the
    places of those whose class is freed from it: their figures of it count for nothing."""

    count: int
    numbers: Mapping[str, Array]
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    freed: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)

    def take(self, rows: NDArray[np.intp]) -> Peers:
        """The same for some of the units."""
        texts = {k: tuple(v[r] for r in rows) for k, v in self.texts.items()}
        freed = {k: v[rows] for k, v in self.freed.items()}
        return Peers(len(rows), {k: v[rows] for k, v in self.numbers.items()}, texts, freed)


@dataclass(frozen=True, slots=True)
class Leaf:
    """An indicator worked out: the column at each stage, what treatment did, the statistics the method used; the units that
    have no score because a number of theirs is wrong, or (`gaps`, with the empty columns) is missing; and why the method could
    score none at all, which may only come of those."""

    stages: Mapping[str, Array]
    shape: Treated
    facts: Mapping[str, Fact]
    wrong: tuple[Wrong, ...] = ()
    gaps: Mapping[int, Sequence[str]] = field(default_factory=dict)
    refused: tuple[Fault, ...] = ()

    @property
    def scores(self) -> Array:
        return self.stages["normalised"]

    def spread(self, rows: NDArray[np.intp], count: int) -> Leaf:
        """The same among all of `count` units, of which it was worked out for those in `rows`."""
        facts = {k: _over(v, rows, count) if np.ndim(v) else v for k, v in self.facts.items()}
        return Leaf(
            {k: _over(v, rows, count) for k, v in self.stages.items()},
            replace(self.shape, values=_over(self.shape.values, rows, count)),
            facts,
            tuple(replace(w, row=int(rows[w.row])) for w in self.wrong),
            {int(rows[row]): columns for row, columns in self.gaps.items()},
            self.refused,
        )


def _over(values: Fact, rows: NDArray[np.intp], count: int) -> Array:
    out = np.full(count, np.nan)
    out[rows] = values
    return out


def work_out(leaf: Indicator, peers: Peers) -> Leaf:
    """All stages of one indicator, among the units that are not freed from it. What single units lack, and what the method
    cannot score, stands in the answer."""
    freed = peers.freed.get(leaf.id)
    if freed is None or not freed.any():
        return _worked_out(leaf, peers)
    rows = np.flatnonzero(~freed)
    return _worked_out(leaf, peers.take(rows)).spread(rows, peers.count)


def _worked_out(leaf: Indicator, peers: Peers) -> Leaf:
    raw = _raw(leaf, peers)
    wrong = wrong_denominators(leaf, raw, peers.numbers)
    per = denominated(_without(raw, wrong), leaf, peers.numbers)
    full = imputed(per, leaf.impute, peers.texts.get(leaf.impute.by, ()))
    shape = treated(np.clip(full, *leaf.clip) if leaf.clip else full, leaf.treat)
    wrong += wrong_figures(leaf, shape.values, peers.numbers)
    x, refused = _without(shape.values, wrong), tuple[Fault, ...]()
    try:
        done = _score(leaf, x, peers)
    except Refused as no:
        done, refused = Scored(_scorable(leaf, x, peers.numbers)), no.faults
    wrong += _beyond(leaf, done.scores)
    gaps = _missing(leaf, done.scores, raw, peers, {w.row for w in wrong})
    stages = dict(zip(STAGES, (per, full, shape.values, _filled(leaf, done.scores)), strict=True))
    return Leaf(stages, shape, done.facts, tuple(wrong), gaps, refused)


def _scorable(leaf: Indicator, x: Array, numbers: Mapping[str, Array]) -> Array:
    """The figures of units that have all a score takes; NaN for the others."""
    for name in own_limits(leaf.method):
        x = np.where(np.isnan(numbers[name]), np.nan, x)
    return x


def _without(x: Array, wrong: Sequence[Wrong]) -> Array:
    """The column less the figures of units that cannot be scored."""
    if not wrong:
        return x
    out = x.copy()
    out[[w.row for w in wrong]] = np.nan
    return out


def _beyond(leaf: Indicator, scores: Array) -> list[Wrong]:
    endless = np.abs(scores) > LARGEST**2
    if not endless.any():
        return []
    text = said("得分大得无法计算，请核对数据和计分的界限。")
    return [Wrong(int(row), leaf.id, "values.too-large", text) for row in np.flatnonzero(endless)]


def _missing(leaf: Indicator, scores: Array, raw: Array, peers: Peers, wrong: Set[int]) -> dict[int, list[str]]:
    """Units without a score although the scheme says nothing of gaps, with the columns they left empty."""
    unknown = np.isnan(scores)
    if leaf.missing != "refuse" or leaf.role not in ("part", "veto") or not unknown.any():
        return {}
    rows = (int(row) for row in np.flatnonzero(unknown))
    return {row: missing_columns(leaf, row, raw, peers.numbers) for row in rows if row not in wrong}


def _raw(leaf: Indicator, peers: Peers) -> Array:
    gap = np.full(peers.count, np.nan)
    if leaf.method.kind == "expert-mean":
        marks = np.array([peers.numbers.get(name, gap) for name in leaf.inputs])
        return trimmed(marks, leaf.method.options["drop"])
    return peers.numbers.get(leaf.id, gap)


def _score(leaf: Indicator, x: Array, peers: Peers) -> Scored:
    if leaf.role == "veto":
        return Scored(x)
    attributes = {k: v for k, v in peers.numbers.items() if k != leaf.id}
    if not leaf.within:
        return _run(leaf, x, attributes)
    keys = np.array(peers.texts[leaf.within])
    scores = np.empty(peers.count)
    facts: dict[str, Array] = {}
    faults: list[Fault] = []
    for key in np.unique(keys):
        own = keys == key
        try:
            done = _run(leaf, x[own], {k: v[own] for k, v in attributes.items()})
        except Refused as no:
            faults += [Fault(f.code, said("{group}：{text}", group=str(key), text=f.text), f.field) for f in no.faults]
            continue
        scores[own] = done.scores
        for name, fact in done.facts.items():
            facts.setdefault(name, np.full(peers.count, np.nan))[own] = fact
    if faults:
        raise Refused.of(faults)
    return Scored(scores, facts)


def _run(leaf: Indicator, x: Array, attributes: Mapping[str, Array]) -> Scored:
    weight = 100.0 if leaf.weight is None else leaf.weight
    with np.errstate(all="ignore"):
        return KINDS[leaf.method.kind].run(x, leaf.method.options, Column(leaf.higher, weight, attributes))


def _filled(leaf: Indicator, scores: Array) -> Array:
    if leaf.missing == "zero" or leaf.role in ("bonus", "deduction"):
        return np.where(np.isnan(scores), 0.0, scores)
    if leaf.missing == "full":
        return np.where(np.isnan(scores), best(leaf.method.kind, leaf.method.options), scores)
    return scores
