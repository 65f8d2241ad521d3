"""What if a weight were another: nothing is written, and only what hangs on the weight is worked out again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan

from mashang.kernel.actor import Actor

from ..rules.live import Live
from ..rules.statistics import half_up
from .results import result_of, run_for, seen


@dataclass(frozen=True, slots=True)
class Changed:
    """A unit's total and rank as they are and as they would be."""

    unit: int
    name: str
    group: str
    was: str
    score: str
    rank_was: int
    rank: int
    grade: str


def what_if(run: int, weights: Mapping[str, float], by: Actor) -> list[Changed]:
    """Totals, ranks and grades with other weights for some nodes or indicators; refuses weights that don't exist."""
    run_for(run, by)
    result = result_of(run)
    live = Live(result)
    for child, weight in weights.items():
        live.set_weight(child, weight)
    scheme, table = result.scheme, result.table
    ranks, grades, before = live.ranks(), live.grades(), result.scores[scheme.root]
    groups = table.texts[scheme.class_by] if scheme.class_by else ("",) * len(table)
    rows = []
    place = {int(unit): row for row, unit in enumerate(table.units)}
    for unit in seen(by, place):
        row = place[unit.id]
        if isnan(before[row]):
            continue  # a unit without data has no score, and no sheet to open
        was, now = (half_up(float(x[row]), scheme.decimals) for x in (before, live.score))
        rank_was, rank = int(result.ranks[scheme.root][row]), int(ranks[row])
        rows.append(Changed(unit.id, unit.short_name, groups[row], was, now, rank_was, rank, grades[row]))
    return sorted(rows, key=lambda r: (r.group, r.rank, r.unit))
