"""Counting the way one counts with a paper calendar: a day, or a minute, at a time. Slow, and plainly right."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from mashang.clocks.rules import Calendar, Counting

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
DatePause = tuple[date, date]


def last_day(
    calendar: Calendar, start: date, amount: int, unit: str, pauses: Sequence[DatePause], counting: Counting
) -> date:
    """The last day of a limit in working or natural days."""
    day = start - DAY if counting.start_day else start
    while amount:
        day += DAY
        paused = any(a <= day <= b for a, b in pauses)
        if not paused and (unit == "nd" or calendar.works(day)):
            amount -= 1
    while (
        unit == "nd"
        and counting.rolls
        and (not calendar.works(day) or (counting.over_pauses and any(a <= day <= b for a, b in pauses)))
    ):
        day += DAY
    return day


def end_of_hours(
    calendar: Calendar, start: datetime, minutes: int, unit: str, pauses: Sequence[tuple[datetime, datetime]]
) -> datetime:
    """The end of a limit in working or plain hours; `start` and `pauses` naive, on whole minutes."""
    moment = start
    while minutes:
        second = moment.hour * 3600 + moment.minute * 60
        table = calendar.tables[calendar.index(moment.date())]
        open_ = unit == "h" or any(a <= second < b for a, b in table.spans)
        if open_ and not any(a <= moment < b for a, b in pauses):
            minutes -= 1
        moment += MINUTE
    return moment
