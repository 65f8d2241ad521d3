"""What an act through the API costs: statements with sign-in, and commits. These counts don't depend on load."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mashang.kernel import clock, sql
from tests.flows.story import Story

from .test_cases import at

MOST = 8


def commits() -> int:
    """Transactions that wrote, so far."""
    row = sql.run("SELECT pg_current_xact_id()::text::bigint").fetchone()
    assert row
    return int(row[0])


def counted(send) -> tuple[int, int]:
    """Statements sent and transactions committed by a request that is answered well."""
    before = commits()
    with sql.statements() as sent:
        response = send()
    assert response.status_code in (200, 201), response.content.decode()
    return len(sent), commits() - before - 1  # the one that asks counts itself


@pytest.fixture
def warm(committed, system):
    """A system known to the process, as are calendars, definitions, units: as after the first request."""
    with at():
        system.hand_in("warm", place=1)
        yield system


def test_handing_in_for_a_new_applicant(warm):
    body = warm.house()
    statements, transactions = counted(lambda: warm.post("/cases", body, "new"))
    assert transactions == 1
    assert statements <= 4, "the applicant, their entry, the numbers, everything else"


def test_handing_in_for_a_known_applicant(warm):
    warm.hand_in("first")
    body = warm.house()
    statements, transactions = counted(lambda: warm.post("/cases", body, "second"))
    assert (statements, transactions) == (3, 1)


def test_whether_a_known_applicant_has_the_same_under_way_is_one_question_more(warm):
    number = warm.hand_in("first")
    Story(number).do("citizen", "withdraw", {"reason": "不办了"})
    body = warm.house(again=False)
    assert counted(lambda: warm.post("/cases", body, "second")) == (4, 1)


def test_every_act_of_a_permit(warm):
    number = warm.hand_in("n")
    story = Story(number)
    acts = [("accept", {}, "intake"), ("review", {"passed": True, "opinion": "符合规划"}, "planning")]
    acts += [("review", {"passed": True, "opinion": "一户一宅"}, "qualification")]
    expected = (clock.now() + timedelta(hours=2)).isoformat()
    acts += [("start_visit", {"purpose": "现场踏勘", "expected": expected}, "visit")]
    for action, data, step in acts:
        body = {"step": story.step(step).pk, "data": data}
        costs = counted(lambda: warm.post(f"/cases/{number}/actions/{action}", body, f"{action}-{step}"))  # noqa: B023 -- called at once
        assert costs[0] <= MOST, (action, costs)
        assert costs[1] == 1, (action, costs)
    assert story.step("planning").state == "done"


def test_the_grant_that_ends_all_reviews(warm):
    """The decision waits for everything before it, so the officer's check on site is made first, by the officer."""
    number = warm.hand_in("g")
    story = Story(number)
    warm.press(number, "accept", {}, "intake")
    with at("2026-03-02 14:00"):
        later = (clock.now() + timedelta(hours=1)).isoformat()
        warm.press(number, "start_visit", {"purpose": "现场踏勘", "expected": later}, "visit")
        photo = warm.upload("现场.pdf").json()["id"]
        place = {"photos": [photo], "latitude": 25.2, "longitude": 116.1, "taken_at": clock.now().isoformat()}
        warm.press(number, "finish_visit", {**place, "passed": True}, "visit")
        for step in ("qualification", "planning", "land"):
            warm.press(number, "review", {"passed": True, "opinion": "符合规划"}, step)
        story.do("land", "check_site", {**story.evidence("land"), "finding": "good"}, "siting-check")
        body = {"step": story.step("decision").pk, "data": {}}
        costs = counted(lambda: warm.post(f"/cases/{number}/actions/grant", body, "grant"))
    assert costs[0] <= MOST
    assert costs[1] == 1


def test_a_list_takes_one_statement_however_many_it_shows(warm):
    with sql.statements() as few:
        warm.get("/cases?limit=1")
    for i in range(4):
        warm.hand_in(f"more{i}")
    with sql.statements() as many:
        assert len(warm.get("/cases?limit=100").json()["items"]) == 5
    assert len(few) == len(many) == 1
