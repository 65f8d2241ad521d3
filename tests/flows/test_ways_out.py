"""Nobody is left without a way on: at the window, with a "no" that waits, with a house that is never built."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from mashang.approvals.models import Refusal
from mashang.cases import queries as cases
from mashang.cases.models import Notice
from mashang.catalogue import queries as catalogue
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Forbidden, Refused
from mashang.ledger import queries as ledger
from mashang.org import actions as org_actions
from mashang.org import queries as org
from mashang.org.rules import Facts
from mashang.portals.shared import actionforms

from .story import (
    PDF,
    TOWN,
    Story,
    accepted,
    at,
    change_steps,
    hand_in_house,
    publish_steps,
    reviewed,
    text_of,
    upload,
    verbs_of,
    who,
)

pytestmark = [pytest.mark.django_db]
BY = Actor.system("test")
GROUNDS = {"grounds": "选址占用永久基本农田", "basis": "土地管理法第六十二条", "remedy": "另选地块再申请"}
MISSING = ["户口簿", "申请表"]


def at_the_counter(materials: tuple[str, ...] = ("identity",)) -> Story:
    """An application taken in for somebody without an account."""
    given = {code: upload(who("window")) for code in materials}
    return hand_in_house("window", 31, materials=given, region=TOWN)


def offered(login: str, story: Story) -> set[str]:
    by = who(login)
    return {press.action.code for press in cases.available(cases.case_for(by, story.number), by)}


def window_lead() -> Actor:
    unit = who("window").unit_id
    place = Facts.of((unit,), region=TOWN, kind="application")
    found = org.who_may("approvals.decide", place, clock.now())
    return org.actor_for(next(one.id for one in found if one.unit == unit))


@pytest.mark.row("A10")
def test_a_window_supplements_for_who_comes_to_it(sign_in):
    with at("2026-03-02 09:10"):
        story = at_the_counter()
        story.do("window", "notice", {"missing": MISSING}, "intake")
        assert "supplement" in offered("window", story)
        window, address = sign_in("window"), reverse("desk:press", args=[story.number, "supplement"])
        assert address in window.get(reverse("desk:case", args=[story.number])).content.decode()
        paper = SimpleUploadedFile("户口簿.pdf", PDF, "application/pdf")
        assert window.post(address, {"materials.household": paper}).status_code == 302
    assert story.case.state == "submitted"
    assert ledger.history(story.number)[-1].by == who("window").ref


@pytest.mark.row("A10")
def test_a_notice_names_something_and_not_at_length(sign_in):
    with at("2026-03-02 09:10"):
        story = hand_in_house("citizen")
        for missing, faulty in (
            ([" "], ["missing.0", "missing"]),
            (["户口簿", "", "长" * 201], ["missing.1", "missing.2"]),
            ([], ["missing"]),
        ):
            with pytest.raises(Refused) as no:
                story.do("window", "notice", {"missing": missing}, "intake")
            assert [f.field for f in no.value.faults] == faulty
        address = reverse("desk:press_step", args=[story.number, "notice", story.step("intake").pk])
        page = sign_in("window").post(address, {"missing": f"户口簿\n{'长' * 201}"})
        assert page.status_code == 422 and "最多 200 个字" in text_of(page)
        story.do("window", "notice", {"missing": [" 户口簿 "]}, "intake")
    assert Notice.objects.filter(case=story.case, channel="sms").latest("id").text.endswith("需补正：户口簿。")


def test_one_upload_is_not_two_materials_and_is_told_so():
    with at("2026-03-02 09:10"):
        same = upload(who("citizen"))
        with pytest.raises(Refused) as no:
            hand_in_house("citizen", materials={"identity": same, "household": same})
        told = [("materials", "同一个上传的文件不能当作两份材料，请分别上传。")]
        assert [(f.field, f.text) for f in no.value.faults] == told
        story = hand_in_house("citizen", materials={"identity": upload(who("citizen"))})
        story.do("window", "notice", {"missing": MISSING}, "intake")
        with pytest.raises(Refused) as no:
            story.do("citizen", "supplement", {"materials": {"household": same, "house-form": same}})
        assert [(f.field, f.text) for f in no.value.faults] == told


@pytest.mark.row("A10")
def test_a_window_elsewhere_neither_supplements_nor_withdraws(sign_in):
    with at("2026-03-02 09:10"):
        story = at_the_counter()
        story.do("window", "notice", {"missing": MISSING}, "intake")
        assert sign_in("zhangpu").get(reverse("desk:press", args=[story.number, "withdraw"])).status_code == 404
        for login in ("land", "village", "town"):
            assert not offered(login, story) & {"supplement", "withdraw"}, login
            with pytest.raises(Forbidden):
                story.do(login, "withdraw", {"reason": "不建了"})


def test_what_a_window_withdraws_is_told_to_whose_it_was(sign_in):
    with at("2026-03-02 09:10"):
        story = at_the_counter()
        address = reverse("desk:press", args=[story.number, "withdraw"])
        assert sign_in("window").post(address, {"reason": "本人到窗口要求撤回"}).status_code == 302
        sms = Notice.objects.filter(case__number=story.number, channel="sms").latest("id")
        own = hand_in_house("citizen")
        own.do("citizen", "withdraw", {"reason": "家里暂不建房"})
    assert story.case.state == "withdrawn" and sms.person == story.case.persons[0]
    assert "由窗口按您的要求撤回" in sms.text and "本人到窗口" not in sms.text
    assert not Notice.objects.filter(case__number=own.number, channel="sms", text__contains="由窗口").exists()


@pytest.mark.row("A19")
def test_a_window_asks_for_a_check_on_site_for_who_comes_to_it(sign_in):
    story = granted()
    with at("2026-03-09 08:30"):
        waiting = next(s for s in cases.case_for(who("window"), story.number).open_steps if s.kind == "site_check")
        address = reverse("desk:press_step", args=[story.number, "ask_check", waiting.pk])
        assert sign_in("window").post(address, {}).status_code == 302
    assert story.step(waiting.code).due_at is not None


def granted() -> Story:
    story = accepted()
    reviewed(story)
    with at("2026-03-04 10:00"):
        story.do("town", "grant", {}, "decision")
        story.do("window", "issue", {}, "certificate")
    assert story.case.state == "granted"
    return story


def checked(story: Story) -> None:
    """The two checks that only a unit asks for, done."""
    with at("2026-03-06 11:00"):
        for code in ("setting-out-check", "key-stage-check"):
            story.do("planning", "check_site", {**story.evidence("planning"), "finding": "good"}, code)


@pytest.mark.row("A19")
@pytest.mark.parametrize("last", ["review", "visit"])
def test_a_case_moves_on_whichever_step_is_done_last(last):
    """The decision waits for neither the planners' opinion nor the visit."""
    with at("2026-02-27 09:00"):
        change_steps(
            decision={"after": ("qualification", "land", "siting-check")}, visit={"suspends": last == "review"}
        )
    story = accepted()
    with at("2026-03-03 09:30"):
        story.do("village", "review", {"passed": True, "opinion": "本村集体成员，一户一宅"}, "qualification")
        story.do("land", "review", {"passed": True, "opinion": "不占永久基本农田"}, "land")
        story.do("land", "check_site", {**story.evidence("land"), "finding": "good"}, "siting-check")
        assert story.case.state == "accepted"
        finish = {"review": "finish_visit", "visit": "visit"}[last]

        def visit() -> None:
            story.do("village", finish, {**story.evidence("village"), "passed": True}, "visit")

        def review() -> None:
            story.do("planning", "review", {"passed": True, "opinion": "符合村庄规划"}, "planning")

        before, after = (visit, review) if last == "review" else (review, visit)
        before()
    with at("2026-03-04 10:00"):
        story.do("town", "grant", {}, "decision")
        story.do("window", "issue", {}, "certificate")
        assert story.case.state == "accepted"
        after()
    assert story.case.state == "granted"
    checked(story)
    assert (story.case.state, story.case.outcome) == ("completed", "granted") and story.case.settled_at


@pytest.mark.row("A10")
def test_what_is_decided_is_not_withdrawn_with_certificates_given_out_or_without():
    with at("2026-02-27 09:00"):
        steps = catalogue.current("rural-house").spec.steps
        one = next(s for s in steps if s.code == "certificate").model_copy(update={"produces": ("planning-permit",)})
        two = one.model_copy(update={"code": "homestead", "label": "制发批准书", "produces": ("homestead-approval",)})
        publish_steps([t for s in steps for t in ((one, two) if s.code == "certificate" else (s,))])
    story = accepted()
    reviewed(story)
    with at("2026-03-04 10:00"):
        assert "withdraw" in offered("citizen", story) and "extend" in offered("townlead", story)
        story.do("town", "grant", {}, "decision")
        for step in ("", "certificate"):
            if step:
                story.do("window", "issue", {}, step)
            assert story.case.state == "accepted" and "withdraw" not in offered("citizen", story)
            assert "extend" not in offered("townlead", story), "no statutory time is left to extend"
            with pytest.raises(Refused) as no:
                story.do("citizen", "withdraw", {"reason": "家里暂不建房"})
            assert no.value.code == "withdraw.decided"
    assert story.case.state == "accepted"


@pytest.mark.row("A11")
def test_nothing_else_is_done_at_intake_while_a_no_waits_for_its_second_person(sign_in):
    with at("2026-03-02 09:10"):
        story = hand_in_house("citizen")
        lead = window_lead()
        story.do(lead, "propose_refusal", GROUNDS, "intake")
        assert not offered("window", story) & {"accept", "notice"}
        for action, data in (("accept", {}), ("notice", {"missing": MISSING})):
            with pytest.raises(Refused) as no:
                story.do("window", action, data, "intake")
            assert no.value.code == "refusal.pending"
        story.do("townlead", "send_back_refusal", {"words": "材料可以补正"}, "intake")
        story.do("window", "accept", {}, "intake")
    assert story.case.state == "accepted"


@pytest.mark.row("A11")
def test_a_no_that_nobody_confirmed_in_time_is_overtaken_and_bars_no_decision():
    with at("2026-03-02 09:10"):
        story = hand_in_house("citizen")
        story.do(window_lead(), "propose_refusal", GROUNDS, "intake")
    with at("2026-03-02 18:00"):
        story.do(BY, "deem_accepted", {}, "intake")
    assert Refusal.objects.get(case=story.case).state == "overtaken"
    reviewed(story)
    with at("2026-03-11 10:00"):
        story.do("town", "propose_refusal", GROUNDS, "decision")
        story.do("townlead", "send_back_refusal", {"words": "理由不足"}, "decision")
        story.do("town", "grant", {}, "decision")


@pytest.mark.row("A11")
def test_a_report_is_taken_back_by_its_unit_and_the_step_goes_on(sign_in):
    story = accepted()
    reviewed(story)
    with at("2026-03-04 10:00"):
        assert "take_back_refusal" not in offered("town", story)
        story.do("town", "propose_refusal", GROUNDS, "decision")
        with pytest.raises(Forbidden):
            story.do("land", "take_back_refusal", {}, "decision")
        address = reverse("desk:press_step", args=[story.number, "take_back_refusal", story.step("decision").pk])
        assert address in sign_in("town").get(reverse("desk:case", args=[story.number])).content.decode()
        assert sign_in("town").post(address, {}).status_code == 302
        assert Refusal.objects.get(case=story.case).state == "taken-back"
        with pytest.raises(Refused) as no:
            story.do("town", "take_back_refusal", {}, "decision")
        assert no.value.code == "refusal.none"
        assert "撤回否定报备" in text_of(sign_in("town").get(f"/desk/case/{story.number}"))
        story.do("town", "grant", {}, "decision")
    assert story.case.state in ("accepted", "granted")


@pytest.mark.row("A11")
@pytest.mark.parametrize("reporter", ["town", "townlead"])
def test_a_report_that_nobody_is_left_to_confirm_is_taken_back(reporter):
    """The only lead has gone, or reported it themself."""
    story = accepted()
    reviewed(story)
    with at("2026-03-04 10:00"):
        story.do(reporter, "propose_refusal", GROUNDS, "decision")
        if reporter == "town":
            org_actions.let_go(who("townlead").id, by=BY, now=clock.now())
        with pytest.raises((Forbidden, Refused)):
            story.do(reporter, "confirm_refusal", {}, "decision")
        with pytest.raises(Refused):
            story.do("town", "grant", {}, "decision")
        story.do("town", "take_back_refusal", {}, "decision")
        story.do("town", "grant", {}, "decision")


@pytest.mark.row("A19")
def test_a_house_that_is_never_built_is_settled_by_the_unit_that_decided(sign_in):
    story = granted()
    with at("2026-09-01 10:00"):
        assert "end_checks" not in offered("window", story) | offered("citizen", story)
        address = reverse("desk:press", args=[story.number, "end_checks"])
        assert address in sign_in("town").get(reverse("desk:case", args=[story.number])).content.decode()
        assert sign_in("town").post(address, {"reason": ""}).status_code == 422
        assert sign_in("town").post(address, {"reason": "申请人书面表示不再建设"}).status_code == 302
    assert (story.case.state, story.case.outcome) == ("completed", "granted")
    assert not cases.case_for(who("town"), story.number).open_steps
    entry = ledger.history(story.number)[-1]
    assert entry.private == {"reason": "申请人书面表示不再建设"} and "reason" not in entry.facts
    assert verbs_of(story.number).count("end_checks") == 1


@pytest.mark.row("A19")
def test_checks_that_are_asked_for_are_not_ended():
    story = granted()
    with at("2026-03-09 08:30"):
        waiting = next(s for s in cases.case_for(who("citizen"), story.number).open_steps if s.kind == "site_check")
        story.do("citizen", "ask_check", {}, waiting.code)
        with pytest.raises(Refused) as no:
            story.do("town", "end_checks", {"reason": "申请人书面表示不再建设"})
    assert no.value.code == "check.asked"


def test_a_closed_unit_is_neither_offered_nor_taken():
    story = accepted()
    with at("2026-03-03 09:00"):
        form = org_actions.NewUnit("武平县桃溪镇旧办公室", "旧办公室", "division", TOWN, who("town").unit_id)
        old = org_actions.open_unit(form, by=BY, now=clock.now())
        org_actions.close_unit(old, by=BY, now=clock.now())
        with pytest.raises(Refused) as no:
            story.do("land", "hand_over", {"unit": old, "reason": "属其职责范围"}, "land")
        view = cases.case_for(who("land"), story.number)
        verb = view.procedure.actions["hand_over"]
        fields = actionforms.fields_of(verb.form, actionforms.Ask(view, who("land").unit_id, who("land")))
    assert no.value.code == "hand_over.closed"
    offered_ = {choice[0] for field in fields if field.name == "unit" for choice in field.choices}
    assert old not in offered_ and who("town").unit_id in offered_


@pytest.mark.row("A10")
def test_what_was_asked_stands_beside_the_form_and_every_material_can_be_handed_in_anew(sign_in):
    with at("2026-03-02 09:10"):
        story = hand_in_house("citizen")
        asked = {"missing": ["户口簿第三页"], "help": "请把第三页也拍下来"}
        story.do("window", "notice", asked, "intake")
        citizen, address = sign_in("citizen"), f"/my/{story.number}/do/supplement"
        page = text_of(citizen.get(address))
        noticed = ledger.history(story.number)[-1]
        assert noticed.private == {"help": "请把第三页也拍下来"} and "第三页也拍" not in str(noticed.facts)
        assert "户口簿第三页" in page and "请把第三页也拍下来" in page and "重新上传就换成新的" in page
        paper = SimpleUploadedFile("户口簿.pdf", PDF, "application/pdf")
        sent = {"materials.household": paper, "words": "第三页在这里", "key": "k"}
        assert citizen.post(address, sent).status_code == 302
    for login in ("citizen", "window"):
        told = cases.timeline(cases.case_for(who(login), story.number), who(login))[-1].text
        assert told.startswith("补正材料：户口簿") and told.endswith("；说明：第三页在这里")
    with at("2026-03-02 10:10"):
        story.do("window", "notice", {"missing": ["地址"]}, "intake")
        story.do("citizen", "supplement", {"words": "地址写在申请表上"})
        story.do("window", "notice", {"missing": ["身份证"]}, "intake")
        story.do("citizen", "supplement", {"materials": {"identity": upload(who("citizen"))}})
    lines = [line.text for line in cases.timeline(cases.case_for(who("citizen"), story.number), who("citizen"))]
    assert [text for text in lines if text.startswith("补正")][1] == "补正材料：地址写在申请表上"
    assert "说明" not in lines[-1] and "（已删除）" not in "".join(lines)
