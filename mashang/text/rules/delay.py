"""How long an answer took, in working days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time

from mashang.clocks.rules import Calendar

STEPS = (5, 10, 15)


def working_days(calendar: Calendar, asked: datetime, answered: datetime) -> int | None:
    """Working days after the day of asking up to the day of answering; None when the answer is of an earlier day than the
    question or a day lies outside the calendar."""
    if answered.date() < asked.date() or asked.date() < calendar.first or answered.date() > calendar.last:
        return None
    return calendar.elapsed(asked, answered, "wd")


def is_before(answered: datetime, asked: datetime) -> bool:
    """Whether the answer is older than the question. Midnight stands for a day without a time: on its day it is not."""
    return answered < asked and (answered.date() < asked.date() or answered.time() > time.min)


def within(days: Sequence[int | None]) -> dict[int, float]:
    """The share of answers within 5, 10 and 15 working days; answers without a delay count as late."""
    return {step: sum(day is not None and day <= step for day in days) / max(len(days), 1) for step in STEPS}
