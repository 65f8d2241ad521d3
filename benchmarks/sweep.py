"""Sweeps and revised calendars at size: 0.1, 1 and 5 million open clocks.

    DATABASE_URL=postgresql://... python -m benchmarks.sweep [ROWS ...]

Works in a test database of its own, made and dropped again. Prints the best of several rounds; goals: find, fire and
record 1,000 of 1 million in 20 ms, nothing due in 1 ms at any size, a new notice over 1 million in 3 s.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mashang.site.settings")
django.setup()

import numpy as np  # noqa: E402  # after Django is ready, like what follows
from django.db import connection, transaction  # noqa: E402

from mashang.clocks import actions, queries  # noqa: E402
from mashang.clocks.rules import Limit  # noqa: E402
from mashang.clocks.rules.batch import due_batch, warning_batch  # noqa: E402
from mashang.kernel import sql  # noqa: E402
from mashang.kernel.clock import ZONE  # noqa: E402

NOW = datetime(2026, 12, 22, 9, 0, tzinfo=ZONE)
KINDS = (("XK-20", "wd", 20, "3wd"), ("CN-x", "wd", 10, "1wd"), ("XF-60", "nd", 60, "5wd"), ("RX-TS", "wd", 5, "1wd"))
NOTICE_2027 = [*(("元旦", f"2027-01-{day:02}", True) for day in range(1, 5)), ("元旦", "2027-01-09", False)]


def fill(count: int) -> None:
    """Open clocks begun over the past days, none due before NOW + 1 h, about a tenth with a due time that 2027 will move."""
    rng = np.random.default_rng(count)
    calendar = queries.calendar_for("350800", 1)
    texts = []
    for number, (code, unit, amount, ahead) in enumerate(KINDS):
        share = count // len(KINDS)
        after = np.datetime64("2026-12-20T00:00")
        back = {20: 25, 10: 14, 60: 59, 5: 6}[amount]
        starts = (after - rng.integers(0, back * 1440, share * 3).astype("m8[m]")).astype("M8[s]")
        dues = due_batch(calendar, starts, np.full(len(starts), amount), unit)
        keep = np.flatnonzero(dues > np.datetime64("2026-12-22T10:00"))
        keep = rng.choice(keep, share)
        starts, dues = starts[keep], dues[keep]
        warns = warning_batch(calendar, starts, dues, Limit.parse(ahead))
        texts.append((code, unit, amount, number, starts, dues, warns))
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "copy clocks_clock (case_id, step_id, code, label, kind, party, amount, unit, extended, started_at, due_at,"
            " warn_at, warned_at, wake_at, state, pauses, extensions, rule_version, calendar_version, region, unit_id,"
            " effect) from stdin"
        ) as copy,
    ):
        case = 0
        for code, unit, amount, number, starts, dues, warns in texts:
            for start, due, warn in zip(starts.astype(str), dues.astype(str), warns.astype(str), strict=True):
                case += 1
                seen, wake = ("2026-12-21T00:00+08", due) if warn < "2026-12-22T10:00" else ("\\N", warn)
                copy.write(
                    f"{case}\t{case * 2 + number}\t{code}\t办理\tstatutory\tunit:{case % 300}\t{amount}\t{unit}\t0\t{start}+08\t"
                    f"{due}+08\t{warn}+08\t{seen}\t{wake}+08\t"
                    f"running\t[]\t[]\t1\t1\t{350801 + case % 20}\t{case % 300}\tviolation\n"
                )
    sql.run("vacuum analyze clocks_clock")


def spent() -> float:
    """Processor seconds of this process and of its database session: what a quiet machine would take."""
    pid = sql.run("select pg_backend_pid()").fetchone()[0]
    ticks = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return time.process_time() + (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK")


def timed(work: Callable[[], object], rounds: int = 5) -> float:
    """Milliseconds in the best of the rounds; each is rolled back."""
    took = []
    for _ in range(rounds):
        with transaction.atomic():
            begun = time.perf_counter()
            work()
            took.append((time.perf_counter() - begun) * 1000)
            transaction.set_rollback(True)
    return min(took)


def sweep_committed(due: int) -> tuple[float, float]:
    """Milliseconds for a sweep with `due` clocks due, its commit included: the best of nine, and processor time."""
    took, work = [], 0.0
    for number in range(9):
        sql.run(
            "update clocks_clock set due_at = %s, wake_at = %s where id = any(array(select id from clocks_clock where"
            " fired_at is null order by id offset %s limit %s))",
            [NOW - timedelta(minutes=1), NOW - timedelta(minutes=1), number * due * 7, due],
        )
        before, begun = spent(), time.perf_counter()
        with transaction.atomic():
            fired = actions.sweep(NOW, limit=due)
        took.append((time.perf_counter() - begun) * 1000)
        work += spent() - before
        assert len(fired) == due, len(fired)
    return min(took), work * 1000 / 9


def run(count: int) -> None:
    sql.run("truncate clocks_clock, clocks_firing, clocks_move restart identity")
    fill(count)
    actions.sweep(NOW)
    empty = timed(lambda: actions.sweep(NOW), 21)
    full, full_work = sweep_committed(1000)
    days = [{"name": name, "date": day, "isOffDay": off} for name, day, off in NOTICE_2027]
    begun = time.perf_counter()
    done = actions.load_notice({"year": 2027, "papers": ["试验"], "days": days}, by="试验", now=NOW)
    took = time.perf_counter() - begun
    print(f"{count:,} open clocks")
    print(f"  nothing due                    {empty:8.2f} ms")
    print(f"  1,000 due: fired and recorded  {full:8.1f} ms, of it processor {full_work:.1f} ms")
    print(f"  new notice, {done.moved:>9,} moved    {took:9.2f} s")


def main(sizes: list[int]) -> None:
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        for count in sizes:
            queries.forget()
            sql.run("truncate clocks_revision, clocks_notice, clocks_rule, clocks_overlay, clocks_opening cascade")
            actions.seed_catalogue(now=NOW)
            run(count)
    finally:
        connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]] or [100_000, 1_000_000, 5_000_000])
