"""Ratings handed on by a calling system: once a service, and once more after redress."""

from __future__ import annotations

import pytest

from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.ledger import queries as ledger
from mashang.org import actions as org_actions
from mashang.reviews import sweeps
from mashang.reviews.models import Rating
from tests.flows.story import Story, accepted, at, reviewed, who

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.row("E9")]


@pytest.fixture
def rater(county, admit):
    """A system that hands on ratings, and one that only reads and writes cases."""
    return admit("cases:read", "cases:rate", unit="武平县人民政府")


def finished() -> Story:
    story = accepted()
    reviewed(story)
    with at("2026-03-04 10:00"):
        story.do("town", "grant", {}, "decision")
        story.do("window", "issue", {}, "certificate")
    return story


def rate(system, number: str, **given):
    return system.post(f"/cases/{number}/ratings", given)


def test_a_service_is_rated_and_after_redress_once_more(rater):
    story = finished()
    with at("2026-03-04 11:00"):
        early = rate(rater, story.number, grade=5, second=True)
        assert (early.status_code, early.json()["code"]) == (422, "rating.first")
        made = rate(rater, story.number, grade=1, words="跑了三趟", channel="kiosk")
        assert (made.status_code, made.json()["second"]) == (201, False)
        twice = rate(rater, story.number, grade=1, words="跑了三趟", channel="kiosk")
        assert (twice.status_code, twice.json()["code"]) == (422, "rating.twice")
        sweeps.redress(clock.now())
        first = Rating.objects.get(case=story.case)
        became = Story(first.redress)
        became.do("townlead", "contact", {"words": "已电话联系"}, "contact")
        became.do("townlead", "put_right", {"words": "已上门说明并改进"}, "put_right")
        late = rate(rater, story.number, grade=1, words="跑了三趟", channel="kiosk")  # the first call, sent again late
        assert (late.status_code, late.json()["code"]) == (422, "rating.twice")
        again = rate(rater, story.number, grade=4, second=True)
        assert (again.status_code, again.json()["grade"], again.json()["second"]) == (201, 4, True)
        assert rate(rater, story.number, grade=4, second=True).json()["code"] == "rating.twice"
        sweeps.follow(clock.now())
        seen = rater.get(f"/cases/{became.number}").json()
        assert [line["verb"] for line in seen["timeline"]][-1] == "bad_rating.rated_again"
    rows = Rating.objects.filter(case=story.case).order_by("round")
    assert [(r.grade, r.second, r.channel) for r in rows] == [(1, False, "kiosk"), (4, True, "api")]
    assert {e.by for r in rows for e in ledger.history(f"rating/{r.pk}")} == {f"client:{rater.id}"}


def test_only_the_scope_for_it_hands_on_ratings(rater, admit):
    story = finished()
    with at("2026-03-04 11:00"):
        for scopes, status in (
            (("cases:read", "cases:write"), 403),
            (("cases:rate",), 404),  # sees no case
        ):
            assert rate(admit(*scopes, unit="武平县人民政府"), story.number, grade=5).status_code == status
        stranger = admit("cases:read", "cases:rate", unit="漳浦县人民政府")
        assert rate(stranger, story.number, grade=5).status_code == 404
        faulty = rate(rater, story.number, grade=6)
        assert (faulty.status_code, faulty.json()["errors"][0]["pointer"]) == (422, "#/grade")
    assert not Rating.objects.exists()


def test_the_office_that_checks_for_want_of_a_lead_is_shown_and_no_system_checks(rater, admit):
    story = finished()
    with at("2026-03-04 11:00"):
        rate(rater, story.number, grade=1)
        org_actions.let_go(who("townlead").id, by=Actor.system("test"), now=clock.now())
        sweeps.redress(clock.now())
        became = Rating.objects.get(case=story.case).redress
        system = admit("cases:read", "cases:write", unit="武平县人民政府")
        step = system.get(f"/cases/{became}").json()["steps"][0]
        assert (step["kind"], step["unit_name"]) == ("office_contact", "武平县机关效能建设领导小组办公室")
        pressed = system.press(became, "office_contact", {"words": "已电话联系"}, "contact")
        assert pressed.status_code == 403
