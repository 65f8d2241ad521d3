"""The demo county's units and people, without its cases, made once a session in the template of every test."""

from __future__ import annotations

import pytest
from pytest_django.plugin import DjangoDbBlocker

from mashang.catalogue import actions as catalogue
from mashang.clocks import actions as clocks
from mashang.kernel.actor import Actor
from mashang.org import seeds


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    with django_db_blocker.unblock():
        clocks.seed_catalogue(now=seeds.SINCE)
        seeds.seed_units(lambda *_: None)
        seeds.seed_persons(lambda *_: None)
        catalogue.import_shipped(by=Actor.system("demo"), now=seeds.SINCE)
