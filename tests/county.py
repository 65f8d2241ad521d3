"""The demo county's units, people, items and clocks: made through actions once a session, put back into each test.

A suite that plays in the county takes in `county` in its conftest.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection, transaction
from pytest_django.plugin import DjangoDbBlocker

from mashang.catalogue import actions as catalogue
from mashang.clocks import actions as clocks
from mashang.clocks import queries as clock_queries
from mashang.kernel.actor import Actor
from mashang.org import kept, seeds

Tables = dict[str, bytes]
LEDGER = ("ledger_entry", "ledger_private", "ledger_tile", "ledger_mark", "ledger_seal")


class _Undo(Exception):
    """Leaves the block without a trace in the database."""


def seed() -> None:
    """Clock rules, units with people, two citizens with accounts, items."""
    clocks.seed_catalogue(now=seeds.SINCE)
    seeds.seed_units(lambda *_: None)
    seeds.seed_persons(lambda *_: None)
    catalogue.import_shipped(by=Actor.system("demo"), now=seeds.SINCE)


def made_by(*makers: Callable[[], object]) -> Tables:
    """Every table that the makers fill, as PostgreSQL writes it out. Nothing of it stays in the database."""
    forget()
    around = transaction.atomic()
    around._from_testcase = True  # type: ignore[attr-defined]  # as Django marks its tests' own, so that acts may be durable inside
    try:
        with around:
            before = set(_dumped())
            for make in makers:
                make()
            raise _Undo({table: rows for table, rows in _dumped().items() if table not in before})
    except _Undo as undo:
        forget()
        return undo.args[0]  # type: ignore[no-any-return]


def _dumped() -> Tables:
    found: Tables = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            with cursor.copy(f'COPY "{table}" TO STDOUT') as rows:
                if data := b"".join(rows):
                    found[table] = data
    return found


def put_back(tables: Tables) -> None:
    """The rows as they were made; keys are checked when the transaction would commit, so order is no matter."""
    with transaction.atomic(), connection.cursor() as cursor:
        for table in LEDGER:  # its guards keep it even from a test's flush, so that an earlier test's acts stand there
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER; TRUNCATE {table}")
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        for table, data in tables.items():
            with cursor.copy(f'COPY "{table}" FROM STDIN') as rows:
                rows.write(data)
    forget()


def forget() -> None:
    """What the process keeps belongs to one test's rows."""
    kept.forget()
    clock_queries.forget()


@pytest.fixture(scope="session")
def county_tables(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Tables:
    with django_db_blocker.unblock():
        return made_by(seed)


@pytest.fixture(autouse=True)
def county(county_tables: Tables, request: pytest.FixtureRequest) -> None:
    """The county stands in the test's own transaction."""
    request.getfixturevalue("transactional_db" if "transactional_db" in request.fixturenames else "db")
    put_back(county_tables)
