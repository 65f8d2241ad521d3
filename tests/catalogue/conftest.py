"""What the catalogue's tests share."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from mashang.clocks import actions as clocks
from mashang.clocks import queries as clock_queries
from mashang.kernel import clock


@pytest.fixture
def clock_rules(db: None) -> Iterator[None]:
    """The catalogue of clocks, which definitions name."""
    clock_queries.forget()
    clocks.seed_catalogue(now=datetime(2026, 3, 2, 9, 10, tzinfo=clock.ZONE))
    yield
    clock_queries.forget()
