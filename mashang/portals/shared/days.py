"""Working days as date pickers ask for them."""

from __future__ import annotations

from datetime import date, timedelta

from django.utils.translation import gettext as _

from mashang.clocks.rules import Calendar
from mashang.kernel.refused import Refused

MOST_DAYS = 400


def span(first: str, last: str) -> tuple[date, date]:
    """Two days as written in an address. Refuses what is no date, reversed ends and more than 400 days."""
    try:
        found = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        raise Refused("malformed.days", "日期请写成 2026-10-01 的样子。") from None
    if not 0 <= (found[1] - found[0]).days <= MOST_DAYS:
        raise Refused("malformed.days", "一次最多查询 400 天，起止不能颠倒。")
    return found


def off_and_makeup(calendar: Calendar, first: date, last: date) -> dict[str, dict[str, str]]:
    """Days off with their names, and rest days that are worked; days outside the calendar are left out."""
    first, last = max(first, calendar.first), min(last, calendar.last)
    off: dict[str, str] = {}
    work: dict[str, str] = {}
    for n in range((last - first).days + 1):
        day = first + timedelta(n)
        named = calendar.names.get(calendar.index(day))
        if not calendar.works(day):
            off[day.isoformat()] = _(named[0]) if named else _("周末")
        elif day.weekday() >= 5:
            work[day.isoformat()] = _(named[0]) if named else _("上班")
    return {"off": off, "work": work}
