"""A result kept warm: one changed weight or figure works out only what hangs on it, so that sliders are live."""

from __future__ import annotations

import numpy as np

from mashang.kernel.refused import Refused
from mashang.kernel.said import said
from mashang.performance.rules.engine import Block, Ints, Result, climb, freed_in, grade_names, grade_places, vetoes
from mashang.performance.rules.leaf import Leaf, Peers, work_out
from mashang.performance.rules.statistics import Array


class Live:
    """Starts from a result and never touches it. Cost of a change: the children along one path to the root, not the tree."""

    def __init__(self, result: Result) -> None:
        self.result, self.scheme = result, result.scheme
        self.scores: dict[str, Array] = dict(result.scores)
        self.weights: dict[str, Array] = dict(result.weights)
        self.vetoed = result.vetoed
        count = len(result.table)
        whole = Peers(count, result.table.numbers, result.table.texts, freed_in(result.blocks, count))
        self._peers = [whole.take(b.against) for b in result.blocks]
        self._homes: dict[int, list[int]] = {}
        for n, block in enumerate(result.blocks):
            for row in block.against.tolist():
                self._homes.setdefault(row, []).append(n)

    @property
    def score(self) -> Array:
        """The total of every row of the table; NaN where there is none."""
        return self.scores[self.scheme.root]

    def ranks(self, node: str = "") -> Ints:
        """Rank of every row among its peers at a node (the root unless named), 1 the highest, 0 without score."""
        return self.result.peers.ranks(self.scores[node or self.scheme.root])

    def grades(self) -> tuple[str, ...]:
        """Grade of every row, "" where there is none."""
        return grade_names(self.scheme, grade_places(self.scheme, self.score, self.result.peers, self.vetoed))

    def set_weight(self, child: str, weight: float) -> None:
        """Give a node or indicator another weight wherever it counts; the others' are kept and shares follow."""
        item = self.scheme.indicators.get(child) or self.scheme.nodes.get(child)
        if item is None or not item.parent or item.role != "part":
            raise Refused("live.no-weight", said("“{child}”没有可以调整的权重。", child=child), child)
        if not (np.isfinite(weight) and weight >= 0):
            raise Refused("live.weight", "权重应当是不小于 0 的数。", child)
        weights = {**self.weights, child: np.where(self.result.weights[child] > 0, weight, 0.0)}
        scores = dict(self.scores)
        self._climb(item.parent, scores, weights)
        self.scores, self.weights = scores, weights

    def set_figure(self, row: int, column: str, value: float) -> None:
        """Replace one figure (NaN takes it away); refuses, and keeps what was, if it cannot be scored."""
        kept = [
            (self._peers[n], int(np.flatnonzero(self.result.blocks[n].against == row)[0])) for n in self._homes[row]
        ]
        if any(column not in peers.numbers for peers, _ in kept):
            raise Refused("live.no-column", said("没有“{column}”这一列。", column=column), column)
        before = [peers.numbers[column][place] for peers, place in kept]
        try:
            self._put(kept, column, [value] * len(kept))
            scores = dict(self.scores)
            for leaf in self._readers(column):
                scores[leaf] = self._leaf(row, leaf)
                self._climb(self.scheme.indicators[leaf].parent, scores, self.weights)
        except Refused:
            self._put(kept, column, before)
            raise
        self.scores = scores
        self.vetoed = vetoes(self.scheme, scores, len(self.result.table))

    @staticmethod
    def _put(kept: list[tuple[Peers, int]], column: str, values: list[float]) -> None:
        for (peers, place), value in zip(kept, values, strict=True):
            peers.numbers[column][place] = value

    def _readers(self, column: str) -> list[str]:
        """Indicators that read the column: as figure, denominator or target."""
        if column not in self.scheme.attributes:
            return [i.id for i in self.scheme.indicators.values() if column in i.inputs]
        return list(self.scheme.indicators)

    def _leaf(self, row: int, leaf: str) -> Array:
        column = self.scores[leaf].copy()
        for n in self._homes[row]:
            block = self.result.blocks[n]
            if leaf not in block.scheme.indicators:
                continue
            done: Leaf = work_out(block.scheme.indicators[leaf], self._peers[n])
            if done.wrong or done.gaps or done.refused:
                _refuse(block, leaf, done)
            whole = np.full(column.shape, np.nan)
            whole[block.against] = done.scores
            column[block.rows] = whole[block.rows]
        return column

    def _climb(self, node: str, scores: dict[str, Array], weights: dict[str, Array]) -> None:
        nodes = [self.scheme.nodes[n] for n in self.scheme.path(node)]
        climb(self.scheme, nodes, scores, weights, self.result.blocks)


def _refuse(block: Block, leaf: str, done: Leaf) -> None:
    """Refuse what the units that get their score in this block lack."""
    own = set(block.rows.tolist())
    for wrong in (w for w in done.wrong if int(block.against[w.row]) in own):
        raise Refused(wrong.code, wrong.text, wrong.column)
    if any(int(block.against[at]) in own for at in done.gaps):
        raise Refused("values.missing", said("缺“{leaf}”，方案没有写缺数怎么办。", leaf=leaf), leaf)
    if done.refused:
        raise Refused.of(done.refused)
