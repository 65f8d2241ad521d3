"""The one door: right, state, form, clocks, ledger, keys, and what an act may cost."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest

from mashang.cases import actions, queries, sweeps
from mashang.cases.models import Case, Notice, Step
from mashang.kernel import sql
from mashang.kernel.refused import Forbidden, NotFound, Refused
from mashang.ledger import queries as ledger


def hand_in(county, now, **changes):
    data = {"what": "盖一间房", "unit": county.unit, **changes}
    key = data.pop("key", "")
    return actions.begin("errand", "hand_in", data, by=county.clerk, now=now, key=key)


def step(number, code):
    return Step.objects.get(case__number=number, code=code)


def test_a_new_case_is_numbered_has_open_steps_a_clock_and_one_ledger_entry(county, now):
    answer = hand_in(county, now)
    view = queries.case_for(county.handler, answer.number)
    assert answer.number == "武平-试-2026-000001"
    assert [s.state for s in view.steps] == ["open", "open", "waiting"]
    assert {c.code for c in queries.clocks_of(view)} == {"XK-20"}
    assert len(queries.clocks_of(view)) == 3
    assert [e.verb for e in ledger.history(answer.number)] == ["errand.hand_in"]
    assert view.case.due_at == view.steps[0].due_at


def test_the_last_parallel_step_opens_what_waited_and_starts_nothing_else(county, now):
    number = hand_in(county, now).number
    actions.act(number, "look", {"opinion": "符合"}, by=county.handler, now=now, step=step(number, "look0").id)
    assert step(number, "decide").state == "waiting"
    actions.act(number, "look", {"opinion": "符合"}, by=county.handler, now=now, step=step(number, "look1").id)
    assert step(number, "decide").state == "open"
    actions.act(number, "decide", {"grant": True}, by=county.handler, now=now, step=step(number, "decide").id)
    case = Case.objects.get(number=number)
    assert (case.state, case.outcome, case.settled_at) == ("granted", "granted", now)
    assert {c.state for c in queries.clocks_of(queries.case_for(county.lead, number))} == {"stopped"}


def test_the_timeline_tells_it_in_sentences(county, now):
    number = hand_in(county, now).number
    actions.act(number, "look", {"opinion": "符合规划"}, by=county.handler, now=now, step=step(number, "look0").id)
    lines = queries.timeline(queries.case_for(county.lead, number), county.lead)
    assert [line.text for line in lines] == ["提交：盖一间房", "审查0：符合规划"]


def test_the_same_key_twice_has_one_effect_and_one_answer(county, now):
    first = hand_in(county, now, key="k1")
    again = hand_in(county, now + timedelta(minutes=5), key="k1")
    assert (again.number, again.again) == (first.number, True)
    assert Case.objects.count() == 1
    pressed = step(first.number, "look0").id
    for _ in range(2):
        actions.act(first.number, "look", {"opinion": "符合"}, by=county.handler, now=now, step=pressed, key="k2")
    assert len(ledger.history(first.number)) == 2


def test_the_same_key_for_another_request_is_refused(county, now):
    hand_in(county, now, key="k1")
    with pytest.raises(Refused) as no:
        hand_in(county, now, key="k1", what="另一件")
    assert no.value.code == "conflict.key"


def test_a_refused_act_leaves_nothing_behind(county, now):
    number = hand_in(county, now).number
    with pytest.raises(Refused):
        actions.act(number, "fail", {}, by=county.handler, now=now)
    assert Case.objects.get(number=number).revision == 1
    assert len(ledger.history(number)) == 1


@pytest.mark.parametrize(
    ("who", "fault"),
    [
        ("stranger", NotFound),  # another unit's officer is not told that the case exists
        ("clerk", None),  # the unit's own window may
    ],
)
def test_another_scope_is_not_found(county, now, who, fault):
    number = hand_in(county, now).number
    pressed = step(number, "look0").id
    if fault is None:
        actions.act(number, "look", {"opinion": "符合"}, by=getattr(county, who), now=now, step=pressed)
        return
    with pytest.raises(fault):
        actions.act(number, "look", {"opinion": "符合"}, by=getattr(county, who), now=now, step=pressed)
    with pytest.raises(NotFound):
        queries.case_for(getattr(county, who), number)


def test_what_only_rules_may_do_no_person_may(county, now):
    number = hand_in(county, now).number
    with pytest.raises(Forbidden):
        actions.act(number, "lapse", {}, by=county.lead, now=now)


def test_a_step_that_is_done_is_not_done_twice(county, now):
    number = hand_in(county, now).number
    pressed = step(number, "look0").id
    actions.act(number, "look", {"opinion": "符合"}, by=county.handler, now=now, step=pressed)
    with pytest.raises(Refused) as no:
        actions.act(number, "look", {"opinion": "不符合"}, by=county.lead, now=now, step=pressed)
    assert no.value.code == "conflict.step-done"


def test_a_stale_page_is_told_to_reload(county, now):
    number = hand_in(county, now).number
    with pytest.raises(Refused) as no:
        actions.act(number, "urge", {"words": "请快些"}, by=county.lead, now=now, revision=7)
    assert no.value.code == "conflict.stale"


def test_all_faults_of_a_form_come_at_once_in_chinese(county, now):
    with pytest.raises(Refused) as no:
        actions.begin("errand", "hand_in", {"what": "a\x00b", "unit": 1}, by=county.clerk, now=now)
    assert no.value.code == "form.nul"
    with pytest.raises(Refused) as no:
        actions.begin("errand", "hand_in", {"unit": "很多", "looks": 900, "odd": 1}, by=county.clerk, now=now)
    assert {f.field: f.text for f in no.value.faults} == {
        "what": "请填写这一项。",
        "unit": "请填写整数。",
        "looks": "不能大于 200。",
        "odd": "这一项不在表单里，请删除。",
    }


def test_a_pause_holds_the_case_and_its_end_moves_the_due_time(county, now):
    number = hand_in(county, now).number
    before = Case.objects.get(number=number).due_at
    actions.act(number, "pause", {"ground": "hearing"}, by=county.handler, now=now + timedelta(days=1))
    held = Case.objects.get(number=number)
    assert held.held
    assert held.due_at is None
    actions.act(number, "go_on", {}, by=county.handler, now=now + timedelta(days=3))
    after = Case.objects.get(number=number)
    assert not after.held
    assert after.due_at > before


def test_what_runs_out_makes_the_case_late_once_and_tells_the_unit(county, now):
    number = hand_in(county, now).number
    later = now + timedelta(days=60)
    assert sweeps.fire(later) == 3
    assert sweeps.expire(later) == 3
    assert sweeps.fire(later) == sweeps.expire(later) == 0
    assert Case.objects.get(number=number).late
    assert Notice.objects.filter(text__contains="超期").count() == 3
    assert [e.verb for e in ledger.history(number)].count("errand.overdue") == 3


def test_what_breaks_holds_nothing_else_up(county, now, monkeypatch):
    first, second = (hand_in(county, now, key=k).number for k in ("a", "b"))
    later, real = now + timedelta(days=60), sweeps.act
    sweeps.fire(later)

    def broken(number, *values, **named):
        if number == first:
            raise ZeroDivisionError
        return real(number, *values, **named)

    monkeypatch.setattr(sweeps, "act", broken)
    for _ in range(9):
        with suppress(ZeroDivisionError):
            sweeps.expire(later)
    assert Case.objects.get(number=second).late
    monkeypatch.undo()
    assert sweeps.expire(later) == 3
    assert Case.objects.get(number=first).late


def test_work_is_given_to_a_colleague_but_not_to_another_unit(county, now):
    number = hand_in(county, now).number
    pressed = step(number, "look0").id
    with pytest.raises(Refused):
        actions.act(number, "assign", {"staff": 999}, by=county.lead, now=now, step=pressed)
    actions.act(
        number, "hand_over", {"unit": county.other, "reason": "属住建职责"}, by=county.handler, now=now, step=pressed
    )
    assert step(number, "look0").unit_id == county.other
    view = queries.case_for(county.stranger, number)
    parties = {c.step_id: c.party for c in queries.clocks_of(view)}
    assert parties.pop(pressed) == f"unit:{county.other}"
    assert set(parties.values()) == {f"unit:{county.unit}"}, "the time of the case and of other steps is theirs"


def test_who_has_a_step_neither_lengthens_nor_shortens_its_time(county, now):
    number = hand_in(county, now).number
    pressed = step(number, "look0").id
    due = step(number, "look0").due_at
    actions.act(
        number, "hand_over", {"unit": county.other, "reason": "属住建职责"}, by=county.handler, now=now, step=pressed
    )
    assert step(number, "look0").due_at == due
    row = next(c for c in queries.clocks_of(queries.case_for(county.stranger, number)) if c.step_id == pressed)
    assert (row.due_at, row.unit_id) == (due, county.unit)


def test_a_reminder_names_step_and_clock_apart(county, now):
    number = hand_in(county, now).number
    soon = step(number, "look0").due_at - timedelta(hours=1)
    sweeps.fire(soon)
    sweeps.expire(soon)
    texts = [line.text for line in queries.timeline(queries.case_for(county.lead, number), county.lead)]
    assert any("审查0 · " in text for text in texts), texts
    assert all(" · " in n.text for n in Notice.objects.filter(text__contains="审查0"))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("looks", [8, 95])
def test_an_act_sends_at_most_eight_statements_however_many_steps_run_beside_it(county, now, looks):
    hand_in(county, now, what="先办一件，让进程记住日历")
    with sql.statements() as made:
        number = hand_in(county, now, looks=looks, key=f"new{looks}").number
    assert len(made) <= 8, made
    pressed = step(number, "look0").id
    with sql.statements() as sent:
        actions.act(number, "look", {"opinion": "符合"}, by=county.handler, now=now, step=pressed, key="act")
    assert len(sent) <= 8, sent


@pytest.mark.django_db(transaction=True)
def test_an_act_commits_exactly_once(county, now):
    number = hand_in(county, now).number
    pressed = step(number, "look0").id
    before = sql.run("SELECT pg_current_xact_id()").fetchone()[0]
    actions.act(number, "look", {"opinion": "符合"}, by=county.handler, now=now, step=pressed, key="one")
    after = sql.run("SELECT pg_current_xact_id()").fetchone()[0]
    assert int(after) - int(before) == 2  # the act's own, and the one that asks
