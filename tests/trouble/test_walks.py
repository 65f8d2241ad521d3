"""Random walks through the application's procedure: whoever presses whatever, the case keeps its invariants."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from mashang.approvals.models import Refusal
from mashang.cases import actions, queries, sweeps
from mashang.cases.models import Case, Step
from mashang.cases.procedure import registry
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused
from mashang.org import queries as org
from tests.county import forget
from tests.flows.story import PNG, Story, change_steps, hand_in_house, upload, who

pytestmark = [pytest.mark.django_db]
BEGAN = datetime(2026, 3, 2, 9, 10, tzinfo=clock.ZONE)
PEOPLE = (
    "citizen", "helper", "window", "land", "planning", "village", "town", "townlead", "office", "leader", "zhangpu", "the clock",
)  # fmt: skip
PRESSES = (
    "accept", "notice", "supplement", "review", "start_visit", "finish_visit", "visit", "extend", "grant", "issue", "propose_refusal",
    "confirm_refusal", "send_back_refusal", "take_back_refusal", "end_checks", "withdraw", "hand_later", "check_site", "ask_check", "assign", "hand_over", "urge",
    "deem_accepted", "remind_later", "lapse", "overdue", "remind", "no_such_action",
)  # fmt: skip
FULL = ("identity", "household", "house-form", "neighbours", "drawing")
TABLES = (
    "cases_case", "cases_step", "cases_participant", "cases_document", "cases_notice", "cases_request", "clocks_clock",
    "clocks_move", "approvals_application", "approvals_material", "approvals_refusal", "approvals_sitecheck", "approvals_keptmaterial",
    "documents_issued", "ledger_entry", "ledger_private", "org_person",
)  # fmt: skip
SNAPSHOT = "SELECT " + ", ".join(
    f"(SELECT md5(coalesce(string_agg(t::text, '' ORDER BY t::text), '')) FROM {t} t)" for t in TABLES
)
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)  # a walk takes seconds: not shortened for minutes
FINAL = ("completed", "not_accepted", "refused", "withdrawn", "lapsed")


def snapshot() -> dict[str, str]:
    """A digest of all rows of every table that an act may write."""
    with connection.cursor() as cursor:
        cursor.execute(SNAPSHOT)
        return dict(zip(TABLES, cursor.fetchone() or (), strict=True))


def evidence(by: Actor, now: datetime) -> dict[str, Any]:
    photo = upload(by, "现场.png", PNG)
    return {"photos": [photo], "latitude": 25.2, "longitude": 116.1, "taken_at": now.isoformat()}


def data_for(action: str, by: Actor, now: datetime, yes: bool) -> dict[str, Any]:
    """What the form of the action takes; `yes` chooses the friendly answer."""
    if action in ("finish_visit", "visit", "check_site"):
        answer = {"passed": yes} if action != "check_site" else {"finding": "good" if yes else "bad"}
        return {**evidence(by, now), **answer}
    if action in ("supplement", "hand_later"):
        return {"materials": {"household": upload(by)}}
    return {
        "accept": {} if yes else {"later_until": (now + timedelta(days=20)).date().isoformat()},
        "notice": {"missing": ["户口簿"]},
        "review": {"passed": yes, "opinion": "意见如上"},
        "start_visit": {"expected": (now + timedelta(hours=3)).isoformat()},
        "extend": {"ground": "案情复杂需要论证", "days": 5},
        "propose_refusal": {"grounds": "选址占用永久基本农田", "basis": "土地管理法第六十二条", "remedy": "另选地块"},
        "send_back_refusal": {"words": "再核实"},
        "withdraw": {"reason": "不办了"},
        "end_checks": {"reason": "申请人书面表示不再建设"},
        "assign": {"staff": who("land" if yes else "zhangpu").id},
        "hand_over": {"unit": org.unit_named("武平县桃溪镇村镇建设办公室" if yes else "武平县桃溪镇自然资源所").id, "reason": "属其职责"},
        "urge": {"words": "请抓紧办理"},
        "overdue": {"clock": "x", "due": "y"},
        "remind": {"clock": "x", "due": "y"},
    }.get(action, {})  # fmt: skip


class Walk(RuleBasedStateMachine):
    """One application, pressed on by everybody in any order, while time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.savepoint()
        self.now, self.number, self.acts, self.story = BEGAN, "", 0, Story("")
        self.units: set[int] = set()
        self.persons: set[int] = set()

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.savepoint)
        forget()

    @initialize(full=st.booleans(), stops=st.booleans())
    def hand_in(self, full: bool, stops: bool) -> None:
        with clock.at(self.now):
            if not stops:
                change_steps(visit={"suspends": False, "ground": ""})
            by = who("citizen")
            materials = {code: upload(by) for code in (FULL if full else FULL[:2])}
            self.story = hand_in_house("citizen", materials=materials)
            self.number, self.acts = self.story.number, 1

    @rule(who_=st.sampled_from(PEOPLE), action=st.sampled_from(PRESSES), place=st.integers(0, 12), yes=st.booleans())
    def press_anything(self, who_: str, action: str, place: int, yes: bool) -> None:
        steps = [0, *Step.objects.filter(case__number=self.number).order_by("id").values_list("id", flat=True)]
        self.press(who_, action, steps[place % len(steps)], yes)

    @rule(who_=st.sampled_from(PEOPLE), place=st.integers(0, 30), yes=st.booleans())
    def press_what_is_offered(self, who_: str, place: int, yes: bool) -> None:
        with clock.at(self.now):
            by = Actor.system("clock") if who_ == "the clock" else who(who_)
            try:
                found = queries.available(queries.case_for(by, self.number), by)
            except Refused:
                return
        if found:
            one = found[place % len(found)]
            self.press(who_, one.action.code, one.step.pk if one.step else 0, yes, offered=True)

    def press(self, who_: str, action: str, step: int, yes: bool, offered: bool = False) -> None:
        with clock.at(self.now):
            by = Actor.system("clock") if who_ == "the clock" else who(who_)
            data = data_for(action, by, self.now, yes)
            before, case = snapshot(), self.story.case
            try:
                answer = actions.act(self.number, action, data, by=by, now=self.now, step=step)
            except Refused as no:
                assert snapshot() == before, f"{action} was refused ({no.code}) and left a trace"
                assert no.code not in ("not-found", "forbidden") or not offered, f"{action} was offered to {who_}"
                return
        self.acts += 1
        after = self.story.case
        assert answer.revision == after.revision == case.revision + 1
        assert set(case.units) <= set(after.units)
        assert set(case.persons) <= set(after.persons)
        assert not case.settled_at or action in ("supervised", "released"), "a settled case was acted on"
        verb = registry["application"].actions[action]
        assert after.state in (verb.reaches or (case.state,)) or after.state == case.state

    @rule(minutes=st.sampled_from((1, 30, 240, 1440, 5 * 1440, 20 * 1440)))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: self.number)
    @rule()
    def sweep(self) -> None:
        with clock.at(self.now):
            before = self.story.case.revision
            for _ in range(3):  # what one sweep begins may be due already, when it comes late
                if not sweeps.fire(self.now) + sweeps.expire(self.now):
                    break
            done = snapshot()
            assert sweeps.fire(self.now) == sweeps.expire(self.now) == 0
            assert snapshot() == done, "a sweep run again did something again"
            self.acts += self.story.case.revision - before

    @invariant()
    def ledger_and_revision_count_the_acts(self) -> None:
        if self.number:
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM ledger_entry WHERE subject = %s", [self.number])
                entries = cursor.fetchone()[0]
            assert self.story.case.revision == entries == self.acts

    @invariant()
    def a_settled_case_rests_and_a_running_one_runs(self) -> None:
        if not self.number:
            return
        case = self.story.case
        live = [c for c in queries.clocks_of(queries.case_for(Actor.system("x"), self.number)) if c.state != "stopped"]
        states = set(case.steps.values_list("state", flat=True))
        assert (case.settled_at is not None) == (case.state in FINAL)
        if case.settled_at:
            assert not live, [c.code for c in live]
            assert states <= {"done", "dropped"}
            assert case.due_at is None and not case.held
        else:
            assert "dropped" not in states
            assert not case.held or any(c.state == "suspended" for c in live if c.step_id is None)

    @invariant()
    def a_no_that_waits_lies_on_an_open_step(self) -> None:
        if self.number and not self.story.case.settled_at:
            pending = Refusal.objects.filter(case__number=self.number, state="pending").values_list("step", flat=True)
            assert all(Step.objects.get(pk=step).state == "open" for step in pending), "nobody can answer it any more"

    @invariant()
    def a_step_opens_exactly_when_those_before_it_are_done(self) -> None:
        if not self.number or self.story.case.settled_at:
            return
        steps = list(Step.objects.filter(case__number=self.number))
        for step in steps:
            unfinished = [s for s in steps if step.code in s.next and s.state != "done"]
            assert step.needs == len(unfinished)
            assert (step.state == "waiting") == bool(unfinished)
            assert (step.opened_at is None) == (step.state == "waiting")
            assert (step.done_at is None) == (step.state != "done")


def walks(examples: int, steps: int) -> None:
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=quiet, phases=PHASES
        ),
    )


@pytest.mark.slow
def test_whoever_presses_whatever_the_case_keeps_its_invariants():
    walks(20, 40)


def test_the_walk_knows_every_action_of_the_procedure():
    known = set(registry["application"].actions) - {"hand_in", "supervised", "released", "moved", "long_pause"}
    assert known <= set(PRESSES), known - set(PRESSES)
    assert Case.objects.count() == 0
