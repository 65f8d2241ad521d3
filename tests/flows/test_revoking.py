"""撤销文书 through pages: the lead of the unit takes a certificate back, and everyone who looks at it learns that."""

from __future__ import annotations

import io
import json

import pypdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from mashang.cases import queries as cases
from mashang.cases.models import Case, Notice
from mashang.documents import actions, rules
from mashang.documents import queries as documents
from mashang.documents.models import Issued as Row
from mashang.kernel import clock
from mashang.kernel.refused import Refused
from mashang.ledger import queries as ledger

from .story import accepted, at, reviewed, text_of, who

pytestmark = [pytest.mark.django_db, pytest.mark.row("A24"), pytest.mark.slow]
REASON = "申请人隐瞒已有宅基地，以欺骗手段取得（行政许可法第六十九条）"


@pytest.fixture
def issued() -> str:
    """A house whose permit was given out; the number of the case."""
    story = accepted()
    reviewed(story)
    with at("2026-03-04 10:00"):
        story.do("town", "grant", {}, "decision")
        story.do("window", "issue", {}, "certificate")
    return story.number


def permit(number: str) -> documents.Given:
    return next(g for g in documents.of_case(number) if g.kind == "planning-permit")


def pdf_text(answer) -> str:
    pages = pypdf.PdfReader(io.BytesIO(answer.content)).pages
    return "".join(page.extract_text() for page in pages).replace("\n", "")


def test_anyone_has_a_file_compared_bit_for_bit(sign_in, client, issued):
    """As one who was sent a certificate as a file, without its code."""
    given = permit(issued)

    def compare(data: bytes | None):
        file = {} if data is None else {"file": SimpleUploadedFile("证.pdf", data, "application/pdf")}
        return client.post("/verify", file)

    with at("2026-03-20 09:00"):
        data = sign_in("citizen").get(f"/my/{issued}/result/{given.number}.pdf").content
        genuine = compare(data)
        assert genuine.status_code == 200 and given.number in text_of(genuine)
        assert "与本平台出具的一字不差" in text_of(genuine)
        altered = compare(data[:-1] + b"x")
        assert altered.status_code == 404 and "已被改动" in text_of(altered) and given.number not in text_of(altered)
        nothing = compare(None)
        assert nothing.status_code == 422 and "请选择要核对的文书文件。" in text_of(nothing)
        actions.revoke(given.number, reason=REASON, by=who("townlead"), now=clock.now())
        revoked = text_of(compare(data))
        assert "已撤销" in revoked and "真实有效" not in revoked


def test_a_lead_revokes_a_permit_and_everyone_who_looks_learns_why(sign_in, client, issued):
    given = permit(issued)
    address = f"/desk/case/{issued}/result/{given.number}/revoke"
    link = reverse("desk:revoke", args=[issued, given.number])
    lead, before = sign_in("townlead"), Case.objects.get(number=issued)
    with at("2026-03-20 09:00"):
        assert "撤销" not in pdf_text(lead.get(f"/desk/case/{issued}/result/{given.number}.pdf"))
        assert link in lead.get(f"/desk/case/{issued}").content.decode()
        assert "撤销不能恢复" in text_of(lead.get(address))
        assert documents.verify(given.code).state == "valid"  # the first press only asks
        answer = lead.post(address, {"reason": REASON})
        assert answer.status_code == 302 and answer["Location"] == reverse("desk:case", args=[issued])
        shown = text_of(lead.get(f"/desk/case/{issued}"))
        assert "已撤销，已告知当事人" in shown and f"撤销乡村建设规划许可证（{given.number}）：{REASON}" in shown
        assert link not in lead.get(f"/desk/case/{issued}").content.decode()
        public = text_of(client.get(f"/verify/{given.code}"))
        assert "已撤销" in public and REASON in public and "真实有效" not in public
        citizen = sign_in("citizen")
        assert REASON in text_of(citizen.get(f"/my/{issued}")) and "已撤销" in text_of(citizen.get(f"/my/{issued}"))
        told = text_of(citizen.get("/my/notices"))
        assert REASON in told and "行政复议" in told
        assert "不再有效" in pdf_text(citizen.get(f"/my/{issued}/result/{given.number}.pdf"))
    after = Case.objects.get(number=issued)
    assert after.revision == before.revision + 1 and after.updated_at > before.updated_at
    assert [e.verb for e in ledger.history(issued)].count("document.revoked") == 1
    others = [g.state for g in documents.of_case(issued) if g.number != given.number]
    assert others and set(others) == {"valid"}


def test_the_same_press_twice_revokes_and_tells_once(sign_in, issued):
    given, lead = permit(issued), sign_in("townlead")
    address = f"/desk/case/{issued}/result/{given.number}/revoke"
    with at("2026-03-20 09:00"):
        before = Notice.objects.count()
        for _ in range(2):
            assert lead.post(address, {"reason": REASON})["Location"] == reverse("desk:case", args=[issued])
        assert lead.get(address).status_code == 302
    assert Notice.objects.count() == before + 2  # once in the app, once by SMS
    assert [e.verb for e in ledger.history(issued)].count("document.revoked") == 1
    sms = Notice.objects.filter(channel="sms").latest("id")
    assert REASON not in sms.text and sms.state == "queued"


def test_without_a_reason_nothing_is_revoked_and_the_field_says_so(sign_in, issued):
    given, lead = permit(issued), sign_in("townlead")
    with at("2026-03-20 09:00"):
        for reason in ("", "   ", "\u200b"):
            answer = lead.post(f"/desk/case/{issued}/result/{given.number}/revoke", {"reason": reason})
            assert answer.status_code == 422 and "请写明撤销的理由和法律依据" in text_of(answer)
    assert documents.verify(given.code).state == "valid"


def test_nobody_but_the_lead_of_the_unit_revokes(sign_in, issued):
    """Who decides, who handed it out, whose it is, a counter elsewhere, who watches: none of them."""
    given = permit(issued)
    with at("2026-03-20 09:00"):
        for login in ("town", "window", "citizen", "zhangpu", "office"):
            answer = sign_in(login).post(f"/desk/case/{issued}/result/{given.number}/revoke", {"reason": REASON})
            assert answer.status_code == 403, login
        assert "/revoke" not in sign_in("town").get(f"/desk/case/{issued}").content.decode()
    assert documents.verify(given.code).state == "valid"


def test_a_lead_revokes_only_what_the_own_unit_gave_out(sign_in, issued):
    """The window issued the notice of acceptance: the township's lead above it may, another township's sees nothing."""
    notice = next(g for g in documents.of_case(issued) if g.kind == "acceptance")
    with at("2026-03-20 09:00"):
        lead = sign_in("townlead")
        assert lead.get(f"/desk/case/{issued}/result/{notice.number}/revoke").status_code == 200
        assert lead.get(f"/desk/case/{issued}/result/none/revoke").status_code == 404
        assert lead.get(f"/desk/case/武平-事-2026-999999/result/{notice.number}/revoke").status_code == 404
    assert cases.case_for(who("citizen"), issued).case.state == "granted"


def revoked(number: str) -> documents.Given:
    """The permit of the case, taken back."""
    given = permit(number)
    actions.revoke(given.number, reason=REASON, by=who("townlead"), now=clock.now())
    return given


def test_a_lead_gives_out_a_corrected_permit_and_the_revoked_one_names_it(sign_in, client, issued):
    with at("2026-03-20 09:00"):
        given, lead, citizen = revoked(issued), sign_in("townlead"), sign_in("citizen")
        address, new = reverse("desk:reissue", args=[issued, given.number]), f"{given.number}-更1"
        assert address in lead.get(f"/desk/case/{issued}").content.decode()
        form = {f.name: f.value for f in lead.get(address).context["form"].fields}
        row = next(name for name in form if name.startswith("row."))
        empty = lead.post(address, {**form, row: " ", "reason": ""})
        assert empty.status_code == 422
        assert {f.field for f in empty.context["form"].faults} == {row, "reason"}
        typed = {**form, row: "更正后的内容", "reason": "建筑面积写错"}
        assert lead.post(address, typed)["Location"] == reverse("desk:case", args=[issued])
        shown = text_of(lead.get(f"/desk/case/{issued}"))
        assert f"由 {new} 代替" in shown and "建筑面积写错" in shown
        assert address not in lead.get(f"/desk/case/{issued}").content.decode()
        made = next(g for g in documents.of_case(issued) if g.number == new)
        assert (made.state, made.replaces, made.valid_to, made.holder) == (
            "valid",
            given.number,
            given.valid_to,
            given.holder,
        )
        public = text_of(client.get(f"/verify/{given.code}"))
        assert (
            "已撤销" in public
            and new in public
            and made.code not in client.get(f"/verify/{given.code}").content.decode()
        )
        genuine = text_of(client.get(f"/verify/{made.code}"))
        assert "真实有效" in genuine and given.number in genuine
        assert new in pdf_text(citizen.get(f"/my/{issued}/result/{given.number}.pdf"))
        assert "更正后的内容" in pdf_text(citizen.get(f"/my/{issued}/result/{new}.pdf"))
        own = text_of(citizen.get(f"/my/{issued}"))
        assert f"由 {new} 代替" in own and own.index("证照和结果") < own.index(made.shown_code) < own.index("告知文书")
        assert "建筑面积写错" in text_of(citizen.get("/my/notices"))
        notices = Notice.objects.count()
        for answer in (lead.post(address, typed), lead.get(address)):  # the same press once more
            assert answer["Location"] == reverse("desk:case", args=[issued])
        assert Notice.objects.count() == notices and len([g for g in documents.of_case(issued) if g.replaces]) == 1
    assert [e.verb for e in ledger.history(issued)].count("document.reissued") == 1


def test_a_corrected_permit_is_revoked_and_corrected_like_any_other(issued):
    with at("2026-03-20 09:00"):
        given, lead = revoked(issued), who("townlead")
        for nth in (1, 2):
            number = given.number if nth == 1 else f"{given.number}-更{nth - 1}"
            made = actions.reissue(number, {}, reason="更正", by=lead, now=clock.now())
            assert made.number == f"{given.number}-更{nth}"
            actions.revoke(made.number, reason=REASON, by=lead, now=clock.now())
        states = {g.number: (g.state, g.replaced_by) for g in documents.of_case(issued) if g.root == given.number}
    assert list(states.values()) == [
        ("revoked", f"{given.number}-更1"), ("revoked", f"{given.number}-更2"), ("revoked", "")
    ]  # fmt: skip


def test_nobody_but_the_lead_corrects_and_only_what_is_revoked(sign_in, issued):
    given = permit(issued)
    address = f"/desk/case/{issued}/result/{given.number}/reissue"
    with at("2026-03-20 09:00"):
        assert sign_in("townlead").post(address, {"reason": "更正"}).status_code == 302  # in force: back to the case
        with pytest.raises(Refused) as no:
            actions.reissue(given.number, {}, reason="更正", by=who("townlead"), now=clock.now())
        assert no.value.code == "document.in-force"
        revoked(issued)
        for login in ("town", "window", "citizen", "zhangpu", "office"):
            answer = sign_in(login).post(address, {"reason": "更正"})
            assert answer.status_code == 403, login
        assert "/reissue" not in sign_in("town").get(f"/desk/case/{issued}").content.decode()
        assert sign_in("townlead").get(f"/desk/case/{issued}/result/none/reissue").status_code == 404
    assert not [g for g in documents.of_case(issued) if g.replaces]


def test_which_parts_were_corrected_is_recorded_and_shown_and_never_what_they_said(sign_in, client, issued):
    with at("2026-03-20 09:00"):
        given, lead = revoked(issued), sign_in("townlead")
        parts = {p.name: p for p in documents.wording(given.number, who("townlead"))}
        row = next(p for name, p in parts.items() if name.startswith("row."))
        typed = {
            **{name: p.value for name, p in parts.items()},
            row.name: "更正后的机密内容",
            "holder": "练改名（演示）",
        }
        address = reverse("desk:reissue", args=[issued, given.number])
        assert lead.post(address, {**typed, "reason": "写错"}).status_code == 302
        made = next(g for g in documents.of_case(issued) if g.replaces)
        assert [c.label for c in made.corrected] == ["持有人", row.label]
        (entry,) = [e for e in ledger.history(issued) if e.verb == "document.reissued"]
        assert entry.facts["changed"] == [{"label": c.label, "old": c.old, "new": c.new} for c in made.corrected]
        said = json.dumps({**entry.facts, **entry.private}, ensure_ascii=False)
        assert "机密" not in said and "练改名" not in said and parts["holder"].value not in said
        desk = text_of(lead.get(f"/desk/case/{issued}"))
        assert f"；更正的内容：持有人、{row.label}" in desk and f"代替 {given.number} · 更正的内容：" in desk
        assert made.corrected[0].old[:16] in desk and made.corrected[1].new[:16] in desk
        public = text_of(client.get(f"/verify/{made.code}"))
        assert f"更正的内容 持有人、{row.label}" in public
        own = text_of(sign_in("citizen").get(f"/my/{issued}"))
        assert f"更正的内容： 持有人、{row.label}" in own or f"更正的内容：持有人、{row.label}" in own
        for page in (public, own):
            assert made.corrected[0].old[:16] not in page
        assert "机密" not in public + own


def test_the_digests_hold_while_the_salt_is_sealed_and_say_nothing_once_it_is_erased(issued):
    with at("2026-03-20 09:00"):
        given, lead = revoked(issued), who("townlead")
        holder = next(p.value for p in documents.wording(given.number, lead) if p.name == "holder")
        number = actions.reissue(
            given.number, {"holder": "练改名（演示）"}, reason="更正", by=lead, now=clock.now()
        ).number
        made = next(g for g in documents.of_case(issued) if g.number == number)
        salt = documents.opened(Row.objects.get(number=number))["salt"]
        (change,) = made.corrected
        assert (change.old, change.new) == (rules.digest(salt, holder), rules.digest(salt, "练改名（演示）"))
        actions.revoke(number, reason=REASON, by=lead, now=clock.now())
        again = actions.reissue(number, {"holder": holder}, reason="改回", by=lead, now=clock.now()).number
        back = next(g for g in documents.of_case(issued) if g.number == again)
        assert {back.corrected[0].old, back.corrected[0].new}.isdisjoint({change.old, change.new})
        actions.forget(issued)
        assert bytes(Row.objects.get(number=number).content) == b""
        assert [c.label for c in documents.verify(made.code).corrected] == ["持有人"]


def test_a_document_given_out_again_without_another_word_says_so(client, issued):
    with at("2026-03-20 09:00"):
        given = revoked(issued)
        made = actions.reissue(given.number, {}, reason="重新出具", by=who("townlead"), now=clock.now())
        assert "文字没有改动" in text_of(client.get(f"/verify/{made.code}"))
    (entry,) = [e for e in ledger.history(issued) if e.verb == "document.reissued"]
    assert (entry.facts["changed"], entry.facts["parts"]) == ([], "")


def test_a_calling_system_reads_which_parts_were_corrected(client, issued):
    with at("2026-03-20 09:00"):
        given = revoked(issued)
        made = actions.reissue(
            given.number, {"holder": "练改名（演示）"}, reason="更正", by=who("townlead"), now=clock.now()
        )
        answer = client.get(reverse("api:verify_certificate", args=[made.code])).json()
    assert (answer["replaces"], answer["corrected"]) == (given.number, ["持有人"])
