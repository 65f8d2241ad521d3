"""A package's applications one after the other, and the form that the platform fills in."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from pypdf import PdfReader

from mashang.approvals import queries as approvals
from mashang.cases import queries as cases
from mashang.cases.models import Case
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused
from mashang.org import actions as org_actions
from mashang.org.actions import NewMandate

from .story import HOUSE, TOWN, Story, applicant, at, hand_in_house, text_of, upload, who

pytestmark = [pytest.mark.django_db, pytest.mark.row("A7")]
COMPLETION = {"completed_on": "2026-06-01", "deliver": "mail"}
PAGE = "/apply/rural-house/completion"


def granted(place: int = 0) -> Story:
    """The village house, from the hall to its permit."""
    with at("2026-03-02 09:10"):
        story = hand_in_house("citizen" if place == 0 else "window", place)
    with at("2026-03-02 09:45"):
        story.do("window", "accept", {}, "intake")
    with at("2026-03-03 09:30"):
        for unit, code in (("village", "qualification"), ("planning", "planning"), ("land", "land")):
            story.do(unit, "review", {"passed": True, "opinion": "符合要求"}, code)
        story.do("village", "start_visit", {"expected": "2026-03-03T11:30:00+08:00"}, "visit")
        story.do("village", "finish_visit", {**story.evidence("village"), "passed": True}, "visit")
        story.do("land", "check_site", {**story.evidence("land"), "finding": "good"}, "siting-check")
    with at("2026-03-04 10:00"):
        story.do("town", "grant", {}, "decision")
        story.do("window", "issue", {}, "certificate")
    return story


def test_the_form_is_made_from_the_answers_and_nobody_is_asked_for_it(sign_in):
    with at("2026-03-02 09:10"):
        files = {code: upload(who("citizen")) for code in ("identity", "household", "drawing")}
        story = hand_in_house("citizen", materials=files)
        states = {m["code"]: m["state"] for m in approvals.folder(story.case.pk).materials}
        assert states["house-form"] == "filled" and states["neighbours"] == "missing"
        form = sign_in("window").get(f"/desk/case/{story.number}/do/notice/{story.step('intake').pk}").context["form"]
        assert next(f.value for f in form.fields if f.name == "missing") == "", "what may follow later is no gap"
        page = sign_in("citizen").get("/apply/rural-house/approval", HOUSE)
        assert "materials.house-form" not in {f.name for f in page.context["form"].fields}
        assert "申请表由平台按您填写的内容生成" in text_of(page)
        story.do("window", "accept", {"later_until": "2026-03-20"}, "intake")
    assert story.case.state == "accepted"


def test_the_form_says_to_each_what_they_may_read(sign_in):
    with at("2026-03-02 09:10"):
        story = hand_in_house("citizen")

    def read(login: str, address: str) -> str:
        answer = sign_in(login).get(address)
        assert answer["Content-Type"] == "application/pdf"
        return "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages).replace("\n", "")

    own = read("citizen", f"/my/{story.number}/form.pdf")
    assert applicant()["name"] in own and "新村 12 号旁" in own and story.number in own
    desk = read("land", f"/desk/case/{story.number}/form.pdf")
    assert applicant()["name"] not in desk and "宅基地面积" in desk and "东邻练家" in desk
    assert "东邻练家" not in read("office", f"/desk/case/{story.number}/form.pdf")
    assert sign_in("zhangpu").get(f"/desk/case/{story.number}/form.pdf").status_code == 404


def test_the_second_application_follows_the_granted_one_and_carries_its_answers(sign_in):
    citizen = sign_in("citizen")
    assert "没有查到您已获批的“建房审批”" in text_of(citizen.get(PAGE))
    first = granted()
    page = citizen.get(f"/my/{first.number}")
    assert f'href="{PAGE}"' in page.content.decode() and "申请竣工验收与登记" in text_of(page)
    with at("2026-06-02 09:00"):
        page = citizen.get(PAGE)
        form = {f.name: f.value for f in page.context["form"].fields if f.value and f.type not in ("file", "checkbox")}
        assert form["member"] == "yes" and form["applicant.name"] == applicant()["name"] and form["region"] == TOWN
        ahead = citizen.post(PAGE, form | COMPLETION | {"completed_on": "2026-06-03", "key": "second"})
        assert ahead.status_code == 422 and "竣工日期不能晚于今天" in text_of(ahead)
        answer = citizen.post(PAGE, form | COMPLETION | {"key": "second"})
        assert answer.status_code == 302, text_of(answer)
    second = Case.objects.latest("id")
    assert second.parent_id == first.case.pk
    assert [c.number for c in cases.case_for(who("citizen"), first.number).children] == [second.number]
    judged = text_of(sign_in("planning").get(f"/desk/case/{second.number}"))
    assert "此前获批的" in judged and first.number in judged and "檐口高度 10 米" in judged and "东邻练家" in judged
    assert "申请竣工验收与登记" not in text_of(citizen.get(f"/my/{first.number}"))
    with at("2026-06-02 09:00"):
        pages = (("citizen", f"/my/{second.number}"), ("planning", f"/desk/case/{second.number}"))
        for login, address in pages:  # a day in the reader's words; on paper with its year
            assert "竣工日期 6月1日" in text_of(sign_in(login).get(address))
            english = text_of(sign_in(login).get(address, headers={"Accept-Language": "en"}))
            assert "1 Jun" in english and "2026-06-01" not in english
            paper = PdfReader(io.BytesIO(sign_in(login).get(f"{address}/form.pdf").content))
            assert "2026年6月1日" in "".join(page.extract_text() for page in paper.pages).replace(" ", "")


def let(person: int, helper: int) -> None:
    now = clock.now()
    form = NewMandate(person, now, now + timedelta(days=90), "in_person", helper_person=helper)
    org_actions.record_mandate(form, by=Actor.system("tests"), now=now)


def test_a_helper_applies_for_the_second_one_of_whom_they_help_and_not_of_themselves(sign_in):
    first = granted()
    me, helper = who("citizen").person_id, who("helper").person_id
    with at("2026-06-02 09:00"):
        let(me, helper)
        client = sign_in("helper")
        (following,) = client.get(f"/my/{first.number}").context["shown"]["next"]
        assert following[1] == f"{PAGE}?acting_for={me}"
        form = {
            f.name: f.value
            for f in client.get(following[1]).context["form"].fields
            if f.type not in ("file", "checkbox")
        }
        assert form["acting_for"] == me and form["member"] == "yes"
        asked = client.get(PAGE)
        assert "为谁办理" in text_of(asked) and "没有查到您已获批的" not in text_of(asked)
        own = client.get(PAGE, {"acting_for": 0})
        assert "没有查到您已获批的“建房审批”" in text_of(own) and "重新回答" in text_of(own), "for another it may go on"
        typed = (
            form | COMPLETION | {"region": TOWN} | {f"applicant.{name}": value for name, value in applicant().items()}
        )
        answer = client.post(PAGE, {name: value for name, value in typed.items() if value} | {"key": "second"})
        assert answer.status_code == 302, text_of(answer)
    assert Case.objects.latest("id").parent_id == first.case.pk


def test_whoever_helps_others_too_goes_on_with_their_own(sign_in):
    first = granted()
    with at("2026-06-02 09:00"):
        citizen, address = sign_in("citizen"), f"/my/{first.number}"
        assert [href for _label, href in citizen.get(address).context["shown"]["next"]] == [PAGE]
        let(who("helper").person_id, who("citizen").person_id)
        (following,) = sign_in("citizen").get(address).context["shown"]["next"]
        assert following[1] == f"{PAGE}?acting_for=0" and "竣工日期" in text_of(sign_in("citizen").get(following[1]))


def test_whom_other_answers_cannot_lead_on_is_not_sent_to_answer_again(sign_in):
    citizen = sign_in("citizen")
    assert "重新回答" not in text_of(citizen.get(PAGE)), "it would lead back to this very page"
    refused = citizen.get("/apply/rural-house/approval", {**HOUSE, "farmland": "permanent"})
    assert "重新回答" in text_of(refused)


def test_nobody_registers_a_house_that_was_never_granted():
    granted()
    with at("2026-06-02 09:00"), pytest.raises(Refused) as no:
        hand_in_house(
            "window", 1, part="completion", materials={}, answers={**HOUSE, **COMPLETION, "applicant": applicant(1)}
        )
    assert [(f.code, f.field) for f in no.value.faults] == [("application.order", "part")]
    with at("2026-06-02 09:00"):
        mine = {**HOUSE, **COMPLETION, "applicant": applicant(0)}
        assert hand_in_house("window", 0, part="completion", materials={}, answers=mine).case.parent_id
