"""Two hands on one case at the same instant: one wins, the other is told so, nothing is done twice and nobody waits for ever."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction

from mashang.cases import actions, queries, sweeps
from mashang.cases.actions import write
from mashang.cases.models import Case, Expiry, Notice
from mashang.clocks import actions as clock_actions
from mashang.clocks import queries as clocks
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused
from mashang.org import actions as org_actions
from mashang.org.models import Person, Unit
from tests.flows.story import Story, applicant, hand_in_house, upload, verbs_of, who
from tests.trouble.hands import at_once
from tests.waiting import PATIENCE, soon

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
BEGAN = datetime(2026, 3, 2, 9, 10, tzinfo=clock.ZONE)
NEXT = BEGAN + timedelta(days=1)


def accepted(place: int = 0) -> Story:
    with clock.at(BEGAN):
        story = hand_in_house("citizen" if place == 0 else "window", place)
        story.do("window", "accept", {}, "intake")
    return story


def ready_to_decide() -> Story:
    story = accepted()
    with clock.at(NEXT):
        for login, step in (("village", "qualification"), ("planning", "planning"), ("land", "land")):
            story.do(login, "review", {"passed": True, "opinion": "符合要求"}, step)
        story.do("village", "start_visit", {"expected": "2026-03-04T09:00"}, "visit")
        story.do("village", "finish_visit", {**story.evidence("village"), "passed": True}, "visit")
        story.do("land", "check_site", {**story.evidence("land"), "finding": "good"}, "siting-check")
    return story


def refusals(ends: list[Any]) -> list[str]:
    return [end.code for end in ends if isinstance(end, Refused)]


def test_of_two_officers_who_decide_at_the_same_instant_one_wins_and_the_other_is_told():
    story = ready_to_decide()
    step = story.step("decision").pk
    refusal = {"grounds": "选址占用永久基本农田", "basis": "土地管理法第六十二条", "remedy": "另选地块再申请"}
    works = [
        partial(actions.act, story.number, "grant", {}, by=who("town"), now=NEXT, step=step, revision=story.case.revision),
        partial(
            actions.act, story.number, "propose_refusal", refusal, by=who("townlead"), now=NEXT, step=step,
            revision=story.case.revision,
        ),
    ]  # fmt: skip
    before = story.case.revision
    ends = at_once(works)
    assert refusals(ends) == ["conflict.stale"]
    assert "刚刚被别人办理过" in str(next(e for e in ends if isinstance(e, Refused)))
    assert story.case.revision == before + 1
    assert verbs_of(story.number).count("grant") + verbs_of(story.number).count("propose_refusal") == 1


def test_without_a_revision_too_a_step_is_decided_once():
    story = ready_to_decide()
    step = story.step("decision").pk
    ends = at_once(
        [partial(actions.act, story.number, "grant", {}, by=who(w), now=NEXT, step=step) for w in ("town", "townlead")]
    )
    assert refusals(ends) == ["conflict.step-done"]
    assert verbs_of(story.number).count("grant") == 1


def test_one_press_sent_eight_times_at_once_acts_once_and_every_copy_gets_the_same_answer():
    story = accepted()
    step = story.step("land").pk
    press = partial(
        actions.act,
        story.number,
        "review",
        {"passed": True, "opinion": "符合"},
        by=who("land"),
        now=NEXT,
        step=step,
        key="p",
    )
    ends = at_once([press] * 8)
    assert {(e.number, e.state, e.revision) for e in ends} == {(story.number, "accepted", story.case.revision)}
    assert [e.again for e in ends].count(False) == 1
    assert verbs_of(story.number).count("review") == 1


@pytest.mark.parametrize(
    "login", ["citizen", "window"]
)  # at the counter the applicant is registered in the same breath
def test_one_application_sent_six_times_at_once_is_one_case(login):
    by, place = who(login), 0 if login == "citizen" else 7
    materials = {code: upload(by) for code in ("identity", "household", "house-form", "neighbours", "drawing")}

    def send() -> str:
        with clock.at(BEGAN):
            return hand_in_house(login, place, materials=materials, key="one").number

    numbers = at_once([send] * 6)
    assert len(set(numbers)) == 1, numbers
    assert Case.objects.count() == 1
    assert verbs_of(numbers[0]) == ["hand_in"]


def test_two_counters_that_register_the_same_new_applicant_at_once_both_take_the_application_in():
    def send(place: int) -> str:
        with clock.at(BEGAN):
            return hand_in_house("window", 11, key=f"counter {place}").number

    numbers = at_once([partial(send, place) for place in range(4)])
    assert len(set(numbers)) == 4, numbers
    assert len({tuple(c.persons) for c in Case.objects.all()}) == 1
    name = applicant(11)["name"]
    assert Person.objects.filter(name_masked__startswith=name[0]).count() >= 1


def test_one_key_used_for_two_cases_at_once_is_refused_for_one_of_them():
    stories = [accepted(), accepted(3)]
    by = who("land")
    works = [
        partial(
            actions.act,
            s.number,
            "review",
            {"passed": True, "opinion": "符合"},
            by=by,
            now=NEXT,
            step=s.step("land").pk,
            key="k",
        )
        for s in stories
    ]
    assert refusals(at_once(works)) == ["conflict.key"]
    assert [verbs_of(s.number).count("review") for s in stories] in ([0, 1], [1, 0])


def test_a_file_given_to_two_applications_at_once_ends_up_in_one():
    by = who("citizen")
    materials = {code: upload(by) for code in ("identity", "household", "house-form", "neighbours", "drawing")}

    def send(key: str) -> str:
        with clock.at(BEGAN):
            return hand_in_house("citizen", materials=materials, key=key).number

    ends = at_once([partial(send, key) for key in ("a", "b")])
    assert refusals(ends) == ["document.gone"]
    assert Case.objects.count() == 1


def waiting() -> bool:
    """Whether some other connection to the test's database waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def test_a_sweep_and_an_act_on_the_same_case_never_wait_for_each_other():
    """The act holds the case and wants its clocks; the sweep holds the clocks and keeps a row that names the case."""
    with clock.at(BEGAN):
        story = hand_in_house("citizen")
    late = BEGAN + timedelta(days=9)
    ends: list[Any] = []
    sweep = threading.Thread(target=lambda: ends.extend(at_once([partial(sweeps.fire, late)])), daemon=True)
    with transaction.atomic():
        case_id = write.lock(story.number)
        sweep.start()
        assert soon(lambda: not sweep.is_alive() or waiting())
        clocks.open_clocks(case_id, None)
        if not sweep.is_alive():
            assert ends == [1]
    sweep.join(PATIENCE)
    assert ends == [1]
    assert Expiry.objects.count() == 1


def test_acts_on_many_cases_go_on_while_sweeps_fire_and_answer():
    with clock.at(BEGAN):
        stories = [hand_in_house("window", 20 + n) for n in range(6)]
    late = BEGAN + timedelta(days=9)  # every five-day limit is over: acceptance by silence races with the counter
    by = who("window")

    def accept(story: Story) -> Any:
        return actions.act(story.number, "accept", {}, by=by, now=late, step=story.step("intake").pk)

    def sweep() -> int:
        return sum(sweeps.fire(late) + sweeps.expire(late) for _ in range(4))

    ends = at_once([*(partial(accept, s) for s in stories), sweep, sweep])
    sweeps.fire(late), sweeps.expire(late)
    assert set(refusals(ends)) <= {"conflict.state", "conflict.step-done"}
    for story in stories:
        told = verbs_of(story.number)
        assert told.count("accept") + told.count("deem_accepted") == 1, told
        assert story.case.revision == len(told)
        assert {c.state for c in queries.clocks_of(queries.case_for(by, story.number)) if c.code == "XK-45"} == {
            "running"
        }
    assert Expiry.objects.filter(done_at=None).count() == 0


def test_a_calendar_recomputed_while_cases_are_settled_stops_neither():
    stories = [accepted() for _ in range(5)]
    by = who("citizen")

    def withdraw(story: Story) -> Any:
        return actions.act(story.number, "withdraw", {"reason": "不办了"}, by=by, now=NEXT)

    works = [partial(withdraw, s) for s in stories]
    at_once([*works, partial(clock_actions.recompute, now=NEXT), partial(clock_actions.recompute, now=NEXT)])
    assert {s.case.state for s in stories} == {"withdrawn"}
    for story in stories:
        assert {c.state for c in queries.clocks_of(queries.case_for(by, story.number))} == {"stopped"}


def test_two_workers_send_each_message_once(folder, monkeypatch):
    by_hand: list[int] = []

    def sender(notice: Notice, address: str) -> None:
        time.sleep(0.02)
        by_hand.append(notice.pk)

    monkeypatch.setattr("mashang.cases.actions.notices.to_folder", sender)
    for _ in range(3):
        accepted()
    ends = at_once([partial(actions.send_due, NEXT)] * 3)
    assert sum(ends) == len(by_hand) == len(set(by_hand)) == Notice.objects.filter(channel="sms", state="sent").count()


def test_two_units_moved_below_each_others_divisions_at_the_same_instant_make_no_ring():
    by = Actor.system("setup")

    def opened(name: str, parent: int | None) -> int:
        form = org_actions.NewUnit(name, name, "department", "350824", parent)
        return org_actions.open_unit(form, by=by, now=BEGAN)

    one, other = opened("甲局（演示）", None), opened("乙局（演示）", None)
    below_one, below_other = opened("甲局办公室（演示）", one), opened("乙局办公室（演示）", other)
    moves = [
        partial(org_actions.revise_unit, unit, name, name, parent, by=by, now=NEXT)
        for unit, name, parent in ((one, "甲局（演示）", below_other), (other, "乙局（演示）", below_one))
    ]
    assert refusals(at_once(moves)) == ["parent.below"]
    assert Unit.objects.filter(pk__in=(one, other), parent=None).count() == 1
