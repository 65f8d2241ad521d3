"""Dates, instants and pauses as people write them in commands and tables."""

from __future__ import annotations

from datetime import date, datetime

from mashang.kernel.clock import ZONE
from mashang.kernel.refused import Refused
from mashang.kernel.said import said

from .counting import Moment

_SHOWN = 60  # characters of what is wrong that are said again


def read_start(text: str) -> Moment:
    """A date, or the minute in which an instant lies; other zones are turned into local time. Refuses what does not exist."""
    text = text.strip()
    try:
        if len(text) == 10 and _by_days(text):
            return date.fromisoformat(text)
        if len(text) >= 16 and text[10] in "T " and _by_days(text):
            found = datetime.fromisoformat(text).replace(second=0, microsecond=0)
            return found if found.tzinfo is None else found.astimezone(ZONE)
    except (ValueError, OverflowError):
        pass
    told = said("起算时间“{text}”不是有效的日期或时间，请写成 2026-02-13 或 2026-02-13T09:10。", text=text[:_SHOWN])
    raise Refused("start.form", told, "start")


def _by_days(text: str) -> bool:
    """Year, month and day, and not a week of the year (2026-W10-1)."""
    return text[4] == text[7] == "-"


def read_pause(text: str) -> tuple[date, date]:
    """FROM/TO, dates, both ends included. Refuses reversed ends."""
    first, slash, last = text.strip().partition("/")
    try:
        if not (slash and len(first) == len(last) == 10 and _by_days(first) and _by_days(last)):
            raise ValueError(text)
        span = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        told = said("中止期间“{text}”写法不对，请写成 2026-02-20/2026-02-26。", text=text[:_SHOWN])
        raise Refused("pause.form", told, "pauses") from None
    if span[1] < span[0]:
        raise Refused("pause.reversed", said("中止期间“{text}”的起止颠倒，请核对。", text=text), "pauses")
    return span
