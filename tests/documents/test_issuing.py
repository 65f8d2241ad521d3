"""Issuing, verifying, revoking; what the database itself refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from mashang.documents import actions, queries
from mashang.documents.models import Issued
from mashang.kernel import clock, sql
from mashang.kernel.actor import Actor, Grant
from mashang.kernel.refused import Forbidden, NotFound, Refused
from mashang.ledger.queries import history

from .conftest import NOW

pytestmark = pytest.mark.django_db
CLERK = Actor("staff", id=8, name="窗口", grants=(Grant("clerk"),))
LEAD = Actor("staff", id=9, name="镇长", grants=(Grant("lead"),))


def give(unit: int, **changes: Any) -> actions.Issued:
    form: dict[str, Any] = {
        "number": "武平-事-2026-000318-01",
        "kind": "planning-permit",
        "title": "乡村建设规划许可证",
        "holder": "陈建国",
        "case": "武平-事-2026-000318",
        "unit_id": unit,
        "facts": {"rows": [["建设位置", "桃溪镇新田村三组 12 号"]]},
        "valid_years": 1,
        "by": CLERK,
        "now": NOW,
    }
    return actions.issue(**{**form, **changes})


@pytest.mark.row("A24")
def test_anyone_with_the_code_learns_that_it_is_genuine_and_no_more(township: int) -> None:
    issued = give(township)
    found = queries.verify(issued.code, today=date(2026, 6, 1))
    assert (found.number, found.title, found.holder, found.unit) == (
        "武平-事-2026-000318-01",
        "乡村建设规划许可证",
        "陈某某",
        "武平县桃溪镇人民政府",
    )
    assert (found.state, found.state_label, found.valid_to) == ("valid", "有效", date(2027, 3, 5))
    assert queries.verify(found.shown_code.lower()).code == issued.code
    assert issued.url.endswith(f"/verify/{issued.code}")
    assert "陈建国" not in repr(found) and "12 号" not in repr(found)


@pytest.mark.parametrize("code", ["", "0" * 16, "0000-0000-0000-0000", "'; --", "x" * 10_000, "\x00" * 16])
def test_a_code_that_leads_nowhere_is_said_to_be_so(code: str) -> None:
    with pytest.raises(NotFound, match="没有查到"):
        queries.verify(code)


def test_after_its_last_day_it_is_expired(township: int) -> None:
    issued = give(township)
    assert queries.verify(issued.code, today=date(2027, 3, 5)).state == "valid"
    assert queries.verify(issued.code, today=date(2027, 3, 6)).state_label == "已过有效期"


def test_issuing_costs_one_insert_and_waits_for_nothing(township: int) -> None:
    give(township, number="warm-up")
    with sql.statements() as sent:
        give(township)
    assert len(sent) == 1 and sent[0].startswith("INSERT INTO documents_issued")


def test_issuing_inside_an_act_is_sent_with_the_acts_other_statements(township: int) -> None:
    queue: list[Callable[..., Any]] = []
    issued = give(township, later=queue.append)
    assert Issued.objects.count() == 0
    for write in queue:
        sql.run(*write(None))
    assert queries.verify(issued.code).number == issued.number


@pytest.mark.row("A24")
def test_a_holder_can_have_the_file_itself_compared(township: int) -> None:
    issued = give(township)
    made = actions.hand_over(issued.code, now=NOW)
    again = actions.hand_over(issued.code, now=NOW + timedelta(days=90))
    assert made.data == again.data and made.name == "乡村建设规划许可证-武平-事-2026-000318-01.pdf"
    assert queries.verify(issued.code).hashes == (made.sha256,)
    assert queries.verify_file(made.data).number == issued.number
    with pytest.raises(NotFound, match="已被改动"):
        queries.verify_file(made.data[:-1] + b"x")


def test_only_pdf_and_docx_are_made(township: int) -> None:
    issued = give(township)
    assert actions.hand_over(issued.code, "docx", now=NOW).data[:2] == b"PK"
    with pytest.raises(Refused, match="两种格式"):
        queries.render(issued.code, "exe")
    with pytest.raises(NotFound):
        queries.render("0" * 16)


@pytest.mark.row("A24")
def test_a_revoked_document_says_so_with_the_reason(township: int) -> None:
    issued = give(township)
    actions.revoke(issued.number, reason="以欺骗手段取得（行政许可法第六十九条）", by=LEAD, now=NOW + timedelta(days=9))
    found = queries.verify(issued.code)
    assert (found.state, found.revoked_reason) == ("revoked", "以欺骗手段取得（行政许可法第六十九条）")
    (entry,) = history("武平-事-2026-000318")
    assert (entry.verb, entry.by, entry.facts["number"]) == ("document.revoked", "staff:9", issued.number)
    with pytest.raises(Refused, match="已经撤销"):
        actions.revoke(issued.number, reason="再次", by=LEAD, now=NOW + timedelta(days=9))


def test_revoking_needs_a_lead_and_a_reason(township: int) -> None:
    issued = give(township)
    with pytest.raises(Forbidden):
        actions.revoke(issued.number, reason="x", by=CLERK, now=NOW)
    elsewhere = Actor("staff", id=10, grants=(Grant("lead", units=frozenset({township + 1})),))
    with pytest.raises(Forbidden):
        actions.revoke(issued.number, reason="x", by=elsewhere, now=NOW)
    with pytest.raises(Refused, match="理由"):
        actions.revoke(issued.number, reason=" ", by=LEAD, now=NOW)
    with pytest.raises(Refused, match="500"):
        actions.revoke(issued.number, reason="理" * 501, by=LEAD, now=NOW)
    with pytest.raises(NotFound):
        actions.revoke("nothing", reason="x", by=LEAD, now=NOW)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE documents_issued SET holder = 'x'",
        "UPDATE documents_issued SET state = 'revoked', revoked_at = now(), revoked_reason = 'x', number = 'y'",
        "DELETE FROM documents_issued",
        "UPDATE documents_file SET sha256 = '\\x00'",
        "DELETE FROM documents_file",
    ],
)
def test_the_database_refuses_to_alter_what_was_given_out(township: int, change: str) -> None:
    issued = give(township)
    actions.hand_over(issued.code, "docx", now=NOW)
    with pytest.raises(DatabaseError, match="is refused"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


def test_a_revocation_cannot_be_undone(township: int) -> None:
    issued = give(township)
    actions.revoke(issued.number, reason="错发", by=LEAD, now=NOW)
    undo = "UPDATE documents_issued SET state = 'valid', revoked_at = NULL, revoked_reason = ''"
    with pytest.raises(DatabaseError, match="is refused"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(undo)


def test_a_number_is_given_once(township: int) -> None:
    give(township)
    with pytest.raises(IntegrityError), transaction.atomic():
        give(township)


def test_the_holder_stands_nowhere_in_the_clear(township: int) -> None:
    give(township)
    with connection.cursor() as cursor:
        cursor.execute("SELECT d::text FROM documents_issued d")
        (row,) = cursor.fetchone()
    assert "陈建国" not in row and "12 号" not in row and "陈建国".encode().hex() not in row


def test_the_documents_of_a_case_are_listed_in_order(township: int) -> None:
    give(township)
    give(township, number="武平-事-2026-000318-02", kind="homestead-approval", title="农村宅基地批准书", valid_years=0)
    with clock.at("2026-04-01 09:00"):
        assert [d.title for d in queries.of_case("武平-事-2026-000318")] == ["乡村建设规划许可证", "农村宅基地批准书"]
    assert queries.of_case("other") == []


def test_a_document_that_says_too_little_is_refused_before_anything_is_written(township: int) -> None:
    with pytest.raises(Refused) as refused:
        give(township, kind="supplement", facts={})
    assert {f.field for f in refused.value.faults} == {"item", "missing"}
    assert Issued.objects.count() == 0
