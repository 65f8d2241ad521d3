"""A notice that comes late: running cases follow it, and everyone concerned is told of old and new."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mashang.cases import actions, queries, sweeps
from mashang.cases.models import Case, Notice
from mashang.clocks import actions as clocks
from mashang.clocks import queries as clock_queries

pytestmark = pytest.mark.django_db


def test_a_revised_notice_moves_the_due_time_shown_and_tells_those_concerned(county, now):
    number = actions.begin(
        "errand", "hand_in", {"what": "盖一间房", "unit": county.unit}, by=county.clerk, now=now
    ).number
    before = Case.objects.get(number=number).due_at
    known = {d.date.isoformat(): d for n in clock_queries.notices() if n.year == 2026 for d in n.days}
    days = [{"name": d.name, "date": day, "isOffDay": d.off} for day, d in known.items()]
    extra = [{"name": "临时放假（演示）", "date": f"2026-03-{d:02d}", "isOffDay": True} for d in (10, 11)]
    clocks.load_notice({"year": 2026, "papers": ["演示"], "days": [*days, *extra]}, by="test", now=now)
    assert sweeps.follow(now) == 3
    assert sweeps.follow(now) == 0
    assert sweeps.expire(now - timedelta(days=90)) == 0  # a past that is being made beside it
    assert sweeps.expire(now) == 3
    case = Case.objects.get(number=number)
    assert (case.due_at - before).days == 2
    view = queries.case_for(county.lead, number)
    assert {s.due_at for s in view.open_steps} == {case.due_at}
    assert "放假安排调整" in queries.timeline(view, county.lead)[-1].text
    assert Notice.objects.filter(text__contains="放假安排调整", unit=county.unit).count() == 3
