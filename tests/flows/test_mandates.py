"""委托代办 through pages: given with a code or at the counter, acted under, ended by either side; and who may not."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from mashang.cases.actions.documents import place
from mashang.cases.models import Case, Document, Notice
from mashang.kernel import clock, sql
from mashang.ledger import queries as ledger
from mashang.org import actions as org_actions
from mashang.org import kept, seeds
from mashang.org import queries as org
from mashang.org.models import Mandate, Person, SignInCode

from .story import HOUSE, PDF, applicant, at, hand_in_house, text_of, who
from .test_pages import flat, pressed

pytestmark = [pytest.mark.django_db, pytest.mark.row("A17"), pytest.mark.slow]
MORNING = "2026-03-02 09:10"


@pytest.fixture
def outbox(settings, tmp_path: Path) -> Path:
    settings.VAR = tmp_path
    return tmp_path / "outbox"


def code_in(outbox: Path) -> str:
    latest = max(outbox.glob("code-*.json"), key=lambda p: p.stat().st_mtime_ns)
    return re.search(r"\d{6}", json.loads(latest.read_text("utf-8"))["text"])[0]


def person(login: str) -> Person:
    return Person.objects.get(account__username=login)


def typed(**changes: str) -> dict[str, str]:
    helper = seeds.person_form(1, "350824")
    form = {
        "to": "person", "helper_name": helper.name, "helper_phone": helper.phone, "starts_on": "2026-03-02",
        "ends_on": "2026-12-31",
    }  # fmt: skip
    return {**form, **changes}


def given(client: Client, outbox: Path, address: str = "/my/mandates", **changes: str) -> None:
    """Both presses: asked for, then confirmed with the code."""
    asked = client.post(address, typed(do="ask", **changes))
    assert asked.status_code == 200, text_of(asked)[:2000]
    assert 'name="code"' in asked.content.decode()
    done = client.post(address, typed(do="give", code=code_in(outbox), **changes))
    assert done.status_code == 302, text_of(done)[:2000]


def forms_of(client: Client, mandate: int) -> bool:
    return f'name="mandate" value="{mandate}"' in client.get("/my/mandates").content.decode()


def house_for(client: Client, helped: int, files: bool = True, **changes: str):
    uploads = {
        f"materials.{code}": SimpleUploadedFile("材料.pdf", PDF, "application/pdf")
        for code in ("identity", "household", "house-form", "neighbours", "drawing")
    }
    form = {**flat(), "acting_for": str(helped), "key": f"k{helped}", **changes}
    return client.post("/apply/rural-house/approval", {**form, **(uploads if files else {})})


def test_what_the_code_confirms_begins_today_at_the_earliest_and_the_demo_says_where_its_code_is(
    sign_in, outbox, settings
):
    settings.DEMO = True
    citizen = sign_in("citizen")
    with at(MORNING):
        page = text_of(citizen.post("/my/mandates", typed(do="ask", starts_on="2026-02-01")))
    assert "2026-03-02 — 2026-12-31" in page and "2026-02-01" not in page
    assert str(outbox) in page


def test_a_citizen_lets_a_relative_act_who_applies_and_both_see_it_end(sign_in, outbox):
    citizen, helper = sign_in("citizen"), sign_in("helper")
    me = person("citizen").pk
    with at(MORNING):
        assert "您还没有委托别人代办" in text_of(citizen.get("/my/mandates"))
        given(citizen, outbox)
        mandate = Mandate.objects.get()
        assert (mandate.evidence, mandate.person_id, mandate.kinds) == ("code", me, "")
        assert mandate.ends_at.isoformat() == "2026-12-31T16:00:00+00:00"  # the whole of the last day here
        assert org.person(person("helper").pk).name in text_of(citizen.get("/my/mandates"))
        assert "委托您代办" in text_of(helper.get("/my/notices"))
        assert f"代 {org.person(me).name}" in text_of(helper.get("/my/mandates"))

        asked = helper.get("/apply/rural-house/approval", HOUSE)
        assert "为谁办理" in text_of(asked) and f"代 {org.person(me).name}" in text_of(asked)
        form = helper.get("/apply/rural-house/approval", {**HOUSE, "acting_for": me})
        assert f"代 {org.person(me).name} 办理" in text_of(form)
        assert f'name="acting_for" value="{me}"' in form.content.decode()
        answer = house_for(helper, me)
        assert answer.status_code == 302, text_of(answer)[:2000]
        case = Case.objects.get()
        assert case.persons == [me] and case.channel == "agent"
        shown = text_of(helper.get(f"/my/{case.number}"))
        assert f"代办 {org.person(me).name}" in shown
        assert "代办" not in text_of(citizen.get(f"/my/{case.number}")).replace("委托代办", "")
    with at("2026-03-03 09:00"):
        assert citizen.post("/my/mandates", {"do": "end", "mandate": mandate.pk}).status_code == 302
        assert helper.get(f"/my/{case.number}").status_code == 404
        assert "已终止" in text_of(helper.get("/my/notices"))
        assert "已终止" in text_of(citizen.get("/my/mandates")) and not forms_of(citizen, mandate.pk)
    verbs = [e.verb for e in ledger.history(f"org/person:{me}")]
    assert verbs.count("mandate.recorded") == verbs.count("mandate.revoked") == 1


def test_a_helper_gives_a_mandate_back_and_the_other_is_told(sign_in, outbox):
    citizen, helper = sign_in("citizen"), sign_in("helper")
    with at(MORNING):
        given(citizen, outbox)
        mandate = Mandate.objects.get()
        assert helper.post("/my/mandates", {"do": "end", "mandate": mandate.pk}).status_code == 302
        assert "的委托已终止" in text_of(citizen.get("/my/notices"))
        again = helper.post("/my/mandates", {"do": "end", "mandate": mandate.pk})
    assert again.status_code == 404


def test_without_the_right_code_there_is_no_mandate_and_tries_are_counted(sign_in, outbox):
    citizen = sign_in("citizen")
    with at(MORNING):
        sent = SignInCode.objects.count()
        assert citizen.post("/my/mandates", typed(do="ask")).status_code == 200
        reloaded = citizen.post("/my/mandates", typed(do="ask"))  # the code that was sent is still good
        assert reloaded.status_code == 200 and 'name="code"' in reloaded.content.decode()
        assert SignInCode.objects.count() == sent + 1
        right = code_in(outbox)
        wrong = f"{(int(right) + 1) % 1_000_000:06d}"
        answer = citizen.post("/my/mandates", typed(do="give", code=wrong))
        assert answer.status_code == 422 and "验证码不正确" in text_of(answer)
        assert 'name="code"' in answer.content.decode()  # still there to be put right
        assert typed()["helper_phone"] in answer.content.decode()  # what was typed is kept
        assert SignInCode.objects.get(purpose="mandate").tries_left == 4
        assert not Mandate.objects.exists()
        assert citizen.post("/my/mandates", typed(do="give", code=right)).status_code == 302
        # a code serves once, and the same mandate stands once
        again = citizen.post("/my/mandates", typed(do="give", code=right))
        assert again.status_code == 422 and Mandate.objects.count() == 1


def test_a_code_for_signing_in_confirms_no_mandate(sign_in, outbox, client):
    citizen = sign_in("citizen")
    with at(MORNING):
        client.post(reverse("accounts:phone"), {"phone": applicant()["phone"]})
        assert SignInCode.objects.get().purpose == "sign-in"
        answer = citizen.post("/my/mandates", typed(do="give", code=code_in(outbox)))
    assert answer.status_code == 422 and not Mandate.objects.exists()


def test_nobody_learns_whose_phone_is_registered(sign_in, outbox):
    """An unknown phone, and a known one with another's name: the same answer, and after five misses none at all."""
    citizen, said = sign_in("citizen"), []
    known = seeds.person_form(1, "350824").phone
    with at(MORNING):
        for name, phone in (("林建军", known), ("林建军", "13912345678"), ("陈强志", known)):
            answer = citizen.post("/my/mandates", typed(do="ask", helper_name=name, helper_phone=phone))
            assert answer.status_code == 422
            said.append(text_of(answer).replace(name, "").replace(phone, ""))
        assert said[0].count("没有找到姓名和手机号都相符的受托人") and said[0] == said[2]
        assert said[1].replace("139", "") == said[0].replace("139", "")
        for _ in range(2):
            citizen.post("/my/mandates", typed(do="ask", helper_name="林建军"))
        barred = citizen.post("/my/mandates", typed(do="ask"))  # even the right one now
        assert barred.status_code == 422 and "请一小时后再试" in text_of(barred)
        assert "一小时" in text_of(citizen.post("/my/mandates", typed(do="ask", helper_phone="13900000000")))
    with at("2026-03-02 10:11"):
        given(citizen, outbox)
    misses = [e for e in ledger.history(f"org/person:{person('citizen').pk}") if e.verb == "helper.not_found"]
    assert len(misses) == 5 and known not in json.dumps([e.facts for e in misses])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"ends_on": "2026-03-01"}, "结束时间必须晚于开始时间"),
        ({"ends_on": "soon", "starts_on": ""}, "请填写日期"),
        ({"helper_phone": "123"}, "请填写11位手机号"),
        ({"helper_name": " "}, "请填写受托人姓名"),
        ({"helper_name": seeds.person_form(0, "350824").name, "helper_phone": seeds.person_form(0, "350824").phone},
         "受托人不能是本人"),
        ({"to": "agent"}, "没有找到这位代办员"),
        ({"to": "agent", "agent": "999999"}, "没有找到这位代办员"),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_at_its_field_and_no_code_is_sent(sign_in, outbox, changes, sentence):
    with at(MORNING):
        answer = sign_in("citizen").post("/my/mandates?place=350824105", typed(do="ask", **changes))
    assert answer.status_code == 422 and sentence in text_of(answer)
    assert not SignInCode.objects.exists() and not Mandate.objects.exists()


def test_a_strangers_mandate_is_not_there_to_be_ended(sign_in, outbox):
    with at(MORNING):
        given(sign_in("citizen"), outbox)
        mandate = Mandate.objects.get().pk
        for login in ("village", "town"):
            assert sign_in(login).post("/my/mandates", {"do": "end", "mandate": mandate}).status_code == 404
        assert sign_in("citizen").post("/my/mandates", {"do": "end", "mandate": 999999}).status_code == 404
    assert Mandate.objects.get().revoked_at is None


def test_the_villages_agent_applies_for_a_villager_and_works_the_case_at_the_desk(sign_in, outbox):
    """A mandate for one kind of case, given to a staff member who may take in nothing otherwise."""
    citizen, village = sign_in("citizen"), sign_in("village")
    me, agent = person("citizen").pk, who("village").id
    address = "/my/mandates?place=350824105"
    with at(MORNING):
        assert village.get("/apply/rural-house/approval", HOUSE).status_code == 403
        assert who("village").name in text_of(citizen.get(address))
        given(citizen, outbox, address, to="agent", agent=str(agent), kinds="application")
        assert Mandate.objects.get().kinds == "application"
        assert "委托您代办" in text_of(village.get("/desk/notices"))
        assert "我代办的" in text_of(village.get("/desk/"))
        assert f"代 {org.person(me).name}" in text_of(village.get("/my/mandates"))
        assert "委托他人代办" not in text_of(village.get("/my/mandates"))
        assert f"代 {org.person(me).name}" in text_of(village.get("/apply/rural-house/approval", HOUSE))
        answer = house_for(village, me)
        assert answer.status_code == 302, text_of(answer)[:2000]
        case = Case.objects.get()
        assert case.persons == [me] and text_of(village.get(answer["Location"])).count("已收到您的申请")
        pressed(sign_in("window"), case.number, "notice", "intake", {"missing": "户口簿"})
        assert village.get(f"/desk/case/{case.number}/do/supplement").status_code == 200
        assert village.post(f"/desk/case/{case.number}/do/supplement", {"words": "已补"}).status_code == 302
    assert Case.objects.get().state == "submitted"


def test_a_helper_applies_for_nobody_but_those_who_mandated_them(sign_in, outbox):
    citizen, helper = sign_in("citizen"), sign_in("helper")
    me = person("citizen").pk
    with at(MORNING):
        form = helper.get("/apply/rural-house/approval", HOUSE)
        assert "为谁办理" not in text_of(form)  # nothing to choose
        before = house_for(helper, me)
        assert before.status_code == 422 and "您现在没有这位群众的委托" in text_of(before)
        given(citizen, outbox)
        other = seeds.person_form(7, "350824")
        wrong = {"applicant.name": other.name, "applicant.id_number": other.number, "applicant.phone": other.phone}
        answer = house_for(helper, me, **wrong)
        assert answer.status_code == 422 and "不是委托人的" in text_of(answer)
        own = house_for(helper, 0)  # for oneself, with the other's number
        assert own.status_code == 422 and "申请人与登录人不是同一人" in text_of(own)
        citizen.post("/my/mandates", {"do": "end", "mandate": Mandate.objects.get().pk})
        late = house_for(helper, me)  # ended while the form was filled in
        assert late.status_code == 422 and "您现在没有这位群众的委托" in text_of(late)
    assert not Case.objects.exists()


def test_a_mandate_for_other_matters_does_not_let_one_apply(sign_in):
    helper = sign_in("helper")
    with at(MORNING):
        form = org_actions.NewMandate(
            person("citizen").pk, clock.now(), clock.now() + timedelta(days=9), "code",
            helper_person=person("helper").pk, kinds=frozenset({"bad_rating"}),
        )  # fmt: skip
        org_actions.record_mandate(form, by=who("citizen"), now=clock.now())
        assert "为谁办理" not in text_of(helper.get("/apply/rural-house/approval", HOUSE))
        assert house_for(helper, person("citizen").pk).status_code == 422


def test_what_a_helper_typed_for_one_is_not_offered_for_another(sign_in, outbox):
    citizen, helper = sign_in("citizen"), sign_in("helper")
    me = person("citizen").pk
    with at(MORNING):
        given(citizen, outbox)
        helper.post(f"/drafts/apply-rural-house-approval-for-{me}", {"plot_area": "1234"})
        form = helper.get("/apply/rural-house/approval", {**HOUSE, "acting_for": me})
        assert 'value="1234"' in form.content.decode()
        own = helper.get("/apply/rural-house/approval", {**HOUSE, "acting_for": 0})
        assert 'value="1234"' not in own.content.decode()


def test_the_receipt_forgets_the_draft_that_the_application_was_written_in(sign_in, outbox):
    with at(MORNING):
        given(sign_in("citizen"), outbox)
        me = person("citizen").pk
        walk_in = hand_in_house("window", 7).number  # somebody whom no mandate binds to the clerk
        helped = hand_in_house("helper", acting_for=me).number
        own = hand_in_house("citizen").number
        for login, number, draft in (("window", walk_in, ""), ("helper", helped, f"-for-{me}"), ("citizen", own, "")):
            page = sign_in(login).get(f"/my/{number}/receipt").content.decode()
            assert f'data-draft-clear="apply-rural-house-approval{draft}"' in page


# ── at the counter ──


def paper() -> SimpleUploadedFile:
    return SimpleUploadedFile("委托书.pdf", PDF, "application/pdf")


def looked_up(window: Client) -> Client:
    """The counter, after the citizen was found."""
    found = window.post("/desk/mandates", {"do": "find", "words": seeds.person_form(0, "350824").number})
    assert found.status_code == 200
    return window


def at_counter(me: int, **changes: object) -> dict[str, object]:
    helper = seeds.person_form(1, "350824")
    form = {
        "do": "record", "person": me, "to": "person", "helper_words": helper.number, "starts_on": "2026-03-02",
        "ends_on": "2026-06-30", "evidence": "paper",
    }  # fmt: skip
    return {**form, **changes}


def test_a_clerk_registers_a_mandate_on_paper_and_ends_it(sign_in, outbox):
    window, me = sign_in("window"), person("citizen").pk
    form = seeds.person_form(0, "350824")
    with at(MORNING):
        for words in (form.number, form.phone):
            found = window.post("/desk/mandates", {"do": "find", "words": words})
            shown = text_of(found)
            assert found.status_code == 200 and org.person(me).number in shown
            assert form.name.removesuffix(seeds.MARK) not in shown  # masked
        answer = window.post("/desk/mandates", {**at_counter(me), "paper": paper()})
        assert answer.status_code == 302, text_of(answer)[:2000]
        mandate = Mandate.objects.get()
        assert mandate.evidence_digest == hashlib.sha256(PDF).hexdigest()
        document = Document.objects.get(mandate=mandate)
        assert PDF[10:] not in place(document.digest).read_bytes()  # sealed
        listed = text_of(window.get("/desk/mandates"))
        assert "书面委托书" in listed and org.person(me).name in listed
        assert window.get(f"/desk/mandates/{mandate.pk}/paper").content == PDF
        assert sign_in("zhangpu").get(f"/desk/mandates/{mandate.pk}/paper").status_code == 404
        assert sign_in("helper").get("/my/mandates").status_code == 200
        told = Notice.objects.filter(person=me)
        assert {n.channel for n in told} == {"in-app", "sms"} and "终止" in told[0].text
        house = house_for(sign_in("helper"), me)
        assert house.status_code == 302
    with at("2026-03-03 09:00"):
        assert window.post("/desk/mandates", {"do": "end", "mandate": mandate.pk}).status_code == 302
        assert sign_in("helper").get(reverse("hall:case", args=[Case.objects.get().number])).status_code == 404
    looked = [e for e in ledger.history(f"org/person:{me}") if e.verb == "person.looked_up"]
    assert len(looked) == 2 and looked[0].by == who("window").ref


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"evidence": "paper"}, "请上传书面委托书"),
        ({"evidence": "code"}, "请登记委托的凭据"),
        ({"evidence": "in_person", "helper_words": "350824190001010000"}, "没有找到"),
        ({"evidence": "in_person", "helper_words": "1990"}, "请填写完整的证件号码或手机号"),
        ({"evidence": "in_person", "helper_words": seeds.person_form(0, "350824").number}, "受托人不能是本人"),
        ({"evidence": "in_person", "to": "agent", "agent": "1"}, "没有找到这位代办员"),
        ({"evidence": "in_person", "ends_on": "2026-01-01"}, "结束时间必须晚于开始时间"),
        ({"evidence": "in_person", "kinds": "application2"}, "没有这类事项"),  # never taken as all kinds
    ],
)
def test_the_counter_is_told_what_is_wrong_with_what_was_typed_kept(sign_in, outbox, changes, sentence):
    me = person("citizen").pk
    with at(MORNING):
        answer = looked_up(sign_in("window")).post("/desk/mandates", at_counter(me, **changes))
    assert answer.status_code == 422 and sentence in text_of(answer)
    assert org.person(me).number in text_of(answer) and not Mandate.objects.exists()


def test_a_file_that_is_no_scan_is_refused_at_its_field(sign_in, outbox):
    with at(MORNING):
        bad = SimpleUploadedFile("委托书.exe", b"MZ", "application/x-msdownload")
        answer = looked_up(sign_in("window")).post("/desk/mandates", {**at_counter(person("citizen").pk), "paper": bad})
    assert answer.status_code == 422 and "不是可以接收的文件" in text_of(answer) and not Mandate.objects.exists()


def test_the_same_mandate_twice_is_recorded_once(sign_in, outbox):
    window, form = sign_in("window"), at_counter(person("citizen").pk, evidence="in_person")
    with at(MORNING):
        looked_up(window)
        assert window.post("/desk/mandates", form).status_code == 302
        again = window.post("/desk/mandates", form)
    assert again.status_code == 422 and "已经登记" in text_of(again) and Mandate.objects.count() == 1


def test_a_counter_ends_what_it_recorded_or_whose_person_it_looked_up(sign_in, outbox):
    window, me = sign_in("window"), person("citizen").pk
    with at(MORNING):
        given(sign_in("citizen"), outbox)
        mandate = Mandate.objects.get(person_id=me).pk
        assert window.post("/desk/mandates", {"do": "end", "mandate": mandate}).status_code == 404
        assert window.post("/desk/mandates", {"do": "end", "mandate": mandate + 1}).status_code == 404
        assert Mandate.objects.get().revoked_at is None
        assert looked_up(window).post("/desk/mandates", {"do": "end", "mandate": mandate}).status_code == 302
    assert Mandate.objects.get().revoked_at is not None


def test_nobody_is_asked_for_by_id(sign_in, outbox):
    """Ids can be counted through: only who was looked up, which is recorded, is shown and has a mandate recorded."""
    window, me = sign_in("window"), person("citizen").pk
    shown = org.person(me)
    with at(MORNING):
        other = seeds.person_form(1, "350824")
        window.post("/desk/mandates", {"do": "find", "words": other.number})
        for form in (at_counter(me, evidence="in_person"), at_counter(me, ends_on="")):
            answer = window.post("/desk/mandates", form)
            assert answer.status_code == 422 and "请先查找委托人" in text_of(answer)
            assert shown.number not in text_of(answer) and shown.phone not in text_of(answer)
    assert not Mandate.objects.exists()


@pytest.mark.parametrize("words", ["", "19900000", "350824", "%", "1990000000", "x" * 500])
def test_parts_of_a_phone_or_number_find_nobody(sign_in, outbox, words):
    with at(MORNING):
        answer = sign_in("window").post("/desk/mandates", {"do": "find", "words": words})
    assert answer.status_code == 422 and org.person(person("citizen").pk).number not in text_of(answer)


def test_somebody_new_is_registered_first(sign_in, outbox):
    window, new = sign_in("window"), seeds.person_form(77, "350824")
    with at(MORNING):
        form = {"do": "register", "name": new.name, "number": new.number, "phone": new.phone}
        assert "请填写证件号码" in text_of(window.post("/desk/mandates", {**form, "number": ""}))
        assert "证件号码不正确" in text_of(window.post("/desk/mandates", {**form, "number": "350824190001010000"}))
        assert window.post("/desk/mandates", form).status_code == 302
        found = window.post("/desk/mandates", {"do": "find", "words": new.number})
    assert found.status_code == 200 and "登记委托" in text_of(found)


def test_a_firm_is_registered_by_its_credit_code_and_lets_somebody_act(sign_in, outbox):
    window, code = sign_in("window"), "91350100M000100Y43"
    with at(MORNING):
        form = {"do": "register", "name": "武平某某建材有限公司", "number": code.lower(), "phone": "13900000001"}
        assert window.post("/desk/mandates", form).status_code == 302
        assert code in text_of(window.post("/desk/mandates", {"do": "find", "words": code}))
        (firm,) = org.find_person(number=code)
        assert firm.kind == "legal"
        assert window.post("/desk/mandates", at_counter(firm.id, evidence="in_person")).status_code == 302
    assert Mandate.objects.get().person_id == firm.id


@pytest.mark.parametrize("login", ["land", "town", "office", "admin", "auditor"])
def test_only_counters_have_the_page(sign_in, login):
    assert sign_in(login).get("/desk/mandates").status_code == 403


def test_a_citizen_has_no_page_at_the_desk(sign_in):
    answer = sign_in("citizen").get("/desk/mandates")
    assert answer.status_code in (403, 404)


def test_both_pages_cost_the_same_however_many_persons_they_name(sign_in, outbox):
    """A counter's list, and the villagers of one agent; why somebody looked at a person is opened for neither."""
    agent, costs = who("village"), []
    with at(MORNING):
        for places in (range(60, 62), range(62, 74)):
            for n in places:
                by, villager = who("window"), seeds.person_form(n, "350824")
                made = org_actions.register_person(villager, by=by, now=clock.now())
                until = clock.now() + timedelta(days=9)
                form = org_actions.NewMandate(made, clock.now(), until, "in_person", helper_staff=agent.id)
                org_actions.record_mandate(form, by=by, now=clock.now())
                org_actions.look_up_person(villager.phone, by=by, now=clock.now())
            kept.forget()
            for login, page in (("window", "/desk/mandates"), ("village", "/my/mandates")):
                browser = sign_in(login)
                browser.get(page)
                with sql.statements() as sent:
                    shown = text_of(browser.get(page))
                costs.append((page, len(sent)))
            assert shown.count(f"委托{agent.name}") == len(Mandate.objects.all())
    assert costs[:2] == costs[2:]
