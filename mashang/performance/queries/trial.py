"""试算: a version tried on a period with the figures that stand now. Nothing is written, drafts may be tried."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import isnan

from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused
from mashang.kernel.said import said

from ..gathering import evaluated, inputs_of, table_of, units_scored
from ..rules.parse import read_scheme
from ..rules.periods import in_words, period_of
from ..rules.statistics import half_up
from .results import board, latest_run, scheme_text
from .writing import own_scheme


@dataclass(frozen=True, slots=True)
class Tried:
    """A unit's total, rank and grade as they would be, and as the run of the scheme that stands for the period has them ("" and 0: none)."""

    unit: int
    name: str
    group: str
    score: str
    rank: int
    grade: str
    was: str = ""
    rank_was: int = 0


def try_out(scheme: int, period: str, by: Actor, *, now: datetime) -> list[Tried]:
    """Totals by group and rank, for those who write the region's schemes. Refuses a period that has not begun, and with all
    faults what cannot be scored. Units without any figure have no total and stand last."""
    info = own_scheme(scheme, by)
    if now < period_of(period, clock.ZONE).start:
        raise Refused("run.future", said("{period}还没有开始，不能计分。", period=in_words(period)), "period")
    rule = read_scheme(scheme_text(scheme, by))
    units = units_scored(info.region, period, rule)
    if not units:
        raise Refused("run.no-units", "这一地区没有列入考评类别的单位，请先在单位资料中写明类别。", "scheme")
    result = evaluated(rule, units, table_of(rule, units, inputs_of(rule, [u.id for u in units], period, now)))
    standing = latest_run(by, info.region, period, info.code)
    before = {row.unit: row for row in board(standing.id, by)} if standing else {}
    groups = result.table.texts[rule.class_by] if rule.class_by else ("",) * len(units)
    rows = []
    for n, unit in enumerate(units):
        score, was = float(result.scores[rule.root][n]), before.get(unit.id)
        rank = 0 if isnan(score) else int(result.ranks[rule.root][n])
        shown, held = half_up(score, rule.decimals), (was.shown, was.rank) if was else ("", 0)
        rows.append(Tried(unit.id, unit.short_name, groups[n], shown, rank, result.grades[n], *held))
    return sorted(rows, key=lambda r: (r.group, r.rank or len(rows) + 1, r.unit))
