"""The only place that asks what time it is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
_turned: ContextVar[datetime | None] = ContextVar("mashang_now", default=None)


def now() -> datetime:
    """The present instant, aware, in the platform's zone; or the instant set by `at`."""
    return _turned.get() or datetime.now(ZONE)


def today() -> date:
    """The date in the platform's zone."""
    return now().date()


def machine_seconds() -> int:
    """Seconds since 1970 on the machine's own clock, which nobody turns: for sessions that run out."""
    return int(time.time())


def local(instant: datetime) -> datetime:
    """The same instant in the platform's zone; a naive value is taken as local already."""
    return instant.replace(tzinfo=ZONE) if instant.tzinfo is None else instant.astimezone(ZONE)


def in_words(instant: datetime) -> str:
    """11月9日 17:30, as sentences say it; of another year with the year."""
    here = local(instant)
    year = "" if here.year == today().year else f"{here.year}年"
    return f"{year}{here.month}月{here.day}日 {here:%H:%M}"


@contextmanager
def at(instant: datetime | str) -> Iterator[datetime]:
    """Turn the clock for what runs inside: tests, and the demo county's past year."""
    moment = local(datetime.fromisoformat(instant) if isinstance(instant, str) else instant)
    token = _turned.set(moment)
    try:
        yield moment
    finally:
        _turned.reset(token)
