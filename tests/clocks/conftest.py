"""Calendars and clocks to test with."""

from __future__ import annotations

from datetime import datetime

import pytest

from mashang.clocks import actions, shipped
from mashang.clocks.rules import Calendar
from mashang.kernel.clock import ZONE


@pytest.fixture(scope="session")
def calendar() -> Calendar:
    """The national calendar as shipped."""
    return shipped.calendar()


@pytest.fixture
def catalogue(db: None) -> None:
    """The shipped notices and rules in the database."""
    actions.seed_catalogue(now=datetime(2026, 1, 1, tzinfo=ZONE))
