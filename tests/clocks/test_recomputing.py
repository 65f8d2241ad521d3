"""A revised calendar: what runs is moved, old and new are kept, those concerned are named."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from mashang.clocks import actions, queries, rules, sweeps
from mashang.kernel import sql
from mashang.kernel.clock import ZONE
from mashang.kernel.refused import Refused

from .test_keeping import make_clock


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


NOW = at("2026-12-28T09:00")
NOTICE = {
    "year": 2027,
    "papers": ["试验通知"],
    "days": [
        {"name": "元旦", "date": "2027-01-01", "isOffDay": True},
        {"name": "元旦", "date": "2027-01-04", "isOffDay": True},
        {"name": "元旦", "date": "2027-01-09", "isOffDay": False},
    ],
}


def moves(done: actions.Recomputed) -> list[queries.Moved]:
    """What this revision moved."""
    last = sql.run("select count(*) from clocks_move where revision_id < %s", [done.revision]).fetchone()[0]
    found = [move for _, move in queries.moves_after(0, 1000)][last:]
    assert len(found) == done.moved
    return found


def test_the_next_notice_settles_what_was_provisional(catalogue: None) -> None:
    clock = make_clock("XK-20", at=at("2026-12-20T09:00"))
    assert clock.provisional
    actions.write([clock, make_clock("XK-BZ", at=at("2026-12-14T09:00"), case_id=2)])
    done = actions.load_notice(NOTICE, by="管理员", now=NOW)
    assert (done.looked, moves(done)) == (1, [])  # one day off more, one on more; the other is over before
    assert not queries.clocks_of(1)[0].provisional


def test_a_notice_that_begins_in_the_december_before_moves_what_ends_there(catalogue: None) -> None:
    """As those of 2008, 2012 and 2019 did; and a later version without those days moves it back."""
    actions.write([make_clock("XK-BZ", at=at("2026-12-24T09:00"))])
    december = [
        {"name": "元旦", "date": "2026-12-30", "isOffDay": True},
        {"name": "元旦", "date": "2026-12-31", "isOffDay": True},
        {"name": "元旦", "date": "2026-12-27", "isOffDay": False},
    ]
    done = actions.load_notice(NOTICE | {"days": [*NOTICE["days"], *december]}, by="管理员", now=NOW)  # type: ignore[misc]
    assert [(m.old_due_at, m.new_due_at) for m in moves(done)] == [(at("2026-12-31T17:30"), at("2027-01-05T17:30"))]
    done = actions.load_notice(NOTICE, by="管理员", now=NOW)
    assert [(m.old_due_at, m.new_due_at) for m in moves(done)] == [(at("2027-01-05T17:30"), at("2026-12-31T17:30"))]


def test_a_december_named_only_by_the_version_before_is_looked_at_too(catalogue: None) -> None:
    worked = {"name": "元旦", "date": "2026-12-27", "isOffDay": False}
    actions.load_notice(NOTICE | {"days": [*NOTICE["days"], worked]}, by="管理员", now=NOW)  # type: ignore[misc]
    actions.write([make_clock("XK-BZ", at=at("2026-12-23T09:00"))])
    done = actions.load_notice(NOTICE, by="管理员", now=NOW)
    assert [(m.old_due_at, m.new_due_at) for m in moves(done)] == [(at("2026-12-29T17:30"), at("2026-12-30T17:30"))]


def test_what_moves_is_written_recorded_and_told(catalogue: None) -> None:
    before = [
        make_clock("XK-BZ", at=at("2026-12-31T09:00"), case_id=1),  # 4 January is no longer worked
        make_clock("XF-15", at=at("2026-12-20T09:00"), case_id=2),  # ends on 4 January
        make_clock("CN-x", limit="10wh", at=at("2026-12-31T16:00"), case_id=3),
        make_clock("XK-BZ", at=at("2026-12-25T09:00"), case_id=4, calendar=queries.calendar_for("110000", None)),
    ]
    actions.write(before)
    done = actions.load_notice(NOTICE, by="管理员", now=NOW)
    moved = {m.case_id: (m.old_due_at, m.new_due_at, m.party) for m in moves(done)}
    assert moved[2] == (at("2027-01-04T17:30"), at("2027-01-05T17:30"), "unit:7")
    assert moved[3] == (at("2027-01-05T09:30"), at("2027-01-06T09:30"), "unit:7")
    assert moved[1][:2] == (at("2027-01-08T17:30"), at("2027-01-09T17:30"))  # the Saturday worked instead
    assert set(moved) == {1, 2, 3, 4}
    for case_id, (_old, new, _) in moved.items():
        [row] = queries.clocks_of(case_id)
        assert row.due_at == new == rules.due_of(row, queries.calendar_for(row.region, row.unit_id)).at
        assert row.calendar_version == done.revision
    assert actions.recompute(now=NOW).moved == 0


def test_arrays_move_what_single_clocks_would_move(catalogue: None) -> None:
    clocks = []
    for number in range(120):
        began = at("2026-11-20T08:00") + timedelta(hours=11 * number, minutes=7 * number)
        code = ("XK-20", "XF-60", "RX-TS", "FY", "CF")[number % 5]
        clock = make_clock(
            code, at=began, case_id=number, calendar=queries.calendar_for(f"3508{number % 3}0", number % 4)
        )
        ground = clock.rule.grounds[0].code if clock.rule.grounds else ""
        for begin, length in ((1, 30), (20 * 24, 50), (21 * 24, 200))[: number % 4]:
            if ground:
                since = began + timedelta(hours=begin)
                paused = rules.suspend(clock, since, ground)
                calendar = queries.calendar_for(clock.region, clock.unit_id)
                clock = rules.resume(paused, since + timedelta(hours=length), calendar)
        clocks.append(clock)
    actions.write(clocks)
    done = actions.load_notice(NOTICE, by="管理员", now=NOW)
    assert done.looked == sum(clock.due_at is not None and clock.due_at >= at("2027-01-01T00:00") for clock in clocks)
    assert 10 < done.moved < done.looked < 120
    assert actions.recompute(now=NOW)[1:] == (120, 0), "those that lie before the year had nothing to move"
    for number in range(120):
        [row] = queries.clocks_of(number)
        calendar = queries.calendar_for(row.region, row.unit_id)
        assert row.due_at == rules.due_of(row, calendar).at
        assert row.warn_at == rules.running.warning_of(row.rule, row.started_at, row.due_at, calendar)


def test_a_typhoon_order_moves_only_its_region_and_may_be_withdrawn(catalogue: None) -> None:
    there, elsewhere = make_clock("XK-BZ"), make_clock("XK-BZ", case_id=2, calendar=queries.calendar_for("350600", 7))
    actions.write([there, elsewhere])
    order = rules.Overlay("3508", date(2026, 3, 4), date(2026, 3, 4), "台风停工", "龙政防指〔2026〕3号")
    done = actions.load_overlay(order, by="管理员", now=at("2026-03-03T09:00"))
    assert [(m.case_id, m.new_due_at) for m in moves(done)] == [(1, at("2026-03-10T17:30"))]
    order_id = sql.run("select id from clocks_overlay").fetchone()[0]
    back = actions.withdraw("overlay", order_id, by="管理员", now=at("2026-03-03T10:00"))
    assert [(m.case_id, m.new_due_at) for m in moves(back)] == [(1, there.due_at)]
    with pytest.raises(Refused, match="已经撤销"):
        actions.withdraw("overlay", order_id, by="管理员", now=at("2026-03-03T11:00"))


def test_new_opening_hours_move_hour_limits_and_closing_times(catalogue: None) -> None:
    actions.write([make_clock("XK-BZ"), make_clock("CN-x", limit="4wh", case_id=2)])
    hours = rules.OpeningHours("08:00-12:00,15:00-18:00", region="35")
    done = actions.load_hours(hours, by="管理员", now=at("2026-03-02T09:30"))
    assert [m.new_due_at for m in moves(done)] == [at("2026-03-09T18:00"), at("2026-03-02T16:10")]


def test_a_clock_moved_into_the_future_may_fire_again(catalogue: None) -> None:
    actions.write([make_clock("XK-BZ")])
    now = at("2026-03-09T18:00")
    assert len(actions.sweep(now)) == 1
    order = rules.Overlay("35", date(2026, 3, 9), date(2026, 3, 10), "台风停工", "闽政〔2026〕9号")
    actions.load_overlay(order, by="管理员", now=now)
    assert queries.clocks_of(1)[0].fired_at is None
    assert [f.due_at for f in actions.sweep(at("2026-03-11T17:30"))] == [at("2026-03-11T17:30")]


def test_suspended_and_stopped_clocks_are_not_moved(catalogue: None) -> None:
    actions.write([make_clock("XK-20"), make_clock("XK-BZ")])
    suspended, stopped = queries.open_clocks(1)
    actions.write(
        changed=[
            rules.suspend(suspended, at("2026-03-03T09:00"), "hearing"),
            rules.stop(stopped, at("2026-03-03T09:00")),
        ]
    )
    order = rules.Overlay("35", date(2026, 3, 4), date(2026, 3, 10), "台风停工", "闽政〔2026〕9号")
    done = actions.load_overlay(order, by="管理员", now=at("2026-03-03T09:00"))
    assert (done.looked, done.moved) == (0, 0)


def test_versions_of_a_notice_are_all_kept(catalogue: None) -> None:
    actions.load_notice(NOTICE, by="管理员", now=NOW)
    shorter = {**NOTICE, "days": NOTICE["days"][:1]}  # type: ignore[index]
    actions.load_notice(shorter, by="管理员", now=NOW)
    assert [(n.version, len(n.days)) for n in queries.notices() if n.year == 2027] == [(1, 3), (2, 1)]
    assert queries.calendar_for("", None).works(date(2027, 1, 4))


def test_an_empty_notice_is_refused(catalogue: None) -> None:
    with pytest.raises(Refused, match="没有任何日期"):
        actions.load_notice({"year": 2027, "days": []}, by="管理员", now=NOW)


def test_recomputing_nothing_is_nothing(catalogue: None) -> None:
    assert actions.recompute(now=NOW)[1:] == (0, 0)


def test_a_clock_begun_on_the_calendar_that_another_process_still_kept_is_moved_soon_after(catalogue: None) -> None:
    late = make_clock("XF-15", at=at("2026-12-20T09:00"), case_id=2)
    sweeps.catch_up(NOW)
    actions.load_notice(NOTICE, by="管理员", now=NOW)
    actions.write([late])
    assert sweeps.catch_up(NOW) == 0, "not before every process has looked again"
    assert sweeps.catch_up(NOW + timedelta(seconds=30)) == 1
    assert queries.clocks_of(2)[0].due_at == at("2027-01-05T17:30")
    actions.write([replace(late, case_id=3)])
    assert sweeps.catch_up(NOW + timedelta(seconds=60)) == 0, "once for each change"
