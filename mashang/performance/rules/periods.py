"""The periods that are scored: a month, a quarter, half a year, a year, by their usual names."""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from mashang.kernel.refused import Refused
from mashang.kernel.said import said

UTC = ZoneInfo("UTC")
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


def in_time(name: str) -> tuple[int, int]:
    """A key that puts periods in the order of their ends; of those that end together the longer, which takes in the others, comes
    last."""
    span = period_of(name, UTC)
    return span.end.year * 12 + span.end.month, -(span.start.year * 12 + span.start.month)


def in_words(name: str) -> str:
    """2026-03 as 2026年3月, 2026Q1 as 2026年第1季度, 2026H2 as 2026年下半年; any other name as it is."""
    found = NAMES.fullmatch(name)
    if not found:
        return name
    year = found["year"]
    if found["month"]:
        return said("{year}年{n}月", year=year, n=int(found["month"]))
    if found["quarter"]:
        return said("{year}年第{n}季度", year=year, n=int(found["quarter"]))
    if found["half"]:
        return said("{year}年上半年", year=year) if found["half"] == "1" else said("{year}年下半年", year=year)
    return said("{year}年", year=year)


def recent(kind: str, now: datetime, count: int = 13) -> list[str]:
    """The last periods of a kind ("month", "quarter", "half", "year"; any other counts as months) by name, newest first: the
    one that runs at `now`, and those before it."""
    size = {"quarter": 3, "half": 6, "year": 12}.get(kind, 1)
    last = (now.year * 12 + now.month - 1) // size
    return [_name(size, *divmod(place * size, 12)) for place in range(last, last - count, -1)]


def _name(size: int, year: int, month: int) -> str:
    """The period of so many months that begins with a month, counted from 0."""
    if size == 12:
        return str(year)
    return f"{year}-{month + 1:02}" if size == 1 else f"{year}{'Q' if size == 3 else 'H'}{month // size + 1}"


def _month(year: int, month: int, zone: ZoneInfo) -> datetime:
    return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=zone)
