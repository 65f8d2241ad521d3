"""The compiled calendar against counting by hand, and the arrays against the single due time."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mashang.clocks import shipped
from mashang.clocks.rules import Calendar, Counting, Limit, OpeningHours, Overlay, compile_calendar
from mashang.clocks.rules.batch import due_batch, due_days_batch, provisional_batch, warning_batch
from mashang.clocks.rules.counting import merged
from mashang.kernel.clock import ZONE
from mashang.kernel.refused import Refused

from .reference import end_of_hours, last_day

PLACES = ("even", "uneven")


@cache
def place(name: str) -> Calendar:
    """All working days alike, or summers, half days and a full day's shift mixed in."""
    if name == "even":
        return shipped.calendar()
    hours = [
        OpeningHours("08:00-12:00,15:00-18:00", season=("05-01", "09-30")),
        OpeningHours("09:15-11:45", season=("02-10", "03-05")),
        OpeningHours("00:00-24:00", valid_from=date(2026, 4, 1), valid_to=date(2026, 4, 20)),
    ]
    orders = [
        Overlay("", date(2026, 3, 10), date(2026, 3, 11), "停工", "1号"),
        Overlay("", date(2026, 3, 14), date(2026, 3, 14), "上班", "2号", "10:00-10:30"),
    ]
    return compile_calendar(shipped.notices(), orders, hours)


days = st.dates(date(2025, 12, 20), date(2026, 10, 20))
minutes = st.integers(0, 1439)
moments = st.builds(lambda d, m: datetime.combine(d, time(m // 60, m % 60)), days, minutes)
date_pauses = st.lists(st.builds(lambda d, n: (d, d + timedelta(days=n)), days, st.integers(0, 12)), max_size=4)
pauses = st.lists(st.builds(lambda d, n: (d, d + timedelta(minutes=n)), moments, st.integers(1, 9000)), max_size=4)
spans = st.lists(st.tuples(st.integers(-5, 30), st.integers(-5, 30)), max_size=6)
countings = st.builds(Counting, start_day=st.booleans(), rolls=st.booleans(), over_pauses=st.booleans())


@given(st.sampled_from(PLACES), days, st.integers(1, 70), st.sampled_from(("wd", "nd")), date_pauses, countings)
@settings(max_examples=300, deadline=None)
def test_day_limits_end_where_counting_by_hand_ends(name, start, amount, unit, spans, counting) -> None:  # type: ignore[no-untyped-def]
    calendar = place(name)
    expected = last_day(calendar, start, amount, unit, spans, counting)
    assert calendar.due(start, Limit(amount, unit), spans, counting).day == expected


@given(st.sampled_from(PLACES), moments, st.integers(1, 40), st.sampled_from(("wh", "h")), pauses)
@settings(max_examples=150, deadline=None)
def test_hour_limits_end_where_counting_minutes_ends(name, start, amount, unit, spans) -> None:  # type: ignore[no-untyped-def]
    calendar = place(name)
    expected = end_of_hours(calendar, start, amount * 60, unit, spans)
    assert calendar.due(start, Limit(amount, unit), spans).at.replace(tzinfo=None) == expected


@given(
    st.sampled_from(PLACES),
    st.lists(st.tuples(moments, st.integers(1, 90), pauses), min_size=1, max_size=30),
    st.sampled_from(("wd", "nd", "wh", "h", "mo")),
    st.booleans(),
    countings,
    st.sampled_from(("closing", "opening")),
    st.sampled_from(("closing", "midnight")),
)
@settings(max_examples=200, deadline=None)
def test_arrays_give_what_single_due_times_give(name, rows, unit, by_dates, counting, hour_ends, day_ends) -> None:  # type: ignore[no-untyped-def]
    calendar = place(name)
    counting = Counting(counting.start_day, counting.rolls, day_ends, hour_ends, counting.over_pauses)
    spans = [[(a.date(), b.date()) for a, b in row[2]] if by_dates else row[2] for row in rows]
    starts = np.array([row[0] for row in rows], dtype="datetime64[s]")
    amounts = np.array([row[1] % 20 + 1 if unit == "mo" else row[1] for row in rows])
    most = max(len(row) for row in spans)
    none = [(None, None)]
    table = np.array(
        [row + none * (most - len(row)) for row in spans], dtype="datetime64[D]" if by_dates else "datetime64[s]"
    )
    table = table.reshape(len(rows), most, 2)
    packed = (table[:, :, 0], table[:, :, 1])
    expected = [
        calendar.due(row[0], Limit(int(amount), unit), span, counting)
        for row, amount, span in zip(rows, amounts, spans, strict=True)
    ]
    found = due_batch(calendar, starts, amounts, unit, packed, counting)
    assert found.tolist() == [due.at.replace(tzinfo=None) for due in expected]
    assert provisional_batch(calendar, starts, found, unit).tolist() == [due.provisional for due in expected]
    if unit not in ("wh", "h"):
        assert due_days_batch(calendar, starts, amounts, unit, packed, counting).tolist() == [d.day for d in expected]
    for ahead in (Limit(1, "wd"), Limit(2, "nd"), Limit(2, "wh"), Limit(3, "h")):
        warnings = [calendar.warning(row[0], due.at, ahead) for row, due in zip(rows, expected, strict=True)]
        batch = warning_batch(calendar, starts, found, ahead).tolist()
        assert batch == [warning and warning.replace(tzinfo=None) for warning in warnings]


@given(moments, st.integers(1, 60), st.sampled_from(("wd", "nd", "wh", "h")), pauses, st.integers(1, 5000))
@settings(max_examples=150, deadline=None)
def test_a_longer_limit_or_a_later_start_never_ends_earlier(start, amount, unit, spans, later) -> None:  # type: ignore[no-untyped-def]
    calendar = place("uneven")
    due = calendar.due(start, Limit(amount, unit), spans).at
    assert calendar.due(start, Limit(amount + 1, unit), spans).at >= due
    assert calendar.due(start + timedelta(minutes=later), Limit(amount, unit), spans).at >= due
    assert due >= start.replace(tzinfo=ZONE)


def test_rows_that_cannot_be_computed_are_named_or_left_empty(calendar: Calendar) -> None:
    starts = np.array(["2026-03-02", "1999-01-01", "2036-12-20"], dtype="datetime64[s]")
    amounts = np.array([5, 5, 500])
    for unit in ("wd", "nd", "wh", "h"):
        with pytest.raises(Refused, match="第 2、3 行"):
            due_batch(calendar, starts, amounts * 20, unit)
        empty = np.isnat(due_batch(calendar, starts, amounts * 20, unit, strict=False)).tolist()
        assert empty == [False, True, True]
    wrong = np.array([["2026-03-05"]], dtype="datetime64[D]"), np.array([["2026-03-04"]], dtype="datetime64[D]")
    with pytest.raises(Refused, match="起止颠倒"):
        due_batch(calendar, starts[:1], amounts[:1], "wd", wrong)


@given(spans, st.integers(-5, 30))
def test_the_union_of_spans_is_that_of_their_numbers_in_order_and_apart(
    given: list[tuple[int, int]], floor: int
) -> None:
    found = merged(given, floor)
    numbers = {n for start, end in given for n in range(max(start, floor), end)}
    assert [n for start, end in found for n in range(start, end)] == sorted(numbers)
    assert all(start < end for start, end in found)
    assert all(before[1] < after[0] for before, after in zip(found, found[1:], strict=False))
