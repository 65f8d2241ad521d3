"""Sealing for tests that need everything sealed: other sessions' transactions can hold the horizon back for a moment."""

from __future__ import annotations

from datetime import datetime

from mashang.kernel import sql
from mashang.ledger.actions import seal
from tests.waiting import soon


def recorded() -> int:
    """How many entries the ledger holds."""
    return int(sql.run("SELECT count(*) FROM ledger_entry").fetchone()[0])


def seal_all(now: datetime, already: int = 0) -> int:
    """Seal until all that is recorded is; gives how many entries were."""
    sealed = 0

    def all_sealed() -> bool:
        nonlocal sealed
        if already + sealed < recorded():
            sealed += seal(now)
        return already + sealed >= recorded()

    soon(all_sealed)
    return sealed
