"""What pages cost in statements: a list as many however long it is, a case's page a known few."""

from __future__ import annotations

import pytest

from mashang.cases import sweeps
from mashang.kernel import sql
from mashang.supervision.sweeps import supervise

from .story import accepted, at, hand_in_house, reviewed

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
LATER = "2026-03-18 10:00"
PAGES = [
    ("land", "/desk/"),
    ("land", "/desk/?tab=doing"),
    ("land", "/desk/?tab=todo&whose=unit"),
    ("land", "/desk/?tab=supervised"),
    ("office", "/desk/cases"),
    ("office", "/desk/watch"),
    ("leader", "/cockpit/"),
    ("leader", "/cockpit/cases"),
    ("land", "/desk/sites"),
    ("land", "/desk/notices"),
    ("citizen", "/my"),
    ("citizen", "/my/notices"),
    ("office", "/desk/cases.xlsx"),
]


def late(count: int) -> None:
    """As many houses accepted, left lying, and supervised."""
    for n in range(count):
        with at(f"2026-03-03 09:{n:02}"):
            hand_in_house("citizen").do("window", "accept", {}, "intake")
    with at(LATER) as now:
        sweeps.fire(now)
        sweeps.expire(now)
        supervise(now)


def cost(sign_in, login: str, path: str) -> tuple[int, int]:
    """Statements of a page, asked for the second time, and how many bytes it has."""
    browser = sign_in(login)
    browser.get(path)
    with sql.statements() as sent:
        answer = browser.get(path)
    assert answer.status_code == 200, path
    return len(sent), len(answer.content)


def test_a_list_costs_the_same_however_many_it_shows(sign_in):
    late(1)
    with at(LATER):
        few = {page: cost(sign_in, *page) for page in PAGES}
    late(4)
    with at(LATER):
        many = {page: cost(sign_in, *page) for page in PAGES}
    assert {page: n for page, (n, _size) in many.items()} == {page: n for page, (n, _size) in few.items()}
    assert not [page for page in PAGES if page[1] != "/cockpit/" and many[page][1] <= few[page][1]]


def test_a_cases_page_and_the_form_of_an_action_read_the_application_once(sign_in):
    story = accepted()
    reviewed(story)
    browser, case = sign_in("town"), f"/desk/case/{story.number}"
    with at("2026-03-04 10:00"):
        for path in (case, f"{case}/do/grant/{story.step('decision').pk}"):
            with sql.statements() as sent:
                assert browser.get(path).status_code == 200, path
            assert sum("FROM approvals_application a WHERE" in text for text in sent) == 1, path
