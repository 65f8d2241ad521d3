"""The working calendar, compiled once into prefix sums, so that a due time is a lookup and not a count."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from mashang.kernel.clock import ZONE
from mashang.kernel.refused import Refused
from mashang.kernel.said import said

from .counting import USUAL_COUNTING, Counting, Due, Moment, Span, merged, outside, reversed_pause
from .hours import CLOSED, DAY, USUAL, OpeningHours, Timetable
from .limit import ON, Limit
from .notices import FIXED, Notice, Overlay, latest

AHEAD = 10  # years past the last notice, computed provisionally
_SECOND, _ONE_DAY = timedelta(seconds=1), timedelta(days=1)


class Calendar:
    """Days 0..size-1 from `first`. Made by `compile_calendar`; immutable and shared.

    before[i]   working days before day i (size + 1 values)      workdays[k]  the day of the k-th working day
    worked[i]   working seconds before day i (size + 1 values)   tables[i]    the timetable of day i (CLOSED on rest days)
    unsettled[i]  days before day i that no notice settles (size + 1 values)
    """

    __slots__ = (
        "before", "derived", "first", "last", "names", "ordinal", "region", "settled_to", "size",
        "tables", "unit_id", "unsettled", "version", "workdays", "worked", "zero",
    )  # fmt: skip

    def __init__(
        self, first: date, tables: Sequence[Timetable], unsettled: Sequence[bool], names: dict[int, tuple[str, str]]
    ) -> None:
        self.first, self.ordinal, self.size = first, first.toordinal(), len(tables)
        self.last = date.fromordinal(self.ordinal + self.size - 1)
        self.zero = datetime(first.year, first.month, first.day, tzinfo=ZONE)
        self.tables, self.names = tuple(tables), names
        self.before, self.worked, self.unsettled, self.workdays = [0], [0], [0], []
        for index, table in enumerate(tables):
            if table.total:
                self.workdays.append(index)
            self.before.append(len(self.workdays))
            self.worked.append(self.worked[-1] + table.total)
            self.unsettled.append(self.unsettled[-1] + unsettled[index])
        self.settled_to = date.fromordinal(self.ordinal + bisect_left(self.unsettled, 1) - 2)
        self.region, self.unit_id, self.version = "", None, 0  # type: str, int | None, int
        self.derived: dict[str, Any] = {}  # the same tables in other forms, made when first asked for

    def scoped(self, region: str, unit_id: int | None) -> Calendar:
        """The same calendar, as asked for by a place: clocks started on it remember whose it was."""
        twin = Calendar.__new__(Calendar)
        for name in Calendar.__slots__:
            setattr(twin, name, getattr(self, name))
        twin.region, twin.unit_id = region, unit_id
        return twin

    # -- the way in and out of the tables

    def second(self, moment: Moment) -> int:
        """Seconds since the first midnight. A date is its midnight; a naive time is taken as local. Refuses outside."""
        if isinstance(moment, datetime):
            if moment.tzinfo is not None and moment.tzinfo is not ZONE:
                moment = moment.astimezone(ZONE)
            day = moment.toordinal() - self.ordinal
            if 0 <= day < self.size:
                return day * DAY + moment.hour * 3600 + moment.minute * 60 + moment.second
        else:
            day = moment.toordinal() - self.ordinal
            if 0 <= day < self.size:
                return day * DAY
        raise outside(date.fromordinal(day + self.ordinal), self.first, self.last)

    def index(self, day: date) -> int:
        """The number of a day. Refuses days outside the calendar."""
        index = day.toordinal() - self.ordinal
        if not 0 <= index < self.size:
            raise outside(day, self.first, self.last)
        return index

    def instant(self, second: int) -> datetime:
        """The instant so many seconds after midnight of the first day, in the calendar's zone."""
        return self.zero + timedelta(second // DAY, second % DAY)

    def works(self, day: date) -> bool:
        """Whether it is a working day."""
        return self.tables[self.index(day)].total > 0

    def worked_before(self, second: int) -> int:
        """Working seconds from the calendar's beginning to `second`."""
        day, rest = divmod(second, DAY)
        return self.worked[day] + (self.tables[day].done(rest) if rest else 0)

    def worked_by(self, worked: int) -> int:
        """The earliest second by which so many working seconds are done."""
        day = bisect_left(self.worked, worked) - 1
        if day >= self.size:
            raise outside(said("{last} 之后", last=self.last), self.first, self.last)
        return day * DAY + self.tables[day].reached(worked - self.worked[day])

    # -- due

    def due(self, start: Moment, limit: Limit, pauses: Iterable[Span] = (), counting: Counting = USUAL_COUNTING) -> Due:
        """When `limit` from `start` ends, leaving out the union of `pauses`.

        Day limits end with their last day, hour limits run from the instant (民法典 art. 201-203). A day that a pause
        touches is not counted. Refuses dates outside the calendar and pauses whose ends are reversed.
        """
        second = self.second(start)
        if limit.unit in ("wh", "h"):
            end = self._end_of_hours(second, limit, pauses, counting)
            last = (end - 1) // DAY
        else:
            last = self._last_day(second // DAY, limit, pauses, counting)
            end = last * DAY + (DAY if counting.day_ends == "midnight" else self.tables[last].closes)
        return Due(
            self.zero + timedelta(last, end - last * DAY),
            date.fromordinal(self.ordinal + last),
            self._unsettled(second // DAY, last, limit.unit),
        )

    def _last_day(self, start: int, limit: Limit, pauses: Iterable[Span], counting: Counting) -> int:
        first = start if counting.start_day else start + 1
        days = merged(self.paused_days(pauses), first) if pauses else ()
        try:
            if limit.unit == "wd":
                return self._working_day(first, limit.amount, days)
            return self._natural_day(first, self.natural_days(start, limit), days, counting)
        except (IndexError, ValueError, OverflowError):
            raise outside(said("{last} 之后", last=self.last), self.first, self.last) from None

    def _working_day(self, first: int, amount: int, pauses: Sequence[tuple[int, int]]) -> int:
        target = self.before[first] + amount
        for start, end in pauses:
            if self.before[start] >= target:
                break
            target += self.before[end] - self.before[start]
        return self.workdays[target - 1]

    def _natural_day(self, first: int, amount: int, pauses: Sequence[tuple[int, int]], counting: Counting) -> int:
        last = first + amount - 1
        for start, end in pauses:
            if start > last:
                break
            last += end - start
        if not counting.rolls:
            return last if last < self.size else self.workdays[self.size]
        rolled = self.workdays[self.before[last]]
        if counting.over_pauses:
            for start, end in pauses:
                if start <= rolled < end:
                    rolled = self.workdays[self.before[end]]
        return rolled

    def natural_days(self, start: int, limit: Limit) -> int:
        """A limit in natural days, months, years or to a fixed day as days from day `start` (民法典 art. 202)."""
        if limit.unit == "nd":
            return limit.amount
        if limit.unit == ON:
            if limit.amount < self.ordinal + start:
                raise Refused("limit.past", said("期限“{label}”早于起算日，请核对。", label=limit.label), "limit")
            return limit.amount - self.ordinal - start
        return _months_on(date.fromordinal(self.ordinal + start), limit) - self.ordinal - start

    def paused_days(self, pauses: Iterable[Span]) -> list[tuple[int, int]]:
        """Days touched, as half-open spans of day numbers."""
        touched, zero = [], self.ordinal
        for start, end in pauses:
            first = (self._local(start) if isinstance(start, datetime) else start).toordinal() - zero
            instant = isinstance(end, datetime)
            if instant and end == start:
                touched.append((first, first))
                continue
            last = (self._local(end - _SECOND) if instant else end).toordinal() - zero
            if last < first or (instant and end < start):
                raise reversed_pause(start, end)
            if first < 0 or last >= self.size:
                raise outside(start if first < 0 else end, self.first, self.last, "pauses")
            touched.append((first, last + 1))
        return touched

    def _end_of_hours(self, start: int, limit: Limit, pauses: Iterable[Span], counting: Counting) -> int:
        spans = merged(self.paused_seconds(pauses), start) if pauses else ()
        seconds = limit.amount * 3600
        if limit.unit == "h":
            end = start + seconds
            for first, last in spans:
                if first >= end:
                    break
                end += last - first
            if end > self.size * DAY:
                raise outside(said("{last} 之后", last=self.last), self.first, self.last)
            return end
        target = self.worked_before(start) + seconds
        for first, last in spans:
            before = self.worked_before(first)
            if before >= target:
                break
            target += self.worked_before(last) - before
        end = self.worked_by(target)
        return self.worked_by(target + 1) - 1 if counting.hour_ends == "opening" else end

    def paused_seconds(self, pauses: Iterable[Span]) -> list[tuple[int, int]]:
        """Seconds paused, half-open."""
        spans = []
        for start, end in pauses:
            first = self.second(start)
            last = self.second(end) if isinstance(end, datetime) else self.second(end) + DAY
            if last < first or (last == first and not isinstance(end, datetime)):
                raise reversed_pause(start, end)
            spans.append((first, last))
        return spans

    def _local(self, moment: Moment) -> Moment:
        if isinstance(moment, datetime) and moment.tzinfo is not None:
            return moment.astimezone(ZONE)
        return moment

    def unsettled_between(self, start: datetime, due: datetime, unit: str) -> bool:
        """Whether a day that the limit counts, up to the due time, is not settled by a notice yet."""
        last = (due - self.zero - _SECOND) // _ONE_DAY
        return self._unsettled(min(self.second(start) // DAY, last), last, unit)

    def _unsettled(self, start: int, last: int, unit: str) -> bool:
        """Days are counted from the day after the start, working hours from the start's own day; hours ask no calendar."""
        if unit == "h":
            return False
        return self.unsettled[last + 1] > self.unsettled[start + (unit != "wh")]

    # -- backwards, and what is used up

    def back(self, event: Moment, limit: Limit) -> Due:
        """The last moment that lies `limit` before `event` ("seven days before the hearing"): the event's day not counted.

        Months and years lead to the same date, or to that month's last day; a fixed day is itself.
        """
        second = self.second(event)
        day = second // DAY
        try:
            if limit.by_hours:
                end = self._hours_back(second, limit)
                last = (end - 1) // DAY
            else:
                last = self._days_back(day, limit)
                end = last * DAY + self.tables[last].closes
        except IndexError:
            raise outside(said("{first} 之前", first=self.first), self.first, self.last) from None
        provisional = self.unsettled[day + 1] > self.unsettled[last]
        return Due(self.instant(end), date.fromordinal(self.ordinal + last), provisional)

    def _hours_back(self, second: int, limit: Limit) -> int:
        if limit.unit == "h":
            end = second - limit.amount * 3600
        else:
            worked = self.worked_before(second) - limit.amount * 3600
            end = self.worked_by(worked + 1) - 1 if worked > 0 else 0
        if end < 1:
            raise IndexError
        return end

    def _days_back(self, day: int, limit: Limit) -> int:
        if limit.unit == "wd":
            position = self.before[day] - limit.amount
            last = self.workdays[position] if position >= 0 else -1
        elif limit.unit == "nd":
            last = day - limit.amount
        elif limit.unit == ON:
            last = limit.amount - self.ordinal
        else:
            last = self._months_back(day, limit)
        if not 0 <= last < self.size:
            raise IndexError
        return last

    def _months_back(self, day: int, limit: Limit) -> int:
        """The same date so many months or years before, or that month's last day."""
        try:
            return _months_on(date.fromordinal(self.ordinal + day), replace(limit, amount=-limit.amount)) - self.ordinal
        except (ValueError, OverflowError):
            raise IndexError from None

    def warning(self, start: datetime, due: datetime, ahead: Limit) -> datetime | None:
        """When to warn: for days at the opening of the working day `ahead` of the last one, for hours so long before.

        A limit too short for that is warned of when its last day opens, or not at all.
        """
        begun, end = self.second(start), (due - self.zero) // _SECOND
        last = (end - 1) // DAY
        try:
            back = self._hours_back(end, ahead) if ahead.by_hours else self._days_back(last, ahead)
        except IndexError:
            back = 0  # before the calendar begins
        if ahead.by_hours:
            return self.instant(back) if back > begun else None
        day = self.workdays[max(self.before[back + 1] - 1, 0)]
        for candidate in (day, last):
            moment = candidate * DAY + self.tables[candidate].opens
            if moment > begun:
                return self.instant(moment)
        return None

    def elapsed(self, start: Moment, end: Moment, unit: str, pauses: Iterable[Span] = ()) -> int:
        """What is used of a limit between two moments, the union of pauses left out: days, or seconds for hours.

        Days are counted from the day after the start to the end's own day.
        """
        first, last = self.second(start), self.second(end)
        if unit in ("wh", "h"):
            count = self.worked_before if unit == "wh" else lambda second: second
            spans = merged(((a, min(b, last)) for a, b in self.paused_seconds(pauses)), first)
            return max(count(last) - count(first) - sum(count(b) - count(a) for a, b in spans), 0)
        begin, stop = first // DAY + 1, last // DAY + 1
        tally = self.before if unit == "wd" else range(self.size + 1)
        spans = merged(((a, min(b, stop)) for a, b in self.paused_days(pauses)), begin)
        return max(tally[stop] - tally[begin] - sum(tally[b] - tally[a] for a, b in spans), 0)


def _months_on(start: date, limit: Limit) -> int:
    """The ordinal of the same date so many months or years on, or of that month's last day (民法典 art. 202)."""
    months = start.year * 12 + start.month - 1 + limit.amount * (12 if limit.unit == "yr" else 1)
    year, month = divmod(months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1).toordinal() + start.day - 1, following.toordinal() - 1)


def compile_calendar(
    notices: Iterable[Notice],
    overlays: Iterable[Overlay] = (),
    hours: Iterable[OpeningHours] = (),
    *,
    region: str = "",
    unit_id: int | None = None,
    version: int = 0,
) -> Calendar:
    """The calendar of one place from the latest notices, the orders and the opening hours that reach it.

    Runs from the first announced year to ten years past the last; days of unannounced years are Monday to Friday less
    the holidays of fixed date, and unsettled. Refuses when no notice is known.
    """
    known = [notice for notice in latest(list(notices)) if notice.known]
    if not known:
        raise Refused("calendar.empty", "还没有任何放假通知，无法编制工作日历，请管理员先装入放假通知。")
    first, last = date(known[0].year, 1, 1), date(known[-1].year + AHEAD, 12, 31)
    base, size = first.toordinal(), (last - first).days + 1
    days = [date.fromordinal(base + index) for index in range(size)]
    settled = {notice.year for notice in known}
    names: dict[int, tuple[str, str]] = {}
    open_ = [_assumed(day, day.year in settled, names, base) for day in days]
    for notice in known:
        source = " ".join([f"国务院办公厅关于{notice.year}年部分节假日安排的通知", *notice.papers])
        for day in notice.days:
            index = day.date.toordinal() - base
            if 0 <= index < size:
                open_[index] = not day.off
                names[index] = (day.name, source)
    mine = sorted((h for h in hours if h.applies(region, unit_id)), key=lambda h: h.rank)
    tables = _tables(days, open_, mine)
    _overlay(tables, [o for o in overlays if region.startswith(o.region)], names, base)
    calendar = Calendar(first, tables, [day.year not in settled for day in days], names)
    calendar.region, calendar.unit_id, calendar.version = region, unit_id, version
    return calendar


def _assumed(day: date, settled: bool, names: dict[int, tuple[str, str]], base: int) -> bool:
    if not settled and (day.month, day.day) in FIXED:
        names[day.toordinal() - base] = (
            FIXED[day.month, day.day],
            "全国年节及纪念日放假办法第二条（放假通知尚未公布）",
        )
        return False
    return day.weekday() < 5


def _tables(days: Sequence[date], open_: Sequence[bool], hours: Sequence[OpeningHours]) -> list[Timetable]:
    usual = Timetable.parse(USUAL)
    tables = [usual if works else CLOSED for works in open_]
    for rule in hours:
        table = Timetable.parse(rule.hours)
        always = rule.season is None and rule.valid_from is None and rule.valid_to is None
        for index, day in enumerate(days):
            if open_[index] and (always or rule.holds(day)):
                tables[index] = table
    return tables


def _overlay(
    tables: list[Timetable], overlays: Sequence[Overlay], names: dict[int, tuple[str, str]], base: int
) -> None:
    for overlay in sorted(overlays, key=lambda o: len(o.region)):
        table = CLOSED if overlay.hours is None else Timetable.parse(overlay.hours)
        for ordinal in range(overlay.first.toordinal(), overlay.last.toordinal() + 1):
            index = ordinal - base
            if 0 <= index < len(tables):
                tables[index] = table
                names[index] = (overlay.reason, overlay.document)
