"""The house's story through pages: what each person sees and presses, with the wrong presses too."""

from __future__ import annotations

import re
from datetime import date, datetime
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from mashang.approvals import queries as approvals
from mashang.approvals.rules import PROMISED
from mashang.cases import sweeps
from mashang.cases.models import Case, Miss, Step
from mashang.catalogue import actions as catalogue_actions
from mashang.clocks import actions as clock_actions
from mashang.clocks import queries as clocks
from mashang.clocks import rules as clock_rules
from mashang.clocks.rules import Overlay
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.portals.desk import lists
from mashang.portals.hall import views as hall
from mashang.portals.shared import casepage
from mashang.site import procedures

from .story import ANSWERS, HOUSE, PDF, PNG, TOWN, Story, applicant, at, hand_in_house, text_of, who

pytestmark = [pytest.mark.django_db, pytest.mark.row("A7")]


def flat() -> dict[str, str]:
    posted = {name: value for name, value in ANSWERS.items() if isinstance(value, str)}
    posted |= {f"applicant.{name}": value for name, value in applicant().items()}
    return posted | {"site.address": ANSWERS["site"]["address"], "region": TOWN}


def handed_in(client: Client) -> str:
    files = {
        f"materials.{code}": SimpleUploadedFile("材料.pdf", PDF, "application/pdf")
        for code in ("identity", "household", "house-form", "neighbours", "drawing")
    }
    answer = client.post("/apply/rural-house/approval", {**flat(), **files, "key": "k1"})
    assert answer.status_code == 302, text_of(answer)[:2000]
    return Case.objects.latest("id").number


def test_the_hall_finds_the_house_by_what_people_call_it_and_by_initials(client):
    assert "农村村民建房" in text_of(client.get("/"))
    for words in ("盖房子", "ncjf", "建房"):
        assert "农村村民建房" in text_of(client.get("/find", {"q": words})), words
    guide = text_of(client.get("/guide/rural-house"))
    for figure in ("6 次", "2 次", "13 份", "5 份", "7 趟", "1 趟", "40个工作日", "3个工作日"):
        assert figure in guide


def test_names_of_other_places_stand_apart_behind_what_is_done_here(client):
    catalogue_actions.import_names(by=Actor.system("tests"), now=clock.now())
    page = text_of(client.get("/find", {"q": "农作物种子经营备案"}))
    here, apart = page.index("农作物种子生产经营许可证核发"), page.index("其他地方公布的事项名称")
    assert here < apart < page.index("广安市广安区")
    assert "其他地方公布的事项名称" not in text_of(client.get("/find"))


def test_a_list_of_the_hall_that_is_cut_says_so_and_how_to_find_the_rest(client, monkeypatch):
    whole = text_of(client.get("/find"))
    assert "全部事项" in whole and "后面还有" not in whole
    count = client.get("/find").content.decode().count('<div class="card">')
    for most, cut in ((count, False), (count - 1, True)):
        monkeypatch.setattr(hall, "LISTED", most)
        page = client.get("/find")
        assert page.content.decode().count('<div class="card">') == most
        assert ("全部事项" in text_of(page), f"前 {most} 项事项" in text_of(page)) == (not cut, cut)
    monkeypatch.setattr(hall, "LISTED", 1)
    assert "“建房”找到 1 项" in text_of(client.get("/find?q=建房"))
    catalogue_actions.import_names(by=Actor.system("tests"), now=clock.now())
    found = text_of(client.get("/find?q=许可"))
    assert "“许可”找到的前 1 项" in found and "后面还有没列出的" in found and "只列出前 12 个。" in found


def test_the_counters_list_of_items_that_is_cut_says_so(sign_in, monkeypatch):
    assert "只列出前" not in text_of(sign_in("window").get("/desk/intake"))
    monkeypatch.setattr(lists, "MOST_ITEMS", 2)
    assert "只列出前 2 项，后面还有" in text_of(sign_in("window").get("/desk/intake"))
    assert "Only the first 2 are listed" in text_of(
        sign_in("window").get("/desk/intake", headers={"Accept-Language": "en"})
    )


def test_clocks_of_other_places_are_marked_and_say_where_they_hold(client):
    table = {
        row.cells[2].text: row.cells[2].sub
        for _label, table in client.get("/limits").context["groups"]
        for row in table.rows
    }
    assert table["安阳市政务服务条例第四十二条"] == "参考：安阳市的规定，只在当地有效"
    assert table["北京市接诉即办工作规范（征求意见稿）"] == "参考：北京市的规定，只在当地有效"
    assert table["参照各地效能投诉办法"] == table["地方热线办法"] == "参考：各地做法不一，以当地规定为准"
    ours = {source: sub for source, sub in table.items() if source.startswith(("行政许可法", "福建省", "优化营商"))}
    assert set(ours.values()) == {""}


def test_whoever_may_not_build_is_told_so_after_the_questions(sign_in):
    page = sign_in("citizen").get("/apply/rural-house/approval", {**HOUSE, "farmland": "permanent"})
    assert "永久基本农田上不能建住宅" in text_of(page)


def test_a_faulty_form_comes_back_whole_with_every_fault(sign_in):
    client = sign_in("citizen")
    answer = client.post(
        "/apply/rural-house/approval", {**flat(), "floors": "9", "applicant.phone": "123", "plot_area": ""}
    )
    assert answer.status_code == 422
    shown = text_of(answer)
    assert "不能大于 3" in shown
    assert "11 位数字" in shown
    assert "新村 12 号旁" in answer.content.decode()
    assert Case.objects.count() == 0


@pytest.mark.parametrize("length", ["NaN", "sNaN", "Infinity", "abc"])
def test_what_is_no_number_is_told_at_its_field_also_where_a_condition_asks_for_it(sign_in, length):
    posted = {"purpose": "power", "new_road": "no", "length": length, "region": TOWN}
    answer = sign_in("citizen").post("/apply/road-works", posted)
    assert answer.status_code == 422
    told = {f.name: f.error for f in answer.context["form"].fields if f.error}
    assert "请填数字" in told["length"]


def test_an_empty_form_is_told_everything_at_once_the_place_too(sign_in):
    answer = sign_in("citizen").post("/apply/rural-house/approval", HOUSE)
    assert answer.status_code == 422
    told = {f.name: f.error for f in answer.context["form"].fields if f.error}
    assert told["region"] == "请选择办理地。"
    assert told["existing_plots"].startswith("请选择") and told["plot_area"].startswith("请填写")
    assert {"applicant.name", "applicant.id_number", "applicant.phone", "site.address", "drawing_choice"} <= told.keys()


def test_only_places_are_offered_where_every_unit_is_there(sign_in):
    def offered(entry: str, **answers: str) -> list[str]:
        form = sign_in("citizen").get(f"/apply/{entry}", answers).context["form"]
        (place,) = [f for f in form.fields if f.name == "region"]
        return [code for code, _name in place.choices if code]

    assert TOWN in offered("rural-house/approval", **HOUSE) and "350824" not in offered("rural-house/approval", **HOUSE)
    county = sign_in("citizen").post("/apply/rural-house/approval", {**flat(), "region": "350824"})
    (told,) = [f.text for f in county.context["form"].faults]
    assert told.startswith("这个地方还没有设置：") and "村民委员会" in told and told.count("这个地方") == 1


def filled(page) -> dict[str, str]:
    """The form as it comes, ready to be sent back."""
    form = page.context["form"]
    return {f.name: f.value for f in form.fields if f.type not in ("file", "checkbox") and f.value}


def test_what_is_registered_is_filled_in_masked_and_comes_back_whole(sign_in):
    client, own = sign_in("citizen"), applicant()
    page = client.get("/apply/rural-house/approval", HOUSE)
    given = filled(page)
    assert given["applicant.name"] == own["name"]
    assert (
        given["applicant.id_number"] != own["id_number"] and given["applicant.id_number"][-4:] == own["id_number"][-4:]
    )
    assert own["id_number"] not in page.content.decode() and own["phone"] not in page.content.decode()
    assert "已替您填好" in text_of(page) and "no-store" in page["Cache-Control"]
    typed = flat() | {name: given[name] for name in ("applicant.name", "applicant.id_number", "applicant.phone")}
    with at("2026-03-02 09:10"):
        answer = client.post("/apply/rural-house/approval", {**typed, "key": "k2"})
        assert answer.status_code == 302, text_of(answer)
        case = Case.objects.latest("id")
        assert approvals.folder(case.pk).answers["applicant"] == own
        again = filled(client.get("/apply/rural-house/approval", HOUSE | {"building": "extend"}))
    expected = {name: value for name, value in typed.items() if name not in HOUSE}
    assert {name: again.get(name) for name in expected} == expected
    assert again["building"] == "extend" and again["site.region"] == TOWN


def test_nobody_elses_number_comes_out_of_a_mask(sign_in):
    typed = flat() | {"applicant.id_number": "35082419******0000"}
    assert sign_in("citizen").post("/apply/rural-house/approval", typed).status_code == 422
    page = sign_in("window").get("/apply/rural-house/approval", HOUSE)
    assert not {name for name in filled(page) if name.startswith("applicant.")}


def test_the_same_once_more_takes_a_tick_while_the_first_is_under_way(sign_in):
    address = "/apply/rural-house/approval"
    with at("2026-03-02 09:10"):
        client, helper = sign_in("citizen"), sign_in("helper")
        two_tabs = client.get(address, HOUSE)
        assert "我确认要再办一件" not in text_of(two_tabs)
        number = handed_in(client)
        second = client.post(address, {**flat(), "key": "k2"})
        assert second.status_code == 422 and number in text_of(second)
        assert [f.field for f in second.context["form"].faults] == ["again"]
        client.post("/drafts/apply-rural-house-approval", {**flat(), "again": "on"})
        page = client.get(address, HOUSE)
        (tick,) = [f for f in page.context["form"].fields if f.name == "again"]
        assert f"/my/{quote(number)}" in page.content.decode() and not tick.value
        assert "我确认要再办一件" not in text_of(helper.get(address, HOUSE))
        assert client.post(address, {**flat(), "key": "k3", "again": "on"}).status_code == 302
        for one in Case.objects.all():
            Story(one.number).do("citizen", "withdraw", {"reason": "不办了"})
        assert client.post(address, {**flat(), "key": "k4"}).status_code == 302


def test_a_counter_is_told_of_what_the_applicant_has_under_way_and_ticks_for_that_applicant_alone(sign_in):
    address = "/apply/rural-house/approval"
    with at("2026-03-02 09:10"):
        client, clerk = sign_in("citizen"), sign_in("window")
        number = handed_in(client)
        assert "我确认要再办一件" not in text_of(clerk.get(address, HOUSE))
        told = clerk.post(address, {**flat(), "key": "w1"})
        assert told.status_code == 422 and [f.field for f in told.context["form"].faults] == ["again"]
        assert f"/desk/case/{quote(number)}" in told.content.decode()
        asked = {f.name: f.value for f in told.context["form"].fields}
        assert asked["again_of"] == number and not asked["again"]
        other = {f"applicant.{name}": value for name, value in applicant(4).items()}
        assert clerk.post(address, {**flat(), "key": "w2", "again": "1"}).status_code == 422
        assert (
            clerk.post(address, {**flat(), "key": "w3", "again": "1", "again_of": "武平-行-2026-000099"}).status_code
            == 422
        )
        faulty = clerk.post(address, {**flat(), "plot_area": "", "key": "w4", "again": "1", "again_of": number})
        assert {f.name: f.value for f in faulty.context["form"].fields}["again"] is True
        wrong_name = clerk.post(address, {**flat(), "applicant.name": "练别人", "key": "w5"})
        assert wrong_name.status_code == 422 and number not in wrong_name.content.decode()
        assert (
            clerk.post(address, {**flat(), **other, "key": "w6", "again": "1", "again_of": number}).status_code == 302
        )
        assert Case.objects.count() == 2
        assert (
            clerk.post(address, {**flat(), **other, "key": "w7", "again": "1", "again_of": number}).status_code == 422
        )
        assert clerk.post(address, {**flat(), "key": "w8", "again": "1", "again_of": number}).status_code == 302
        assert clerk.post(address, {**flat(), "key": "w8", "again": "1", "again_of": number}).status_code == 302
    assert Case.objects.count() == 3


@pytest.mark.parametrize("typed", ["{number}", "{bare}", " {wide} ", "{dashes}", "{spaces}"])
def test_a_case_is_tracked_by_its_number_however_it_was_typed(sign_in, client, typed):
    with at("2026-03-02 09:10"):
        number = handed_in(sign_in("citizen"))
        forms = {
            "number": number, "bare": number[-11:], "dashes": number.replace("-", "—"), "spaces": number.replace("-", " - "),
            "wide": "".join(chr(ord(c) + 0xFEE0) if c in "-0123456789" else c for c in number),
        }  # fmt: skip
        tail = applicant()["phone"][-4:]
        found = client.post("/track", {"number": typed.format(**forms), "tail": f"{tail[:2]} {tail[2:]}"})
    assert found.status_code == 200 and number in text_of(found)


def test_a_number_without_prefix_that_two_cases_have_finds_neither(sign_in, client):
    with at("2026-03-02 09:10"):
        number = handed_in(sign_in("citizen"))
        handed_in_again = sign_in("citizen").post("/apply/rural-house/approval", {**flat(), "key": "k2", "again": "on"})
        assert handed_in_again.status_code == 302
        other = number.replace("武平", "漳浦")
        Case.objects.exclude(number=number).update(number=other)
        tail = applicant()["phone"][-4:]
        assert client.post("/track", {"number": number[-11:], "tail": tail}).status_code == 404
        assert other in text_of(client.post("/track", {"number": other, "tail": tail}))


def test_what_is_missing_to_track_is_told_at_its_field(client):
    answer = client.post("/track", {"number": "", "tail": ""})
    assert answer.status_code == 422
    assert {f.name: f.error for f in answer.context["form"].fields} == {
        "number": "请填写件的编号。",
        "tail": "请填写手机号的后四位数字。",
    }


def test_a_citizens_list_and_case_say_what_the_case_waits_for_and_how_it_ended(sign_in):
    with at("2026-03-02 09:10"):
        client = sign_in("citizen")
        number, story = handed_in(client), Story(Case.objects.get().number)
        page = text_of(client.get(f"/my/{number}"))
        assert "为什么是 3月9日" in page and "今天 09:10 收到申请材料，当日不计" in page
    with at("2026-03-08 10:00"):
        assert "为什么是 3月9日" in text_of(client.get(f"/my/{number}"))  # tomorrow
    with at("2026-03-03 10:00"):
        story.do("window", "notice", {"missing": ["户口簿"]}, "intake")
        assert "等您补正" in text_of(client.get("/my")) and "未计时" not in text_of(client.get("/my"))
        page = text_of(client.get(f"/my/{number}"))
        assert "为什么是" not in page and "现在等您：补正。" in page
    with at("2026-03-04 10:00"):
        story.do("citizen", "withdraw", {"reason": "不办了"})
        for address in ("/my", f"/my/{number}"):
            page = text_of(client.get(address))
            assert "已撤回" in page and "已办结" not in page, address


def test_what_an_official_handles_is_not_among_their_own_cases(sign_in):
    with at("2026-03-02 09:10"):
        number, window = handed_in(sign_in("citizen")), sign_in("window")
        assert number in text_of(window.get("/desk/cases"))
        assert number not in text_of(window.get("/my")) and "您还没有办过事" in text_of(window.get("/my"))


def test_a_receipt_can_be_printed_with_its_time_and_unit_and_promises_nothing_once_settled(sign_in):
    with at("2026-03-02 09:10"):
        citizen = sign_in("citizen")
        number = handed_in(citizen)
        page = citizen.get(f"/my/{number}/receipt")
        assert "2026-03-02 09:10" in text_of(page) and "武平县桃溪镇人民政府" in text_of(page)
        assert "data-print" in page.content.decode() and "接下来" in text_of(page)
        Case.objects.filter(number=number).update(settled_at=clock.now())
        assert "接下来" not in text_of(citizen.get(f"/my/{number}/receipt"))


def test_what_belongs_together_in_a_form_stands_under_one_heading(sign_in):
    with at("2026-03-02 09:10"):
        page = sign_in("citizen").get("/apply/sole-trader").content.decode()
    headings = re.findall(r"<legend[^>]*><h2>([^<]+)</h2>", page)
    assert "经营" in headings and len(headings) == len(set(headings))


def test_the_counter_goes_on_from_the_receipt_at_the_desk(sign_in):
    with at("2026-03-02 09:10"):
        window = sign_in("window")
        receipt = window.get(f"/my/{handed_in(window)}/receipt").content.decode()
    assert "继续收件" in receipt and "/desk/intake" in receipt and "看进度" not in receipt


def test_from_the_hall_an_official_finds_the_way_back_and_a_citizen_sees_none(sign_in):
    assert 'href="/desk/"' in sign_in("window").get("/").content.decode()
    assert 'href="/desk/"' not in sign_in("citizen").get("/").content.decode()


def test_the_same_press_twice_hands_in_once(sign_in):
    client = sign_in("citizen")
    with at("2026-03-02 09:10"):
        handed_in(client)
        handed_in(client)
    assert Case.objects.count() == 1


def test_a_guide_says_in_words_what_no_published_text_confirms(client):
    page = text_of(client.get("/guide/sole-trader"))
    assert "正式使用前须核实：承诺办结时限" in page
    assert "promised" not in page


def test_the_story_from_hall_to_certificate_in_pages(sign_in, client):
    citizen = sign_in("citizen")
    with at("2026-03-02 09:10"):
        number = handed_in(citizen)
        assert number in text_of(citizen.get(f"/my/{number}/receipt"))
        assert "待受理" in text_of(citizen.get(f"/my/{number}"))
    with at("2026-03-02 09:45"):
        window = sign_in("window")
        assert number in text_of(window.get("/desk/"))
        pressed(window, number, "accept", "intake")
    with at("2026-03-03 09:00"):
        for login, code in (("village", "qualification"), ("land", "land"), ("planning", "planning")):
            desk = sign_in(login)
            assert number in text_of(desk.get("/desk/"))
            pressed(desk, number, "review", code, {"passed": "true", "opinion": "符合要求"})
        pressed(
            sign_in("village"), number, "start_visit", "visit", {"purpose": "现场踏勘", "expected": "2026-03-03T11:30"}
        )
        shown = text_of(sign_in("land").get(f"/desk/case/{number}"))
        assert "停表：现场踏勘" in shown
    with at("2026-03-03 11:00"):
        pressed(sign_in("village"), number, "finish_visit", "visit", {**evidence(), "passed": "true"})
        pressed(sign_in("land"), number, "check_site", "siting-check", {**evidence(), "finding": "good"})
    with at("2026-03-04 10:00"):
        pressed(sign_in("town"), number, "grant", "decision", {"conclusion": "符合法定条件，准予许可"})
        pressed(sign_in("window"), number, "issue", "certificate")
        page = citizen.get(f"/my/{number}")
        assert "乡村建设规划许可证" in text_of(page)
        rated = citizen.post(f"/my/{number}/rate", {"grade": "5", "words": "很快"})
        assert rated.status_code == 302
        tracked = client.post("/track", {"number": number, "tail": applicant()["phone"][-4:]})
        assert "已准予" in text_of(tracked)
        assert client.post("/track", {"number": number, "tail": "0001"}).status_code == 404


def evidence() -> dict[str, object]:
    photo = SimpleUploadedFile("现场.png", PNG, "image/png")
    return {"photos": photo, "place_lat": "25.2", "place_lon": "116.1", "place_accuracy": "8", "note": "现场与申请一致"}


def pressed(client: Client, number: str, action: str, code: str, data: dict[str, object] | None = None) -> None:
    step = Step.objects.get(case__number=number, code=code).pk
    address = f"/desk/case/{number}/do/{action}/{step}"
    assert client.get(address).status_code == 200, text_of(client.get(address))[:500]
    answer = client.post(address, data or {})
    assert answer.status_code == 302, text_of(answer)[:3000]


def test_another_units_case_and_a_visitor_get_nothing(sign_in, client):
    with at("2026-03-02 09:10"):
        number = handed_in(sign_in("citizen"))
    assert sign_in("zhangpu").get(f"/desk/case/{number}").status_code == 404
    assert sign_in("helper").get(f"/my/{number}").status_code == 404
    assert client.get(f"/my/{number}").status_code == 302
    assert sign_in("citizen").get(f"/desk/case/{number}").status_code == 403


def test_four_digits_are_not_guessed(sign_in, client):
    with at("2026-03-02 09:10"):
        number, right = hand_in_house("citizen").number, applicant()["phone"][-4:]
        wrong = [f"{n:04d}" for n in range(30) if f"{n:04d}" != right]
        for tail in wrong[:10]:
            assert client.post("/track", {"number": number, "tail": tail}).status_code == 404
        locked = client.post("/track", {"number": number, "tail": right})
        assert locked.status_code == 429 and "一小时后再试" in text_of(locked) and number not in locked.cookies.output()
        assert "农村村民建房" not in text_of(locked)
    with at("2026-03-02 10:11"):
        assert client.post("/track", {"number": number, "tail": right}).status_code == 200
    with at("2026-03-02 11:00"):
        for n in range(100):
            assert client.post("/track", {"number": f"武平-事-2026-{n + 500:06d}", "tail": "0001"}).status_code == 404
        assert client.post("/track", {"number": number, "tail": right}).status_code == 429, "one caller, many numbers"
        other = client.post("/track", {"number": number, "tail": right}, REMOTE_ADDR="192.0.2.7")
        assert other.status_code == 200
    assert Miss.objects.exists()
    with at("2026-03-04 03:00"):
        sweeps.tidy(clock.now())
    assert not Miss.objects.exists()


def test_a_host_that_is_not_ours_is_a_bad_request_and_no_fault_of_ours(client):
    client.raise_request_exception = False
    assert client.get("/", HTTP_HOST="evil.example").status_code == 400


def test_an_instant_beyond_all_calendars_is_no_lens(sign_in):
    leader = sign_in("leader")
    for span in ("from=9999-12-31T23:59:59-12:00&to=9999-12-31", "from=2026-01-01&to=0001-01-01"):
        assert leader.get(f"/cockpit/cases?what=settled&{span}").status_code == 400


def test_days_that_do_not_count_are_told_with_their_own_reason(sign_in):
    """A typhoon order before a weekend, and the ribbon's gaps by their names."""
    with at("2026-07-20 09:00"):
        order = Overlay("3508", date(2026, 7, 23), date(2026, 7, 24), "台风停工", "龙政防指〔2026〕3号")
        clock_actions.load_overlay(order, by="管理员", now=clock.now())
        story = hand_in_house("citizen")
    with at("2026-07-28 10:00"):
        page = text_of(sign_in("window").get(f"/desk/case/{story.number}"))
    assert re.search("7月23日 — 7月24日 台风停工休息，不计 （龙政防指〔2026〕3号", page), page[-1500:]
    assert "7月25日 — 7月26日 周末休息，不计" in page and "星期日休息" not in page
    with at("2026-09-28 09:00"):
        story = hand_in_house("citizen")
    with at("2026-10-09 10:00"):
        page = sign_in("window").get(f"/desk/case/{story.number}").content.decode()
    assert "<title>国庆节" in page and "<title>周末" not in page


def test_a_file_that_cannot_be_taken_hides_no_other_fault(sign_in):
    wrong = SimpleUploadedFile("材料.exe", b"MZ", "application/octet-stream")
    posted = {**flat(), "floors": "9", "applicant.phone": "123", "materials.identity": wrong}
    answer = sign_in("citizen").post("/apply/rural-house/approval", posted)
    fields = [fault.field for fault in answer.context["form"].faults]
    assert answer.status_code == 422 and {"floors", "applicant.phone", "materials.identity"} <= set(fields)


def test_a_page_on_which_nothing_can_be_rated_says_why(sign_in):
    with at("2026-03-02 09:10"):
        number = hand_in_house("citizen").number
        page = sign_in("citizen").get(f"/my/{number}/rate")
    assert "现在不能评价" in text_of(page) and "还没有办结" in text_of(page)
    assert 'name="grade"' not in page.content.decode()


def test_a_clock_in_hours_counts_from_its_moment_and_days_from_the_next():
    began = datetime(2026, 3, 2, 9, 0, tzinfo=clock.ZONE)
    told = {}
    for limit in ("2wh", "2wd"):
        row = clock_rules.start(
            clocks.rule_for(PROMISED), at=began, calendar=clocks.calendar_for("350824", None), case_id=1, step_id=None,
            party="unit:1", limit=limit,
        )  # fmt: skip
        told[limit] = str(casepage.why(row, began)[0].text)
    assert told["2wh"].endswith("自此时起算") and told["2wd"].endswith("当日不计")


def test_a_matter_is_about_a_case_that_there_is_and_lists_tell_when_it_is_due(sign_in):
    procedures.load()
    office = sign_in("office")
    with at("2026-03-02 09:10"):
        story = hand_in_house("citizen")
        form = {"unit": who("town").unit_id, "cause": "核查用地", "required": "限期反馈", "days": "5"}
        wrong = office.post("/desk/watch/new", {**form, "about": "武平-事-2026-999999", "key": "a"})
        assert wrong.status_code == 422 and "没有找到编号为“武平-事-2026-999999”的件" in text_of(wrong)
        assert office.post("/desk/watch/new", {**form, "about": story.number, "key": "b"}).status_code == 302
        shown = text_of(office.get("/desk/cases?kind=supervision"))
        assert "剩 5 个工作日" in shown and "未计时" not in shown
