"""Clocks in the database: written in two statements, read back unchanged."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError

from mashang.clocks import actions, queries, rules, shipped
from mashang.kernel import sql
from mashang.kernel.clock import ZONE
from mashang.kernel.refused import Refused

AT = datetime(2026, 3, 2, 9, 10, tzinfo=ZONE)


def make_clock(code: str = "XK-20", **changes: object) -> rules.ClockRow:
    asked = {"at": AT, "calendar": queries.calendar_for("350800", 7), "case_id": 1, "step_id": 2, "party": "unit:7"}
    return rules.start(queries.rule_for(code), **{**asked, **changes})  # type: ignore[arg-type]


def test_a_written_clock_reads_back_as_it_was(catalogue: None) -> None:
    clock = make_clock()
    actions.write([clock])
    [read] = queries.open_clocks(1, 2)
    assert read.id
    assert read == rules.running.replace(clock, id=read.id)
    assert read.rule == queries.rule_for("XK-20")


def test_a_suspended_and_extended_clock_reads_back_as_it_was(catalogue: None) -> None:
    actions.write([make_clock()])
    [clock] = queries.open_clocks(1)
    clock = rules.suspend(clock, AT + timedelta(days=1), "hearing", AT + timedelta(days=9))
    clock = rules.extend(clock, "10wd", AT + timedelta(days=2), queries.calendar_for("350800", 7), "案情复杂")
    actions.write(changed=[clock])
    assert queries.clocks_of(1) == [clock]


def test_writing_takes_one_statement_for_new_and_changed_clocks_together(catalogue: None) -> None:
    actions.write([make_clock(case_id=5), make_clock("CN-x", case_id=5, limit="3wd")])
    changed = [rules.stop(clock, AT) for clock in queries.open_clocks(5)]
    opened = [make_clock(), make_clock("XK-BZ")]
    with sql.statements() as sent:
        actions.write(opened, changed)
    assert len(sent) == 1
    assert not queries.open_clocks(5)


def test_nothing_to_write_sends_nothing(catalogue: None) -> None:
    with sql.statements() as sent:
        actions.write()
    assert sent == []


def test_rules_and_calendars_cost_no_statement_once_kept(catalogue: None) -> None:
    make_clock()
    with sql.statements() as sent:
        make_clock()
    assert sent == []


def test_a_clock_never_written_cannot_be_changed(catalogue: None) -> None:
    with pytest.raises(Refused) as refusal:
        actions.write(changed=[make_clock()])
    assert refusal.value.code == "clock.unwritten"


def test_seeding_twice_adds_nothing(catalogue: None) -> None:
    assert actions.seed_catalogue(now=AT) == 0
    assert {rule.code for rule in queries.rules()} == set(shipped.rules())
    assert all(queries.rule_for(code) == rule for code, rule in shipped.rules().items())


def test_running_clocks_stay_on_the_version_they_began_under(catalogue: None) -> None:
    actions.write([make_clock("XK-BZ")])
    shorter = rules.running.replace(queries.rule_for("XK-BZ"), limit=rules.Limit.parse("3wd"))
    assert actions.publish_rule(shorter, by="事项管理员", now=AT).version == 2
    assert make_clock("XK-BZ").limit == "3wd"
    assert queries.open_clocks(1)[0].rule.limit == rules.Limit.parse("5wd")


@pytest.mark.parametrize("table", ["clocks_notice", "clocks_rule", "clocks_revision"])
@pytest.mark.parametrize("change", ["update {} set id = id + 1000", "delete from {}"])
def test_the_database_itself_refuses_to_change_what_was_published(catalogue: None, table: str, change: str) -> None:
    with pytest.raises(IntegrityError, match="keeps every version"):
        sql.run(change.format(table))
