"""What an act writes, what is read back, and what the database itself refuses."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction

from mashang.kernel import clock, sql, vault
from mashang.kernel.refused import Refused
from mashang.ledger.actions import record
from mashang.ledger.queries import history
from mashang.ledger.rules import Entry

MORNING = datetime(2026, 3, 2, 9, 10, tzinfo=clock.ZONE)


def entry(case: str = "LY-1", verb: str = "application.accepted", **changes: object) -> Entry:
    return Entry(**{"case": case, "verb": verb, "by": "staff:12", "at": MORNING, **changes})  # type: ignore[arg-type]


@pytest.mark.django_db
def test_an_act_is_read_back_as_it_was_recorded() -> None:
    facts = {"state": "accepted", "on": date(2026, 3, 2), "fee": Decimal("1.50"), "places": [1, {"深": None}]}
    record([entry(facts=facts, private={"姓名": '林某\x00"甲"'})])
    (read,) = history("LY-1")
    assert (read.case, read.verb, read.by, read.at) == ("LY-1", "application.accepted", "staff:12", MORNING)
    assert read.facts == {"state": "accepted", "on": "2026-03-02", "fee": "1.50", "places": [1, {"深": None}]}
    assert read.private == {"姓名": '林某\x00"甲"'}
    assert read.erased == () and not read.sealed


@pytest.mark.django_db
def test_any_number_of_entries_is_one_statement_and_keeps_its_order() -> None:
    plain = [entry(verb=f"step.v{n}") for n in range(40)]
    mixed = [entry("LY-2", f"step.v{n}", private={"phone": str(n), "name": "甲"} if n % 2 else {}) for n in range(40)]
    with sql.statements() as sent:
        record(plain)
        record(mixed)
        record([entry("LY-3")])
        record([])
    assert len(sent) == 3
    assert [r.verb for r in history("LY-1")] == [e.verb for e in plain]
    assert [(r.verb, r.private) for r in history("LY-2")] == [(e.verb, dict(e.private)) for e in mixed]


@pytest.mark.django_db
def test_entries_and_their_transaction_live_or_die_together() -> None:
    with pytest.raises(Refused), transaction.atomic():
        record([entry(private={"name": "甲"})])
        raise Refused("late", "写入记录之后才发现不能办理。")
    assert history("LY-1") == []


@pytest.mark.django_db
def test_private_facts_stand_nowhere_in_the_clear() -> None:
    record([entry(private={"name": "欧阳某某"})])
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM ledger_entry")
        assert "欧阳" not in cursor.fetchone()[0]
        cursor.execute("SELECT sealed FROM ledger_private")
        stored = bytes(cursor.fetchone()[0])
    assert "欧阳".encode() not in stored
    assert vault.open_(stored)[32:] == "欧阳某某"


@pytest.mark.django_db
def test_the_same_private_fact_gives_another_commitment_each_time() -> None:
    record([entry(private={"name": "甲"}), entry(private={"name": "甲"})])
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT body::jsonb -> 'withheld' ->> 'name') FROM ledger_entry")
        assert cursor.fetchone()[0] == 2


def test_text_that_cannot_be_kept_is_refused() -> None:
    with pytest.raises(Refused) as no:
        record([entry(facts={"note": "\ud800"})])
    assert no.value.code == "ledger.text"


@pytest.mark.parametrize("value", [float("nan"), object(), {1, 2}])
def test_facts_without_one_written_form_are_errors_of_the_caller(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        record([entry(facts={"x": value})])


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET body = body",
        "DELETE FROM ledger_entry",
        "TRUNCATE ledger_entry",
        "UPDATE ledger_private SET sealed = sealed",
        "DELETE FROM ledger_private",
        "TRUNCATE ledger_private",
        "UPDATE ledger_tile SET hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1)",
        "UPDATE ledger_tile SET n = n + 1",
        "DELETE FROM ledger_tile",
        "TRUNCATE ledger_tile",
        "UPDATE ledger_mark SET leaf = leaf",
        "DELETE FROM ledger_mark",
        "TRUNCATE ledger_mark",
        "UPDATE ledger_seal SET size = size",
        "DELETE FROM ledger_seal",
        "TRUNCATE ledger_seal",
    ],
)
def test_the_database_itself_refuses_to_change_what_was_recorded(statement: str) -> None:
    record([entry(private={"name": "甲"})])
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO ledger_tile VALUES (0, 0, decode(repeat('11', 32), 'hex'))")
        cursor.execute("INSERT INTO ledger_mark VALUES (0, 1, '3', 1)")
        cursor.execute("INSERT INTO ledger_seal VALUES (1, 1, '3', 'x')")
        with pytest.raises(DatabaseError, match="ledger: "):
            cursor.execute(statement)
