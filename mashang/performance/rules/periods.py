"""The periods that are scored: a month, a quarter, half a year, a year, by their usual names."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from mashang.kernel.refused import Refused
from mashang.kernel.said import said

NAMES = re.compile(r"(?P<year>20\d\d)(-(?P<month>0[1-9]|1[0-2])|Q(?P<quarter>[1-4])|H(?P<half>[12]))?")


class Period(NamedTuple):
    """Half open: from `start` up to, not including, `end`; both aware. Measures get this."""

    start: datetime
    end: datetime


def period_of(name: str, zone: ZoneInfo) -> Period:
    """ "2026", "2026H1", "2026Q1" or "2026-03" as instants in a zone; refuses other names."""
    found = NAMES.fullmatch(name)
    if not found:
        raise Refused(
            "period.name", said("看不懂期间“{name}”，应当写作 2026、2026H1、2026Q1 或 2026-03。", name=name), "period"
        )
    year = int(found["year"])
    months, number = (
        next((size, int(found[key])) for key, size in (("month", 1), ("quarter", 3), ("half", 6)) if found[key])
        if found.end() > 4
        else (12, 1)
    )
    first = (number - 1) * months
    return Period(_month(year, first, zone), _month(year, first + months, zone))


def _month(year: int, month: int, zone: ZoneInfo) -> datetime:
    return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=zone)
