"""Working time, forwards and backwards, in the hours that a county's counters keep."""

from __future__ import annotations

from datetime import datetime, timedelta

from mashang.clocks import queries as clocks
from mashang.clocks.rules import Calendar, Limit
from mashang.kernel import clock

DAY = 7.0
"""Working hours of a day (08:00-12:00, 14:30-17:30)."""
LONGEST_WATCH = 12
"""So many working days after its last act a case is looked at; by then every clock that runs unattended has fired."""
OPENED, CLOSED = timedelta(hours=8, minutes=1), timedelta(hours=17, minutes=31)


class Hours:
    """The calendar of a county, asked in hours worked."""

    def __init__(self, county: str) -> None:
        self._calendar: Calendar = clocks.calendar_for(county, None)

    def after(self, at: datetime, hours: float) -> datetime:
        """So many working hours later; earlier when negative. An instant at which the counters are open."""
        calendar = self._calendar
        worked = calendar.worked_before(calendar.second(at)) + int(hours * 3600)
        return calendar.instant(calendar.worked_by(max(worked, 0) + 1) - 1)

    def between(self, start: datetime, end: datetime, share: float) -> datetime:
        """The instant by which this share of the working time between two instants is done."""
        calendar = self._calendar
        first, last = (calendar.worked_before(calendar.second(t)) for t in (start, end))
        return self.after(start, (last - first) * share / 3600)

    def rounds(self, start: datetime, end: datetime) -> list[datetime]:
        """When someone looks whether anything fell due between two instants: as the counters open, and after they close."""
        first = clock.local(start).replace(hour=0, minute=0, second=0, microsecond=0)
        days = [
            day for n in range(2 * LONGEST_WATCH) if self._calendar.works((day := first + timedelta(days=n)).date())
        ]
        moments = (day + after for day in days[:LONGEST_WATCH] for after in (OPENED, CLOSED))
        return [moment for moment in moments if start < moment < end]


def working_hours(limit: str) -> float:
    """A limit such as 3wd or 4wh in working hours."""
    read = Limit.parse(limit)
    return read.amount * (1.0 if read.by_hours else DAY)
