"""A revised calendar over many clocks: windows side by side, broken off half-way, read while it works; each moves once."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest

from mashang.clocks import actions, queries, rules, sweeps
from mashang.clocks.actions import recomputing
from mashang.kernel import sql
from mashang.kernel.clock import ZONE
from tests.clocks.test_keeping import make_clock
from tests.clocks.test_recomputing import NOTICE, NOW
from tests.trouble.hands import at_once
from tests.waiting import PATIENCE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
MANY = 120


@pytest.fixture(autouse=True)
def running(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clocks that the notice moves, in windows of ten."""
    monkeypatch.setattr(recomputing, "WINDOW", 10)
    began = datetime(2026, 12, 20, 9, tzinfo=ZONE)
    actions.write([make_clock("XF-15", at=began, case_id=1_000_000 + n) for n in range(MANY)])


def moved() -> list[int]:
    """The cases with a move on record, one for each move."""
    return [row[0] for row in sql.run("select case_id from clocks_move order by case_id")]


def test_windows_side_by_side_move_each_clock_once():
    done = actions.load_notice(NOTICE, by="管理员", now=NOW)
    assert done.moved >= MANY
    assert [case for case in moved() if case >= 1_000_000] == [1_000_000 + n for n in range(MANY)]
    for row in queries.clocks_of(1_000_007):
        assert row.due_at == rules.due_of(row, queries.calendar_for(row.region, row.unit_id)).at
    assert actions.recompute(now=NOW).moved == 0


def test_what_a_recomputation_broken_off_left_is_moved_soon_after(monkeypatch):
    sweeps.catch_up(NOW)
    whole, calls = recomputing._moved, iter(range(1000))

    def failing(*given):
        if next(calls) >= 5:
            raise OSError("disk full")
        return whole(*given)

    monkeypatch.setattr(recomputing, "_moved", failing)
    with pytest.raises(OSError, match="disk full"):
        actions.load_notice(NOTICE, by="管理员", now=NOW)
    monkeypatch.setattr(recomputing, "_moved", whole)
    before = moved()
    assert 0 < len(before) < MANY, "what was done stays done"
    assert sweeps.catch_up(NOW + timedelta(seconds=30)) > 0
    assert [case for case in moved() if case >= 1_000_000] == [1_000_000 + n for n in range(MANY)]


def test_whoever_tells_misses_no_move_that_is_committed_late(monkeypatch):
    """The first window is written before the others and committed after somebody read them, if they let themselves be read."""
    whole, calls = recomputing._moved, iter(range(1000))
    written, read, ended, told = threading.Event(), threading.Event(), threading.Event(), list[int]()

    def late(*given):
        if next(calls) == 0:
            count = whole(*given)
            written.set()
            read.wait(2)
            return count
        written.wait(PATIENCE)
        return whole(*given)

    def load() -> None:
        try:
            actions.load_notice(NOTICE, by="管理员", now=NOW)
        finally:
            ended.set()

    def tell() -> None:
        last, over = 0, False
        while not over:
            over = ended.is_set()
            for number, move in queries.moves_after(last, 7):
                last, over = number, False
                told.append(move.case_id)
                read.set()

    monkeypatch.setattr(recomputing, "_moved", late)
    at_once([load, tell])
    assert sorted(told) == moved()
    assert len(told) >= MANY
