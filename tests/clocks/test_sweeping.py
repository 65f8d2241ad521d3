"""Sweeps: what ran out fires once, what will is warned of once, by the index and in one statement."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction

from mashang.clocks import actions, queries, rules
from mashang.clocks.actions.sweeping import SWEEP
from mashang.kernel import sql
from mashang.kernel.clock import ZONE

from .test_keeping import AT, make_clock


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def test_a_clock_that_ran_out_fires_once_and_is_recorded(catalogue: None) -> None:
    actions.write([make_clock("XK-BZ", step_id=9)])
    due = at("2026-03-09T17:30")
    assert [f.firing for f in actions.sweep(due - timedelta(seconds=1))] == ["warning"]
    [firing] = actions.sweep(due)
    assert (firing.case_id, firing.step_id, firing.code, firing.effect) == (1, 9, "XK-BZ", "deemed_accepted")
    assert (firing.firing, firing.due_at, firing.party) == ("due", due, "unit:7")
    assert actions.sweep(due + timedelta(days=9)) == []
    [clock] = queries.clocks_of(1)
    assert clock.fired_at == due
    kept = sql.run("select kind, fired_at = %s from clocks_firing order by id", [due]).fetchall()
    assert [row[0] for row in kept] == ["warning", "due"]
    assert kept[1][1] is True


def test_a_sweep_that_was_missed_fires_once_without_a_late_warning(catalogue: None) -> None:
    actions.write([make_clock("XK-BZ")])
    assert [f.firing for f in actions.sweep(at("2026-05-01T00:00"))] == ["due"]
    assert actions.sweep(at("2026-05-02T00:00")) == []


def test_stopped_and_suspended_clocks_do_not_fire(catalogue: None) -> None:
    actions.write([make_clock("XK-20"), make_clock("XK-BZ")])
    suspended, stopped = queries.open_clocks(1)
    actions.write(changed=[rules.suspend(suspended, AT, "hearing", at("2026-06-01T00:00")), rules.stop(stopped, AT)])
    assert actions.sweep(at("2026-05-01T00:00")) == []
    [warning] = actions.sweep(at("2026-06-01T00:00"))
    assert warning.firing == "pause"


def test_a_settled_case_leaves_no_clock_that_could_fire(catalogue: None) -> None:
    actions.write([make_clock("XK-20"), make_clock("XK-BZ"), make_clock("XK-BZ", case_id=2)])
    actions.write(changed=[rules.suspend(queries.open_clocks(1)[0], AT, "hearing")])
    actions.stop_all(1, AT + timedelta(days=1))
    assert {clock.state for clock in queries.clocks_of(1)} == {"stopped"}
    assert queries.clocks_of(1)[0].pauses[0].end == AT + timedelta(days=1)
    assert [firing.case_id for firing in actions.sweep(at("2026-06-01T00:00"))] == [2]


def test_a_clock_suspended_too_late_still_fires(catalogue: None) -> None:
    actions.write([make_clock("CN-x", limit="3wd")])
    [clock] = queries.open_clocks(1)
    actions.write(changed=[rules.suspend(clock, at("2026-03-06T09:00"), "hearing")])
    assert [f.firing for f in actions.sweep(at("2026-03-06T10:00"))] == ["due"]


def test_a_sweep_takes_no_more_than_it_may_and_the_oldest_first(catalogue: None) -> None:
    clocks = [make_clock("XK-BZ", case_id=n, at=AT + timedelta(days=n)) for n in range(1, 8)]
    actions.write(list(reversed(clocks)))
    late = at("2026-06-01T00:00")
    taken = [sorted(f.case_id for f in actions.sweep(late, 3)) for _ in range(4)]
    assert taken == [[1, 2, 3], [4, 5, 6], [7], []]


def test_a_sweep_is_one_statement(catalogue: None) -> None:
    actions.write([make_clock("XK-BZ")])
    with sql.statements() as sent:
        actions.sweep(at("2026-06-01T00:00"))
    assert len(sent) == 1


@pytest.mark.django_db(transaction=True)
def test_clocks_of_a_case_somebody_acts_on_are_left_for_the_next_sweep() -> None:
    actions.seed_catalogue(now=AT)
    actions.write([make_clock("XK-BZ", case_id=n) for n in (1, 2)])
    late = at("2026-06-01T00:00")
    other = connection.copy()
    try:
        with transaction.atomic():
            queries.open_clocks(1)  # locked here
            with other.cursor() as cursor:
                cursor.execute(SWEEP.format(limit=10), [late] * 7)
                assert [row[1] for row in cursor.fetchall()] == [2]
        assert [f.case_id for f in actions.sweep(late)] == [1]
    finally:
        other.close()


@pytest.mark.parametrize("due", [0, 500])
def test_the_plan_touches_what_is_due_and_never_reads_the_table(catalogue: None, due: int) -> None:
    actions.write([make_clock("XK-20", case_id=n) for n in range(50)])
    sql.run(
        "insert into clocks_clock (case_id, code, label, kind, party, amount, unit, extended, started_at, due_at, wake_at,"
        " state, pauses, extensions, rule_version, calendar_version, region, effect)"
        " select n, code, label, kind, party, amount, unit, extended, started_at, %s::timestamptz + n * interval '1 min',"
        " %s::timestamptz + n * interval '1 min', state, pauses, extensions, rule_version, calendar_version, region, effect"
        " from clocks_clock, generate_series(1, 400) n",
        [at("2026-06-01T00:00"), at("2026-06-01T00:00")],
    )
    sql.run("analyze clocks_clock")
    now = at("2026-06-01T00:00") + timedelta(minutes=due // 50)
    plan = "\n".join(row[0] for row in sql.run("explain " + SWEEP.format(limit=1000), [now] * 7))
    assert "Seq Scan on clocks_clock" not in plan
    assert "Hash Join" not in plan
    assert "clocks_clock_wake" in plan
