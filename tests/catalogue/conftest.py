"""What the catalogue's tests share."""

from __future__ import annotations

from datetime import datetime

import pytest

from mashang.clocks import actions as clocks
from mashang.kernel import clock


@pytest.fixture
def clock_rules(db: None) -> None:
    """The catalogue of clocks, which definitions name."""
    clocks.seed_catalogue(now=datetime(2026, 3, 2, 9, 10, tzinfo=clock.ZONE))
