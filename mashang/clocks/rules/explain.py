"""A due date explains itself: every day from the start to the end, counted or not, and the article it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from mashang.kernel.said import said

from .calendar import Calendar
from .counting import USUAL_COUNTING, Counting, Line, Moment, Span, merged
from .hours import DAY
from .limit import Limit

START = "民法典第二百零一条"
ROLL = "民法典第二百零三条"
WEEKEND = "国务院关于职工工作时间的规定第七条"
COUNTED = "民法典第二百条"
WORKING = "行政许可法第八十二条"
_WEEK = (
    said("星期一"), said("星期二"), said("星期三"), said("星期四"), said("星期五"), said("星期六"), said("星期日"),
)  # fmt: skip


def explain(
    calendar: Calendar,
    start: Moment,
    limit: Limit,
    pauses: Iterable[Span] = (),
    counting: Counting = USUAL_COUNTING,
    grounds: Iterable[str] = (),
    source: str = "",
) -> list[Line]:
    """The count of `calendar.due(...)` as one line a day.

    `grounds`: the legal ground of each pause, in their order. `source`: the article that counted days rest on.
    """
    pauses, grounds = list(pauses), list(grounds)
    due = calendar.due(start, limit, pauses, counting)
    first, last = calendar.second(start) // DAY, calendar.index(due.day)
    if limit.by_hours:
        return _hours(calendar, calendar.second(start), calendar.second(due.at), limit, pauses, grounds)
    article = source or (WORKING if limit.unit == "wd" else COUNTED)
    return _days(calendar, (first, last), limit, pauses, grounds, counting, article)


def _days(
    calendar: Calendar,
    reach: tuple[int, int],
    limit: Limit,
    pauses: list[Span],
    grounds: list[str],
    counting: Counting,
    article: str,
) -> list[Line]:
    first, last = reach
    wanted = limit.amount if limit.unit == "wd" else calendar.natural_days(first, limit)
    lines, number = [], 0
    for index in range(first, last + 1):
        day = date.fromordinal(calendar.ordinal + index)
        paused = _pause_of(calendar, index, pauses, grounds)
        if index == first and not counting.start_day:
            lines.append(Line(day, False, number, said("起算当日不计"), START))
        elif paused is not None:
            lines.append(Line(day, False, number, paused[0], paused[1]))
        elif number == wanted:
            name = _name(calendar, index) if index == last else _rest(calendar, index)[0]
            why = (
                said("末日为休息日，顺延至下一工作日（{name}）", name=name)
                if index == last
                else said("末日顺延，{name}", name=name)
            )
            lines.append(Line(day, False, number, why, ROLL))
        elif limit.unit == "wd" and not calendar.tables[index].total:
            lines.append(Line(day, False, number, *_rest(calendar, index)))
        else:
            number += 1
            lines.append(Line(day, True, number, _name(calendar, index), _worked_article(calendar, index) or article))
    return lines


def _hours(
    calendar: Calendar, start: int, end: int, limit: Limit, pauses: list[Span], grounds: list[str]
) -> list[Line]:
    count = calendar.worked_before if limit.unit == "wh" else (lambda second: second)
    spans = merged(calendar.paused_seconds(pauses), start)
    lines, used = [], 0
    for index in range(start // DAY, (end - 1) // DAY + 1):
        a, b = max(start, index * DAY), min(end, (index + 1) * DAY)
        lost = sum(count(min(y, b)) - count(max(x, a)) for x, y in spans if x < b and y > a)
        seconds = count(b) - count(a) - lost
        used += seconds
        day = date.fromordinal(calendar.ordinal + index)
        if lost or (not seconds and _pause_of(calendar, index, pauses, grounds)):
            why, article = _pause_of(calendar, index, pauses, grounds) or (said("中止"), "")
            why = said("{why}，其余计 {length}", why=why, length=_length(seconds)) if seconds else why
        elif seconds:
            why, article = said("{name}，计 {length}", name=_name(calendar, index), length=_length(seconds)), START
        else:
            why, article = (
                _rest(calendar, index) if not calendar.tables[index].total else (said("办公时间以外，不计"), START)
            )
        lines.append(Line(day, seconds > 0, used, why, article))
    return lines


def _pause_of(calendar: Calendar, index: int, pauses: list[Span], grounds: list[str]) -> tuple[str, str] | None:
    """Why the day is paused, with the ground's article, when a pause touches it."""
    for number, (first, last) in enumerate(calendar.paused_days(pauses)):
        if first <= index < last:
            ground = grounds[number] if number < len(grounds) else ""
            return (said("中止，不计（{ground}）", ground=ground) if ground else said("中止，不计")), ground or said(
                "中止期间"
            )
    return None


def _rest(calendar: Calendar, index: int) -> tuple[str, str]:
    name, source = calendar.names.get(index, ("", ""))
    if name:
        return said("{name}休息，不计", name=name), source
    return said("{weekday}休息，不计", weekday=_WEEK[(calendar.ordinal + index - 1) % 7]), WEEKEND


def _name(calendar: Calendar, index: int) -> str:
    weekday = (calendar.ordinal + index - 1) % 7
    name = calendar.names.get(index, ("", ""))[0]
    works = calendar.tables[index].total
    told = _WEEK[weekday] if works else said("{weekday}，自然日照计", weekday=_WEEK[weekday])
    if name and works and weekday > 4:
        return said("{weekday}（{name}调休上班）", weekday=told, name=name)
    return said("{weekday}（{name}）", weekday=told, name=name) if name else told


def _worked_article(calendar: Calendar, index: int) -> str:
    """A weekend day that is worked rests on the notice that says so."""
    return calendar.names[index][1] if index in calendar.names and calendar.tables[index].total else ""


def _length(seconds: int) -> str:
    hours, minutes = divmod(seconds // 60, 60)
    return said("{hours}小时{minutes}分", hours=hours, minutes=minutes) if minutes else said("{hours}小时", hours=hours)
