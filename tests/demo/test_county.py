"""What the demo county must show, whatever the day it is started on."""

from __future__ import annotations

from collections import Counter

import pytest

from mashang.approvals.models import SiteCheck
from mashang.approvals.procedure import S
from mashang.cases import queries as cases
from mashang.cases import sweeps
from mashang.cases.models import Case, Document, Notice, Request, Step
from mashang.clocks.models import Clock
from mashang.kernel import vault
from mashang.kernel.actor import Actor
from mashang.org import queries as org
from mashang.org.models import Account, Person, Staff
from mashang.reviews.models import Rating
from mashang.site.county import life, year
from mashang.site.county.plots import past
from mashang.supervision import sweeps as supervision
from mashang.supervision.models import Matter
from tests.sealing import recorded

from .conftest import County, silent

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


def who(login: str) -> Actor:
    return org.actor_for(Account.objects.get(username=login).pk)


def test_every_state_an_application_can_be_in_is_there(county: County) -> None:
    found = set(Case.objects.filter(kind="application").values_list("state", flat=True))
    assert found == set(S.values) - {S.LAPSED}, "nothing starts the clock that lapses yet"
    assert set(Case.objects.filter(kind="supervision").values_list("state", flat=True)) == {
        "assigned",
        "reported",
        "closed",
    }
    assert {"open", "contacted"} <= set(Case.objects.filter(kind="bad_rating").values_list("state", flat=True))


def test_each_open_case_lies_in_someones_hands(county: County) -> None:
    """件件有着落: an open step with a date, or it is the applicant's turn, or the office checks an answer."""
    idle = []
    for case in Case.objects.filter(settled_at=None).prefetch_related("steps"):
        open_ = [step for step in case.steps.all() if step.state == "open"]
        dated = case.due_at is not None or any(step.due_at for step in open_)
        their_turn = case.state == S.SUPPLEMENT or any(step.kind in ("site_check", "check") for step in open_)
        if not open_ or not (dated or their_turn):
            idle.append((case.number, case.state))
    assert not idle


def test_what_is_overdue_is_supervised_and_nothing_that_is_settled_still_runs(county: County) -> None:
    overdue = Step.objects.filter(state="open", due_at__lte=county.now, case__settled_at=None).exclude(
        case__kind="supervision"
    )
    assert overdue.exists()
    assert not [step.case.number for step in overdue if not (step.case.late and step.case.supervised)]
    settled = Case.objects.filter(settled_at__isnull=False).values("id")
    assert not Clock.objects.filter(case_id__in=settled).exclude(state="stopped").exists()


def test_the_sweeps_of_the_present_find_nothing_left_undone(county: County) -> None:
    cases_before = Case.objects.count()
    assert (
        sweeps.fire(county.now)
        == sweeps.expire(county.now)
        == supervision.supervise(county.now)
        == supervision.release(county.now)
        == 0
    )
    assert Case.objects.count() == cases_before
    assert not Notice.objects.filter(state="queued").exists()


def test_every_entry_is_sealed_and_the_audit_finds_nothing(county: County) -> None:
    assert county.report.ok, county.report.findings
    assert county.report.sealed == county.report.entries == county.sealed == county.entries


def test_each_demo_account_finds_what_its_story_needs(county: County) -> None:
    for login in ("window", "land", "planning", "village", "town", "office", "zhangpu"):
        todo = cases.inbox(who(login), "todo", now=county.now, mine=False).tasks
        assert todo, login
    assert cases.counts(who("office"), now=county.now)["supervised"] > 0
    states = {row.state for row in cases.page(who("citizen"), cases.Filter()).rows}
    assert {"submitted", "supplement", "granted", "completed", "withdrawn", "refused"} <= states
    assert cases.page(who("helper"), cases.Filter()).rows
    land = cases.inbox(who("land"), "todo", now=county.now, mine=False).tasks
    assert {task.due_at is not None and task.due_at <= county.now for task in land} == {True, False}


def test_a_house_was_checked_four_times_on_site(county: County) -> None:
    labels = Counter(SiteCheck.objects.filter(finding="good").values_list("label", flat=True))
    assert {"选址到场", "放线到场", "关键节点到场", "竣工验收到场", "现场踏勘"} <= labels.keys()
    assert SiteCheck.objects.filter(finding="bad").exists()


def test_ratings_come_in_five_grades_and_some_by_silence(county: County) -> None:
    assert set(Rating.objects.filter(source="explicit").values_list("grade", flat=True)) >= {1, 2, 3, 5}
    assert Rating.objects.filter(source="default").exists()
    assert not Rating.objects.filter(grade__lte=2, source="explicit", redress="").exists()


def test_matters_were_struck_off_with_points_and_their_cases_released(county: County) -> None:
    closed = Matter.objects.filter(closed_at__isnull=False)
    assert closed.exists()
    numbers = closed.exclude(about__in=Matter.objects.filter(closed_at=None).values("about")).values("about")
    assert not Case.objects.filter(number__in=numbers, supervised=True).exists()


def test_everybody_invented_says_so(county: County) -> None:
    persons = list(Person.objects.all())
    assert len(persons) > 30
    assert all(person.is_demo and vault.open_(person.name_sealed).endswith("（演示）") for person in persons)
    assert not Staff.objects.exclude(name__endswith="（演示）").exists()
    assert not Document.objects.exclude(name__contains="（演示）").exists()


def counted() -> dict[str, int]:
    models = (Case, Request, Person, Account, Rating, Matter, Step, SiteCheck)
    return {model.__name__: model.objects.count() for model in models} | {"entries": recorded()}


def test_a_second_start_makes_nothing_twice(county: County) -> None:
    before = counted()
    year.seed_first(silent)
    year.seed_rest(silent)
    assert counted() == before


def test_a_making_stopped_in_the_middle_of_a_case_goes_on_where_it_stopped(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(year, "REST", 18)
    monkeypatch.setattr(year, "past", lambda count, prefix, *span: past(count, "more", *span))
    drop_mark("演示办件")
    real, acts = life.Life.act, iter(range(9))

    def act(self: life.Life, *values: object, **named: object) -> None:
        if next(acts, None) is None:
            raise KeyboardInterrupt
        real(self, *values, **named)  # type: ignore[arg-type]  # passed on as they came

    before = Case.objects.filter(kind="application").count()
    monkeypatch.setattr(life.Life, "act", act)
    with pytest.raises(KeyboardInterrupt):
        year.seed_rest(silent)
    monkeypatch.setattr(life.Life, "act", real)
    year.seed_rest(silent)
    assert Case.objects.filter(kind="application").count() == before + 18
    keys = Request.objects.filter(key__startswith="more-").values_list("key", flat=True)
    assert len(keys) == len(set(keys))


def drop_mark(what: str) -> None:
    """Let the making of this list begin at its beginning."""
    note = cases.draft(year.NOTE, year.BY)
    year._keep({name: value for name, value in note.items() if name != what})
