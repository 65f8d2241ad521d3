"""The demo county's scheme, figures and monthly scores, made through actions. The reported figures are invented."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np

from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.org import queries as org

from . import actions
from .models import Figure, Run, Scheme
from .rules.parse import read_scheme
from .rules.periods import period_of
from .rules.reporting import wanted

BY = Actor.system("demo")
SHIPPED = Path(__file__).parent / "data" / "county-demo" / "scheme.toml"
CODE = "county-demo"
MONTHS = 6
EVIDENCE = "演示数据"
MIDDLE = {"key_projects": (97, 4), "meetings": (90, 4), "awards": (0.5, 0.6), "rank_in_province": (4, 2)}
RATER = (88, 4)


def seed_scores(progress: Callable[[str, int, int], None]) -> None:
    """Scheme, invented reported figures and scores of the last six whole months of each demo county; nothing twice."""
    now = clock.now()
    counties = sorted({u.region for u in org.units_in() if u.scheme_class and u.kind == "department"})
    months = _months(now)
    for place, county in enumerate(counties):
        scheme = _scheme(county, now)
        for number, month in enumerate(months):
            progress(f"{org.region(county).name}的考评", place * len(months) + number, len(counties) * len(months))
            if not Run.objects.filter(scheme=scheme, period=month).exists():
                with clock.at(min(now, period_of(month, clock.ZONE).end)) as then:
                    _figures(county, month, then)
                    actions.run(scheme, month, by=BY, now=then)
    progress("考评", 1, 1)


def _months(now: datetime) -> list[str]:
    """The last whole months, oldest first."""
    first = now.year * 12 + now.month - 1
    return [f"{n // 12}-{n % 12 + 1:02}" for n in range(first - MONTHS, first)]


def _scheme(region: str, now: datetime) -> int:
    held = Scheme.objects.filter(code=CODE, region=region, frozen_at__isnull=False).first()
    if held is not None:
        return held.pk
    scheme = actions.write_scheme(SHIPPED.read_text("utf-8"), region, by=BY, now=now)
    actions.freeze_scheme(scheme, by=BY, now=now)
    return scheme


def _figures(region: str, month: str, now: datetime) -> None:
    """Invented, the same for every run of the demo: drawn from a generator seeded by month and unit."""
    rule = read_scheme(SHIPPED.read_text("utf-8"))
    for unit in org.units_in(region):
        if not unit.scheme_class or Figure.objects.filter(unit=unit.id, period=month).exists():
            continue
        asked = {one.column for one in wanted(rule, unit.scheme_class)}
        draws = np.random.default_rng([unit.id, int(month.replace("-", ""))])
        spread = {**MIDDLE, **{f"rater_{n}": RATER for n in range(1, 6)}}
        for column, (middle, wide) in spread.items():
            value = max(
                0.0, round(float(draws.normal(middle, wide)), 0 if column in ("awards", "rank_in_province") else 1)
            )
            if column in asked:
                top = 100.0 if column.startswith("rater_") else 105.0
                form = actions.NewFigure(CODE, column, unit.id, month, min(value, top), EVIDENCE)
                actions.report(form, by=BY, now=now)
