"""Writing schemes, reporting figures, running a scheme. Each act is one transaction and one ledger entry."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import transaction

from mashang.cases.measures import Measured
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Fault, Forbidden, NotFound, Refused
from mashang.kernel.said import said
from mashang.ledger.actions import record
from mashang.ledger.rules import Entry
from mashang.org import queries as org

from . import models, sources
from .rules import scheme as rules
from .rules.engine import Result, evaluate
from .rules.frozen import fingerprint, freeze
from .rules.parse import read_scheme
from .rules.periods import period_of
from .rules.sensitivity import rank_intervals
from .rules.statistics import Array
from .rules.table import Table, table_from

Source = models.Input.Source


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


def write_scheme(text: str, region: str, *, by: Actor, now: datetime) -> int:
    """Keep a scheme as a draft, replacing the draft of the same code and version. Refuses with all faults of the file,
    and a version that is frozen."""
    _guard(by, "performance.edit_scheme", region=region)
    scheme = read_scheme(text)
    for leaf in scheme.indicators.values():
        if leaf.source.startswith("measure:"):
            sources.source(leaf.source.removeprefix("measure:"))
    with transaction.atomic():
        key = {"code": scheme.code, "version": scheme.version, "region_id": region}
        held = models.Scheme.objects.select_for_update().filter(**key).first()
        if held is not None and held.frozen_at is not None:
            raise Refused(
                "scheme.frozen",
                said("方案“{code}”第{version}版已经定稿，请另写一个新版本。", code=scheme.code, version=scheme.version),
                "version",
            )
        row = held or models.Scheme(**key)
        row.name, row.text, row.written_at, row.written_by = scheme.name or scheme.code, text, now, by.ref
        row.save()
        _note("scheme.written", by, now, code=scheme.code, version=scheme.version, region=region)
    return row.pk


def freeze_scheme(scheme: int, *, by: Actor, now: datetime) -> None:
    """Fix a version for good (定稿): from now on it can be run, and the database refuses to change it."""
    with transaction.atomic():
        row = _scheme(scheme, lock=True)
        _guard(by, "performance.edit_scheme", region=row.region_id)
        if row.frozen_at is not None:
            raise Refused(
                "scheme.frozen", said("方案“{code}”第{version}版已经定稿。", code=row.code, version=row.version)
            )
        row.frozen_at, row.frozen_by = now, by.ref
        row.save(update_fields=["frozen_at", "frozen_by"])
        _note("scheme.frozen", by, now, code=row.code, version=row.version, region=row.region_id)


def report(form: NewFigure, *, by: Actor, now: datetime) -> int:
    """Report a figure with its evidence; refuses a second one (a change is a correction), and all faults at once."""
    unit = org.unit(form.unit)
    _guard(by, "performance.report", units=[unit.id], region=unit.region)
    _check(form)
    with transaction.atomic():
        if models.Figure.objects.filter(**_key(form)).exists():
            text = said(
                "{unit}{period}的“{indicator}”已经上报，要改请走更正，写明理由并经批准。",
                unit=unit.short_name,
                period=form.period,
                indicator=form.indicator,
            )
            raise Refused("figure.twice", text, "indicator")
        row = models.Figure.objects.create(
            **_key(form),
            value=form.value,
            evidence=form.evidence,
            document=form.document,
            reported_at=now,
            reported_by=by.ref,
        )
        facts = {"period": form.period, "indicator": form.indicator, "unit": form.unit, "value": form.value}
        _note("figure.reported", by, now, private={"evidence": form.evidence}, **facts)
    return row.pk


def report_sheet(scheme: int, period: str, data: bytes, name: str, evidence: str, *, by: Actor, now: datetime) -> int:
    """Report all figures of an Excel or CSV table (as `queries.figures_template` gives it) with one evidence; gives how many.
    Refuses the whole table with every fault by row and column; empty cells are passed over."""
    row = _scheme(scheme)
    rule = read_scheme(row.text)
    wanted = {i.id: replace(i, missing="redistribute") for i in rule.indicators.values() if i.source == "reported"}
    own = {a.id: a for a in rule.attributes.values() if a.number}
    table = table_from(data, name, replace(rule, indicators=wanted, attributes=own))
    units: dict[str, int] = {}
    faults = []
    for n, unit in enumerate(table.units):
        named = [u for u in org.units_in(row.region_id) if unit in (u.name, u.short_name) and u.valid_to is None]
        if len(named) == 1:
            units[unit] = named[0].id
        else:
            faults.append(
                Fault(
                    "figure.unit",
                    said("{place}：这一地区没有（或不止一个）叫“{unit}”的单位。", place=table.place(n), unit=unit),
                    table.place(n),
                )
            )
    if faults:
        raise Refused.of(faults)
    forms = [
        NewFigure(row.code, column, units[unit], period, float(figures[n]), evidence)
        for column, figures in table.numbers.items()
        for n, unit in enumerate(table.units)
        if not math.isnan(figures[n])
    ]
    with transaction.atomic():
        for form in forms:
            report(form, by=by, now=now)
    return len(forms)


def correct(form: NewFigure, reason: str, *, asked_by: str, by: Actor, now: datetime) -> int:
    """Approve a correction of a reported figure: `by` approves what `asked_by` (an actor's reference) asked for; the two
    are not the same. Runs made before keep the figure they froze."""
    unit = org.unit(form.unit)
    _guard(by, "performance.run", units=[unit.id], region=unit.region)
    _check(form, *([] if reason.strip() else [Fault("figure.reason", "请写明更正的理由。", "reason")]))
    if asked_by == by.ref:
        raise Refused("figure.own", "更正由别人批准：提出更正的人不能自己批准。", "asked_by")
    with transaction.atomic():
        last = models.Figure.objects.select_for_update().filter(**_key(form)).order_by("-pk").first()
        if last is None:
            raise Refused("figure.none", "还没有上报过这一数据，无从更正。", "indicator")
        row = models.Figure.objects.create(
            **_key(form),
            value=form.value,
            evidence=form.evidence,
            document=form.document,
            reported_at=now,
            reported_by=asked_by,
            corrects=last,
            reason=reason.strip(),
            approved_by=by.ref,
        )
        facts = {"period": form.period, "indicator": form.indicator, "unit": form.unit, "value": form.value}
        private = {"evidence": form.evidence, "reason": reason.strip()}
        _note("figure.corrected", by, now, private=private, was=last.value, asked_by=asked_by, **facts)
    return row.pk


def run(scheme: int, period: str, *, by: Actor, now: datetime) -> int:
    """Score a period by a frozen scheme: gather figures, freeze them, score every unit of the scheme's classes in its
    region, keep scores, ranks, rank intervals and the way to the cases behind. May be run again; the latest stands."""
    span = period_of(period, clock.ZONE)
    row = _scheme(scheme)
    _guard(by, "performance.run", region=row.region_id)
    if row.frozen_at is None:
        raise Refused(
            "run.draft",
            said("方案“{code}”第{version}版还没有定稿，不能用来计分。", code=row.code, version=row.version),
            "scheme",
        )
    if now < span.start:
        raise Refused("run.future", said("{period} 还没有开始，不能计分。", period=period), "period")
    rule = read_scheme(row.text)
    with transaction.atomic():
        units = _units(row.region_id, span.end - timedelta(days=1), rule)
        inputs = _inputs(rule, [u.id for u in units], period)
        table = _table(rule, units, inputs)
        result = evaluate(rule, table)
        text = freeze(rule, table)
        kept = models.Run.objects.create(
            scheme=row, period=period, at=now, by=by.ref, inputs=text, digest=fingerprint(text)
        )
        for one in inputs:
            one.run = kept
        models.Input.objects.bulk_create(inputs)
        models.Score.objects.bulk_create(_scores(kept, result, _rates(rule, table, inputs)))
        _note(
            "score.run",
            by,
            now,
            code=row.code,
            version=row.version,
            period=period,
            digest=kept.digest,
            region=row.region_id,
        )
    return kept.pk


def _units(region: str, at: datetime, rule: rules.Scheme) -> list[org.UnitInfo]:
    """Units that are scored: of the region, open when the period ends, of a class the scheme knows (any, if it has none)."""
    found = [u for u in org.units_in(region, day=at.date()) if u.scheme_class]
    found = [u for u in found if not rule.classes or u.scheme_class in rule.classes]
    if not found:
        raise Refused("run.no-units", "这一地区没有列入考评类别的单位，请先在单位资料中写明类别。", "scheme")
    return sorted(found, key=lambda u: u.id)


def _inputs(rule: rules.Scheme, units: Sequence[int], period: str) -> list[models.Input]:
    found: list[models.Input] = []
    span = period_of(period, clock.ZONE)
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
    columns = {c for leaf in rule.indicators.values() if leaf.source == "reported" for c in leaf.inputs}
    columns |= {a.id for a in rule.attributes.values() if a.number}
    standing = models.Figure.objects.filter(
        scheme_code=rule.code, unit__in=units, period=period, indicator__in=columns, corrected_by__isnull=True
    )
    return found + [
        models.Input(unit_id=f.unit_id, column=f.indicator, source=Source.REPORTED, value=f.value, figure=f)
        for f in standing
    ]


def _table(rule: rules.Scheme, units: Sequence[org.UnitInfo], inputs: Sequence[models.Input]) -> Table:
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


def _rates(rule: rules.Scheme, table: Table, inputs: Sequence[models.Input]) -> dict[str, tuple[Array, Array]]:
    """Hits and totals of the measured rates, for rank intervals."""
    place = {unit: n for n, unit in enumerate(table.units)}
    out: dict[str, tuple[Array, Array]] = {}
    for one in inputs:
        if one.source == Source.MEASURE and sources.source(one.measure).sort is sources.Sort.RATE and one.denominator:
            gap = np.full(len(table), np.nan)
            hits, totals = out.setdefault(one.column, (gap, gap.copy()))
            hits[place[str(one.unit_id)]], totals[place[str(one.unit_id)]] = one.numerator, one.denominator
    return {leaf: pair for leaf, pair in out.items() if rule.indicators[leaf].role == "part"}


def _scores(run: models.Run, result: Result, rates: Mapping[str, tuple[Array, Array]]) -> list[models.Score]:
    low, high = rank_intervals(result, rates) if rates else (result.ranks[result.scheme.root],) * 2
    groups = result.table.texts[result.scheme.class_by] if result.scheme.class_by else ("",) * len(result.table)
    of = {int(r): len(rows) for rows in result.peers.rows for r in rows}
    rows = []
    for key, scores in result.scores.items():
        root = key == result.scheme.root
        for n, unit in enumerate(result.table.units):
            if math.isnan(scores[n]):
                continue
            rank = int(result.ranks[key][n])
            bounds = (min(rank, int(low[n])), max(rank, int(high[n]))) if root else (rank, rank)
            rows.append(
                models.Score(
                    run=run, unit_id=int(unit), node=key, score=float(scores[n]), rank=rank, rank_low=bounds[0],
                    rank_high=bounds[1], peers=of[n], group=groups[n], grade=result.grades[n] if root else "",
                )
            )  # fmt: skip
    return rows


def _check(form: NewFigure, *more: Fault) -> None:
    faults = list(more)
    if not math.isfinite(form.value):
        faults.append(Fault("figure.value", "数据应当是一个数。", "value"))
    if not form.evidence.strip() or len(form.evidence) > 300:
        faults.append(Fault("figure.evidence", "请写明佐证（300 字以内），例如文件名称和文号。", "evidence"))
    try:
        period_of(form.period, clock.ZONE)
    except Refused as no:
        faults += no.faults
    rows = models.Scheme.objects.filter(code=form.scheme_code, frozen_at__isnull=False)
    known = {c for row in rows for c in _reported(read_scheme(row.text))}
    if form.indicator not in known:
        faults.append(
            Fault(
                "figure.indicator",
                said(
                    "方案“{scheme}”没有要上报的指标“{indicator}”。",
                    scheme=form.scheme_code,
                    indicator=form.indicator,
                ),
                "indicator",
            )
        )
    if faults:
        raise Refused.of(faults)


def _reported(rule: rules.Scheme) -> set[str]:
    columns = {c for leaf in rule.indicators.values() if leaf.source == "reported" for c in leaf.inputs}
    return columns | {a.id for a in rule.attributes.values() if a.number}


def _key(form: NewFigure) -> dict[str, Any]:
    return {"scheme_code": form.scheme_code, "indicator": form.indicator, "unit_id": form.unit, "period": form.period}


def _scheme(id_: int, *, lock: bool = False) -> models.Scheme:
    rows = models.Scheme.objects.select_for_update() if lock else models.Scheme.objects
    row = rows.filter(pk=id_).first()
    if row is None:
        raise NotFound("没有找到这个考评方案。")
    return row


def _guard(by: Actor, right: str, **facts: Any) -> None:
    if not org.may(by, right, **facts):
        raise Forbidden()


def _note(verb: str, by: Actor, now: datetime, private: Mapping[str, str] | None = None, **facts: object) -> None:
    record([Entry(case="", verb=verb, by=by.ref, at=now, facts=facts, private=private or {})])
