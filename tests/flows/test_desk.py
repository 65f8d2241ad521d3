"""The desk's pages: what whoever judges a case has before them, and what is asked and offered there."""

from __future__ import annotations

import re
from urllib.parse import quote, urlencode

import pytest

from mashang.cases import queries as cases
from mashang.cases.models import Notice
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Forbidden, Refused
from mashang.ledger import queries as ledger
from mashang.org import actions as org_actions
from mashang.org import queries as org
from mashang.portals.shared.accounts.homes import home_of

from .story import Story, accepted, applicant, at, hand_in_house, rated_badly, reviewed, superior, text_of, upload, who

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
    assert AROUND in shown and "118 ㎡" in shown and own["id_number"][-4:] in shown
    assert own["id_number"] not in shown and own["phone"] not in shown and own["name"] not in shown


def faults_of(page) -> list[str]:
    """The sentences of the summary at the top."""
    shown = re.search(r'<div class="note late faults".*?</ul>', page.content.decode(), re.S)
    return re.findall(r"<li>(?:<a[^>]*>)?([^<]*)", shown[0]) if shown else []


def sent_empty(client, story: Story, action: str, code: str, data: dict[str, str] | None = None):
    return client.post(f"/desk/case/{story.number}/do/{action}/{story.step(code).pk}", data or {})


def test_each_empty_field_is_told_once_and_by_its_name(sign_in):
    story = accepted()
    with at("2026-03-03 09:00"):
        page = sent_empty(sign_in("land"), story, "review", "land")
        assert faults_of(page) == ["请选择“是否符合”。", "请填写“意见”。"]
        page = sent_empty(sign_in("land"), story, "check_site", "siting-check")
        assert faults_of(page) == [
            "请拍摄或选择“现场照片”。",
            "请选择“检查结论”。",
            "请点“定位”取得“现场位置和时间”。",
        ]
        assert 'id="f-place-fault"' in page.content.decode()


def test_what_is_too_short_says_how_long_it_must_be(sign_in):
    story = accepted()
    reviewed(story)
    with at("2026-03-04 09:00"):
        data = {"grounds": "不行", "basis": "土地管理法第六十二条", "remedy": " "}
        page = sent_empty(sign_in("town"), story, "propose_refusal", "decision", data)
    assert faults_of(page) == ["不予的理由：太短了，请至少写 6 个字。", "请填写“怎样才能办成”。"]


def test_a_refusal_is_asked_to_be_answered_only_while_one_waits(sign_in):
    story = accepted()
    reviewed(story)
    answers = ("确认不予", "退回重办")
    with at("2026-03-04 09:00"):
        before = text_of(sign_in("townlead").get(f"/desk/case/{story.number}"))
        grounds = {"grounds": "选址占用永久基本农田", "basis": "土地管理法第六十二条", "remedy": "另选符合规划的地块"}
        story.do("town", "propose_refusal", grounds, "decision")
        after = text_of(sign_in("townlead").get(f"/desk/case/{story.number}"))
    assert not [words for words in answers if words in before] and "拟不予（否定报备）" in before and "：准予" in before
    assert all(words in after for words in answers) and "拟不予（否定报备）" not in after and "：准予" not in after
    assert "现在没有要您办的事" not in after  # the two answers are the next step, not further actions


def test_the_end_of_a_visit_comes_first_only_once_it_began(sign_in):
    story = accepted()
    first = 'class="button first" href="/desk/case/' + quote(story.number) + "/do/"
    with at("2026-03-03 09:00"):
        before = sign_in("village").get(f"/desk/case/{story.number}").content.decode()
        story.do("village", "start_visit", {"expected": "2026-03-03T11:30"}, "visit")
        after = sign_in("village").get(f"/desk/case/{story.number}").content.decode()
    assert first + "start_visit" in before and first + "finish_visit" not in before
    assert first + "finish_visit" in after and first + "start_visit" not in after


def test_an_instant_is_asked_for_with_a_picker_of_day_and_time(sign_in):
    story = accepted()
    page = sign_in("village").get(f"/desk/case/{story.number}/do/start_visit/{story.step('visit').pk}")
    assert re.search(r'<input type="datetime-local"[^>]* name="expected"', page.content.decode())


@pytest.mark.parametrize(
    "typed", ["{phone}", "{id_number}", "找 {phone}", "{id_number}x", "E12345678", "闽F12345", "１３８０５９６１２３４"]
)
def test_what_shows_a_person_is_searched_without_an_address(sign_in, typed):
    story = accepted()
    answer = sign_in("land").post("/desk/find", {"q": typed.format(**applicant())})
    assert answer.status_code == 200 and "Location" not in answer
    assert "?q=" not in answer.content.decode()
    assert (story.number in text_of(answer)) == (typed in ("{phone}", "{id_number}"))


@pytest.mark.parametrize("typed", ["{number}", "建房", "nccm", "{name}", "{bare}"])
def test_every_other_search_gets_an_address_that_can_be_kept(sign_in, typed):
    story, name = accepted(), applicant()["name"]
    words = typed.format(number=story.number, name=name, bare=name.removesuffix("（演示）"))
    assert name.endswith("（演示）")
    client = sign_in("land")
    answer = client.post("/desk/find", {"q": words})
    assert answer.status_code == 302 and answer["Location"] == "/desk/find?" + urlencode({"q": words})
    assert story.number in text_of(client.get(answer["Location"]))


@pytest.mark.row("E9")
def test_the_lead_reads_a_bad_rating_and_whom_to_contact_for_a_reason_that_is_recorded(sign_in):
    story, became = rated_badly()
    lead, person = sign_in("townlead"), story.case.persons[0]
    with at("2026-03-04 11:00"):
        shown = text_of(lead.get(f"/desk/case/{became.number}"))
        for words in ("非常不满意", "跑了多趟", "跑了三趟", story.number, "联系评价人"):
            assert words in shown, words
        assert applicant()["phone"] not in shown and applicant()["name"] not in shown
        assert "跑了多趟" in press_page(lead, became, "contact", "contact")
        clear = lead.post(f"/desk/case/{became.number}/reveal/{person}", {"reason": "差评核实需要电话联系"})
    assert applicant()["phone"] in text_of(clear)
    (seen,) = [e for e in ledger.history(f"org/person:{person}") if e.verb == "person.revealed"]
    assert seen.facts["case"] == became.number and seen.private["reason"] == "差评核实需要电话联系"


@pytest.mark.row("E9")
def test_a_bad_rating_is_checked_by_the_unit_above_and_the_rated_one_does_not_read_who_rated(sign_in):
    with at("2026-03-01 09:00"):
        above = superior()
    story, became = rated_badly()
    assert (became.step("contact").unit_id, became.case.lead_unit_id) == (above.unit_id, who("townlead").unit_id)
    assert became.step("put_right").unit_id == who("townlead").unit_id
    with at("2026-03-04 11:00"):
        told = {n.unit: n.text for n in Notice.objects.filter(case__number=became.number, unit__isnull=False)}
        assert "请在一个工作日内联系核实" in told[above.unit_id] and "武平县人民政府核实" in told[who("town").unit_id]
        assert became.number in text_of(sign_in("superior").get("/desk/"))
        shown = text_of(sign_in("superior").get(f"/desk/case/{became.number}"))
        assert story.number in shown and "联系评价人" in shown
        for login in ("townlead", "town", "office"):
            seen = text_of(sign_in(login).get(f"/desk/case/{became.number}"))
            assert "跑了三趟" in seen and story.number not in seen and "查看完整信息" not in seen, login
        for login in ("land", "window", "registry", "zhangpu"):
            assert sign_in(login).get(f"/desk/case/{became.number}").status_code == 404, login
        for login in ("townlead", "town"):
            with pytest.raises(Forbidden):
                became.do(login, "contact", {"words": "自己核实自己"}, "contact")
        with pytest.raises(Refused):
            became.do(above, "hand_over", {"unit": who("town").unit_id, "reason": "请自行核实"}, "contact")
        became.do(above, "contact", {"words": "已电话联系，情况属实"}, "contact")
        became.do("town", "put_right", {"words": "已上门说明并改进"}, "put_right")
    assert became.case.state == "righted"


@pytest.mark.row("E9")
def test_without_a_lead_above_the_rated_units_own_lead_checks_and_nobody_else(sign_in):
    _story, became = rated_badly()
    assert became.step("contact").unit_id == who("townlead").unit_id
    with at("2026-03-04 11:00"), pytest.raises(Forbidden):
        became.do("town", "contact", {"words": "承办人核实自己"}, "contact")
    with at("2026-03-04 11:00"):
        became.do("townlead", "contact", {"words": "已电话联系"}, "contact")


@pytest.mark.row("E9")
@pytest.mark.parametrize(("login", "lead_acts"), [("town", False), ("townlead", True), ("office", False)])
def test_whoever_handled_a_service_or_only_watches_does_not_read_who_rated_it(sign_in, login, lead_acts):
    story, became = rated_badly(lead_acts)
    client = sign_in(login)
    with at("2026-03-04 11:00"):
        shown = text_of(client.get(f"/desk/case/{became.number}"))
        assert "非常不满意" in shown and "跑了多趟" in shown
        assert story.number not in shown
        assert "查看完整信息" not in shown
        answer = client.post(f"/desk/case/{became.number}/reveal/{story.case.persons[0]}", {"reason": "想看一看"})
    assert answer.status_code == 404


def test_permits_come_before_the_notices_on_the_way(sign_in):
    with at("2026-03-02 09:10"):
        story = hand_in_house("citizen", materials={"identity": upload(who("citizen"))})
    with at("2026-03-02 10:00"):
        story.do("window", "notice", {"missing": ["户口簿"]}, "intake")
        early = sign_in("citizen").get(f"/my/{story.number}").content.decode()
        codes = ("household", "house-form", "neighbours", "drawing")
        story.do("citizen", "supplement", {"materials": {code: upload(who("citizen")) for code in codes}})
        story.do("window", "accept", {}, "intake")
    reviewed(story)
    with at("2026-03-04 10:00"):
        story.do("town", "grant", {}, "decision")
        story.do("window", "issue", {}, "certificate")
        own = sign_in("citizen").get(f"/my/{story.number}").content.decode()
        desk = sign_in("town").get(f"/desk/case/{story.number}").content.decode()
    assert re.search(r'class="button[^>]*>(乡村建设规划许可证|农村宅基地批准书)（PDF）', own)
    assert not re.search(r'class="button[^>]*>一次性补正', own + early) and "证照和结果" not in early
    for page in (own, desk):
        places = [m.start() for m in re.finditer(r'/result/[^"]*"[^>]*>(乡村|农村)', page)]
        assert len(places) == 2 and max(places) < re.search(r'/result/[^"]*"[^>]*>一次性', page).start()


def test_on_the_phone_a_check_shows_its_place_and_what_nobody_asked_for_stands_apart(sign_in):
    story = accepted()
    reviewed(story)
    with at("2026-03-04 10:00"):
        story.do("town", "grant", {}, "decision")
        story.do("window", "issue", {}, "certificate")
        client = sign_in("planning")
        before, inbox = text_of(client.get("/desk/sites")), text_of(client.get("/desk/"))
        assert "现在没有要到现场的事" in before and "群众还没有请求的检查" in before
        assert "新村 12 号旁" in before and story.number not in inbox
    with at("2026-03-09 08:30"):
        waiting = next(s for s in cases.case_for(who("citizen"), story.number).open_steps if s.kind == "site_check")
        story.do("citizen", "ask_check", {}, waiting.code)
        asked, inbox = text_of(client.get("/desk/sites")), text_of(client.get("/desk/"))
    assert "新村 12 号旁" in asked and story.number in inbox and "现在没有要到现场的事" not in asked


@pytest.mark.parametrize(
    ("login", "start"),
    [
        ("leader", "/cockpit/"),
        ("auditor", "/desk/audit"),
        ("admin", "/desk/admin/units"),
        ("land", "/desk/"),
        ("office", "/desk/"),
    ],
)
def test_whoever_works_no_cases_starts_where_their_own_work_is(county, login, start):
    assert home_of(who(login)) == start


def colleague(unit: int, role: str) -> Actor:
    """Somebody newly appointed to a unit, with one role there."""
    by, now = Actor.system("test"), clock.now()
    staff = org_actions.appoint(
        org_actions.NewStaff("colleague", "蓝某某（演示）", unit, demo_label="同事"), by=by, now=now
    )
    org_actions.grant_role(org_actions.NewGrant(staff, role, unit=unit), by=by, now=now)
    return who("colleague")


def test_a_case_in_whose_last_forty_days_nothing_was_done_is_shown_too(sign_in):
    story = accepted()
    with at("2026-06-15 10:00"):
        story.do("citizen", "withdraw", {"reason": "家里暂不建房"})
        assert "已撤回" in text_of(sign_in("window").get(f"/desk/case/{story.number}"))
        assert "已撤回" in text_of(sign_in("citizen").get(f"/my/{story.number}"))


@pytest.mark.row("E9")
def test_the_check_of_a_bad_rating_is_a_leads_work_and_nobody_elses_in_the_unit(sign_in):
    _story, became = rated_badly()
    unit = became.step("contact").unit_id
    with at("2026-03-04 09:00"):
        handler, client = colleague(unit, "handler"), sign_in("colleague")
        assert became.number not in text_of(client.get("/desk/"))
        assert became.number in text_of(client.get("/desk/?tab=todo&whose=unit"))
        counts = cases.counts(handler, now=clock.now())
        assert counts["unit"] == counts["todo"] + 1
        assert became.number in text_of(sign_in("townlead").get("/desk/"))


def test_what_was_given_to_me_is_my_work_whatever_i_may_finish():
    story = accepted()
    step = story.step("qualification")
    with at("2026-03-03 09:00"):
        clerk = colleague(step.unit_id, "clerk")
        assert cases.counts(clerk, now=clock.now())["todo"] == 0
        story.do("townlead", "assign", {"staff": clerk.id}, "qualification")
        found = cases.inbox(clerk, "todo", now=clock.now())
        assert [t.case.number for t in found.tasks] == [story.number]
        assert cases.counts(clerk, now=clock.now())["todo"] == 1


def test_the_inbox_is_narrowed_to_what_is_due_today_and_has_boxes_only_for_whoever_assigns(sign_in):
    story = accepted()
    with at("2026-03-02 10:00"):
        assert story.number in text_of(sign_in("land").get("/desk/"))
        assert story.number not in text_of(sign_in("land").get("/desk/", {"due": "today"}))
        assert 'name="pick"' not in sign_in("land").get("/desk/").content.decode()
    with at("2026-03-05 10:00"):
        assert story.number in text_of(sign_in("land").get("/desk/", {"due": "today"}))


def test_a_search_without_hits_says_what_to_check_and_filters_without_hits_to_take_some_away(sign_in):
    town = sign_in("town")
    assert "请核对编号、姓名或事项" in text_of(town.get("/desk/find?q=zzzz"))
    assert "可以少选几个条件" in text_of(town.get("/desk/cases?q=zzzz&late=1"))


@pytest.mark.parametrize(
    ("opened", "found"), [("week", True), ("month", True), ("last", False), ("year", True), ("?", True)]
)
def test_all_cases_are_narrowed_to_a_period_of_receipt(sign_in, opened, found):
    story = accepted()
    with at("2026-03-05 10:00"):
        shown = text_of(sign_in("land").get("/desk/cases", {"opened": opened}))
    assert (story.number in shown) == found


def test_the_ledger_of_matters_says_whose_they_are_and_leaves_as_a_workbook(sign_in):
    page = sign_in("office").get("/desk/watch")
    assert "武平县全部单位的件" in text_of(page) and "/desk/cases.xlsx?kind=supervision" in page.content.decode()
    assert "/desk/cases.xlsx" not in sign_in("land").get("/desk/watch").content.decode()


def test_a_step_called_as_its_action_is_named_once(sign_in):
    with at("2026-03-02 09:10"):
        story = hand_in_house("citizen")
        page = text_of(sign_in("window").get(f"/desk/case/{story.number}"))
    assert "受理：受理" not in page and "受理：一次性告知" in page


def test_the_page_says_in_whose_hands_each_working_hour_was(sign_in):
    with at("2026-03-02 09:00"):
        story = hand_in_house("citizen", materials={"identity": upload(who("citizen"))})
    with at("2026-03-02 10:00"):
        story.do("window", "notice", {"missing": ["户口簿"]}, "intake")
    with at("2026-03-02 15:30"):
        files = {code: upload(who("citizen")) for code in ("household", "neighbours", "drawing")}
        story.do("citizen", "supplement", {"materials": files})
    with at("2026-03-02 16:00"):
        story.do("window", "accept", {}, "intake")
    other = org.unit_named("武平县桃溪镇自然资源所").id
    with at("2026-03-03 08:30"):
        story.do("planning", "hand_over", {"unit": other, "reason": "属其职责范围"}, "planning")
        for login, code in (("village", "qualification"), ("land", "land")):
            story.do(login, "review", {"passed": True, "opinion": "符合要求"}, code)
        story.do("land", "check_site", {**story.evidence("land"), "finding": "good"}, "siting-check")
    with at("2026-03-03 09:30"):
        story.do("village", "start_visit", {"expected": "2026-03-03T11:30:00+08:00"}, "visit")
    with at("2026-03-03 11:30"):
        story.do("village", "finish_visit", {**story.evidence("village"), "passed": True}, "visit")
    with at("2026-03-03 16:00"):
        page = sign_in("town").get(f"/desk/case/{story.number}")
    assert [(s.name, s.note, s.hours, s.share) for s in page.context["shares"]] == [
        ("申请人", "补正", "3.0 小时", "26%"),
        ("桃溪镇自然资源所", "", "3.0 小时", "26%"),
        ("依法不计入时限", "检验", "2.0 小时", "17%"),
        ("桃溪镇村镇建设办公室", "", "2.0 小时", "17%"),  # which had the step before it was handed over
        ("桃溪镇便民服务中心", "", "1.5 小时", "13%"),
    ]
    assert "时间花在谁手里" in text_of(page)


def test_while_a_granted_house_is_built_no_unit_holds_the_case(sign_in):
    story = accepted()
    reviewed(story)
    with at("2026-03-04 10:00"):
        story.do("town", "grant", {}, "decision")
        story.do("window", "issue", {}, "certificate")
    with at("2026-03-18 10:00"):
        first, *others = sign_in("town").get(f"/desk/case/{story.number}").context["shares"]
    assert (first.name, first.note, first.hours) == ("申请人", "还没有请求到场检查", "70.0 小时")
    assert sum(float(s.hours.split()[0]) for s in others) == pytest.approx(14.8, abs=0.2)
