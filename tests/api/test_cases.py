"""Cases through the API, as another system meets them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

import pytest

from mashang.cases import actions
from mashang.cases.models import Case
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.ledger import queries as ledger
from mashang.site.messages import CHINESE
from tests.flows.story import TOWN, Story, hand_in_house
from tests.sealing import seal_all

from .conftest import MONDAY

pytestmark = pytest.mark.django_db


def at(text: str = MONDAY):
    return clock.at(datetime.fromisoformat(text))


def granted(system) -> str:
    """The house's application, granted, every press made through the API by a system of the county."""
    with at():
        number = system.hand_in()
    with at("2026-03-02 09:45"):
        system.press(number, "accept", {}, "intake")
    with at("2026-03-03 09:30"):
        system.press(number, "start_visit", {"purpose": "现场踏勘", "expected": "2026-03-03T11:30:00+08:00"}, "visit")
        for step in ("qualification", "planning"):
            system.press(number, "review", {"passed": True, "opinion": "符合规划"}, step)
    with at("2026-03-03 11:05"):
        photo = system.upload("现场.pdf").json()["id"]
        place = {"photos": [photo], "latitude": 25.2, "longitude": 116.1, "taken_at": clock.now().isoformat()}
        system.press(number, "finish_visit", {**place, "passed": True}, "visit")
        system.press(number, "review", {"passed": True, "opinion": "不占永久基本农田"}, "land")
        story = Story(number)  # an officer on the site, with a phone: no scope of a client covers that
        story.do("land", "check_site", {**story.evidence("land"), "finding": "good"}, "siting-check")
    with at("2026-03-04 10:00"):
        system.press(number, "grant", {}, "decision")
        assert system.press(number, "issue", {}, "certificate").status_code == 200
    return number


def test_one_more_of_the_same_is_refused_unless_it_is_said_to_be_meant(system):
    with at():
        first = system.post("/cases", system.house(again=False), "first")
        again = system.post("/cases", system.house(again=False), "second")
        fault = again.json()
        assert (first.status_code, again.status_code) == (201, 422)
        assert (fault["errors"][0]["code"], fault["errors"][0]["pointer"]) == ("applicant.again", "#/again")
        assert first.json()["number"] in fault["errors"][0]["detail"]
        assert system.post("/cases", system.house(4, again=False), "other").status_code == 201
        assert system.post("/cases", system.house(again=True), "third").status_code == 201
        assert (
            system.post("/cases", system.house(again=False), "first").status_code == 422
        )  # files anew: another request
    assert Case.objects.count() == 3


def test_an_application_is_handed_in_accepted_and_read_back(system):
    with at():
        made = system.post("/cases", system.house(), "first")
    body = made.json()
    assert made.status_code == 201
    assert body["state_label"] == "待受理"
    assert (made.headers["ETag"], made.headers["Location"]) == ('"1"', f"/api/v1/cases/{quote(body['number'])}")
    with at("2026-03-02 09:45"):
        pressed = system.press(body["number"], "accept", {}, "intake")
        shown = system.get(f"/cases/{body['number']}")
    assert (pressed.status_code, pressed.json()["state"], pressed.headers["ETag"]) == (200, "accepted", '"2"')
    case = shown.json()
    assert {s["code"]: s["state"] for s in case["steps"]}["intake"] == "done"
    assert {c["code"] for c in case["clocks"]} >= {"XK-45", "CN-x"}
    assert {m["state"] for m in case["materials"]} == {"handed"}
    assert len(case["documents"]) == 5
    assert case["timeline"][0]["text"].startswith("提交")
    assert case["persons"][0]["name"].endswith("（演示）")
    assert "受理" in shown.content.decode()  # text is sent as it is, not as \u escapes


def test_a_house_goes_from_application_to_certificate_through_the_api(system):
    number = granted(system)
    with at("2026-03-04 10:05"):
        case = system.get(f"/cases/{number}").json()
        result = case["results"][0]
        checked = system.browser.get(f"/api/v1/certificates/{result['code']}")
        pdf = system.get(f"/cases/{number}/results/{quote(result['number'])}")
    assert case["state"] == "granted"
    assert checked.json()["state"] == "valid"
    assert pdf.content.startswith(b"%PDF")
    assert "attachment" in pdf.headers["Content-Disposition"]


def test_a_receipt_comes_when_the_ledger_is_sealed_and_proves_the_case(system):
    with at():
        number = system.hand_in()
        waiting = system.get(f"/cases/{number}/receipt")
    assert (waiting.status_code, waiting.json()["code"]) == (409, "ledger.unsealed")


def test_the_receipt_is_true_under_the_published_keys(committed, system):
    with at():
        number = system.hand_in()
        seal_all(clock.now())
        receipt = system.get(f"/cases/{number}/receipt")
    assert receipt.json()["case"] == number
    assert not ledger.check(receipt.content.decode()).faults
    assert system.browser.get("/api/v1/keys").json()["keys"]


def test_the_buttons_and_their_forms_are_listed(system):
    with at():
        number = system.hand_in()
        listed = system.get(f"/cases/{number}/actions").json()
    by_name = {p["action"]: p for p in listed["items"]}
    assert {"accept", "notice"} <= by_name.keys()
    assert "urge" not in by_name  # no scope of a client holds it
    assert by_name["notice"]["form"]["properties"]["missing"]["title"] == "需补正的内容（一次说全）"
    assert by_name["accept"]["step"] > 0


def test_the_same_key_again_gives_the_same_answer_and_no_second_case(system):
    with at():
        body = system.house()
        first, again = system.post("/cases", body, "k"), system.post("/cases", body, "k")
        other = system.post("/cases", {**body, "answers": {**body["answers"], "floors": "2"}}, "k")
    assert (first.json()["again"], again.json()["again"]) == (False, True)
    assert first.json()["number"] == again.json()["number"]
    assert Case.objects.count() == 1
    assert (other.status_code, other.json()["code"]) == (422, "conflict.key")


def test_a_write_without_a_key_is_not_taken(system):
    with at():
        made = system.call("POST", "/cases", system.house())
    assert made.status_code == 400
    assert made.json()["errors"] == [
        {"code": "form.missing", "detail": "请填写这一项。", "pointer": "", "parameter": "Idempotency-Key"}
    ]


def test_a_stale_etag_is_told_with_412(system):
    with at():
        number = system.hand_in()
        system.press(number, "accept", {}, "intake")
        body = {"data": {"reason": "不建了"}}
        stale = system.post(f"/cases/{number}/actions/withdraw", body, "w", If_Match='"1"')
        odd = system.post(f"/cases/{number}/actions/withdraw", body, "w", If_Match="3")
        fresh = system.post(f"/cases/{number}/actions/withdraw", body, "w", If_Match='"2"')
    assert (stale.status_code, stale.json()["code"]) == (412, "conflict.stale")
    assert (odd.status_code, odd.json()["errors"][0]["parameter"]) == (400, "If-Match")
    assert fresh.json()["state"] == "withdrawn"


def test_every_fault_comes_at_once_with_its_pointer(system):
    with at():
        body = system.house()
        body["answers"]["applicant"] = {"name": "", "id_number": "123", "phone": "12"}
        del body["answers"]["floors"]
        faulty = system.post("/cases", body)
    problem = faulty.json()
    pointers = {e["pointer"] for e in problem["errors"]}
    assert (faulty.status_code, faulty.headers["Content-Type"]) == (422, "application/problem+json")
    assert {
        "#/answers/applicant/name",
        "#/answers/applicant/phone",
        "#/answers/applicant/id_number",
        "#/answers/floors",
    } <= pointers
    assert problem["type"].startswith("urn:mashang:problem:form.")


def test_the_faults_of_an_action_point_into_its_data(system):
    with at():
        number = system.hand_in()
        faulty = system.press(number, "notice", {"missing": [], "odd": 1}, "intake")
    assert {e["pointer"] for e in faulty.json()["errors"]} == {"#/data/missing", "#/data/odd"}


def test_a_list_goes_on_where_the_page_ended_and_misses_nothing(system):
    with at():
        numbers = [system.hand_in(f"n{i}") for i in range(5)]
    pages, after = [], ""
    while True:
        body = system.get(f"/cases?limit=2&after={after}").json()
        pages.append([c["number"] for c in body["items"]])
        if not (after := body["next"]):
            break
    assert [n for page in pages for n in page] == numbers[::-1]
    assert [len(p) for p in pages[:2]] == [2, 2]


def test_a_follower_sees_each_change_with_updated_since(system):
    with at():
        first, second = system.hand_in("a"), system.hand_in("b")
        start = clock.now().isoformat()
        seen = system.get(f"/cases?{urlencode({'updated_since': start})}").json()
    assert [c["number"] for c in seen["items"]] == [first, second]
    with at("2026-03-02 10:00"):
        system.press(first, "accept", {}, "intake")
    with at("2026-03-02 10:01"):
        later = system.get(f"/cases?{urlencode({'updated_since': '2026-03-02T09:30:00+08:00'})}").json()
    assert [(c["number"], c["state"]) for c in later["items"]] == [(first, "accepted")]
    assert datetime.fromisoformat(later["since"]) == datetime.fromisoformat("2026-03-02T09:59:50+08:00")
    assert datetime.fromisoformat(seen["since"]) == datetime.fromisoformat(start), "never before what was asked"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=open", 1),  # any state that is not final
        ("state=settled", 0),
        ("kind=application", 1),
        ("words=农村", 1),  # two characters of the title
        ("words=建桥", 0),
        ("region=3508", 1),
        ("region=3506", 0),
        ("channel=api", 1),
        ("late=true", 0),
    ],
)
def test_a_list_is_narrowed(system, query, found):
    with at():
        system.hand_in()
        assert len(system.get(f"/cases?{query}").json()["items"]) == found


def test_the_applicant_is_the_same_person_for_the_hall_and_the_api(system):
    with at():
        story = hand_in_house("citizen", 0)
        number = system.hand_in()
    assert Case.objects.get(number=number).persons == story.case.persons


def test_a_number_of_another_name_is_refused_on_its_field(system):
    with at():
        system.hand_in()
        body = system.house()
        body["answers"]["applicant"]["name"] = "别的人"
        other = system.post("/cases", body, "other")
    assert (other.status_code, other.json()["errors"][0]["pointer"]) == (422, "#/answers/applicant/id_number")


def test_another_scope_is_not_found(system, admit):
    stranger = admit("cases:read", "cases:write", unit="漳浦县人民政府")
    with at():
        number = system.hand_in()
        document = system.get(f"/cases/{number}").json()["documents"][0]["id"]
        paths = [
            f"/cases/{number}",
            f"/cases/{number}/actions",
            f"/cases/{number}/receipt",
            f"/cases/{number}/results/x",
        ]
        for path in [*paths, f"/documents/{document}"]:
            assert stranger.get(path).status_code == 404, path
            assert system.get(path).status_code in (200, 404, 409)
        assert stranger.post(f"/cases/{number}/actions/withdraw", {"data": {"reason": "不建了"}}).status_code == 404
        assert stranger.get("/cases").json()["items"] == []
        assert system.get(f"/documents/{document}").status_code == 200


def test_a_system_of_one_county_hands_in_nothing_in_another(admit):
    stranger = admit("cases:read", "cases:write", unit="漳浦县人民政府")
    with at():
        refused = stranger.post("/cases", stranger.house())
    assert refused.status_code == 403
    assert Case.objects.count() == 0


def test_a_system_bound_to_a_region_may_register_applicants_there(admit):
    system = admit("cases:read", "cases:write", region="350824")
    with at():
        assert system.hand_in()


def test_documents_of_another_system_can_not_be_handed_in(system, admit):
    other = admit("cases:read", "cases:write", unit="武平县人民政府")
    with at():
        made = other.post("/cases", system.house())
    assert (made.status_code, made.json()["code"]) == (422, "document.gone")


def test_answers_come_in_english_when_asked(system):
    chinese, english = (system.get("/cases/none", Accept_Language=lang) for lang in ("fr, zh;q=0.5", "en-GB,zh;q=0.3"))
    assert (chinese.headers["Content-Language"], chinese.json()["title"]) == ("zh-hans", "没有找到您要的内容")
    assert (english.headers["Content-Language"], english.json()["title"]) == ("en", "Not found")


def test_what_other_rooms_do_to_a_case_changes_its_etag(system):
    with at():
        number = system.hand_in()
        before = system.get(f"/cases/{number}").headers["ETag"]
        actions.act(
            number, "remind", {"clock": "受理时限"}, by=Actor.system("sweep"), now=clock.now() + timedelta(hours=1)
        )
        after = system.get(f"/cases/{number}").headers["ETag"]
    assert (before, after) == ('"1"', '"2"')
    assert json.loads(system.get("/cases").content)["items"][0]["revision"] == 2


LISTS = [
    ("limit=many", "Please give a whole number."),
    ("limit=9999", "This may be at most 500."),
    ("limit=0", "This must be at least 1."),
    ("late=perhaps", "Please choose yes or no."),
]


@pytest.mark.parametrize(("query", "sentence"), LISTS)
def test_a_wrong_parameter_is_told_in_english_when_asked(system, query, sentence):
    answer = system.get(f"/cases?{query}", Accept_Language="en")
    assert (answer.status_code, answer.json()["detail"]) == (400, sentence)
    assert not CHINESE.search(answer.content.decode())


BODIES = [
    ({"entry": 3, "region": TOWN}, "Please give a text."),
    ({"region": TOWN}, "Please fill this in."),
    ({"entry": "rural-house", "region": TOWN, "materials": {"identity": "x"}}, "Please give a whole number."),
    ({"entry": "rural-house", "region": TOWN, "materials": {"identity": 0}}, "This must be at least 1."),
    ({"entry": "rural-house", "region": TOWN, "odd": 1}, "The form has no such field. Please leave it out."),
    ({"entry": "x" * 3000, "region": TOWN}, "This is too long; it may have at most 64 characters."),
]


@pytest.mark.parametrize(("body", "sentence"), BODIES)
def test_a_wrong_body_is_told_in_english_when_asked(system, body, sentence):
    answer = system.post("/cases", body, Accept_Language="en")
    assert (answer.status_code, answer.json()["detail"]) == (422, sentence)
    assert not CHINESE.search(answer.content.decode())


def test_a_case_that_is_not_found_is_told_in_english_whole(system):
    answer = system.get("/cases/none", Accept_Language="en")
    assert answer.json()["detail"] == "This case was not found. Please check the number."
    assert not CHINESE.search(answer.content.decode())


def test_a_refusal_with_values_is_told_in_english_whole(system):
    with at():
        number = system.hand_in()
        system.press(number, "accept", {}, "intake")
        withdrawn = system.post(f"/cases/{number}/actions/withdraw", {"data": {"reason": "不建了"}}, "w")
        again = system.post(
            f"/cases/{number}/actions/withdraw", {"data": {"reason": "不建了"}}, "v", Accept_Language="en"
        )
    assert withdrawn.status_code == 200
    assert (again.status_code, again.json()["code"]) == (409, "conflict.state")
    assert again.json()["detail"].startswith("This case is now “") and not CHINESE.search(again.json()["detail"])
