"""A small county to try the engine in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import pytest

from mashang.clocks import actions as clocks
from mashang.kernel import clock
from mashang.kernel.actor import Actor, Grant
from mashang.org.models import Region, Unit

from . import errand as _errand  # noqa: F401 -- declares the procedure

NOW = datetime(2026, 3, 2, 9, 10, tzinfo=clock.ZONE)


@dataclass(frozen=True)
class County:
    unit: int
    other: int
    clerk: Actor
    handler: Actor
    lead: Actor
    stranger: Actor


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def county(db) -> County:
    clocks.seed_catalogue(now=NOW)
    Region.objects.get_or_create(code="35", defaults={"name": "福建省", "level": "province"})
    Region.objects.get_or_create(code="3508", defaults={"name": "龙岩市", "level": "city", "parent_id": "35"})
    county = {"name": "武平县", "short_name": "武平", "level": "county", "parent_id": "3508"}
    Region.objects.get_or_create(code="350824", defaults=county)
    day = date(2020, 1, 1)
    made = [
        Unit.objects.create(name=n, short_name=n, kind="department", region_id="350824", valid_from=day)
        for n in ("自然资源局", "住建局")
    ]
    unit, other = made[0].id, made[1].id

    def staff(id: int, role: str, unit: int) -> Actor:
        return Actor("staff", id, id, f"{role}某", unit, (Grant("public"), Grant(role, frozenset({unit}))))

    return County(
        unit,
        other,
        staff(11, "clerk", unit),
        staff(12, "handler", unit),
        staff(13, "lead", unit),
        staff(21, "handler", other),
    )
