"""Each second of a case belongs to exactly one party, and the parts add up."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mashang.clocks import shipped
from mashang.clocks.rules import Exclusion, StepSpan, attribute
from mashang.kernel.clock import ZONE
from mashang.kernel.refused import Refused

ZERO = datetime(2026, 3, 2, 9, 0, tzinfo=ZONE)


def hour(number: float) -> datetime:
    return ZERO + timedelta(hours=number)


def test_exclusion_goes_before_applicant_before_unit_before_lead() -> None:
    parts = attribute(
        hour(0),
        hour(10),
        lead="unit:1",
        exclusions=[Exclusion(hour(3), hour(5), "hearing")],
        applicant=[(hour(4), hour(6))],
        steps=[StepSpan("unit:2", hour(1), hour(8))],
    )
    owners = [(share.party, (share.end - share.start) // timedelta(hours=1)) for share in parts.shares]
    assert owners == [("unit:1", 1), ("unit:2", 2), ("excluded", 2), ("applicant", 1), ("unit:2", 2), ("unit:1", 2)]


def test_of_parallel_steps_the_one_that_ends_last_holds_the_case() -> None:
    steps = [
        StepSpan("unit:2", hour(0), hour(4)),
        StepSpan("unit:3", hour(1), hour(7)),
        StepSpan("unit:4", hour(2), None),
    ]
    parts = attribute(hour(0), hour(9), lead="unit:1", steps=steps)
    assert parts.totals == {
        "unit:2": timedelta(hours=1),
        "unit:3": timedelta(hours=1),
        "unit:4": timedelta(hours=7),
    }


def test_an_end_before_the_beginning_is_refused() -> None:
    with pytest.raises(Refused):
        attribute(hour(1), hour(0), lead="unit:1")


instants = st.integers(-500, 3000).map(lambda n: ZERO + timedelta(minutes=n))
ends = st.one_of(st.none(), instants)
units = st.sampled_from(["unit:1", "unit:2", "unit:3"])


@given(
    instants,
    st.integers(0, 2500),
    st.lists(st.builds(Exclusion, instants, ends), max_size=4),
    st.lists(st.tuples(instants, ends), max_size=4),
    st.lists(st.builds(StepSpan, units, instants, ends), max_size=6),
)
def test_the_parts_add_up_to_the_whole(began, length, exclusions, applicant, steps) -> None:  # type: ignore[no-untyped-def]
    ended = began + timedelta(minutes=length)
    parts = attribute(began, ended, lead="unit:9", exclusions=exclusions, applicant=applicant, steps=steps)
    assert sum(parts.totals.values(), timedelta()) == ended - began == parts.whole
    assert all(share.start < share.end for share in parts.shares)
    for left, right in zip(parts.shares, parts.shares[1:], strict=False):
        assert left.end == right.start
        assert left.party != right.party
    calendar = shipped.calendar()
    worked = parts.weighed(lambda a, b: calendar.elapsed(a, b, "wh"))
    assert sum(worked.values()) == calendar.elapsed(began, ended, "wh")


@given(st.lists(st.builds(Exclusion, instants, instants), max_size=4), st.lists(st.tuples(instants, ends), max_size=3))
def test_every_minute_goes_to_the_party_of_the_highest_rank(exclusions, applicant) -> None:  # type: ignore[no-untyped-def]
    parts = attribute(hour(0), hour(30), lead="unit:9", exclusions=exclusions, applicant=applicant)
    for share in parts.shares:
        middle = share.start + (share.end - share.start) / 2
        excluded = any(e.start <= middle and (e.end is None or middle < e.end) for e in exclusions)
        waiting = any(a <= middle and (b is None or middle < b) for a, b in applicant)
        assert share.party == ("excluded" if excluded else "applicant" if waiting else "unit:9")
