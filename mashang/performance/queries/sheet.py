"""A unit's score sheet: the tree from the total down to figures, and behind each figure the cases or the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mashang.kernel.actor import Actor
from mashang.kernel.refused import NotFound
from mashang.org import queries as org

from ..models import Input, Score
from ..rules.explain import Line, explain
from ..rules.statistics import half_up, wilson
from ..sources import Sort, source
from .results import RunInfo, check_unit, result_of, run_for


@dataclass(frozen=True, slots=True)
class Brought:
    """What one unit brought to the figure of the unit that answers for it."""

    unit: int
    name: str
    numerator: float
    denominator: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a figure came from. For a measure: counts, the numbers of its cases, what each unit below brought (the one that
    costs most first), and for a rate its 95 % interval in the figure's own unit. For a reported figure: what shows it."""

    column: str
    source: str
    value: float
    numerator: float | None = None
    denominator: float | None = None
    cases: Mapping[str, Any] | None = None
    sort: Sort = Sort.SUM
    brought: tuple[Brought, ...] = ()
    interval: tuple[float, float] | None = None
    text: str = ""
    document: int | None = None


@dataclass(frozen=True, slots=True)
class SheetLine:
    line: Line
    shown: str
    adds: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    run: RunInfo
    unit: int
    name: str
    group: str
    grade: str
    score: str
    rank: int
    rank_low: int
    rank_high: int
    peers: int
    vetoes: tuple[str, ...]
    lines: tuple[SheetLine, ...]


def sheet(run: int, unit: int, by: Actor) -> Sheet:
    """The whole sheet of a unit in a run; a unit the actor may not see is not found."""
    info = run_for(run, by)
    check_unit(by, unit)
    result = result_of(run)
    if str(unit) not in result.table.units:
        raise NotFound("这个单位没有列入这次考评。")
    row, decimals = result.table.units.index(str(unit)), result.scheme.decimals
    total = Score.objects.filter(run=run, unit=unit, node=result.scheme.root).first()
    if total is None:
        raise NotFound("这个单位这一期没有可以计分的数据，所以没有得分。")
    leaves = result.scheme.indicators
    behind = {i.column: _evidence(i, leaves[i.column].unit if i.column in leaves else "") for i in _inputs(run, unit)}
    lines = []
    for line in explain(result, row):
        leaf = result.scheme.indicators.get(line.id)
        found = tuple(behind[c] for c in (leaf.inputs if leaf else ()) if c in behind)
        lines.append(SheetLine(line, half_up(line.score, decimals), half_up(line.adds, decimals), found))
    shown = half_up(total.score, decimals)
    struck = tuple(result.scheme.indicators[v].name for v in result.vetoed[row])
    place = (total.rank, total.rank_low, total.rank_high, total.peers)
    return Sheet(info, unit, org.unit(unit).name, total.group, total.grade, shown, *place, struck, tuple(lines))


def _inputs(run: int, unit: int) -> list[Input]:
    return list(Input.objects.filter(run=run, unit=unit).select_related("figure").order_by("id"))


def _evidence(one: Input, unit: str) -> Evidence:
    if one.figure is not None:
        return Evidence(one.column, one.source, one.value, text=one.figure.evidence, document=one.figure.document)
    sort, interval = source(one.measure).sort, None
    if sort is Sort.RATE and one.numerator is not None and one.denominator:
        low, high = wilson(one.numerator, one.denominator)
        scale = 100.0 if unit == "percent" else 1.0
        interval = (low * scale, high * scale)
    cases = dict(one.cases or {})
    brought = _brought(cases.pop("units", {}), sort)
    return Evidence(one.column, one.source, one.value, one.numerator, one.denominator, cases, sort, brought, interval)


def _brought(units: Mapping[str, tuple[float, float]], sort: Sort) -> tuple[Brought, ...]:
    def cost(one: Brought) -> float:
        if sort is Sort.RATE:
            return one.denominator - one.numerator
        return one.denominator if sort is Sort.MEAN else one.numerator

    found = [Brought(int(u), org.unit(int(u)).short_name, *counts) for u, counts in units.items()]
    return tuple(sorted(found, key=lambda b: (-cost(b), b.unit)))
