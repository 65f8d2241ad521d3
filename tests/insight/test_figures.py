"""Each figure and the cases behind it, over cases made through actions."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from mashang.approvals import measures
from mashang.cases import sweeps
from mashang.insight import queries
from mashang.insight.rules import LAMPS, Lens
from mashang.kernel import clock, sql
from mashang.kernel.actor import Actor, Grant
from mashang.kernel.refused import Refused
from mashang.org import queries as org
from mashang.performance.rules.periods import period_of
from mashang.reviews import actions as reviews
from tests.flows.story import Story, accepted, at, hand_in_house, reviewed, who

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
NOW = datetime(2026, 3, 13, 10, 0, tzinfo=clock.ZONE)


def granted(day: str) -> Story:
    """Handed in on the 2nd at nine, everything reviewed on the 3rd, decided on `day`."""
    story = accepted()
    reviewed(story)
    with at(f"{day} 10:00"):
        story.do("town", "grant", {}, "decision")
    with at(f"{day} 10:30"):
        story.do("window", "issue", {}, "certificate")
        reviews.rate(story.number, {"grade": 5}, by=who("citizen"), now=clock.now())
    return story


@pytest.fixture
def stories() -> dict[str, Story]:
    """One decided in time, one late, one that lies with three units past its date, one of today."""
    found = {"good": granted("2026-03-04"), "slow": granted("2026-03-10")}
    with at("2026-03-09 09:00"):
        found["late"] = hand_in_house("citizen")
        found["late"].do("window", "accept", {}, "intake")
    with at("2026-03-12 16:00"):
        found["fresh"] = hand_in_house("citizen")
        found["fresh"].do("window", "accept", {}, "intake")
    with clock.at(NOW):
        sweeps.fire(NOW)
        sweeps.expire(NOW)
    return found


def numbers(by: Actor, lens: Lens) -> set[str]:
    return {one.case.number for one in queries.behind(by, lens, now=NOW).rows}


@pytest.mark.row("G2")
def test_each_lamp_opens_exactly_its_cases(stories):
    by = who("leader")
    board = queries.board(by, now=NOW)
    assert stories["late"].number in numbers(by, board.whole.lens("late"))
    assert stories["fresh"].number in numbers(by, board.whole.lens("warn"))
    groups = [board.whole, *board.counties.values(), *board.units.values()]
    wrong = [
        (lamps.place, lamps.unit, lamp)
        for lamps in groups
        for lamp in LAMPS
        if lamps[lamp] != len(numbers(by, lamps.lens(lamp)))
    ]
    assert not wrong
    assert board.whole.total == len(numbers(by, board.whole.lens("open"))) > 0
    assert board.whole.today == len(numbers(by, board.whole.lens("today")))


@pytest.mark.row("G2")
def test_a_case_burns_in_the_hands_that_hold_its_late_step_and_not_where_the_work_is_done(stories):
    by = who("leader")
    board = queries.board(by, now=NOW)
    land, window = (org.unit_named(f"武平县桃溪镇{name}").id for name in ("自然资源所", "便民服务中心"))
    assert board.units[land]["late"] == 1
    assert window not in board.units
    (found,) = queries.behind(by, board.units[land].lens("late"), now=NOW).rows
    assert found.case.number == stories["late"].number
    assert "用地审查" in found.steps
    assert found.lamp == "late"


@pytest.mark.row("G2", "E7")
def test_the_cockpit_counts_steps_in_time_as_the_score_does(stories):
    by = who("leader")
    year = queries.year(by, now=NOW)
    units = [u.id for u in org.units_in("350824")]
    measured = measures.on_time_rate(units, replace_end(period_of("2026-03", clock.ZONE), NOW))
    month = year.months[-1]
    assert (month.pace.hits, month.pace.total) == (
        sum(m.numerator for m in measured.values()), sum(m.denominator for m in measured.values()),
    )  # fmt: skip
    for unit, rate in year.by_unit.items():
        assert (rate.hits, rate.total) == (measured[unit].numerator, measured[unit].denominator)
        assert numbers(by, rate.counted) == set(measured[unit].cases["counted"])
        assert numbers(by, rate.against) == set(measured[unit].cases["against"])
    assert numbers(by, month.pace.against) == {stories["slow"].number, stories["late"].number}


def replace_end(period, end):
    return period._replace(end=end)


def test_one_unit_alone_has_its_own_year(stories):
    by, town = who("leader"), org.unit_named("武平县桃溪镇人民政府").id
    year = queries.year(by, unit=town, now=NOW)
    assert set(year.by_unit) == {town}
    assert (year.pace.hits, year.pace.total) == (1, 2)
    assert numbers(by, year.pace.against) == {stories["slow"].number}


def test_satisfaction_said_and_assumed_are_two_figures(stories):
    year = queries.year(who("leader"), now=NOW)
    assert (year.said.hits, year.said.total) == (2, 2)
    assert (year.rated.hits, year.rated.total) == (2, 2)
    assert year.said.counted.what == "said"
    assert year.rated.counted.what == "rated"
    assert len(numbers(who("leader"), year.said.counted)) == 2


def test_taken_in_and_decided_are_counted_by_month_and_open_to_their_cases(stories):
    by = who("leader")
    month = queries.year(by, now=NOW).months[-1]
    assert (month.opened, month.settled) == (4, 2)
    assert len(numbers(by, Lens("opened", "", 0, month.start, month.end))) == 4
    assert numbers(by, Lens("settled", "", 0, month.start, month.end)) == {
        stories["good"].number,
        stories["slow"].number,
    }


def test_the_slowest_step_comes_with_its_promise_and_its_cases(stories):
    for _ in range(3):
        granted("2026-03-10")
    by = who("leader")
    steps, items = queries.slowest(by, now=NOW)
    assert steps[0].step == "审批决定"
    assert (steps[0].total, steps[0].late) == (5, 4)
    assert steps[0].due is not None
    assert steps[0].decile > steps[0].middle - 0.001 > steps[0].due
    assert len(numbers(by, steps[0].lens)) == 5
    assert items[0].total == 5
    assert items[0].limit == "3wd"
    assert len(numbers(by, items[0].lens)) == 5


def test_another_countys_leader_sees_nothing_of_it_whatever_the_address_says(stories):
    other = Actor("staff", 1, None, "漳浦领导", 0, (Grant("leader", region="350623"),))
    board = queries.board(other, "350824", now=NOW)
    assert board.whole.total == 0
    assert queries.year(other, "350824", now=NOW).pace.total == 0
    assert queries.behind(other, Lens("open", "350824"), now=NOW).rows == []
    assert queries.counties(other) == ["350623"]
    assert queries.default_place(other) == "350623"


def test_who_has_no_cockpit_sees_no_figure(stories):
    assert queries.board(who("town"), now=NOW).whole.total == 0
    assert queries.behind(who("town"), Lens("open"), now=NOW).total == 0


def test_a_list_is_read_page_by_page_and_leaves_nothing_out(stories):
    by, read, after = who("leader"), [], ""
    while True:
        found = queries.behind(by, Lens("open"), now=NOW, after=after, limit=2)
        read += [one.case.number for one in found.rows]
        after = found.after
        if not after:
            break
    assert len(read) == len(set(read)) == found.total == queries.board(by, now=NOW).whole.total


def test_a_lens_that_looks_back_needs_its_span():
    with pytest.raises(Refused) as no:
        queries.behind(who("leader"), Lens("missed"), now=NOW)
    assert no.value.code == "page.lens"


def test_the_figures_take_six_statements_however_many_cases_there_are(stories):
    by = who("leader")
    queries.counties(by)
    with sql.statements() as sent:
        queries.board(by, now=NOW)
        queries.year(by, now=NOW)
        queries.slowest(by, now=NOW)
    assert len(sent) == 6


def test_the_lens_of_a_month_narrows_to_it(stories):
    by = who("leader")
    month = queries.year(by, now=NOW).months[-1]
    before = replace(month.pace.counted, start=datetime(2026, 2, 1, tzinfo=clock.ZONE), end=month.start)
    assert numbers(by, before) == set()
