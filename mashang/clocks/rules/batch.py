"""Due times by the million: the calendar's prefix sums as arrays, worked through in pieces that stay in the cache.

A start is split into day and minute; two table look-ups give the working seconds before it; the limit is added; one
division (all working days equally long) or one look-up in a table of buckets gives the last day. No search anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from mashang.kernel.refused import Refused
from mashang.kernel.said import said

from .arrays import EPOCH, Arrays, Ints, arrays
from .calendar import Calendar
from .counting import USUAL_COUNTING, Counting
from .hours import DAY
from .limit import ON, Limit

Times = NDArray[np.datetime64]
Pauses = tuple[Times, Times]  # from and to, rows × pauses each; NaT where a row has fewer
PIECE = 16_384  # rows worked on at once
NAT = np.datetime64("NaT", "s")
_MINUTE, _HOUR = np.int32(60), 3600


def due_batch(
    calendar: Calendar,
    starts: Times,
    amounts: Ints,
    unit: str,
    pauses: Pauses | None = None,
    counting: Counting = USUAL_COUNTING,
    *,
    strict: bool = True,
) -> Times:
    """`calendar.due(...)` for many rows: when each limit ends, as local datetime64[s].

    `starts` datetime64 (local), `amounts` one number a row in `unit` ("wd", "nd", "wh", "h", "mo", "yr", "on").
    `pauses` datetime64[D] arrays are dates, both ends included; finer ones are instants, the end left out.
    Rows that leave the calendar or have a reversed pause are refused, or with `strict=False` come out as NaT.
    """
    out = np.empty(len(starts), dtype="datetime64[s]")
    for rows in _pieces(len(starts)):
        seconds, good = _seconds(calendar, starts[rows])
        part = None if pauses is None else (pauses[0][rows], pauses[1][rows])
        ends, fine = _due(calendar, seconds, amounts[rows], unit, part, counting)
        good &= fine
        piece = out[rows].view(np.int64)
        np.add(ends, arrays(calendar).origin, out=piece, casting="unsafe", dtype=np.int64)
        if not good.all():
            piece[~good] = NAT.view(np.int64)
    if strict and np.isnat(out).any():
        raise _refusal(calendar, np.flatnonzero(np.isnat(out)))
    return out


def due_days_batch(
    calendar: Calendar,
    starts: Times,
    amounts: Ints,
    unit: str,
    pauses: Pauses | None = None,
    counting: Counting = USUAL_COUNTING,
    *,
    strict: bool = True,
) -> Times:
    """The last day of each day limit, as datetime64[D]; otherwise like `due_batch`."""
    out = np.empty(len(starts), dtype="datetime64[D]")
    for rows in _pieces(len(starts)):
        days, good = _days(calendar, starts[rows])
        part = None if pauses is None else (pauses[0][rows], pauses[1][rows])
        last, fine = _last_days(calendar, days, amounts[rows], unit, part, counting)
        good &= fine
        piece = out[rows].view(np.int64)
        np.add(last, arrays(calendar).origin // DAY, out=piece, casting="unsafe", dtype=np.int64)
        if not good.all():
            piece[~good] = NAT.view(np.int64)
    if strict and np.isnat(out).any():
        raise _refusal(calendar, np.flatnonzero(np.isnat(out)))
    return out


def provisional_batch(calendar: Calendar, starts: Times, dues: Times, unit: str) -> NDArray[np.bool_]:
    """Whether a day that the limit counts is not yet settled by a notice; `dues` are due times, or last days (D)."""
    if unit == "h":
        return np.zeros(len(starts), dtype=bool)
    unsettled = arrays(calendar).unsettled
    days = dues if dues.dtype == "datetime64[D]" else (dues - np.timedelta64(1, "s")).astype("datetime64[D]")
    zero = arrays(calendar).origin // DAY
    first = starts.astype("datetime64[D]").view(np.int64) - zero + (unit != "wh")
    flags: NDArray[np.bool_] = unsettled[days.view(np.int64) - zero + 1] > unsettled[first]
    return flags


def warning_batch(calendar: Calendar, starts: Times, dues: Times, ahead: Limit) -> Times:
    """`calendar.warning(...)` for many rows; NaT where there is nothing to warn of in time."""
    a = arrays(calendar)
    begun, _ = _seconds(calendar, starts)
    end, _ = _seconds(calendar, dues)
    last = (end - 1) // DAY
    if ahead.unit == "h":
        candidates = [end - ahead.amount * _HOUR]
    elif ahead.unit == "wh":
        worked = np.maximum(_worked_before(a, end) - np.int32(ahead.amount * _HOUR - 1), 1)
        candidates = [_worked_by(a, worked) - np.int32(1)]
    else:
        if ahead.unit == "nd":
            day = np.maximum(last - ahead.amount, 0)
        else:
            day = a.workdays[np.maximum(a.before[last] - ahead.amount, 0)]
        day = a.workdays[np.maximum(a.before[day + 1] - 1, 0)]
        candidates = [day * DAY + a.opens[day], last * DAY + a.opens[last]]
    out = np.full(len(starts), NAT)
    for moment in reversed(candidates):
        fits = moment > begun
        out[fits] = (moment.astype(np.int64) + a.origin)[fits].view("datetime64[s]")
    return out


def _pieces(count: int) -> Iterator[slice]:
    return (slice(begin, min(begin + PIECE, count)) for begin in range(0, count, PIECE))


def _refusal(calendar: Calendar, rows: Ints) -> Refused:
    named = "、".join(str(row + 1) for row in rows[:20].tolist()) + ("等" if len(rows) > 20 else "")
    return Refused(
        "calendar.outside",
        said(
            "第 {rows} 行（共 {n} 行）的日期超出工作日历（{first} 至 {last}）或中止期间起止颠倒，请核对。",
            rows=named,
            n=len(rows),
            first=calendar.first,
            last=calendar.last,
        ),
    )


def _seconds(calendar: Calendar, moments: Times) -> tuple[Ints, NDArray[np.bool_]]:
    """Seconds since the calendar's first midnight, and which rows lie inside it (the others are set to 0)."""
    values = moments.astype("datetime64[s]", copy=False).view(np.int64) - arrays(calendar).origin
    good = np.ones(len(values), dtype=bool)
    if len(values) and (values.min() < 0 or values.max() >= calendar.size * DAY):
        good = (values >= 0) & (values < calendar.size * DAY)
        values = np.where(good, values, 0)
    return values.astype(np.int32), good


def _days(calendar: Calendar, moments: Times) -> tuple[Ints, NDArray[np.bool_]]:
    """Like `_seconds`, in days."""
    if moments.dtype == "datetime64[s]":
        values = (moments.view(np.int64) - arrays(calendar).origin) // DAY
    else:
        values = moments.astype("datetime64[D]", copy=False).view(np.int64) - arrays(calendar).origin // DAY
    good = np.ones(len(values), dtype=bool)
    if len(values) and (values.min() < 0 or values.max() >= calendar.size):
        good = (values >= 0) & (values < calendar.size)
        values = np.where(good, values, 0)
    return values.astype(np.int32), good


def _due(
    calendar: Calendar, start: Ints, amounts: Ints, unit: str, pauses: Pauses | None, counting: Counting
) -> tuple[Ints, NDArray[np.bool_]]:
    a = arrays(calendar)
    if unit not in ("wh", "h"):
        last, good = _last_days(calendar, start // np.int32(DAY), amounts, unit, pauses, counting)
        day = np.int32(DAY)
        return last * day + (day if counting.day_ends == "midnight" else a.closes.take(last, mode="clip")), good
    most = a.size * DAY if unit == "h" else int(a.worked[-1])
    length, good = _bounded(amounts, most // _HOUR)
    tally = _tally(a, unit)
    target = tally(start).astype(np.int64)
    target += length * np.int64(_HOUR)
    if pauses is not None:
        spans, fine = _spans(calendar, pauses, start, True)
        good &= fine
        target = _shifted(target, spans, tally)
    target, fine = _inside(target, most)
    good &= fine
    if unit == "h":
        return target, good
    if counting.hour_ends == "opening":
        return _worked_by(a, np.minimum(target + np.int32(1), np.int32(most))) - np.int32(1), good
    return _worked_by(a, target), good


def _last_days(
    calendar: Calendar, start: Ints, amounts: Ints, unit: str, pauses: Pauses | None, counting: Counting
) -> tuple[Ints, NDArray[np.bool_]]:
    a = arrays(calendar)
    first = start if counting.start_day else start + np.int32(1)
    length, good = _bounded(_natural_days(calendar, start, amounts, unit), a.size)
    tally = _tally(a, "wd" if unit == "wd" else "nd")
    target = tally(first) + length
    spans: list[tuple[Ints, Ints]] = []
    if pauses is not None:
        spans, fine = _spans(calendar, pauses, first, False)
        good &= fine
        target = _shifted(target, spans, tally)
    if unit == "wd":
        target, fine = _inside(target, len(a.workdays))
        return a.workdays.take(target - np.int32(1), mode="clip"), good & fine
    target, fine = _inside(target, a.size)
    good &= fine
    last = target - np.int32(1)
    if not counting.rolls:
        return last, good
    position = a.before.take(last, mode="clip")
    good &= position < len(a.workdays)
    last = a.workdays.take(position, mode="clip")
    if counting.over_pauses:
        for begin, end in spans:
            beyond = a.before.take(end, mode="clip")
            inside = (begin <= last) & (last < end)
            good &= ~inside | (beyond < len(a.workdays))
            last = np.where(inside, a.workdays.take(beyond, mode="clip"), last)
    return last, good


def _natural_days(calendar: Calendar, start: Ints, amounts: Ints, unit: str) -> Ints:
    """Months, years and fixed days as days from the start (民法典 art. 202); other limits as they are."""
    if unit not in ("mo", "yr", ON):
        return amounts
    days = start.astype(np.int64) + calendar.ordinal
    if unit == ON:
        return np.where(amounts >= days, amounts - days, np.iinfo(np.int32).max)
    dates = (days - EPOCH).view("datetime64[D]")
    begun = dates.astype("datetime64[M]")
    months = begun + amounts.astype(np.int64) * (12 if unit == "yr" else 1)
    same = months.astype("datetime64[D]") + (dates - begun.astype("datetime64[D]"))
    end = np.minimum(same, (months + 1).astype("datetime64[D]") - 1)
    lengths: Ints = (end - dates).view(np.int64)
    return lengths


def _bounded(amounts: Ints, most: int) -> tuple[Ints, NDArray[np.bool_]]:
    """Amounts as int32, and which are no longer than the calendar; the others are set to 1."""
    good = np.ones(len(amounts), dtype=bool)
    if len(amounts) and (amounts.max() > most or amounts.min() < 0):
        good = (amounts <= most) & (amounts >= 0)
        amounts = np.where(good, amounts, 1)
    return amounts.astype(np.int32, copy=False), good


def _inside(target: Ints, most: int) -> tuple[Ints, NDArray[np.bool_]]:
    good = np.ones(len(target), dtype=bool)
    if len(target) and target.max() > most:
        good = target <= most
        target = np.minimum(target, most)
    return target.astype(np.int32, copy=False), good


def _tally(a: Arrays, unit: str) -> Callable[[Ints], Ints]:
    """What counts before a day or a second, by unit."""
    if unit == "wd":
        return lambda day: a.before.take(day, mode="clip")
    if unit == "wh":
        return lambda second: _worked_before(a, second)
    return lambda moment: moment


def _worked_before(a: Arrays, second: Ints) -> Ints:
    day = second // np.int32(DAY)
    minute = second // _MINUTE
    rest = second - minute * _MINUTE
    minute -= day * np.int32(1440)
    minute += a.base.take(day, mode="clip")
    worked = a.worked.take(day, mode="clip")
    worked += a.done.take(minute, mode="clip")
    rest *= a.open_.take(minute, mode="clip")
    worked += rest
    return worked


def _worked_by(a: Arrays, target: Ints) -> Ints:
    """The earliest second by which `target` (1..all) working seconds are done."""
    done = target - np.int32(1)
    day = done // np.int32(a.length)
    if a.even:
        done -= day * np.int32(a.length)
    else:
        day = a.bucket.take(day, mode="clip")
        day += done >= a.ends.take(day, mode="clip")
        worked = a.worked.take(a.workdays.take(day, mode="clip"), mode="clip")
        done -= worked
    minute = done // _MINUTE
    if not a.one_table:
        minute += a.reach.take(day, mode="clip")
    elif a.reach[0]:
        minute += a.reach[0]
    done += a.shift.take(minute, mode="clip")
    done += a.midnight.take(day, mode="clip")
    done += np.int32(1)
    return done


def _spans(
    calendar: Calendar, pauses: Pauses, floor: Ints, by_hours: bool
) -> tuple[list[tuple[Ints, Ints]], NDArray[np.bool_]]:
    """The pauses of each row as half-open spans from `floor` on, in order, each cut to what the earlier ones left.

    So their lengths add up to the union. Rows with a reversed pause, or one outside the calendar, are marked bad.
    """
    good = np.ones(len(floor), dtype=bool)
    packed = []
    low = floor.astype(np.int64)
    for column in range(pauses[0].shape[1]):
        begin, end, fine = _one_pause(calendar, pauses[0][:, column], pauses[1][:, column], by_hours)
        good &= fine
        begin = np.maximum(begin, low)
        packed.append((begin << 32) | np.maximum(end, begin))
    for rounds in range(len(packed) - 1, 0, -1):
        for i in range(rounds):
            packed[i], packed[i + 1] = np.minimum(packed[i], packed[i + 1]), np.maximum(packed[i], packed[i + 1])
    spans: list[tuple[Ints, Ints]] = []
    for pair in packed:
        begin, end = (pair >> 32).astype(np.int32), pair.astype(np.int32)
        if spans:
            begin = np.maximum(begin, spans[-1][1])
            end = np.maximum(end, begin)
        spans.append((begin, end))
    return spans, good


def _one_pause(calendar: Calendar, begins: Times, ends: Times, by_hours: bool) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """One pause a row as a half-open span of days or seconds; none (NaT) as an empty one."""
    dates = np.datetime_data(begins.dtype)[0] == "D"
    scale, size = (DAY, calendar.size * DAY) if by_hours else (1, calendar.size)
    origin = arrays(calendar).origin // DAY * scale
    if dates:
        begin = begins.view(np.int64) * scale - origin
        end = (ends.view(np.int64) + 1) * scale - origin
    elif by_hours:
        begin = begins.astype("datetime64[s]", copy=False).view(np.int64) - origin
        end = ends.astype("datetime64[s]", copy=False).view(np.int64) - origin
    else:
        begin = begins.astype("datetime64[s]").view(np.int64) // DAY - origin
        end = -(-ends.astype("datetime64[s]").view(np.int64) // DAY) - origin
        same = begins == ends
        end = np.where(same, begin, end)
    none = np.isnat(begins)
    good = none | ((begin >= 0) & (end <= size) & ((end > begin) if dates else (ends >= begins)))
    if not good.all() or none.any():
        use = good & ~none
        begin, end = np.where(use, begin, 0), np.where(use, end, 0)
    return begin, end, good


def _shifted(target: Ints, spans: list[tuple[Ints, Ints]], tally: Callable[[Ints], Ints]) -> Ints:
    """The target moved on by what each pause takes that begins before it is reached."""
    for begin, end in spans:
        before = tally(begin)
        lost = tally(end) - before
        lost *= before < target
        target = target + lost
    return target
