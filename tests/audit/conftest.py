"""The audit plays in the demo county, with acts that really commit: the list takes up only what is committed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from mashang.audit import sweeps
from mashang.audit.models import Line
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.org import actions, queries
from mashang.org.models import Account
from tests.county import LEDGER, Tables, put_back
from tests.sealing import recorded
from tests.waiting import soon

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
NOW = datetime(2026, 3, 4, 10, 0, tzinfo=clock.ZONE)
BY = Actor.system("test")


@pytest.fixture
def county(county_tables: Tables, transactional_db: None, settings: Any, tmp_path: Any) -> Iterator[None]:
    settings.MASHANG_MFA, settings.VAR = False, tmp_path
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    put_back(county_tables)
    yield
    with connection.cursor() as cursor:  # its guards keep the ledger from the test's flush
        for table in LEDGER:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER; TRUNCATE {table}")
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


@pytest.fixture
def sign_in(county: None) -> Callable[[str], Client]:
    def client(login: str) -> Client:
        found = Client(headers={"Accept-Language": "zh-CN"})
        found.force_login(Account.objects.get(username=login), BACKEND)
        return found

    return client


@pytest.fixture
def auditors(county: None) -> Callable[..., str]:
    """Another auditor with bounds of their own; gives the account's name."""

    def made(login: str, unit: str = "", region: str = "", kinds: frozenset[str] | None = None) -> str:
        home = queries.unit_named(unit or "武平县人民政府").id
        staff = actions.appoint(actions.NewStaff(login, f"{login}某", home, demo_label=login), by=BY, now=NOW)
        scope = queries.unit_named(unit).id if unit else None
        grant = actions.NewGrant(staff, "auditor", unit=scope, region=region, kinds=kinds)
        actions.grant_role(grant, by=BY, now=NOW)
        return login

    return made


def follow() -> None:
    """Everything recorded is in the list, as the worker takes it in every ten seconds. Autovacuum's transactions can hold
    the horizon back for a moment."""

    def followed() -> bool:
        sweeps.follow(NOW)
        return Line.objects.count() == recorded()

    assert soon(followed)
