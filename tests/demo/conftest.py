"""A small demo county, made once for all tests of this folder, with acts that really commit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from mashang.catalogue import actions as catalogue
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.ledger.queries import audit
from mashang.ledger.queries.audit import Report
from mashang.org import seeds
from mashang.site import procedures, reference
from mashang.site.county import year
from tests.county import put_back
from tests.sealing import recorded, seal_all

NOW = datetime(2026, 6, 17, 10, 20, tzinfo=clock.ZONE)  # a Wednesday morning


def silent(what: str, done: int, of: int) -> None:
    """Progress that nobody looks at."""


@dataclass(frozen=True, slots=True)
class County:
    """A made demo: its present, and what sealing and auditing its ledger came to."""

    now: datetime
    entries: int
    sealed: int
    report: Report


@pytest.fixture(scope="package")
def county(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[County]:
    """The demo with 6 cases of the past and 14 of the rest. Tests that use it are marked `django_db`: without a mark
    there would be no test database, and each leaves it as it was."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "VAR", tmp_path_factory.mktemp("county"))
        patch.setattr(year, "FIRST", 6)
        patch.setattr(year, "REST", 14)
        assert connection.settings_dict["NAME"].startswith("test_")
        put_back({})  # an empty ledger
        with clock.at(NOW):
            _make()
            yield County(NOW, recorded(), seal_all(NOW), audit())
        call_command("flush", interactive=False, verbosity=0, inhibit_post_migrate=True)
        put_back({})


def _make() -> None:
    procedures.load()
    reference.clocks(NOW)
    seeds.seed_units(silent)
    seeds.seed_persons(silent)
    catalogue.import_shipped(by=Actor.system("setup"), now=NOW)
    year.seed_first(silent)
    year.seed_rest(silent)
