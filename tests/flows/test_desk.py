"""The desk's pages: what whoever judges a case has before them, and what is asked and offered there."""

from __future__ import annotations

import pytest

from .story import Story, applicant
from .test_house import accepted, at, reviewed
from .test_pages import text_of

pytestmark = [pytest.mark.django_db]
AROUND = "东邻练家，西至村道（演示）"


def press_page(client, story: Story, action: str, code: str) -> str:
    return text_of(client.get(f"/desk/case/{story.number}/do/{action}/{story.step(code).pk}"))


@pytest.mark.parametrize("login", ["land", "town", "window"])
def test_whoever_works_a_case_reads_what_was_answered_with_persons_masked(sign_in, login):
    story = accepted()
    with at("2026-03-02 10:00"):
        shown = text_of(sign_in(login).get(f"/desk/case/{story.number}"))
    assert AROUND in shown and "您要怎么建？ 新建" in shown
    own = applicant()
    assert own["id_number"] not in shown and own["phone"] not in shown and own["name"] not in shown
    assert own["id_number"][-4:] in shown


@pytest.mark.parametrize("login", ["office", "leader"])
def test_whoever_only_watches_does_not_read_private_answers(sign_in, login):
    story = accepted()
    with at("2026-03-02 10:00"):
        shown = text_of(sign_in(login).get(f"/desk/case/{story.number}"))
    assert AROUND not in shown and applicant()["id_number"][-4:] not in shown
    assert "新村 12 号旁" in shown


@pytest.mark.parametrize("login", ["town", "townlead", "planning", "office"])
def test_opinions_stand_on_the_case_page_with_unit_conclusion_and_time(sign_in, login):
    story = accepted()
    reviewed(story)
    with at("2026-03-03 15:00"):
        shown = text_of(sign_in(login).get(f"/desk/case/{story.number}"))
    for words in ("本村集体成员，一户一宅", "符合村庄规划", "不占永久基本农田", "今天 09:30", "通过"):
        assert words in shown, words


def test_the_page_of_a_decision_holds_facts_materials_opinions_and_findings(sign_in):
    story = accepted()
    reviewed(story)
    with at("2026-03-03 15:00"):
        shown = press_page(sign_in("town"), story, "grant", "decision")
    for words in (AROUND, "材料（5 份）", "户口簿", "不占永久基本农田", "照片 1", "符合"):
        assert words in shown, words


def test_the_page_of_a_refused_press_still_holds_them(sign_in):
    story = accepted()
    with at("2026-03-03 09:00"):
        client = sign_in("land")
        answer = client.post(f"/desk/case/{story.number}/do/review/{story.step('land').pk}", {"passed": "true"})
    assert answer.status_code == 422 and AROUND in text_of(answer)


def test_a_negative_opinion_is_told_as_such_and_citizens_read_none(sign_in):
    story = accepted()
    with at("2026-03-03 09:30"):
        story.do("land", "review", {"passed": False, "opinion": "东侧占了耕地"}, "land")
        shown = text_of(sign_in("town").get(f"/desk/case/{story.number}"))
        own = text_of(sign_in("citizen").get(f"/my/{story.number}"))
    assert "东侧占了耕地" in shown and "不通过" in shown
    assert "东侧占了耕地" not in own


def test_a_citizen_reads_what_they_filed_with_numbers_masked(sign_in):
    story, own = accepted(), applicant()
    with at("2026-03-02 10:00"):
        shown = text_of(sign_in("citizen").get(f"/my/{story.number}"))
    assert AROUND in shown and "118 ㎡" in shown and own["name"] in shown
    assert own["id_number"] not in shown and own["phone"] not in shown
    assert own["id_number"][-4:] in shown
