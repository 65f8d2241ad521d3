"""One indicator over the units that are compared with each other: from figures to scores, every stage kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mashang.performance.rules.methods import KINDS, Column, Fact, Scored, trimmed
from mashang.performance.rules.prepare import Treated, denominated, imputed, treated
from mashang.performance.rules.scheme import Indicator
from mashang.performance.rules.statistics import Array

STAGES = ("denominated", "imputed", "treated", "normalised")


@dataclass(frozen=True, slots=True)
class Peers:
    """The units compared: numbers and groups about them (aligned arrays), and how many there are."""

    count: int
    numbers: Mapping[str, Array]
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def take(self, rows: NDArray[np.intp]) -> Peers:
        """The same for some of the units."""
        texts = {k: tuple(v[r] for r in rows) for k, v in self.texts.items()}
        return Peers(len(rows), {k: v[rows] for k, v in self.numbers.items()}, texts)


@dataclass(frozen=True, slots=True)
class Leaf:
    """An indicator worked out: the column at each stage, what treatment did, the statistics the method used."""

    stages: Mapping[str, Array]
    shape: Treated
    facts: Mapping[str, Fact]

    @property
    def scores(self) -> Array:
        return self.stages["normalised"]


def work_out(leaf: Indicator, peers: Peers) -> Leaf:
    """All stages of one indicator. Refuses what the method cannot score; missing figures follow `leaf.missing`."""
    raw = _raw(leaf, peers)
    per = denominated(raw, leaf, peers.numbers)
    full = imputed(per, leaf.impute, peers.texts.get(leaf.impute.by, ()))
    shape = treated(np.clip(full, *leaf.clip) if leaf.clip else full, leaf.treat)
    done = _score(leaf, shape.values, peers)
    scores = _gaps(leaf, done.scores)
    return Leaf(dict(zip(STAGES, (per, full, shape.values, scores), strict=True)), shape, done.facts)


def _raw(leaf: Indicator, peers: Peers) -> Array:
    gap = np.full(peers.count, np.nan)
    if leaf.method.kind == "expert-mean":
        marks = np.array([peers.numbers.get(name, gap) for name in leaf.inputs])
        return trimmed(marks, leaf.method.options["drop"])
    return peers.numbers.get(leaf.id, gap)


def _score(leaf: Indicator, x: Array, peers: Peers) -> Scored:
    if leaf.role == "veto":
        return Scored(x)
    run, options = KINDS[leaf.method.kind].run, leaf.method.options
    attributes = {k: v for k, v in peers.numbers.items() if k != leaf.id}
    weight = 100.0 if leaf.weight is None else leaf.weight
    if not leaf.within:
        return run(x, options, Column(leaf.higher, weight, attributes))
    keys = np.array(peers.texts[leaf.within])
    scores = np.empty(peers.count)
    facts: dict[str, Array] = {}
    for key in np.unique(keys):
        own = keys == key
        done = run(x[own], options, Column(leaf.higher, weight, {k: v[own] for k, v in attributes.items()}))
        scores[own] = done.scores
        for name, fact in done.facts.items():
            facts.setdefault(name, np.full(peers.count, np.nan))[own] = fact
    return Scored(scores, facts)


def _gaps(leaf: Indicator, scores: Array) -> Array:
    if leaf.missing == "zero" or leaf.role in ("bonus", "deduction"):
        return np.where(np.isnan(scores), 0.0, scores)
    if leaf.missing == "full":
        return np.where(np.isnan(scores), leaf.method.options.get("to", (0.0, 100.0))[1], scores)
    return scores


def must_be_known(leaf: Indicator, scores: Array) -> bool:
    """Whether a gap in these scores is a fault: it is unless the scheme says what a missing figure counts as."""
    return leaf.missing == "refuse" and leaf.role in ("part", "veto") and bool(np.isnan(scores).any())


def bad_denominators(leaf: Indicator, peers: Peers) -> NDArray[np.intp]:
    """Rows whose denominator is not positive although there is a figure; a missing one makes the figure missing."""
    if not leaf.per:
        return np.zeros(0, dtype=np.intp)
    return np.flatnonzero(~np.isnan(_raw(leaf, peers)) & (peers.numbers[leaf.per] <= 0))
