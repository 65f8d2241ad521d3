"""AB 岗: while one is away another takes over with the same powers, and no post stands empty."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mashang.kernel.refused import Forbidden, NotFound, Refused
from mashang.ledger.queries import history
from mashang.org import actions, queries
from mashang.org.rules import Away, Facts, acting_for

from .builders import DAY, NOW, SYSTEM, actor, grant, make_staff, make_unit

pytestmark = pytest.mark.row("G7")
WEEK = 7 * DAY


def away(staff: int, stand_in: int | None = None, start: int = 0, days: int = 7, by: object = SYSTEM) -> int:
    form = actions.NewAbsence(staff, NOW + start * DAY, NOW + (start + days) * DAY, "年休假", stand_in)
    return actions.register_absence(form, by=by, now=NOW)  # type: ignore[arg-type]


def verbs(subject: str) -> list[str]:
    return [entry.verb for entry in history(f"org/{subject}")]


@pytest.mark.django_db
def test_the_stand_in_takes_over_the_powers_and_the_desk_for_the_period_only() -> None:
    unit = make_unit()
    a, b = make_staff(unit, "甲"), make_staff(unit, "乙")
    grant(a, "handler", unit)
    away(a, b)
    assert not queries.holds(actor(b, NOW - DAY), "approvals.review")
    assert queries.may(actor(b), "approvals.review", units=[unit], region="350824", kind="approval")
    assert queries.standing_for(actor(b), NOW) == [b, a]
    assert queries.stand_in(a, NOW) == b and queries.stand_in(b, NOW) is None
    assert queries.stand_in(a, NOW + WEEK) is None
    assert not queries.holds(actor(b, NOW + WEEK), "approvals.review")


@pytest.mark.django_db
def test_roles_of_trust_are_not_handed_over() -> None:
    unit = make_unit()
    a, b = make_staff(unit, "甲"), make_staff(unit, "乙")
    for role in ("admin", "leader", "handler"):
        grant(a, role)
    away(a, b)
    assert {g.role for g in actor(b).grants} == {"public", "handler"}


@pytest.mark.django_db
def test_the_posts_stand_in_is_taken_when_none_is_named() -> None:
    unit = make_unit()
    a, b = make_staff(unit, "甲"), make_staff(unit, "乙")
    with pytest.raises(Refused, match="B岗"):
        away(a)
    actions.open_post(actions.NewPost(unit, "规划审批岗", "审查建房规划", a, b), by=SYSTEM, now=NOW)
    away(a)
    assert queries.stand_in(a, NOW) == b


@pytest.mark.django_db
def test_an_absence_that_would_leave_a_post_empty_is_refused_with_every_reason() -> None:
    unit = make_unit()
    a, b, c = make_staff(unit, "甲"), make_staff(unit, "乙"), make_staff(unit, "丙")
    away(a, b)
    with pytest.raises(Refused) as no:  # b already stands in for a
        away(b, c)
    assert [f.code for f in no.value.faults] == ["absence.stands_in"]
    with pytest.raises(Refused) as no:  # a is away
        away(c, a)
    assert [f.code for f in no.value.faults] == ["absence.stand_in_away"]
    with pytest.raises(Refused) as no:  # a twice, by oneself, and backwards
        away(a, a, days=-1)
    assert {f.code for f in no.value.faults} >= {"absence.self", "absence.period"}
    away(c, a, start=8)  # a is back by then


@pytest.mark.django_db
def test_coming_back_early_ends_the_hand_over_and_each_act_leaves_one_entry() -> None:
    unit = make_unit()
    a, b = make_staff(unit, "甲"), make_staff(unit, "乙")
    grant(a, "handler", unit)
    absence = away(a, b)
    actions.end_absence(absence, by=actor(a), now=NOW + DAY)  # by oneself, no right needed
    assert queries.stand_in(a, NOW + DAY) is None
    assert not queries.holds(actor(b, NOW + DAY), "approvals.review")
    with pytest.raises(NotFound):
        actions.end_absence(absence, by=SYSTEM, now=NOW + DAY)
    assert verbs(f"staff:{a}")[-2:] == ["absence.registered", "absence.ended"]


@pytest.mark.django_db
def test_a_lead_registers_absences_of_the_own_unit_only() -> None:
    unit, other = make_unit(), make_unit()
    a, b, lead = make_staff(unit, "甲"), make_staff(unit, "乙"), make_staff(unit, "丙")
    stranger = make_staff(other, "丁")
    grant(lead, "lead", unit)
    away(a, b, by=actor(lead))
    with pytest.raises(Forbidden):
        away(stranger, b, start=20, by=actor(lead))


@pytest.mark.django_db
def test_work_goes_to_the_one_who_is_there() -> None:
    unit = make_unit()
    a, b = make_staff(unit, "甲"), make_staff(unit, "乙")
    grant(a, "handler", unit)
    facts = Facts.of([unit], region="350824", kind="approval")
    assert [s.id for s in queries.who_may("approvals.review", facts, NOW)] == [a]
    away(a, b)
    assert [s.id for s in queries.who_may("approvals.review", facts, NOW + timedelta(hours=1))] == [b]


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), max_size=8), st.integers(1, 5))
def test_following_stand_ins_always_ends(pairs: list[tuple[int, int]], staff: int) -> None:
    rows = [Away(a, b, NOW, NOW + DAY) for a, b in pairs]
    acting = acting_for(staff, NOW, rows)
    assert acting == staff or acting in {b for _, b in pairs}
