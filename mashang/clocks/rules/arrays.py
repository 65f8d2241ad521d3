"""A calendar's prefix sums as arrays, for `batch`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .calendar import Calendar
from .hours import DAY

Ints = NDArray[Any]
EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Arrays:
    """A calendar's tables as int32 arrays; days and seconds count from its first midnight (`origin`, epoch seconds)."""

    origin: int
    size: int
    before: Ints  # working days before each day
    unsettled: Ints  # days before each day that no notice settles
    workdays: Ints
    worked: Ints  # working seconds before each day
    closes: Ints  # closing second of each day, 24:00 on rest days
    opens: Ints
    base: Ints  # where each day's timetable begins in `done` and `open_`
    done: Ints  # by timetable and minute: seconds worked before it
    open_: Ints  # by timetable and minute: whether it is worked
    length: int  # of a working day where all are equal, else the shortest
    even: bool
    bucket: Ints  # uneven days only: the first working day that each `length` of work falls in
    ends: Ints  # working seconds up to and with each working day
    midnight: Ints  # second at which each working day begins
    reach: Ints  # where each working day's timetable begins in `shift`
    shift: Ints  # by timetable and minute of work: from seconds worked to second of the day
    one_table: bool


def arrays(calendar: Calendar) -> Arrays:
    """The calendar's arrays, made once."""
    if "arrays" not in calendar.derived:
        calendar.derived["arrays"] = _compile(calendar)
    made: Arrays = calendar.derived["arrays"]
    return made


def _compile(calendar: Calendar) -> Arrays:
    kinds = list(dict.fromkeys(calendar.tables))
    number = {table: index for index, table in enumerate(kinds)}
    per_day = [number[table] for table in calendar.tables]
    minutes = [[table.done(m * 60) for m in range(1441)] for table in kinds]
    shifts = [[table.reached(m * 60 + 1) - m * 60 - 1 for m in range(table.total // 60)] for table in kinds]
    offsets = np.cumsum([0, *map(len, shifts)])
    workdays = as_ints(calendar.workdays)
    totals = np.diff(as_ints(calendar.worked))[workdays]
    length, ends = int(totals.min()), as_ints(calendar.worked)[1:][workdays]
    even = bool((totals == length).all())
    steps = np.arange(0, 1 if even else int(ends[-1]), length)
    return Arrays(
        origin=(calendar.ordinal - EPOCH) * DAY,
        size=calendar.size,
        before=as_ints(calendar.before),
        unsettled=as_ints(calendar.unsettled),
        workdays=workdays,
        worked=as_ints(calendar.worked),
        closes=as_ints([table.closes for table in calendar.tables]),
        opens=as_ints([table.opens for table in calendar.tables]),
        base=as_ints(per_day) * 1440,
        done=as_ints([value for row in minutes for value in row[:-1]]),
        open_=as_ints([(b - a) // 60 for row in minutes for a, b in zip(row, row[1:], strict=False)]),
        length=length,
        even=even,
        bucket=as_ints(np.searchsorted(ends, steps, side="right")),
        ends=ends,
        midnight=workdays * np.int32(DAY),
        reach=as_ints([offsets[per_day[day]] for day in calendar.workdays]),
        shift=as_ints([value for row in shifts for value in row]),
        one_table=len({calendar.tables[day] for day in calendar.workdays}) == 1,
    )


def as_ints(values: Any) -> Ints:
    return np.asarray(values, dtype=np.int32)
