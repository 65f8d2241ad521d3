"""Scoring a period by a frozen scheme."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
from django.db import transaction

from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused
from mashang.kernel.said import said

from .. import models, sources
from ..gathering import Source, evaluated, inputs_of, table_of, units_scored
from ..rules import scheme as rules
from ..rules.engine import Result
from ..rules.frozen import fingerprint, freeze
from ..rules.parse import read_scheme
from ..rules.periods import in_words, period_of
from ..rules.sensitivity import rank_intervals
from ..rules.statistics import Array
from ..rules.table import Table
from .common import guard, note, scheme_row


def run(scheme: int, period: str, *, by: Actor, now: datetime) -> int:
    """Score a period by a frozen scheme: gather figures, freeze them, score every unit of the scheme's classes in its
    region, keep scores, ranks, rank intervals and the way to the cases behind. May be run again; the latest stands."""
    span = period_of(period, clock.ZONE)
    row = scheme_row(scheme)
    guard(by, "performance.run", region=row.region_id)
    if row.frozen_at is None:
        raise Refused(
            "run.draft",
            said("方案“{code}”第{version}版还没有定稿，不能用来计分。", code=row.code, version=row.version),
            "scheme",
        )
    if now < span.start:
        raise Refused("run.future", said("{period}还没有开始，不能计分。", period=in_words(period)), "period")
    rule = read_scheme(row.text)
    with transaction.atomic():
        units = units_scored(row.region_id, period, rule)
        if not units:
            raise Refused("run.no-units", "这一地区没有列入考评类别的单位，请先在单位资料中写明类别。", "scheme")
        inputs = inputs_of(rule, [u.id for u in units], period, now)
        table = table_of(rule, units, inputs)
        result = evaluated(rule, units, table)
        text = freeze(rule, table)
        kept = models.Run.objects.create(
            scheme=row, period=period, at=now, by=by.ref, inputs=text, digest=fingerprint(text)
        )
        for one in inputs:
            one.run = kept
        models.Input.objects.bulk_create(inputs)
        models.Score.objects.bulk_create(_scores(kept, result, _rates(rule, table, inputs)))
        note(
            "score.run", by, now, code=row.code, version=row.version, period=period, digest=kept.digest,
            region=row.region_id,
        )  # fmt: skip
    return kept.pk


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
