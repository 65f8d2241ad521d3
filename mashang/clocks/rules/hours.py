"""Opening hours: which seconds of a working day are worked, by unit, region and season."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from mashang.kernel.refused import Refused
from mashang.kernel.said import said, strung

DAY = 86_400
USUAL = "08:00-12:00,14:30-17:30"
YEAR = 366  # days, both ends counted
_SPAN = re.compile(r"([0-2][0-9]):([0-5][0-9])-([0-2][0-9]):([0-5][0-9])", re.ASCII)
_SEASON = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Timetable:
    """Spans of seconds since midnight, in order, apart, on whole minutes; `total` is what a day of it is worth."""

    spans: tuple[tuple[int, int], ...]
    total: int

    @classmethod
    def parse(cls, text: str) -> Timetable:
        """Read "08:00-12:00,14:30-17:30". Refuses overlap, wrong order and times that don't exist."""
        return _parse(text)

    @property
    def opens(self) -> int:
        """Seconds from midnight to the first span's begin; 0 on a day without any."""
        return self.spans[0][0] if self.spans else 0

    @property
    def closes(self) -> int:
        """Seconds from midnight to the last span's end; 86,400 on a day without any."""
        return self.spans[-1][1] if self.spans else DAY

    def done(self, second: int) -> int:
        """Worked seconds of the day before `second` (0..86,400)."""
        worked = 0
        for opens, closes in self.spans:
            if second <= opens:
                break
            worked += (second if second < closes else closes) - opens
        return worked

    def reached(self, worked: int) -> int:
        """The earliest second of the day by which `worked` (1..total) seconds are done: closing stays closing."""
        for opens, closes in self.spans:
            if worked <= closes - opens:
                return opens + worked
            worked -= closes - opens
        return self.closes

    def __str__(self) -> str:
        return ",".join(f"{_clock(a)}-{_clock(b)}" for a, b in self.spans)


CLOSED = Timetable((), 0)


def period_of(first: date | None, last: date | None) -> str:
    """From a day to a day, either of them open; empty for always."""
    if first and last:
        return said("{first} 至 {last}", first=str(first), last=str(last))
    if first:
        return said("{first} 起", first=str(first))
    return said("至 {last}", last=str(last)) if last else ""


def read_season(text: str) -> tuple[str, str] | None:
    """A season as people write it, "05-01 至 09-30"; None for nothing. Refuses what is no season."""
    if not text:
        return None
    ends = tuple(part.strip() for part in re.split("至|到|to|~|～|—", text))
    if len(ends) != 2 or not all(_SEASON.fullmatch(end) for end in ends):
        raise _no_season(text)
    return ends[0], ends[1]


def _no_season(text: str) -> Refused:
    return Refused("hours.season", said("季节“{season}”写法不对，请写成 05-01 至 09-30。", season=text), "season")


def _clock(second: int) -> str:
    return f"{second // 3600:02}:{second // 60 % 60:02}"


@lru_cache(maxsize=1024)
def _parse(text: str) -> Timetable:
    spans: list[tuple[int, int]] = []
    for part in text.replace(" ", "").split(","):
        match = _SPAN.fullmatch(part)
        if not match:
            raise Refused(
                "hours.form", said("办公时间“{part}”写法不对，请写成 08:00-12:00,14:30-17:30。", part=part), "hours"
            )
        opens, closes = (int(match[i]) * 3600 + int(match[i + 1]) * 60 for i in (1, 3))
        if closes > DAY or opens >= closes:
            raise Refused(
                "hours.reversed", said("办公时间“{part}”的起止颠倒或超过 24:00，请核对。", part=part), "hours"
            )
        if spans and opens < spans[-1][1]:
            raise Refused(
                "hours.overlap", said("办公时间“{text}”有重叠或次序颠倒，请按先后分段填写。", text=text), "hours"
            )
        spans.append((opens, closes))
    return Timetable(tuple(spans), sum(b - a for a, b in spans))


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """Who works which hours: a region (code prefix, "" = everywhere) or one unit, in a season, between two dates.

    `season` is ("MM-DD", "MM-DD"), both ends included, and may run over the year's end; None is the whole year.
    Hours hold on working days only: that a counter also opens at weekends (`rest_hours`) is said beside them, but its
    Saturdays are no working days and no limit asks for them.
    """

    hours: str
    region: str = ""
    unit_id: int | None = None
    season: tuple[str, str] | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    rest_hours: str = ""

    def __post_init__(self) -> None:
        Timetable.parse(self.hours)
        if self.rest_hours:
            Timetable.parse(self.rest_hours)
        if self.season and not all(_SEASON.fullmatch(end) for end in self.season):
            raise _no_season("至".join(self.season))

    def applies(self, region: str, unit_id: int | None) -> bool:
        """Whether a unit of the region (by code prefix) keeps these hours; those of one unit are its alone."""
        return self.unit_id == unit_id if self.unit_id is not None else region.startswith(self.region)

    def holds(self, day: date) -> bool:
        """Whether these are the hours of `day`."""
        if (self.valid_from and day < self.valid_from) or (self.valid_to and day > self.valid_to):
            return False
        if not self.season:
            return True
        first, last = self.season
        at = f"{day.month:02}-{day.day:02}"
        return first <= at <= last if first <= last else at >= first or at <= last

    @property
    def rank(self) -> tuple[bool, int, int]:
        """The more particular goes before: a unit before a region, a long code before a short, a period of a year at most
        before a season, a season before what holds longer; of two alike the one that was registered later."""
        bounded = self.valid_from and self.valid_to and (self.valid_to - self.valid_from).days < YEAR
        return self.unit_id is not None, len(self.region), 2 if bounded else 1 if self.season else 0

    @property
    def words(self) -> str:
        """What they say, like “办公 08:00-12:00，休息日 09:00-12:00”."""
        words = said("办公 {hours}", hours=self.hours)
        return said("{words}，休息日 {hours}", words=words, hours=self.rest_hours) if self.rest_hours else words

    @property
    def when(self) -> str:
        """From when to when they hold, and in which season; empty for always."""
        season = said("每年 {first} 至 {last}", first=self.season[0], last=self.season[1]) if self.season else ""
        return strung([part for part in (season, period_of(self.valid_from, self.valid_to)) if part])
