"""Reporting figures: one by one, or many in a sheet."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Fault, Refused
from mashang.kernel.said import said
from mashang.ledger.actions import record
from mashang.org import queries as org

from ..gathering import reports, units_scored
from ..models import Figure, Scheme
from ..rules import scheme as rules
from ..rules.parse import read_scheme
from ..rules.periods import in_words, period_of
from ..rules.reporting import Wanted, evidence_faults, scored, value_faults, wanted
from ..rules.table import Table, table_from
from .common import entry, guard, note, scheme_row


@dataclass(frozen=True, slots=True)
class NewFigure:
    """A reported figure: of which unit, for which indicator column of which scheme, and what shows that it is true."""

    scheme_code: str
    indicator: str
    unit: int
    period: str
    value: float
    evidence: str
    document: int | None = None


@dataclass(frozen=True, slots=True)
class Reported:
    """What a sheet came to: how many figures are new, how many stood there already with the same value."""

    new: int
    known: int


@dataclass(frozen=True, slots=True)
class _Cell:
    """A filled cell of a sheet: where it stands, what it is about, its figure."""

    place: str
    about: Wanted
    form: NewFigure


def report(form: NewFigure, *, by: Actor, now: datetime) -> int:
    """Report a figure with its evidence; refuses with all faults at once, and a figure that stands there with another value
    (a change is a correction). The same figure with the same evidence again is the same figure."""
    unit = org.unit(form.unit)
    guard(by, "performance.report", units=[unit.id], region=unit.region)
    if faults := list(_faults(form, unit, by, now)):
        raise Refused.of(faults)
    with transaction.atomic():
        row, made = _kept(form, by, now)
        if made:
            note("figure.reported", by, now, private={"evidence": form.evidence.strip()}, **facts_of(row))
        elif (row.value, row.evidence) != (form.value, form.evidence.strip()):
            raise Refused.of([_twice(form, unit, form.indicator, "indicator")])
    return row.pk


def report_sheet(
    scheme: int, period: str, data: bytes, name: str, evidence: str, *, by: Actor, now: datetime
) -> Reported:
    """Report all figures of an Excel or CSV table (as `queries.figures_template` gives it) with one evidence. Empty cells are
    passed over, and so are figures that stand there with the same value. Refuses the whole table with every fault by row
    and column: units that are not the actor's to report for, columns a class is freed from, figures that stand otherwise."""
    guard(by, "performance.report")
    row = scheme_row(scheme)
    faults = [*evidence_faults(evidence), *_period_faults(period, now)]
    if row.frozen_at is None:
        faults.append(Fault("figure.draft", "方案还没有定稿，不能上报数据。", "scheme"))
    rule = read_scheme(row.text)
    table = _read(data, name, rule, period, faults)
    if table is None or faults:
        raise Refused.of_many(faults)
    mine = [u for u in units_scored(row.region_id, period, rule) if _reports(by, u)]
    faults += _out_of_place(rule, table, period)
    cells = _cells(rule, table, mine, NewFigure(row.code, "", 0, period, 0.0, evidence.strip()), faults)
    for cell in cells:
        if not reports(by, org.unit(cell.form.unit), cell.about):
            text = said("{place}：这一项由效能办填报，请把这一格留空。", place=cell.place)
            faults.append(Fault("figure.office", text, cell.place))
    with transaction.atomic():
        new, wrong = _taken(cells, by, now)
        if faults := [*faults, *wrong]:
            raise Refused.of_many(faults)
        record([entry("figure.reported", by, now, {"evidence": f.evidence}, **facts_of(f)) for f in new])
    return Reported(len(new), len(cells) - len(new))


def _taken(cells: Sequence[_Cell], by: Actor, now: datetime) -> tuple[list[Figure], list[Fault]]:
    """The figures of the cells that were made just now, and what is wrong with cells of which another figure stands. Of two
    sheets that come at once the second finds the first's; a handful of statements, however many cells."""
    if not cells:
        return [], []
    asked: dict[tuple[int, str], _Cell] = {}
    for cell in cells:
        asked.setdefault((cell.form.unit, cell.form.indicator), cell)
    before = _standing(asked.values())
    faults = [fault for key, cell in asked.items() if key not in before for fault in _ratio(cell)]
    forms = [
        asked[key].form for key in sorted(asked.keys() - before.keys())
    ]  # in one order, lest two wait for each other
    rows = [Figure(**_key(form), **_values(form, by, now)) for form in forms]
    Figure.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    standing = _standing(asked.values())
    for cell in cells:
        if standing[cell.form.unit, cell.form.indicator].value != cell.form.value:
            faults.append(_twice(cell.form, org.unit(cell.form.unit), cell.about.title, cell.place))
    made = [f for key, f in standing.items() if key not in before and (f.reported_at, f.reported_by) == (now, by.ref)]
    return made, faults


def _standing(cells: Collection[_Cell]) -> dict[tuple[int, str], Figure]:
    """The figure that stands for each unit and column of a sheet's cells: the last of those there are."""
    form = next(iter(cells)).form
    rows = Figure.objects.filter(
        scheme_code=form.scheme_code, period=form.period, unit__in={cell.form.unit for cell in cells}
    )
    return {(row.unit_id, row.indicator): row for row in rows.order_by("pk")}


def _out_of_place(rule: rules.Scheme, table: Table, period: str) -> Iterator[Fault]:
    """Rows of another period, and columns that nobody reads: what they hold would be taken for something else, or for nothing."""
    for n, given in enumerate(table.periods):
        if given != period:
            text = said(
                "{place}：期间“{given}”与所报的 {period} 不符。", place=table.place(n), given=given, period=period
            )
            yield Fault("figure.period", text, table.place(n))
    about = {name for a in rule.attributes.values() for name in (a.id, *a.columns)}
    for name in (name for name in table.spare if name not in about):
        yield Fault(
            "figure.column", said("表头里的“{name}”不是要上报的列，请核对列名或删去。", name=name), f"第 1 行 {name}"
        )


def _ratio(cell: _Cell) -> Iterator[Fault]:
    """A per cent that looks like a ratio: a spreadsheet keeps 97.5% as 0.975."""
    if cell.about.unit == "percent" and 0 < cell.form.value <= 1:
        text = said(
            "{place}：{value:g} 像是写成了比例；百分数请写成 95 这样的数，确实不到 1% 的请单独填报。",
            place=cell.place, value=cell.form.value,
        )  # fmt: skip
        yield Fault("figure.percent", text, cell.place)


def _read(data: bytes, name: str, rule: rules.Scheme, period: str, faults: list[Fault]) -> Table | None:
    """The table with the columns that are reported; what is wrong with it goes to the faults. What its figures are like is
    looked at cell by cell, for whoever reports them."""
    leaves = {
        i.id: replace(i, missing="redistribute", unit="share" if i.unit == "share" else "")
        for i in rule.indicators.values()
        if i.source == "reported"
    }
    own = {a.id: a for a in rule.attributes.values() if a.number}
    try:
        return table_from(data, name, replace(rule, indicators=leaves, attributes=own), period)
    except Refused as no:
        faults += no.faults
        return None


def _reports(by: Actor, unit: org.UnitInfo) -> bool:
    return org.may(by, "performance.report", units=[unit.id], region=unit.region)


def _cells(
    rule: rules.Scheme, table: Table, mine: Sequence[org.UnitInfo], blank: NewFigure, faults: list[Fault]
) -> list[_Cell]:
    """The filled cells, each a `blank` form filled in; a unit, a column or a figure that may not be reported goes to the
    faults."""
    cells, named = [], _by_name(mine)
    for n, name in enumerate(table.units):
        found = named.get(name, [])
        if len(found) != 1:
            text = said("{place}：没有（或不止一个）叫“{unit}”、可由您上报的单位。", place=table.place(n), unit=name)
            faults.append(Fault("figure.unit", text, table.place(n)))
            continue
        cells += list(_row_cells(rule, table, n, found[0], replace(blank, unit=found[0].id)))
    for cell in cells:
        for fault in value_faults(cell.about, cell.form.value, cell.place):
            faults.append(replace(fault, text=said("{place}：{text}", place=cell.place, text=fault.text)))
    faults += _freed(rule, table, mine)
    return cells


def _by_name(units: Sequence[org.UnitInfo]) -> dict[str, list[org.UnitInfo]]:
    found: dict[str, list[org.UnitInfo]] = {}
    for unit in units:
        for name in {unit.name, unit.short_name}:
            found.setdefault(name, []).append(unit)
    return found


def _row_cells(rule: rules.Scheme, table: Table, n: int, unit: org.UnitInfo, form: NewFigure) -> Iterator[_Cell]:
    for one in wanted(rule, unit.scheme_class):
        value = float(table.numbers[one.column][n]) if one.column in table.numbers else math.nan
        if not math.isnan(value):
            place = said("第 {line} 行 {name}", line=table.lines[n], name=one.title)
            yield _Cell(place, one, replace(form, indicator=one.column, value=value))


def _freed(rule: rules.Scheme, table: Table, mine: Sequence[org.UnitInfo]) -> Iterator[Fault]:
    """Figures in cells of indicators that the unit's class is freed from: they would count for nothing."""
    named = _by_name(mine)
    for n, name in enumerate(table.units):
        for unit in named.get(name, []):
            asked = {one.column for one in wanted(rule, unit.scheme_class)}
            for one in (w for w in wanted(rule) if w.column in table.numbers and w.column not in asked):
                if not math.isnan(table.numbers[one.column][n]):
                    place = said("第 {line} 行 {name}", line=table.lines[n], name=one.title)
                    text = said("{place}：{unit}不考这一项，请把这一格留空。", place=place, unit=unit.short_name)
                    yield Fault("figure.freed", text, place)


def _faults(form: NewFigure, unit: org.UnitInfo, by: Actor, now: datetime) -> Iterator[Fault]:
    """Everything wrong with one figure: its number, its evidence, its period, and whether the unit reports it at all."""
    frozen = Scheme.objects.filter(code=form.scheme_code, frozen_at__isnull=False).order_by("id")
    read = [read_scheme(row.text) for row in frozen if unit.region.startswith(row.region_id)]
    known = {one.column: one for rule in read for one in wanted(rule, unit.scheme_class)}
    about = known.get(form.indicator)
    yield from value_faults(about or Wanted(form.indicator, form.indicator), form.value)
    yield from evidence_faults(form.evidence)
    yield from _period_faults(form.period, now)
    if about is None:
        text = said("方案“{scheme}”没有要上报的指标“{indicator}”。", scheme=form.scheme_code, indicator=form.indicator)
        yield Fault("figure.indicator", text, "indicator")
    elif not any(scored(rule, unit.scheme_class) for rule in read):
        text = said("方案“{scheme}”不考评{unit}，不用上报。", scheme=form.scheme_code, unit=unit.short_name)
        yield Fault("figure.unit", text, "unit")
    elif not reports(by, unit, about):
        yield Fault("figure.office", said("“{name}”由效能办填报，单位不自报。", name=about.name), "indicator")


def _period_faults(period: str, now: datetime) -> list[Fault]:
    try:
        span = period_of(period, clock.ZONE)
    except Refused as no:
        return list(no.faults)
    if now < span.start:
        return [Fault("period.future", said("{period}还没有开始，不能上报数据。", period=in_words(period)), "period")]
    return []


def _kept(form: NewFigure, by: Actor, now: datetime) -> tuple[Figure, bool]:
    """The first figure of this key, and whether it was made just now; of two that come at once the second finds the first."""
    return Figure.objects.get_or_create(**_key(form), corrects=None, defaults=_values(form, by, now))


def _key(form: NewFigure) -> dict[str, Any]:
    return {
        "scheme_code": form.scheme_code, "indicator": form.indicator, "unit_id": form.unit, "period": form.period,
    }  # fmt: skip


def _values(form: NewFigure, by: Actor, now: datetime) -> dict[str, Any]:
    return {
        "value": form.value, "evidence": form.evidence.strip(), "document": form.document, "reported_at": now,
        "reported_by": by.ref,
    }  # fmt: skip


def _twice(form: NewFigure, unit: org.UnitInfo, title: str, field: str) -> Fault:
    text = said(
        "{unit}{period}的“{indicator}”已经上报，要改请走更正，写明理由并经批准。",
        unit=unit.short_name,
        period=in_words(form.period),
        indicator=title,
    )
    return Fault("conflict.figure", text, field)


def facts_of(row: Figure) -> dict[str, Any]:
    """What the ledger says of a figure in the open."""
    return {"period": row.period, "indicator": row.indicator, "unit": row.unit_id, "value": row.value}
