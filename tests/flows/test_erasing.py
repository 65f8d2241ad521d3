"""删除个人信息 through pages: what goes, what stays, who may, and that every proof made before still holds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from mashang.approvals import queries as approvals
from mashang.cases import actions as cases
from mashang.cases import queries as case_queries
from mashang.cases.actions.documents import place
from mashang.cases.models import Case, Document, Draft, Notice, Request
from mashang.documents import actions as document_actions
from mashang.documents import queries as documents
from mashang.documents.models import Issued
from mashang.kernel import clock
from mashang.kernel.refused import NotFound
from mashang.ledger import queries as ledger
from mashang.org import queries as org
from mashang.org.models import Account, Person
from mashang.reviews import actions as reviews
from mashang.reviews.actions import rating as rating_actions
from mashang.reviews.models import Rating, Source
from mashang.reviews.sweeps import fill, redress
from mashang.site import procedures
from tests.sealing import seal_all

from .story import PDF, Story, accepted, applicant, at, hand_in_house, reviewed, text_of, upload, who

pytestmark = [pytest.mark.django_db, pytest.mark.row("G5"), pytest.mark.slow]
LATER = "2026-05-06 09:00"
ASKED = {"ground": "unlawful", "reference": "武效能办〔2026〕12号"}
SPOKEN = "本村集体成员，一户一宅"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path: Path) -> Path:
    """Files of a test lie in a folder of its own: their bytes really go."""
    settings.VAR = tmp_path
    return tmp_path


@pytest.fixture
def story() -> Story:
    """A house that was refused, with opinions, a site visit, files and messages."""
    story = accepted()
    reviewed(story)
    grounds = {
        "grounds": "选址占用陈家祖坟旁的永久基本农田",
        "basis": "土地管理法第六十二条",
        "remedy": "另选符合规划的地块",
    }
    with at("2026-03-04 09:00"):
        story.do("town", "propose_refusal", grounds, "decision")
        story.do("townlead", "confirm_refusal", {}, "decision")
    return story


def erase(client, number: str, when: str = LATER, **changes: str):
    with at(when):
        return client.post(f"/desk/case/{number}/erase", {**ASKED, "confirmed": number, **changes})


def citizen() -> int:
    return Person.objects.get(account__username="citizen").pk


def kept_of(case_id: int) -> str:
    """Every row that names the case, as text: bytes as hex."""
    found = []
    with connection.cursor() as cursor:
        for table, column in (
            ("cases_case", "id"), ("cases_participant", "case_id"), ("cases_document", "case_id"), ("cases_notice", "case_id"),
            ("approvals_application", "case_id"), ("approvals_material", "case_id"), ("approvals_refusal", "case_id"),
            ("approvals_sitecheck", "case_id"), ("cases_step", "case_id"),
        ):  # fmt: skip
            cursor.execute(f"SELECT t::text FROM {table} t WHERE {column} = %s", [case_id])
            found += [row[0] for row in cursor.fetchall()]
    return "\n".join(found)


def test_what_a_case_says_of_persons_goes_and_the_rest_stays(sign_in, client, story, folder):
    office, number = sign_in("office"), story.number
    before = Case.objects.get(number=number)
    files = {d.digest for d in Document.objects.filter(case=before)}
    lines = {e.id: e.verb for e in ledger.history(number)}
    results = documents.of_case(number)
    assert files and all(place(d).exists() for d in files)
    with at(LATER):
        page = office.get(f"/desk/case/{number}")
        assert reverse("desk:erase", args=[number]) in page.content.decode()
        assert "删除不能恢复" in text_of(office.get(f"/desk/case/{number}/erase"))
        assert Case.objects.get(number=number).erased_at is None  # the first press only asks
    assert erase(office, number).status_code == 302

    rows, given = kept_of(before.pk), applicant()
    for word in (
        given["name"],
        given["phone"],
        given["id_number"],
        org.person(citizen()).name,
        "新村 12 号",
        "练家",
        "祖坟",
    ):
        assert word not in rows, word
    assert "240" in rows  # a figure
    after = Case.objects.get(number=number)
    assert (after.persons, after.settled_at, after.state, after.outcome) == (
        [], before.settled_at, before.state, before.outcome,
    )  # fmt: skip
    assert not any(place(d).exists() for d in files)
    assert set(Document.objects.filter(case=after).values_list("name", "digest", "owner")) == {("（已删除）", "", "")}
    assert [approvals.folder(after.pk).private, approvals.folder(after.pk).row["applicant"]] == [{}, 0]
    check = approvals.site_checks(after.pk)[0]
    assert (check.latitude, check.longitude, check.accuracy) == (25.2, 116.1, None)
    assert approvals.held_by(citizen()) == {}

    entries = ledger.history(number)
    assert {e.id: e.verb for e in entries if e.verb != "private.erased"} == lines
    assert [e.verb for e in entries].count("private.erased") == 1
    assert {word for e in entries for word in e.private.values()} == {"（已删除）"}
    assert documents.of_case(number) == [replace(g, erased=True) for g in results]
    assert documents.verify(results[0].code).state == "valid"
    told = Notice.objects.filter(person=citizen())
    assert {n.channel for n in told} == {"in-app", "sms"} and not any(number in n.text or n.case_id for n in told)


def test_what_documents_say_goes_and_anyone_can_still_verify_them(sign_in, client, story):
    number, lead = story.number, who("townlead")
    with at("2026-03-05 09:00"):
        old = next(g for g in documents.of_case(number) if g.kind == "refusal")
        held = document_actions.hand_over(old.code, now=clock.now()).data
        document_actions.revoke(old.number, reason="引用条款有误", by=lead, now=clock.now())
        made = document_actions.reissue(old.number, {}, reason="更正条款", by=lead, now=clock.now())
        assert "祖坟" in str([p.value for p in documents.wording(made.number, lead)])
    assert erase(sign_in("office"), number).status_code == 302
    assert {bytes(d.content) for d in Issued.objects.filter(case=number)} == {b""}
    with at("2026-05-07 09:00"):
        states = {g.number: (g.state, g.holder, g.erased) for g in documents.of_case(number)}
        assert states[old.number] == ("revoked", old.holder, True)
        assert states[made.number] == ("valid", old.holder, True)
        public = text_of(client.get(f"/verify/{made.code}"))
        assert "真实有效" in public and "陈某某" in public
        assert made.number in text_of(client.get(f"/verify/{old.code}"))
        assert documents.verify_file(held).number == old.number
        desk = sign_in("townlead")
        shown = desk.get(f"/desk/case/{number}").content.decode()
        assert "内容已删除" in shown and reverse("desk:result", args=[number, made.number]) not in shown
        gone = desk.get(f"/desk/case/{number}/result/{made.number}.pdf")
        assert gone.status_code == 404 and "不能再生成文件" in text_of(gone)
        document_actions.revoke(made.number, reason="另有错误", by=lead, now=clock.now())
        assert "/reissue" not in desk.get(f"/desk/case/{number}").content.decode()
        assert desk.get(f"/desk/case/{number}/result/{made.number}/reissue").status_code == 404
        with pytest.raises(NotFound):
            document_actions.reissue(made.number, {}, reason="再更正", by=lead, now=clock.now())
    assert documents.verify(made.code).state == "revoked"
    assert document_actions.forget(number) == 0


@pytest.mark.parametrize(
    "change", ["content = 'x'", "content = '', holder = '甲'", "holder = '甲'", "content = content"]
)
def test_the_database_lets_nothing_of_a_document_change_but_its_content_go(story, change):
    with pytest.raises(DatabaseError, match="is refused"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f'UPDATE documents_issued SET {change} WHERE "case" = %s', [story.number])


def test_what_was_said_in_a_rating_goes_with_it_and_the_grade_stays(sign_in, story):
    procedures.load()
    with at("2026-03-05 09:00"):
        reviews.rate(
            story.number, {"grade": 1, "words": "窗口的人说我家祖坟不算数"}, by=who("citizen"), now=clock.now()
        )
        assert redress(clock.now()) == 1
    rating = Rating.objects.get(case__number=story.number)
    became = Case.objects.get(number=rating.redress)
    found = case_queries.page(who("office"), case_queries.Filter(words="祖坟")).rows
    assert "祖坟" in rating.words and "祖坟" in became.about and became.number in {row.number for row in found}
    assert erase(sign_in("office"), story.number).status_code == 302
    rating.refresh_from_db()
    assert (rating.words, rating.grade) == ("", 1)
    before, became = became, Case.objects.get(number=rating.redress)
    assert became.about == "（已删除）" and became.updated_at > before.updated_at  # who follows changes hears of it
    found = case_queries.page(who("office"), case_queries.Filter(words="祖坟")).rows
    assert became.number not in {row.number for row in found}
    with at("2026-05-07 09:00"):
        page = sign_in("office").get(f"/desk/case/{became.number}")
        assert page.status_code == 200 and "祖坟" not in text_of(page)


def test_an_erased_case_takes_no_words_any_more_but_a_default_rating(sign_in, story):
    """A default says nothing of anybody, and one case must not hold up the others."""
    procedures.load()
    with at("2026-03-05 08:00"):
        view = case_queries.case_for(who("citizen"), story.number)
    assert erase(sign_in("office"), story.number, "2026-03-05 09:00").status_code == 302
    with at("2026-03-13 09:00"):
        with pytest.raises(NotFound):  # sent when the case was not yet erased
            rating_actions._keep(
                view, reviews.Rate(grade=1, words="祖坟"), Source.EXPLICIT, who("citizen"), clock.now()
            )
        assert not Rating.objects.filter(case__number=story.number).exists()
        fill(clock.now())
    assert Rating.objects.get(case__number=story.number).source == Source.DEFAULT


def test_the_page_says_what_was_erased_and_nothing_leads_back(sign_in, client, story):
    office, number = sign_in("office"), story.number
    with at(LATER):
        assert "陈某某" in text_of(office.get(f"/desk/case/{number}"))
        assert "新村 12 号" in text_of(office.get(f"/desk/case/{number}"))
    erase(office, number)
    with at("2026-05-07 09:00"):
        page = office.get(f"/desk/case/{number}")
        shown = text_of(page)
        for word in ("个人信息已删除", ASKED["reference"], "违法或者错误收集", "个文件、", "已删除。"):
            assert word in shown, word
        for word in ("陈某某", SPOKEN, "祖坟", "新村 12 号"):
            assert word not in shown, word
        assert reverse("desk:erase", args=[number]) not in page.content.decode()
        assert number not in text_of(office.get("/desk/find", {"q": applicant()["phone"]}))
        assert number not in text_of(office.get("/desk/find", {"q": applicant()["id_number"]}))
        assert number in text_of(office.get("/desk/find", {"q": number}))
        assert sign_in("window").post(f"/desk/case/{number}/reveal/{citizen()}", {"reason": "核对"}).status_code == 404
        document = Document.objects.filter(case__number=number).first()
        assert office.get(f"/desk/case/{number}/file/{document.pk}").status_code == 404
        mine = sign_in("citizen")
        assert mine.get(f"/my/{number}").status_code == 404 and number not in text_of(mine.get("/my"))
        assert "您的个人信息已删除" in text_of(mine.get("/my/notices"))
        assert client.post("/track", {"number": number, "tail": applicant()["phone"][-4:]}).status_code == 404


WRONG: tuple[tuple[dict[str, str], tuple[str, ...]], ...] = (
    ({"ground": ""}, ("请选择删除的依据",)),
    ({"ground": "whim"}, ("请选择删除的依据",)),
    ({"ground": "expired"}, ("保存期限到 2036-03-04 届满",)),
    ({"ground": "withdrawn"}, ("保存期限到 2036-03-04 届满",)),
    ({"reference": "  "}, ("请填写批准删除的文号",)),
    ({"reference": "长" * 61}, ("不能超过60个字",)),
    ({"confirmed": ""}, ("请照原样再输入一遍",)),
    ({"confirmed": "武平-事-2026-999999", "ground": "", "reference": ""},
     ("请选择删除的依据", "请填写批准删除的文号", "请照原样再输入一遍")),
)  # fmt: skip


def test_what_is_wrong_is_said_all_at_once_and_nothing_goes(sign_in, story):
    before, office = kept_of(story.case.pk), sign_in("office")
    for changes, sentences in WRONG:
        answer = erase(office, story.number, **changes)
        assert answer.status_code == 422, changes
        assert all(s in text_of(answer) for s in sentences), text_of(answer)
        assert 'value="武效能办〔2026〕12号"' in answer.content.decode() or "reference" in changes
    assert kept_of(story.case.pk) == before and SPOKEN in str([e.private for e in ledger.history(story.number)])


def test_after_the_time_of_keeping_it_may_go_because_the_purpose_is_achieved(sign_in, story, settings):
    assert erase(sign_in("office"), story.number, "2036-03-03 17:00", ground="expired").status_code == 422
    assert erase(sign_in("office"), story.number, "2036-03-04 09:00", ground="expired").status_code == 302
    assert story.case.erased_at is not None


def test_the_time_of_keeping_is_a_setting(sign_in, story, settings):
    settings.MASHANG_RETENTION_YEARS = 0
    assert erase(sign_in("office"), story.number, ground="withdrawn").status_code == 302


def test_the_same_press_twice_erases_and_tells_once(sign_in, story):
    office = sign_in("office")
    for _ in range(2):
        assert erase(office, story.number)["Location"] == reverse("desk:case", args=[story.number])
    assert [e.verb for e in ledger.history(story.number)].count("private.erased") == 1
    assert Notice.objects.filter(person=citizen(), text__contains="已删除").count() == 2


def test_a_running_case_keeps_what_it_needs(sign_in):
    story = accepted()
    answer = erase(sign_in("office"), story.number)
    assert answer.status_code == 422 and "还没有办结" in text_of(answer)
    with at(LATER):
        assert "/erase" not in sign_in("office").get(f"/desk/case/{story.number}").content.decode()
    assert story.case.persons == [citizen()]


def test_nobody_but_the_office_erases(sign_in, story):
    for login in ("window", "town", "townlead", "leader", "admin", "citizen", "auditor"):
        assert erase(sign_in(login), story.number).status_code == 403, login
    assert story.case.erased_at is None


def test_a_case_out_of_reach_or_of_another_kind_is_not_there(sign_in, story):
    office = sign_in("office")
    assert erase(office, "武平-事-2026-999999").status_code == 404
    elsewhere = org.staff_of([org.unit_named("漳浦县机关效能建设领导小组办公室").id])[0].id
    login = Account.objects.get(pk=elsewhere).username
    assert org.holds(who(login), "cases.erase") and erase(sign_in(login), story.number).status_code == 404
    procedures.load()
    matter = {"unit": who("town").unit_id, "cause": "核查用地", "required": "限期反馈", "days": 5}
    with at(LATER):
        other = cases.begin("supervision", "assign_matter", matter, by=who("office"), now=clock.now()).number
    assert erase(office, other).status_code == 404
    assert story.case.erased_at is None


def test_a_file_on_which_another_case_relies_goes_over_to_that_one(sign_in, story):
    """The identity card checked in the first case was used again in the second, which still runs."""
    with at("2026-04-01 09:00"):
        left = {c: upload(who("citizen")) for c in ("house-form", "neighbours", "drawing")}
        second = hand_in_house("citizen", materials=left, reuse=("identity", "household"))
    lent = {m["document"] for m in approvals.folder(second.case.pk).materials if m["state"] == "held"}
    assert lent
    assert erase(sign_in("office"), story.number).status_code == 302
    assert set(Document.objects.filter(pk__in=lent).values_list("case", "erased_at")) == {(second.case.pk, None)}
    with at(LATER):
        for document in lent:
            assert sign_in("window").get(f"/desk/case/{second.number}/file/{document}").content == PDF
    assert Document.objects.filter(case=story.case).exclude(erased_at=None).exists()


def test_bytes_that_a_kill_left_behind_go_with_the_next_night(sign_in, story, monkeypatch):
    monkeypatch.setattr(cases, "forget_erased", lambda: 0)  # as if killed right after the commit
    erase(sign_in("office"), story.number)
    monkeypatch.undo()
    left = set(Document.objects.exclude(erased_at=None).exclude(digest="").values_list("digest", flat=True))
    assert left and all(place(d).exists() for d in left)
    assert cases.forget_erased() > 0 and not any(place(d).exists() for d in left)
    assert cases.forget_erased() == 0


def test_what_was_typed_on_the_way_goes_too(sign_in, story):
    village = sign_in("village")
    with at("2026-03-05 09:00"):
        village.post(f"/drafts/{story.number}-review-1", {"opinion": "陈家"})
    assert Draft.objects.count() == 1
    erase(sign_in("office"), story.number)
    assert not Draft.objects.exists()
    assert not Request.objects.filter(answer__number=story.number, actor__startswith="person:").exists()


def test_what_an_applicant_writes_can_be_erased_from_the_ledger_too(sign_in):
    with at("2026-03-02 09:10"):
        story = hand_in_house("citizen")
        story.do("citizen", "withdraw", {"reason": "家里老人生病，先不盖了"})
        view = case_queries.case_for(who("town"), story.number)
        assert "家里老人生病" in case_queries.timeline(view, who("town"))[-1].text
    assert erase(sign_in("office"), story.number).status_code == 302
    view = case_queries.case_for(who("town"), story.number)
    lines = case_queries.timeline(view, who("town"))
    assert "家里老人生病" not in str(lines) and "申请人撤回：（已删除）" in [line.text for line in lines]
    with pytest.raises(NotFound):
        case_queries.case_for(who("citizen"), story.number)


@pytest.mark.slow  # waits until nobody's transaction is open
def test_receipts_still_verify_and_the_audit_stays_clean(sign_in, transactional_db):
    with at("2026-03-02 09:10"):
        story = hand_in_house("citizen")
        story.do("window", "accept", {}, "intake")
        story.do("citizen", "withdraw", {"reason": "家里老人生病，先不盖了"})
        seal_all(clock.now())
    (given,) = documents.of_case(story.number)
    old = json.dumps(ledger.receipt(story.number, private=True))
    assert "家里老人生病" in json.loads(old)["acts"][-1]["private"]["reason"]["value"]
    assert erase(sign_in("office"), story.number).status_code == 302
    with at(LATER):
        seal_all(clock.now())
    assert ledger.check(old).ok
    new = json.dumps(ledger.receipt(story.number, private=True))
    assert "家里老人生病" not in new and ledger.check(new).ok
    report = ledger.audit()
    assert not report.findings, report.findings
    assert documents.of_case(story.number) == [replace(given, erased=True)]
