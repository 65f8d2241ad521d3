"""A scheme over a table: every stage, every node's score and rank, grades. Nothing is rounded here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mashang.kernel.refused import Fault, Refused
from mashang.kernel.said import said
from mashang.performance.rules.aggregate import MEAN_LABELS, OF_POSITIVE, limited, node_score, parts_of
from mashang.performance.rules.leaf import STAGES, Leaf, Peers, work_out
from mashang.performance.rules.limits import columns_of
from mashang.performance.rules.methods import KINDS, Column, Fact
from mashang.performance.rules.scheme import Grades, Indicator, Method, Node, Scheme
from mashang.performance.rules.statistics import LARGEST, NOISE, Array, Groups
from mashang.performance.rules.table import Table, Unreadable

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Block:
    """Units compared with each other under one class's scheme: `rows` get their scores here, `against` sets the scale."""

    klass: str
    scheme: Scheme
    rows: NDArray[np.intp]
    against: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Result:
    """All that was worked out, by node or indicator id, aligned with the table's rows."""

    scheme: Scheme
    table: Table
    blocks: tuple[Block, ...]
    leaves: tuple[Mapping[str, Leaf], ...]
    stages: Mapping[str, Mapping[str, Array]]
    weights: Mapping[str, Array]
    scores: Mapping[str, Array]
    ranks: Mapping[str, Ints]
    peers: Groups
    grades: tuple[str, ...]
    vetoed: tuple[tuple[str, ...], ...]

    def block_of(self, row: int) -> tuple[Block, Mapping[str, Leaf], int]:
        """The block a row was scored in, the leaves worked out there, and the row's place among those compared."""
        for block, leaves in zip(self.blocks, self.leaves, strict=True):
            if row in block.rows:
                return block, leaves, int(np.flatnonzero(block.against == row)[0])
        raise KeyError(row)

    def fact(self, row: int, leaf: str) -> Mapping[str, float]:
        """The statistics behind one unit's score on one indicator."""
        _, leaves, place = self.block_of(row)
        return {k: _at(v, place) for k, v in leaves[leaf].facts.items()}


def _at(fact: Fact, place: int) -> float:
    array = np.asarray(fact)
    return float(array[place]) if array.ndim else float(array)


def evaluate(scheme: Scheme, table: Table) -> Result:
    """Scores, ranks and grades; refuses, with all faults at once, what cannot be scored by the scheme's rules."""
    if faults := list(_huge(table)):
        raise Refused.of_many(faults)
    blocks = tuple(blocks_of(scheme, table))
    leaves = work_out_all(blocks, table)
    stages = {s: {i: spread(i, s, blocks, leaves, len(table)) for i in scheme.indicators} for s in STAGES}
    weights = weights_of(scheme, blocks, len(table))
    scores = dict(stages["normalised"])
    for node in scheme.bottom_up():
        if negative := list(_negative(scheme, node, scores, weights, table)):
            raise Refused.of(negative)
        try:
            climb(scheme, [node], scores, weights, blocks)
        except Refused as no:
            raise Refused.of(
                [Fault(f.code, said("节点“{id}”：{text}", id=node.id, text=f.text), node.id) for f in no.faults]
            ) from no
    peers = Groups(peer_keys(scheme, table))
    losses = {c.id for c in scheme.items.values() if c.role in ("deduction", "veto")}
    ranks = {key: peers.ranks(-score if key in losses else score) for key, score in scores.items()}
    vetoed = vetoes(scheme, scores, len(table))
    grades = grade_names(scheme, grade_places(scheme, scores[scheme.root], peers, vetoed))
    return Result(scheme, table, blocks, leaves, stages, weights, scores, ranks, peers, grades, vetoed)


def faults_beside(scheme: Scheme, no: Unreadable) -> list[Fault]:
    """What is wrong with the figures that could be read, of a table of which some could not: gaps, limits, columns of one
    value. Nothing that hangs on what could not be read, and nothing when columns or groups are missing."""
    codes = {fault.code for fault in no.every}
    if codes & {"values.no-column", "values.no-unit-column", "values.column-twice", "values.no-group"}:
        return []
    if huge := list(_huge(no.table)):
        return huge
    try:
        work_out_all(tuple(blocks_of(scheme, no.table)), no.table)
    except Refused as more:
        unread = {f"{no.table.place(row)} {column}" for row, column in no.cells}
        open_ = {column for _row, column in no.cells} if codes <= {"values.not-a-number"} else no.table.numbers.keys()
        return [
            fault
            for fault in more.faults
            if fault.field not in unread
            and not (fault.field in scheme.indicators and open_ & columns_of(scheme.indicators[fault.field]))
        ]
    return []


def _huge(table: Table) -> Iterator[Fault]:
    """Figures too large to be squared and added up."""
    for name, column in table.numbers.items():
        for row in np.flatnonzero(np.abs(column) > LARGEST):
            place = table.place(int(row))
            text = said("{place}“{name}”的数太大，绝对值最多 {most:g}。", place=place, name=name, most=LARGEST)
            yield Fault("values.too-large", text, f"{place} {name}")


def work_out_all(blocks: tuple[Block, ...], table: Table) -> tuple[Mapping[str, Leaf], ...]:
    """Every indicator in every block; refuses with all faults of all of them.

    Classes measured against the same units share what their schemes have in common. A unit is asked only for what it is scored
    on itself.
    """
    faults: list[Fault] = []
    whole = Peers(len(table), table.numbers, table.texts, freed_in(blocks, len(table)))
    peers: dict[int, Peers] = {}
    shared: dict[tuple[int, str], list[tuple[Indicator, Leaf | None]]] = {}
    done = []
    for block in blocks:
        key = int(block.against[0])
        peers.setdefault(key, whole.take(block.against))
        leaves: dict[str, Leaf] = {}
        for leaf in block.scheme.indicators.values():
            known = shared.setdefault((key, leaf.id), [])
            alike = leaf if by_points(leaf.method) else replace(leaf, weight=None)
            found = next((out for one, out in known if one == alike), None)
            if found is None:
                found = _leaf(leaf, block, peers[key], table, faults)
                known.append((alike, found))
            if found:
                leaves[leaf.id] = found
                faults += list(_unit_faults(leaf, block, found, table)) or _column_faults(
                    leaf, block, found.refused, table
                )
        done.append(leaves)
    if faults:
        raise Refused.of(list(dict.fromkeys(faults)))
    return tuple(done)


def by_points(method: Method) -> bool:
    """Whether a score hangs on the points that the indicator is worth: a deduction, alone or as a part."""
    return method.kind == "deduction" or any(by_points(part) for part in method.options.get("parts", ()))


def blocks_of(scheme: Scheme, table: Table) -> Iterator[Block]:
    """One block for each period and class of unit; a class the scheme doesn't name follows the common scheme."""
    classes = table.texts[scheme.class_by] if scheme.class_by else ("",) * len(table)
    named = [c if c in scheme.classes else "" for c in classes]
    keys = list(zip(table.periods, named, strict=True))
    variants = {c: scheme.for_class(c) for c in dict.fromkeys(named)}
    periods = Groups(table.periods)
    against = dict(zip(periods.keys, periods.rows, strict=True))
    groups = Groups(keys)
    for _key, rows in zip(groups.keys, groups.rows, strict=True):
        period, klass = keys[rows[0]]
        yield Block(klass, variants[klass], rows, against[period] if scheme.compare_all else rows)


def peer_keys(scheme: Scheme, table: Table) -> list[tuple[str, ...]]:
    """Who is ranked with whom: the same period and, as the scheme says, the same class or other group."""
    parts = [table.periods]
    if scheme.rank_within:
        parts.append(table.texts[scheme.rank_within])
    elif scheme.class_by and not scheme.compare_all:
        parts.append(table.texts[scheme.class_by])
    return list(zip(*parts, strict=True))


def freed_in(blocks: Sequence[Block], count: int) -> dict[str, NDArray[np.bool_]]:
    """For each indicator that some class is freed from, which rows are."""
    freed: dict[str, NDArray[np.bool_]] = {}
    for name in dict.fromkeys(i for block in blocks for i in block.scheme.indicators):
        for block in blocks:
            if name not in block.scheme.indicators:
                freed.setdefault(name, np.zeros(count, dtype=bool))[block.rows] = True
    return freed


def _leaf(leaf: Indicator, block: Block, peers: Peers, table: Table, faults: list[Fault]) -> Leaf | None:
    try:
        return work_out(leaf, peers)
    except Refused as no:
        faults += _column_faults(leaf, block, no.faults, table)
        return None


def _column_faults(leaf: Indicator, block: Block, refused: Sequence[Fault], table: Table) -> list[Fault]:
    of = _of(block, table)
    return [Fault(f.code, said("指标“{id}”{of}：{text}", id=leaf.id, of=of, text=f.text), leaf.id) for f in refused]


def _of(block: Block, table: Table) -> str:
    """Which of several comparisons it is: （2026-01、township）, or nothing when there is only one."""
    klass = block.klass if len(block.rows) == len(block.against) else ""
    names = [name for name in (table.periods[block.rows[0]], klass) if name]
    return said("（{names}）", names=names) if names else ""


def _unit_faults(leaf: Indicator, block: Block, done: Leaf, table: Table) -> Iterator[Fault]:
    """What is wrong with, or missing of, the numbers of the units that get their score here."""
    if not done.wrong and not done.gaps:
        return
    own = set(block.rows.tolist())
    for wrong in done.wrong:
        row = int(block.against[wrong.row])
        if row in own:
            place = table.place(row)
            text = said("{place}指标“{id}”：{text}", place=place, id=leaf.id, text=wrong.text)
            yield Fault(wrong.code, text, f"{place} {wrong.column}")
    for at, columns in done.gaps.items():
        row = int(block.against[at])
        for column in columns if row in own else ():
            place = table.place(row)
            text = said("{place}缺“{id}”，方案没有写缺数怎么办。", place=place, id=column)
            yield Fault("values.missing", text, f"{place} {column}")


def spread(
    leaf: str, stage: str, blocks: tuple[Block, ...], leaves: tuple[Mapping[str, Leaf], ...], count: int
) -> Array:
    """One stage of one indicator for all rows; NaN where the unit's class is freed from it."""
    out = np.full(count, np.nan)
    for block, done in zip(blocks, leaves, strict=True):
        if leaf in done:
            whole = np.full(count, np.nan)
            whole[block.against] = done[leaf].stages[stage]
            out[block.rows] = whole[block.rows]
    return out


def weights_of(scheme: Scheme, blocks: tuple[Block, ...], count: int) -> dict[str, Array]:
    """The weight of every child for every row: 0 where its class has no such child, 1 where no weights are given."""
    out = {key: np.zeros(count) for key in (*scheme.nodes, *scheme.indicators)}
    for block in blocks:
        for child in block.scheme.items.values():
            out[child.id][block.rows] = 1.0 if child.weight is None else child.weight
    return out


def _negative(
    scheme: Scheme, node: Node, scores: Mapping[str, Array], weights: Mapping[str, Array], table: Table
) -> Iterator[Fault]:
    """Negative parts under a mean that is not defined for them, row by row."""
    if node.mean not in OF_POSITIVE:
        return
    for child in parts_of(scheme, node):
        for row in np.flatnonzero((scores[child.id] < 0) & (weights[child.id] > 0)):
            text = said(
                "{place}“{id}”是负分，不能取{mean}。",
                place=table.place(int(row)),
                id=child.id,
                mean=MEAN_LABELS[node.mean],
            )
            yield Fault("values.negative-part", text, node.id)


def rescaled(node: Node, score: Array, blocks: tuple[Block, ...]) -> Array:
    """A node may be normalised again among those compared (as the EGDI does with its component indices)."""
    if node.method is None:
        return score
    if score.ndim > 1:
        return np.array([rescaled(node, line, blocks) for line in score])
    out = np.full(score.shape, np.nan)
    for block in blocks:
        done = KINDS[node.method.kind].run(score[block.against], node.method.options, Column())
        whole = np.full(score.shape, np.nan)
        whole[block.against] = done.scores
        out[block.rows] = whole[block.rows]
    return out


def climb(
    scheme: Scheme,
    nodes: Iterable[Node],
    scores: dict[str, Array],
    weights: Mapping[str, Array],
    blocks: tuple[Block, ...],
    mean: str = "",
) -> None:
    """Work out these nodes, in this order, from the scores of their children; `mean` stands in for each node's own."""
    for node in nodes:
        swap = mean if node.mean in ("arithmetic", "geometric", "harmonic") else ""
        score = rescaled(node, node_score(scheme, node, scores, weights, swap), blocks)
        scores[node.id] = limited(node, score)


def vetoes(scheme: Scheme, scores: Mapping[str, Array], count: int) -> tuple[tuple[str, ...], ...]:
    """For each row the veto items that struck it (一票否决: the figure is above what is allowed)."""
    items = [i for i in scheme.indicators.values() if i.role == "veto"]
    if not items:
        return ((),) * count
    return tuple(tuple(i.id for i in items if scores[i.id][row] > i.above) for row in range(count))


def grade_places(scheme: Scheme, score: Array, peers: Groups, vetoed: tuple[tuple[str, ...], ...]) -> Ints:
    """Places among the grade names (0 the best; -1 without score), by threshold or quota inside the peer group.

    A veto caps the grade and leaves the score as it is; the place it frees is not passed on.
    """
    if scheme.grades is None:
        return np.full(len(score), -1, dtype=np.int64)
    names = scheme.grades.names
    places = (
        _thresholds(score, scheme.grades) if scheme.grades.by == "thresholds" else _quota(score, scheme.grades, peers)
    )
    for row, items in enumerate(vetoed):
        for item in items:
            places[row] = max(places[row], names.index(scheme.indicators[item].grade_at_most))
    places[np.isnan(score)] = -1
    return places


def grade_names(scheme: Scheme, places: Ints) -> tuple[str, ...]:
    names = (*(scheme.grades.names if scheme.grades else ()), "")
    return tuple(names[p] for p in places.tolist())


def _thresholds(score: Array, grades: Grades) -> Ints:
    return np.asarray(np.sum([np.round(score, NOISE) < bound for bound in grades.bounds], axis=0), dtype=np.int64)


def _quota(score: Array, grades: Grades, peers: Groups) -> Ints:
    """Places inside floor(share · n); of a tie across the line none get in if strict, else all."""
    rank = peers.ranks(score, worst=grades.strict)
    count = np.zeros(len(score))
    for rows in peers.rows:
        count[rows] = np.count_nonzero(~np.isnan(score[rows]))
    limits = [np.floor(share * count + 1e-9) for share in np.cumsum(grades.bounds)]
    return np.asarray(np.sum([rank > limit for limit in limits], axis=0), dtype=np.int64)
