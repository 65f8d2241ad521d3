"""Statements sent straight through libpq."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psycopg
import pytest
from django.db import DataError, IntegrityError, OperationalError, connection, transaction

from mashang.kernel import sql
from mashang.kernel.backend import prepared
from tests.waiting import soon

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


def test_several_in_one_trip_see_what_those_before_them_did() -> None:
    sql.run("CREATE TEMP TABLE trip (a int)")
    wrote, read = sql.run_all(
        ("INSERT INTO trip SELECT generate_series(1, %s) RETURNING a", [3]),
        ("SELECT sum(a) + %s FROM trip", [100]),
    )
    assert wrote.fetchall() == [(1,), (2,), (3,)] and read.fetchone() == (106,)


@pytest.fixture
def trips() -> Iterator[None]:
    sql.run("CREATE TABLE kernel_trip (a int CONSTRAINT trip_once UNIQUE DEFERRABLE INITIALLY DEFERRED)")
    yield
    sql.run("DROP TABLE kernel_trip")


def stored() -> list[int]:
    return [n for (n,) in sql.run("SELECT a FROM kernel_trip ORDER BY a")]


@pytest.mark.django_db(transaction=True)
def test_of_a_trip_with_a_fault_in_it_nothing_stays_and_its_first_fault_is_told(trips: None) -> None:
    insert = "INSERT INTO kernel_trip VALUES (%s)"
    with pytest.raises(DataError, match="zero"), transaction.atomic():
        sql.run_all((insert, [1]), ("SELECT 1 / %s", [0]), (insert, ["no number"]))
    assert stored() == []


@pytest.mark.django_db(transaction=True)
def test_the_last_of_a_transaction_is_kept_before_it_ends(trips: None) -> None:
    part = ("one", "INSERT INTO kernel_trip VALUES (%s) RETURNING a", [7])
    with transaction.atomic():
        assert sql.together([part], "SELECT a FROM one", last=True).fetchone() == (7,)
        with psycopg.connect(**connection.get_connection_params()) as another:
            assert another.execute("SELECT a FROM kernel_trip").fetchall() == [(7,)]
    with transaction.atomic():  # and the connection goes on
        sql.run("INSERT INTO kernel_trip VALUES (8)")
    assert stored() == [7, 8]


@pytest.mark.django_db(transaction=True)
def test_inside_another_transaction_the_last_is_not_the_last(trips: None) -> None:
    part = ("one", "INSERT INTO kernel_trip VALUES (%s)", [7])
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        with transaction.atomic():
            sql.together([part], last=True)
        raise ZeroDivisionError
    assert stored() == []


@pytest.mark.django_db(transaction=True)
def test_a_check_that_fails_as_the_last_is_kept_undoes_it(trips: None) -> None:
    part = ("two", "INSERT INTO kernel_trip VALUES (%s), (%s)", [1, 1])
    with pytest.raises(IntegrityError, match="trip_once"), transaction.atomic():
        sql.together([part], last=True)
    assert stored() == []


@pytest.mark.django_db(transaction=True)
def test_more_than_a_socket_takes_goes_and_comes_in_one_trip() -> None:
    long = "长" * 2_000_000
    with transaction.atomic():
        answers = sql.run_all(*[("SELECT %s::text", [f"{n}{long}"]) for n in range(3)])
    assert [rows.fetchone()[0] == f"{n}{long}" for n, rows in enumerate(answers)] == [True] * 3


@pytest.mark.django_db(transaction=True)
def test_a_connection_lost_in_a_trip_is_an_operational_error_and_the_next_one_works() -> None:
    with pytest.raises(OperationalError), transaction.atomic():
        sql.run_all(("SELECT 1", []), ("SELECT pg_terminate_backend(pg_backend_pid())", []), ("SELECT 2", []))
    connection.close_if_unusable_or_obsolete()
    assert sql.run("SELECT 1").fetchone() == (1,)


@pytest.mark.django_db(transaction=True)
def test_a_trip_broken_off_takes_its_connection_along(trips: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(self: prepared.Prepared) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), transaction.atomic(), monkeypatch.context() as patch:
        sql.run("INSERT INTO kernel_trip VALUES (1)")
        patch.setattr(prepared.Prepared, "_next", pressed)
        sql.run_all(("SELECT 1", []), ("SELECT 2", []))
    connection.close_if_unusable_or_obsolete()
    assert stored() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("statements", [1, 2])
def test_other_threads_run_while_the_server_works(statements: int) -> None:
    """The server waits for a lock that only another thread can give back."""
    waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as another:
        another.execute("SELECT pg_advisory_lock(1)")

        def give_back() -> None:
            soon(lambda: another.execute(waits).fetchone() == (1,))
            another.execute("SELECT pg_advisory_unlock(1)")

        thread = threading.Thread(target=give_back)
        thread.start()
        with transaction.atomic():
            sql.run("SET LOCAL lock_timeout = '20s'")
            sql.run_all(*[("SELECT pg_advisory_xact_lock(%s)", [1])] * statements)
        thread.join()
