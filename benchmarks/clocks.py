"""Due times: the house's calendar beside pandas, businesstimedelta and the bare numpy floors, in one run.

    python -m benchmarks.clocks

Starts from 2020 to 2025, 1-390 working hours or 1-60 days, 08:00-12:00 and 14:30-17:30, make-up days in. The peers get
fewer rows (they are slow); the answers are compared with ours. Needs no database. Only ratios within a run mean much.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from typing import Any

import businesstimedelta
import numpy as np
import pandas as pd

from mashang.clocks import shipped
from mashang.clocks.rules import Counting, Limit, compile_calendar, explain
from mashang.clocks.rules.batch import due_batch, due_days_batch
from mashang.kernel.clock import ZONE

ROWS = 1_000_000
CALENDAR = shipped.calendar()
OPENS, NOON, AFTER, CLOSES = (h * 60 for h in (480, 720, 870, 1050))
ORIGIN = (CALENDAR.ordinal - date(1970, 1, 1).toordinal()) * 86_400


def rate(work: Callable[[], Any], count: int, rounds: int = 7) -> float:
    """How many a second, in the best round."""
    best = float("inf")
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begun)
    return count / best


def floor_seconds(starts: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """The plain numpy way: prefix sums and searchsorted."""
    worked = np.array(CALENDAR.worked)
    moment = starts.view(np.int64) - ORIGIN
    day = moment // 86_400
    rest = moment - day * 86_400
    done = np.clip(rest - OPENS, 0, NOON - OPENS) + np.clip(rest - AFTER, 0, CLOSES - AFTER)
    target = worked[day] + done * (worked[day + 1] > worked[day]) + seconds
    last = np.searchsorted(worked, target) - 1
    left = target - worked[last]
    second = np.where(left <= NOON - OPENS, left + OPENS, left - (NOON - OPENS) + AFTER)
    return (last * 86_400 + second + ORIGIN).view("datetime64[s]")


def pauses_for(starts: np.ndarray, rng: np.random.Generator, instants: bool) -> tuple[np.ndarray, np.ndarray]:
    """0-3 pauses a row, often overlapping."""
    begins = starts.astype("M8[D]")[:, None] + rng.integers(0, 40, (ROWS, 3)).astype("m8[D]")
    ends = begins + rng.integers(0, 10, (ROWS, 3)).astype("m8[D]")
    if instants:
        begins = begins.astype("M8[s]") + rng.integers(0, 86_400, (ROWS, 3)).astype("m8[s]")
        ends = ends.astype("M8[s]") + np.timedelta64(86_399, "s")
    none = np.arange(3)[None, :] >= rng.integers(0, 4, ROWS)[:, None]
    begins[none], ends[none] = np.datetime64("NaT"), np.datetime64("NaT")
    return begins, ends


def peers(starts: list[datetime], hours: list[int]) -> list[tuple[str, float]]:
    """Due times one by one by the two packages that know working hours; neither knows make-up days, so without them."""
    plain = [replace(notice, days=tuple(day for day in notice.days if day.off)) for notice in shipped.notices()]
    calendar = compile_calendar(plain)
    rest = {day.date: day.name for notice in plain for day in notice.days}
    offset = pd.offsets.CustomBusinessHour(start=["08:00", "14:30"], end=["12:00", "17:30"], holidays=[*rest])
    stamps = [pd.Timestamp(start) for start in starts]
    morning = businesstimedelta.WorkDayRule(start_time=clock_time(8), end_time=clock_time(12), working_days=[*range(5)])
    late = businesstimedelta.WorkDayRule(
        start_time=clock_time(14, 30), end_time=clock_time(17, 30), working_days=[*range(5)]
    )
    rules = businesstimedelta.Rules([morning, late, businesstimedelta.HolidayRule(rest)])

    def by_pandas() -> list[Any]:
        return [stamp + offset * n for stamp, n in zip(stamps, hours, strict=True)]

    def by_business() -> list[Any]:
        some = zip(starts[:200], hours[:200], strict=True)
        return [(start + businesstimedelta.BusinessTimeDelta(rules, hours=n)).replace(tzinfo=None) for start, n in some]

    ours = [calendar.due(s, Limit(n, "wh")).at.replace(tzinfo=None) for s, n in zip(starts, hours, strict=True)]
    opening = Counting(hour_ends="opening")
    nexts = [
        calendar.due(s, Limit(n, "wh"), (), opening).at.replace(tzinfo=None) for s, n in zip(starts, hours, strict=True)
    ]
    alike = [theirs in pair for theirs, *pair in zip(by_pandas(), ours, nexts, strict=True)]
    business = [theirs in pair for theirs, *pair in zip(by_business(), ours, nexts, strict=False)]
    return [
        (
            f"pandas CustomBusinessHour, one by one ({sum(alike) / len(alike):.0%} agree)",
            rate(by_pandas, len(stamps), 2),
        ),
        (f"businesstimedelta, one by one ({sum(business) / len(business):.0%} agree)", rate(by_business, 200, 2)),
    ]


def ours_alone(starts: list[datetime], hours: list[int], days: list[int]) -> list[tuple[str, float]]:
    aware = [start.replace(tzinfo=ZONE) for start in starts]
    in_hours, in_days = [Limit(n, "wh") for n in hours], [Limit(n, "wd") for n in days]
    spans = [
        [(s.date() + timedelta(5), s.date() + timedelta(9)), (s.date() + timedelta(7), s.date() + timedelta(12))]
        for s in starts
    ]
    due, count = CALENDAR.due, len(starts)
    return [
        ("mashang, one by one, working hours", rate(lambda: [due(s, n) for s, n in zip(aware, in_hours, strict=True)], count)),
        ("mashang, one by one, working days", rate(lambda: [due(s, n) for s, n in zip(aware, in_days, strict=True)], count)),
        ("mashang, one by one, days, two pauses",
         rate(lambda: [due(s, n, p) for s, n, p in zip(aware, in_days, spans, strict=True)], count)),
        ("mashang, one by one, explained day by day",
         rate(lambda: [explain(CALENDAR, s, n) for s, n in zip(aware[:2000], in_days, strict=False)], 2000, 2)),
    ]  # fmt: skip


def arrays() -> list[tuple[str, float]]:
    rng = np.random.default_rng(1)
    starts = np.datetime64("2020-01-01", "s") + rng.integers(0, 6 * 365 * 86_400, ROWS).astype("m8[s]")
    hours, days = rng.integers(1, 390, ROWS), rng.integers(1, 60, ROWS)
    by_day = starts.astype("M8[D]")
    weekly = "".join("1" if flag else "0" for flag in (1, 1, 1, 1, 1, 0, 0))
    floor = floor_seconds(starts, hours * 3600)
    assert (due_batch(CALENDAR, starts, hours, "wh") == floor).all()
    dated, timed = pauses_for(starts, rng, False), pauses_for(starts, rng, True)
    return [
        ("numpy busday_offset (days, no make-up days)",
         rate(lambda: np.busday_offset(by_day, days, roll="backward", weekmask=weekly), ROWS, 3)),
        ("numpy floor: prefix sum + searchsorted, seconds", rate(lambda: floor_seconds(starts, hours * 3600), ROWS)),
        ("mashang, arrays, working hours", rate(lambda: due_batch(CALENDAR, starts, hours, "wh"), ROWS)),
        ("mashang, arrays, hours", rate(lambda: due_batch(CALENDAR, starts, hours, "h"), ROWS)),
        ("mashang, arrays, working days", rate(lambda: due_days_batch(CALENDAR, by_day, days, "wd"), ROWS)),
        ("mashang, arrays, natural days", rate(lambda: due_days_batch(CALENDAR, by_day, days, "nd"), ROWS)),
        ("mashang, arrays, working hours, 0-3 pauses (instants)",
         rate(lambda: due_batch(CALENDAR, starts, hours, "wh", timed), ROWS)),
        ("mashang, arrays, working hours, 0-3 pauses (dates)",
         rate(lambda: due_batch(CALENDAR, starts, hours, "wh", dated), ROWS)),
        ("mashang, arrays, working days, 0-3 pauses",
         rate(lambda: due_days_batch(CALENDAR, by_day, days, "wd", dated), ROWS)),
        ("mashang, arrays, natural days, 0-3 pauses",
         rate(lambda: due_days_batch(CALENDAR, by_day, days, "nd", dated), ROWS)),
    ]  # fmt: skip


def main() -> None:
    rng = np.random.default_rng(2)
    count = 20_000
    starts = [datetime(2020, 1, 2, 9) + timedelta(minutes=int(n)) for n in rng.integers(0, 5 * 365 * 1440, count)]  # noqa: DTZ001  # naive, as the peers want them
    hours, days = rng.integers(1, 390, count).tolist(), rng.integers(1, 60, count).tolist()
    table = [*peers(starts[:500], hours[:500]), *ours_alone(starts, hours, days), *arrays()]
    for name, per_second in table:
        print(f"{name:<62}{per_second:>16,.0f} /s")


if __name__ == "__main__":
    main()
