"""The county with its cases, made once; each test reads it anew."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from mashang.audit import sweeps
from mashang.org import rules
from tests.access import reference, world
from tests.county import Tables, made_by, put_back

CLOSED = frozenset({*rules.CLOSED_KINDS, "errand"})


@pytest.fixture(scope="session")
def world_tables(county_tables: Tables, django_db_blocker: DjangoDbBlocker) -> Tables:
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(rules, "CLOSED_KINDS", CLOSED)
        return made_by(lambda: put_back(county_tables), world.make)


@pytest.fixture
def county(world_tables: Tables, db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> reference.World:
    """The world in the test's own transaction, and as the reference reads it."""
    settings.DEMO, settings.MASHANG_MFA = True, False
    logging.getLogger("django.request").setLevel(logging.CRITICAL)  # thousands of refusals are no news here
    monkeypatch.setattr(rules, "CLOSED_KINDS", CLOSED)
    put_back(world_tables)
    sweeps.follow(world.NOW)
    found = reference.World.read(world.NOW, CLOSED)
    with connection.cursor() as cursor:
        for number in found.cases:  # numbers given out in the world's own transaction are given out here too
            cursor.execute("SELECT cases_next_number(%s)", [number.rpartition("-")[0]])
    return found
