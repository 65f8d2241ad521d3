"""A7: a villager of 桃溪镇 builds a house. Longyan's figures: 6 → 2 applications, 13 → 5 materials, 7 → 1 trips, 40 → 3 days."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from mashang.approvals import queries as approvals
from mashang.cases import actions as case_actions
from mashang.cases import queries as cases
from mashang.cases import sweeps
from mashang.cases.models import Notice
from mashang.catalogue import queries as catalogue
from mashang.documents import queries as documents
from mashang.kernel import clock, vault
from mashang.kernel.actor import Actor
from mashang.kernel.refused import NotFound, Refused
from mashang.ledger import queries as ledger
from mashang.org import actions as org_actions
from mashang.org import queries as org
from mashang.org.models import Account, SignInCode
from mashang.portals.hall.present import progress_sentence
from mashang.portals.shared.casepage import case_page
from mashang.reviews import actions as reviews
from mashang.reviews import queries as review_queries
from mashang.reviews.sweeps import redress

from .story import ANSWERS, Story, accepted, applicant, at, hand_in_house, reviewed, upload, who

pytestmark = [pytest.mark.django_db]
BEGAN = "2026-03-02 09:10"


@pytest.mark.row("A7", "A9", "A19", "A24", "G5")
def test_a_villager_gets_a_building_permit_in_three_working_days():
    story = accepted()
    assert {s.code: s.state for s in cases.case_for(who("land"), story.number).steps}["land"] == "open"
    reviewed(story)
    with at("2026-03-04 10:00"):
        story.do("town", "grant", {}, "decision")
        story.do("window", "issue", {}, "certificate")
        view = cases.case_for(who("citizen"), story.number)
    assert view.state_label == "已准予"
    lines = [line.text for line in cases.timeline(view, who("citizen"))]
    assert lines[0] == "提交“农村村民建房（建房审批）”，收件并出具回执"
    assert lines[1] == "受理，承诺3个工作日内办结"
    assert lines[-1] == "已出证：乡村建设规划许可证、农村宅基地批准书"
    given = documents.of_case(story.number)
    assert "乡村建设规划许可证" in {g.title for g in given}
    assert documents.verify(given[0].code).holder.startswith(applicant()["name"][0])
    clocks = {(c.code, c.step_id is None): c for c in cases.clocks_of(view)}
    assert clocks["XK-45", True].state == clocks["CN-x", True].state == "stopped"
    assert clocks["CN-x", True].due_at == datetime(2026, 3, 5, 17, 30, tzinfo=clock.ZONE)
    assert clocks["CN-x", True].stopped_at < clocks["CN-x", True].due_at


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "林二妹（演示）"}, "name"),  # the own number under another's name
        (
            {"name": "陈建", "id_number": applicant(5)["id_number"]},
            "id_number",
        ),  # a number that nobody has, one's own known
    ],
)
def test_a_citizen_applies_under_the_registered_name_and_number_alone(changes, field):
    with at(BEGAN):
        with pytest.raises(Refused) as no:
            hand_in_house("citizen", answers={**ANSWERS, "applicant": {**applicant(), **changes}})
        assert [f.field for f in no.value.faults] == [f"answers.applicant.{field}"]
        spaced = {**applicant(), "name": f" {applicant()['name']} "}
        assert hand_in_house("citizen", answers={**ANSWERS, "applicant": spaced}).case.state == "submitted"


def test_whom_a_counter_registered_is_told_to_bind_the_phone_before_applying_and_not_amid_a_case():
    with at(BEGAN) as now:
        walk_in, phone = applicant(7), applicant(7)["phone"]
        hand_in_house("window", 7)
        account = org_actions.account_for_phone(phone, "陈阿七", now=now)  # a slip: a new person
        login = Account.objects.get(pk=account).username
        with pytest.raises(Refused, match="绑定本人身份"):
            hand_in_house(login, 7)
        unknown = {"name": "陈阿七", "id_number": applicant(8)["id_number"], "phone": phone}
        own = hand_in_house(login, answers={**ANSWERS, "applicant": unknown})
        with pytest.raises(Refused, match="还有办理中的件"):
            case_actions.bind_identity(walk_in["name"], walk_in["id_number"], by=who(login), now=now)
        own.do(login, "withdraw", {"reason": "填错了姓名"})
        code_proved(phone, now)
        case_actions.bind_identity(walk_in["name"], walk_in["id_number"], by=who(login), now=now)
        assert hand_in_house(login, 7).case.persons == [org.find_person(number=walk_in["id_number"])[0].id]


def code_proved(phone: str, now: datetime) -> None:
    """As if a code had just been sent to the phone and given back."""
    digest = vault.blind(phone, "phone")
    SignInCode.objects.create(
        phone_blind=digest, code_blind=digest, purpose=org_actions.SIGN_IN, sent_at=now, expires_at=now, tries_left=4,
        used_at=now,
    )  # fmt: skip


@pytest.mark.row("A7")
def test_the_guide_computes_longyans_figures_from_the_definition():
    guide = catalogue.guide("rural-house")
    shown = [(f.applications, f.materials, f.trips, f.limit) for f in (guide.before, guide.after)]
    assert shown == [(6, 13, 7, "40个工作日"), (2, 5, 1, "3个工作日")]


@pytest.mark.row("A9")
def test_a_site_visit_stops_the_statutory_clock_and_not_the_promised_one():
    story = accepted()
    with at("2026-03-03 09:30"):
        before = story.case.due_at
        story.do("village", "start_visit", {"expected": "2026-03-03T11:30"}, "visit")
        rows = {c.code: c for c in cases.clocks_of(cases.case_for(who("town"), story.number)) if c.step_id is None}
    assert rows["XK-45"].state == "suspended"
    assert rows["CN-x"].state == "running"
    assert story.case.due_at == before


@pytest.mark.row("A10")
def test_what_is_missing_is_told_at_once_and_a_second_notice_with_new_demands_stands_as_a_breach():
    with at(BEGAN):
        story = hand_in_house("citizen", materials={"identity": upload(who("citizen"))})
    with at("2026-03-02 10:00"):
        with pytest.raises(Refused) as no:
            story.do("window", "accept", {}, "intake")
        assert no.value.code == "application.incomplete"
        assert "户口簿" in str(no.value)
        story.do("window", "notice", {"missing": ["户口簿", "申请表"]}, "intake")
    assert story.case.state == "supplement"
    with at("2026-03-03 10:00"):
        story.do("citizen", "supplement", {"materials": {"household": upload(who("citizen"))}})
        story.do("window", "notice", {"missing": ["设计图"]}, "intake")
    entry = ledger.history(story.number)[-1]
    assert entry.facts["breach"] is True
    assert entry.facts["new"] == ["设计图"]


@pytest.mark.row("A10")
def test_silence_for_five_working_days_counts_as_accepted_from_the_day_of_receipt():
    with at(BEGAN):
        story = hand_in_house("citizen")
    late = datetime(2026, 3, 10, 9, 0, tzinfo=clock.ZONE)
    with clock.at(late):
        sweeps.fire(late)
        sweeps.expire(late)
    assert story.case.state == "accepted"
    rows = {c.code: c for c in cases.clocks_of(cases.case_for(who("town"), story.number)) if c.step_id is None}
    assert rows["XK-45"].started_at == clock.local(datetime.fromisoformat(BEGAN))
    assert "视为受理" in cases.timeline(cases.case_for(who("town"), story.number), who("town"))[-1].text


@pytest.mark.row("A11")
def test_a_refusal_goes_out_only_when_a_second_person_confirms_it():
    story = accepted()
    reviewed(story)
    with at("2026-03-04 09:00"):
        grounds = {"grounds": "选址占用永久基本农田", "basis": "土地管理法第六十二条", "remedy": "另选符合规划的地块"}
        story.do("townlead", "propose_refusal", grounds, "decision")
        with pytest.raises(Refused) as no:
            story.do("townlead", "confirm_refusal", {}, "decision")
        assert no.value.code == "refusal.same-person"
        with pytest.raises(Refused):
            story.do("town", "grant", {}, "decision")
        with pytest.raises(Refused):  # the handler who decides may not confirm
            story.do("town", "confirm_refusal", {}, "decision")
        assert story.case.state == "accepted"
        story.do("townlead", "assign", {"staff": who("town").id}, "decision")
    with at("2026-03-04 09:30"), pytest.raises(NotFound):
        story.do("office", "nothing")


@pytest.mark.parametrize("leaves", ["let_go", "transfer"])
def test_what_lay_with_someone_who_left_is_everybodys_again(leaves):
    story = accepted()
    reviewed(story)
    with at("2026-03-04 09:00") as now:
        town, lead = who("town"), who("townlead")
        story.do("townlead", "assign", {"staff": town.id}, "decision")

        def todo():
            lying = cases.inbox(lead, "todo", now=now).tasks
            return {(task.case.number, task.step) for task in lying}, cases.counts(lead, now=now)["todo"]

        decision = (story.number, "审批决定")
        before, count = todo()
        assert decision not in before
        if leaves == "let_go":
            org_actions.let_go(town.id, by=Actor.system("tests"), now=now)
        else:
            elsewhere = org.unit_named("武平县十方镇人民政府").id
            org_actions.transfer(town.id, elsewhere, by=Actor.system("tests"), now=now)
        after, more = todo()
    assert decision in after
    assert more == count + 1


@pytest.mark.row("A19")
def test_the_four_checks_stand_at_their_moments_with_photo_place_and_time():
    story = accepted()
    reviewed(story)
    with at("2026-03-04 10:00"):
        story.do("town", "grant", {}, "decision")
        story.do("window", "issue", {}, "certificate")
    with at("2026-04-08 09:00"):
        story.do("citizen", "ask_check", {}, "setting-out-check")
    with at("2026-04-08 15:00"):
        bad = {**story.evidence("planning"), "finding": "bad", "note": "超出批准的四至 0.4 米"}
        story.do("planning", "check_site", bad, "setting-out-check")
        check = story.step("setting-out-check")
        assert (check.state, check.due_at) == ("open", None), "the builder's turn again"
    with at("2026-04-09 09:00"):
        story.do("citizen", "ask_check", {}, "setting-out-check")
        assert story.step("setting-out-check").due_at is not None
    with at("2026-04-10 15:00"):
        story.do("planning", "check_site", {**story.evidence("planning"), "finding": "good"}, "setting-out-check")
    with at("2026-05-20 15:00"):
        story.do("planning", "check_site", {**story.evidence("planning"), "finding": "good"}, "key-stage-check")
    assert story.case.state == "completed"
    found = [(c.label, c.finding) for c in approvals.site_checks(story.case.pk)]
    assert found[1:] == [("选址到场", "good"), ("放线到场", "bad"), ("放线到场", "good"), ("关键节点到场", "good")]


@pytest.mark.row("A19")
@pytest.mark.parametrize("note", ["压到村道 0.4 米，请后退", ""])
def test_a_failed_check_before_the_decision_is_told_rests_and_is_asked_for_again(note):
    story = accepted()
    with at("2026-03-03 09:30"):
        citizen, view = who("citizen"), cases.case_for(who("citizen"), story.number)
        assert "ask_check" not in {p.action.code for p in cases.available(view, citizen)}
        with pytest.raises(Refused, match="已经请求过"):
            story.do("citizen", "ask_check", {}, "siting-check")
        promised = story.case.due_at
        story.do("land", "check_site", {**story.evidence("land"), "finding": "bad", "note": note}, "siting-check")
        view = cases.case_for(citizen, story.number)
        told = cases.timeline(view, citizen)[-1].text
        assert told == "选址到场：不符合，限期改正，1 张照片" + (f"；现场情况：{note}" if note else "")
        assert ledger.history(story.number)[-1].private == ({"note": note} if note else {})
        sms = Notice.objects.filter(case=story.case, channel="sms", person=citizen.person_id).latest("id").text
        assert "选址到场不符合要求" in sms and note in sms and "请求再次到场检查" in sms
        assert story.step("siting-check").due_at is None and story.case.due_at == promised
        (again,) = [p for p in cases.available(view, citizen) if p.action.code == "ask_check"]
        assert again.step.code == "siting-check"
        sentence = progress_sentence(case_page(view, citizen, clock.now()), citizen)
        assert sentence.startswith("正在办理：建房资格审查（") and "选址到场（武平" not in sentence
        assert sentence.endswith("现在等您：按现场情况改正后，请在本页提出：选址到场（请求到场检查）。")
    with at("2026-03-04 09:00"):
        story.do("citizen", "ask_check", {}, "siting-check")
        assert story.step("siting-check").due_at == datetime(2026, 3, 5, 17, 30, tzinfo=clock.ZONE)
        view = cases.case_for(citizen, story.number)
        assert "ask_check" not in {p.action.code for p in cases.available(view, citizen)}
        story.do("land", "check_site", {**story.evidence("land"), "finding": "good"}, "siting-check")
    assert story.step("siting-check").state == "done"


@pytest.mark.row("E9")
def test_the_service_is_rated_once_by_whom_it_was_for():
    story = accepted()
    reviewed(story)
    with at("2026-03-04 10:00"):
        with pytest.raises(Refused):
            reviews.rate(story.number, {"grade": 5}, by=who("citizen"), now=clock.now())
        story.do("town", "grant", {}, "decision")
        story.do("window", "issue", {}, "certificate")
        reviews.rate(story.number, {"grade": 5, "words": "三天就拿到证"}, by=who("citizen"), now=clock.now())
        with pytest.raises(Refused) as no:
            reviews.rate(story.number, {"grade": 1}, by=who("citizen"), now=clock.now())
        assert no.value.code == "rating.twice"
        with pytest.raises(Refused):
            reviews.rate(story.number, {"grade": 5}, by=who("window"), now=clock.now())


@pytest.mark.row("E9")
def test_a_service_is_rated_again_only_after_a_bad_rating_was_put_right():
    story = accepted()
    reviewed(story)
    with at("2026-03-04 10:00"):
        story.do("town", "grant", {}, "decision")
        story.do("window", "issue", {}, "certificate")
        bad = reviews.rate(story.number, {"grade": 1, "words": "跑了三趟"}, by=who("citizen"), now=clock.now())
        assert redress(clock.now()) == 1 and redress(clock.now()) == 0
        bad.refresh_from_db()
        became, view = Story(bad.redress), cases.case_for(who("citizen"), story.number)
        became.do("townlead", "contact", {"words": "已电话联系"}, "contact")
        with pytest.raises(Refused, match="已经评价过"):
            reviews.rate(story.number, {"grade": 5}, by=who("citizen"), now=clock.now())
        assert not review_queries.may_rate(view, who("citizen"))
        became.do("townlead", "put_right", {"words": "已上门说明并改进"}, "put_right")
        assert review_queries.may_rate(view, who("citizen"))
        assert reviews.rate(story.number, {"grade": 4}, by=who("citizen"), now=clock.now()).round == 2


def test_evidence_from_the_future_is_refused():
    story = accepted()
    with at("2026-03-03 09:30"):
        evidence = story.evidence("land") | {"taken_at": clock.now() + timedelta(hours=2), "finding": "good"}
        with pytest.raises(Refused) as no:
            story.do("land", "check_site", evidence, "siting-check")
    assert no.value.code == "site.future"


def test_materials_on_file_are_offered_and_not_asked_again():
    story = accepted()
    held = approvals.held_by(story.case.persons[0])
    assert set(held) == {"identity-card", "household-register", "standard-drawing"}
    with at("2026-03-05 09:00"):
        data = {code: upload(who("citizen")) for code in ("house-form", "neighbours")}
        again = hand_in_house("citizen", materials=data, reuse=["identity", "household", "drawing"])
        again.do("window", "accept", {}, "intake")
    states = {m["code"]: m["state"] for m in approvals.folder(again.case.pk).materials}
    assert states == {
        "identity": "held",
        "household": "held",
        "drawing": "held",
        "house-form": "handed",
        "neighbours": "handed",
    }
