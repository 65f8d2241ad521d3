"""Gathering what a scoring of a period is made from: units that are scored, measured and reported figures, their table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from mashang.cases.measures import Measured
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused
from mashang.org import queries as org

from . import models, sources
from .rules import scheme as rules
from .rules.engine import Result, evaluate
from .rules.parse import read_scheme
from .rules.periods import period_of
from .rules.reporting import Wanted, scored, wanted
from .rules.statistics import Array
from .rules.table import Table

Source = models.Input.Source


def units_scored(region: str, period: str, rule: rules.Scheme) -> list[org.UnitInfo]:
    """Units that are scored: of the region, open when the period ends, of a class the scheme knows (any, if it has none)."""
    day = (period_of(period, clock.ZONE).end - timedelta(days=1)).date()
    found = [u for u in org.units_in(region, day=day) if scored(rule, u.scheme_class)]
    return sorted(found, key=lambda u: u.id)


def inputs_of(rule: rules.Scheme, units: Sequence[int], period: str, now: datetime) -> list[models.Input]:
    """Every figure of these units in a period, measured over cases or reported and standing. Of a period that still runs
    what happened so far is measured: nothing is late that is not due yet."""
    return [*_measured(rule, units, period, now), *_reported(rule, units, period)]


def _measured(rule: rules.Scheme, units: Sequence[int], period: str, now: datetime) -> list[models.Input]:
    found: list[models.Input] = []
    whole = period_of(period, clock.ZONE)
    span = whole._replace(end=min(whole.end, now + timedelta(microseconds=1)))
    answers = org.answering(units)
    for leaf in rule.indicators.values():
        name = leaf.source.removeprefix("measure:")
        if name == leaf.source:
            continue
        parts: dict[int, dict[int, Measured]] = {}
        for unit, measured in sources.source(name).count(sorted(answers), span).items():
            parts.setdefault(answers[unit], {})[unit] = measured
        for unit, brought in sorted(parts.items()):
            measured = sources.whole(brought)
            value = sources.figure_of(name, measured, leaf.unit)
            if value is not None:
                found.append(
                    models.Input(
                        unit_id=unit, column=leaf.id, source=Source.MEASURE, measure=name, value=value,
                        numerator=measured.numerator, denominator=measured.denominator, cases=dict(measured.cases),
                    )
                )  # fmt: skip
    return found


def _reported(rule: rules.Scheme, units: Sequence[int], period: str) -> list[models.Input]:
    standing = models.Figure.objects.filter(
        scheme_code=rule.code, unit__in=units, period=period, corrected_by__isnull=True,
        indicator__in=[one.column for one in wanted(rule)],
    )  # fmt: skip
    return [
        models.Input(unit_id=f.unit_id, column=f.indicator, source=Source.REPORTED, value=f.value, figure=f)
        for f in standing
    ]


def table_of(rule: rules.Scheme, units: Sequence[org.UnitInfo], inputs: Sequence[models.Input]) -> Table:
    """The figures as the engine takes them, a row a unit, by its id."""
    place = {u.id: n for n, u in enumerate(units)}
    columns = {c for leaf in rule.indicators.values() for c in leaf.inputs}
    columns |= {a.id for a in rule.attributes.values() if a.number}
    numbers: dict[str, Array] = {c: np.full(len(units), np.nan) for c in sorted(columns)}
    for one in inputs:
        numbers[one.column][place[one.unit_id]] = one.value
    about = {
        "class": [u.scheme_class for u in units],
        "region": [u.region for u in units],
        "kind": [u.kind for u in units],
    }
    about[rule.class_by] = about["class"]
    texts = {a.id: tuple(about.get(a.id, ["—"] * len(units))) for a in rule.attributes.values() if not a.number}
    return Table(tuple(str(u.id) for u in units), ("",) * len(units), numbers, texts)


def evaluated(rule: rules.Scheme, units: Sequence[org.UnitInfo], table: Table) -> Result:
    """Scores, ranks, grades. What cannot be scored is refused with the names of units, which a reader knows, not their ids."""
    try:
        return evaluate(rule, table)
    except Refused:
        evaluate(rule, replace(table, units=tuple(u.name for u in units)))
        raise


def reports(by: Actor, unit: org.UnitInfo, one: Wanted) -> bool:
    """Whether the actor reports this figure of this unit: its own people, but for what only those say of it who reach the
    whole region."""
    of = [] if one.office else [unit.id]
    return org.may(by, "performance.report", units=of, region=unit.region)


Columns = Mapping[tuple[str, str], Mapping[str, Wanted]]


def columns_of(asked: Collection[tuple[str, str]]) -> Columns:
    """The reported columns of schemes as they hold for a unit, by code and the unit's region: each as the newest frozen
    version of that region, or of one around it, has it."""
    frozen = models.Scheme.objects.filter(code__in={code for code, _region in asked}, frozen_at__isnull=False)
    rows = list(frozen.order_by("id"))
    return {
        (code, region): {
            one.column: one
            for row in rows
            if row.code == code and region.startswith(row.region_id)
            for one in wanted(read_scheme(row.text))
        }
        for code, region in asked
    }


def column_of(code: str, column: str, region: str) -> Wanted:
    """What a reported column is called and asks for of a unit in a region; by its own name where no scheme knows it."""
    return columns_of([(code, region)])[code, region].get(column, Wanted(column, column))
