"""Rows for tests, made through the room's own actions."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.org import actions, kept, queries
from mashang.org.models import Region

NOW = datetime(2026, 3, 2, 9, 10, tzinfo=clock.ZONE)
DAY = timedelta(days=1)
SYSTEM = Actor.system("setup")
PASSWORD = "Wuping-2026-demo"
_serial = itertools.count(1)


def make_region(code: str = "350824", name: str = "武平县", level: str = "county", parent: str | None = None) -> str:
    Region.objects.get_or_create(
        code=code, defaults={"name": name, "short_name": name[:2], "level": level, "parent_id": parent}
    )
    kept.forget()
    return code


def make_unit(name: str = "", parent: int | None = None, region: str = "350824", kind: str = "department") -> int:
    make_region(region, "武平县" if region == "350824" else f"地区{region}")
    name = name or f"第{next(_serial)}局"
    form = actions.NewUnit(name=name, short_name=name, kind=kind, region=region, parent=parent)
    return actions.open_unit(form, by=SYSTEM, now=NOW - 30 * DAY)


def make_staff(unit: int, name: str = "李四", **changes: str) -> int:
    form = actions.NewStaff(**{"username": f"staff{next(_serial)}", "name": name, "unit": unit, **changes})  # type: ignore[arg-type]
    return actions.appoint(form, by=SYSTEM, now=NOW - 30 * DAY)


def grant(staff: int, role: str, unit: int | None = None, **changes: object) -> int:
    form = actions.NewGrant(**{"staff": staff, "role": role, "unit": unit, "starts_at": NOW - 20 * DAY, **changes})  # type: ignore[arg-type]
    return actions.grant_role(form, by=SYSTEM, now=NOW - 20 * DAY)


def make_person(name: str = "陈土根", **changes: object) -> int:
    form = actions.NewPerson(**{"kind": "natural", "name": name, **changes})  # type: ignore[arg-type]
    return actions.register_person(form, by=SYSTEM, now=NOW - 10 * DAY)


def make_citizen(name: str = "陈土根", **changes: object) -> tuple[int, Actor]:
    """A person with an account, and the actor they are."""
    person = make_person(name, **changes)
    account = actions.open_account(person, f"citizen{next(_serial)}", PASSWORD, by=SYSTEM, now=NOW)
    return person, actor(account)


def actor(account: int, now: datetime = NOW) -> Actor:
    return queries.actor_for(account, now)
