"""Sealing for tests that need everything sealed: other sessions' transactions can hold the horizon back for a moment."""

from __future__ import annotations

from datetime import datetime
from time import monotonic, sleep

from mashang.kernel import sql
from mashang.ledger.actions import seal

PATIENCE = 30  # seconds


def recorded() -> int:
    """How many entries the ledger holds."""
    return int(sql.run("SELECT count(*) FROM ledger_entry").fetchone()[0])


def seal_all(now: datetime, already: int = 0) -> int:
    """Seal until all that is recorded is; gives how many entries were."""
    sealed, end = 0, monotonic() + PATIENCE
    while already + sealed < recorded() and monotonic() < end:
        sealed += seal(now)
        sleep(0.01)
    return sealed
