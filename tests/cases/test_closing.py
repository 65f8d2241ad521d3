"""A unit with work in its hands is not closed."""

from __future__ import annotations

import pytest

from mashang.cases import actions
from mashang.cases.models import Step
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Forbidden, Refused
from mashang.org import queries as org

from .test_door import hand_in, step

SYSTEM = Actor.system("setup")


def test_a_unit_is_closed_only_when_nothing_is_left_in_its_hands(county, now):
    number = hand_in(county, now, looks=1).number
    Step.objects.filter(pk=step(number, "look0").pk).update(unit_id=county.other)
    for unit in (county.unit, county.other):  # the one that leads, and the one that only has a step
        with pytest.raises(Refused) as no:
            actions.close_unit(unit, by=SYSTEM, now=now)
        assert [f.code for f in no.value.faults] == ["unit.has_cases"] and "1件" in str(no.value)
        assert org.unit(unit).valid_to is None
    with pytest.raises(Forbidden):
        actions.close_unit(county.unit, by=county.lead, now=now)

    Step.objects.filter(case__number=number, unit_id=county.other).update(state="done", done_at=now)
    actions.close_unit(county.other, by=SYSTEM, now=now)
    assert org.unit(county.other).valid_to == now.date()
