"""Statements sent straight through libpq."""

from __future__ import annotations

import threading
from time import perf_counter

import pytest
from django.db import DataError, IntegrityError, OperationalError, connection, transaction

from mashang.kernel import sql
from mashang.kernel.backend import prepared

pytestmark = pytest.mark.django_db


def known() -> list[str]:
    """What the server has prepared for this connection."""
    return [text for (text,) in sql.run("SELECT statement FROM pg_prepared_statements WHERE name LIKE 'mashang%%'")]


def test_rows_are_read_one_by_one_or_all_that_are_left() -> None:
    rows = sql.run("SELECT n FROM generate_series(1, %s) n", [4])
    assert rows.fetchone() == (1,)
    assert rows.fetchall() == [(2,), (3,), (4,)]
    assert rows.fetchone() is None and rows.fetchall() == []


def test_values_of_every_kind_go_and_come_back() -> None:
    sent = [None, "它“%s”", -5, 2**40, True, b"\x00\xff", ["a", None], [1, 2**40]]
    kinds = ["text", "text", "int", "bigint", "bool", "bytea", "text[]", "bigint[]"]
    [got] = sql.run("SELECT " + ", ".join(f"%s::{kind}" for kind in kinds), sent)
    assert [bytes(v) if isinstance(v, memoryview) else v for v in got] == sent
    assert sql.run("SELECT %b::bytea, 7 %% 4", [b"\x00\xff"]).fetchone() == (b"\x00\xff", 3)


def test_a_statement_is_prepared_once_and_the_one_not_used_for_longest_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    sql.run("DEALLOCATE ALL")
    connection.prepared = prepared.Prepared(connection.connection)
    monkeypatch.setattr(prepared, "MOST", 3)
    for n in (1, 2, 1, 2):
        sql.run(f"SELECT {n}")
    assert sorted(known())[:2] == ["SELECT 1", "SELECT 2"]
    sql.run("SELECT 1")
    sql.run("SELECT 3")
    assert len(known()) == 3 and {"SELECT 1", "SELECT 3"} < set(known())


@pytest.mark.django_db(transaction=True)
def test_forgetting_one_leaves_the_transaction_untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    connection.prepared = prepared.Prepared(connection.connection)
    monkeypatch.setattr(prepared, "MOST", 1)
    sql.run("SELECT 1")
    with transaction.atomic():
        sql.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        assert sql.run("SHOW transaction_isolation").fetchone() == ("repeatable read",)


def test_what_the_database_refuses_is_djangos_error_and_undone() -> None:
    with pytest.raises(DataError), transaction.atomic():
        sql.run("SELECT 1 / %s", [0])
    with pytest.raises(IntegrityError, match="never_two"), transaction.atomic():
        sql.run("CREATE TEMP TABLE never (a int CONSTRAINT never_two UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        sql.run("INSERT INTO never VALUES (%s), (%s)", [1, 1])
        sql.run("SET CONSTRAINTS ALL IMMEDIATE")
    assert sql.run("SELECT to_regclass('never')").fetchone() == (None,)


@pytest.mark.django_db(transaction=True)
def test_a_deferred_check_that_fails_as_the_transaction_ends_is_told() -> None:
    sql.run("CREATE TEMP TABLE later (a int CONSTRAINT later_two UNIQUE DEFERRABLE INITIALLY DEFERRED)")
    with pytest.raises(IntegrityError, match="later_two"), transaction.atomic():
        sql.run("INSERT INTO later VALUES (%s), (%s)", [1, 1])
    assert sql.run("SELECT count(*) FROM later").fetchone() == (0,)


@pytest.mark.django_db(transaction=True)
def test_a_lost_connection_is_an_operational_error_and_the_next_one_works() -> None:
    sql.run("SELECT 1")
    with pytest.raises(OperationalError):
        sql.run("SELECT pg_terminate_backend(pg_backend_pid())")
    connection.close_if_unusable_or_obsolete()
    assert sql.run("SELECT 1").fetchone() == (1,)


def test_other_threads_run_while_the_server_works() -> None:
    over, gaps = threading.Event(), [0.0]

    def watch() -> None:
        last = perf_counter()
        while not over.is_set():
            now = perf_counter()
            gaps[0], last = max(gaps[0], now - last), now

    thread = threading.Thread(target=watch)
    thread.start()
    sql.run("SELECT pg_sleep(1)")
    over.set()
    thread.join()
    assert gaps[0] < 0.9
