"""How a statute counts, and what comes of it: the values that a calendar takes and gives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple

from mashang.kernel.refused import Refused
from mashang.kernel.said import said

Moment = date | datetime
Span = tuple[Moment, Moment]  # dates: both ends included; instants: from, up to but not including


@dataclass(frozen=True, slots=True)
class Counting:
    """A statute's own rules of counting; the defaults are 民法典 art. 201 and 203.

    start_day   the first day counts (art. 201: it does not)
    rolls       a natural-day limit that ends on a rest day ends on the next working day (art. 203)
    day_ends    the last day ends at "closing" time, or at "midnight" (art. 203: at closing where there are hours)
    hour_ends   working hours used up exactly at closing are due at that "closing", or at the next "opening"
    over_pauses the day rolled to must not be paused either: a running clock never falls due while suspended
    """

    start_day: bool = False
    rolls: bool = True
    day_ends: Literal["closing", "midnight"] = "closing"
    hour_ends: Literal["closing", "opening"] = "closing"
    over_pauses: bool = False


USUAL_COUNTING = Counting()


class Due(NamedTuple):
    """When a limit ends. `day` is the last day (24:00 of it is the next day's midnight in `at`).

    `provisional`: a day that the limit counts is not yet settled by a holiday notice; never so for plain hours.
    """

    at: datetime
    day: date
    provisional: bool


class Line(NamedTuple):
    """One day of the count. `number` counts what is used up to and with this day (days, or seconds for hours)."""

    day: date
    counted: bool
    number: int
    why: str
    article: str


def outside(day: object, first: date, last: date, field: str = "start") -> Refused:
    """The refusal of a day that the calendar (first to last day, both included) does not hold."""
    return Refused(
        "calendar.outside",
        said("日期 {day} 超出工作日历的范围（{first} 至 {last}），请核对日期。", day=day, first=first, last=last),
        field,
    )


def reversed_pause(start: Moment, end: Moment) -> Refused:
    """The refusal of a pause that ends before it begins."""
    return Refused(
        "pause.reversed", said("中止期间 {start} 至 {end} 的起止颠倒，请核对。", start=start, end=end), "pauses"
    )


def merged(spans: Iterable[tuple[int, int]], floor: int) -> list[tuple[int, int]]:
    """The union of half-open integer spans from `floor` on, in order, apart. The sum would count overlaps twice."""
    union: list[tuple[int, int]] = []
    began = until = floor  # of the span in hand
    for start, end in sorted(spans):
        if end <= until or end <= start:
            continue
        if start > until:
            if until > began:
                union.append((began, until))
            began = start
        until = end
    if until > began:
        union.append((began, until))
    return union
