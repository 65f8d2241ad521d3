"""Instants as they come from the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import psycopg
import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from mashang.kernel import sql

INSTANTS = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=8))])).filter(
    lambda one: 1 < one.year < 9999
)


@pytest.mark.django_db
@given(st.lists(INSTANTS, min_size=1, max_size=20))
def test_an_instant_comes_back_as_it_went_in_and_in_utc(instants: list[datetime]) -> None:
    for read in (
        sql.run(f"SELECT {', '.join(['%s::timestamptz'] * len(instants))}", instants).fetchone(),
        _by_django(instants),
    ):
        assert list(read or ()) == instants
        assert all(one.tzinfo is UTC for one in read or ())


def _by_django(instants: list[datetime]) -> tuple[datetime, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(['%s::timestamptz'] * len(instants))}", instants)
        return cursor.fetchone()


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["infinity", "0044-03-15 12:00:00+00 BC", "12026-01-01 00:00:00+00"])
def test_an_instant_beyond_all_calendars_is_an_error_and_not_another_day(text: str) -> None:
    with pytest.raises(psycopg.DataError):
        sql.run("SELECT %s::timestamptz", [text]).fetchone()
