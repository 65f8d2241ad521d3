"""The demo county's units, people, items and clocks: made through actions once a session, put back into each test."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from pytest_django.plugin import DjangoDbBlocker

from mashang.catalogue import actions as catalogue
from mashang.clocks import actions as clocks
from mashang.clocks import queries as clock_queries
from mashang.kernel.actor import Actor
from mashang.org import kept, seeds

Tables = dict[str, bytes]


class _Undo(Exception):
    """Leaves the block without a trace in the database."""


def _made() -> Tables:
    """Every table that the seeds fill, as PostgreSQL writes it out."""
    before = set(_dumped())
    clocks.seed_catalogue(now=seeds.SINCE)
    seeds.seed_units(lambda *_: None)
    seeds.seed_persons(lambda *_: None)
    catalogue.import_shipped(by=Actor.system("demo"), now=seeds.SINCE)
    return {table: rows for table, rows in _dumped().items() if table not in before}


def _dumped() -> Tables:
    found: Tables = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            with cursor.copy(f'COPY "{table}" TO STDOUT') as rows:
                if data := b"".join(rows):
                    found[table] = data
    return found


@pytest.fixture(scope="session")
def county_tables(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Tables:
    with django_db_blocker.unblock():
        try:
            with transaction.atomic():
                raise _Undo(_made())
        except _Undo as undo:
            kept.forget()
            clock_queries.forget()
            return undo.args[0]  # type: ignore[no-any-return]


@pytest.fixture(autouse=True)
def county(county_tables: Tables, request: pytest.FixtureRequest) -> None:
    """The county stands in the test's own transaction; keys are checked when it would commit, so order is no matter."""
    request.getfixturevalue("transactional_db" if "transactional_db" in request.fixturenames else "db")
    with connection.cursor() as cursor:
        for table, data in county_tables.items():
            with cursor.copy(f'COPY "{table}" FROM STDIN') as rows:
                rows.write(data)
    kept.forget()
    clock_queries.forget()
