"""A ledger for each test, with keys of its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from django.db import connection, transaction

from mashang.kernel import clock
from mashang.ledger.actions import seal
from tests.waiting import soon

NOW = datetime(2026, 3, 2, 17, 30, tzinfo=clock.ZONE)
TABLES = "ledger_entry, ledger_private, ledger_tile, ledger_mark, ledger_seal"


def unguarded(*statements: str) -> None:
    """What only the owner of the tables can do: take the guards away, change something, put them back."""
    with transaction.atomic(), connection.cursor() as cursor:
        for name in TABLES.split(", "):
            cursor.execute(f"ALTER TABLE {name} DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)
        for name in TABLES.split(", "):
            cursor.execute(f"ALTER TABLE {name} ENABLE TRIGGER USER")


def sealed(count: int) -> bool:
    """Seal until so many entries are sealed. Autovacuum's own transactions can hold the horizon back for a moment."""

    def all_sealed() -> bool:
        nonlocal count
        count -= seal(NOW)
        return count <= 0

    return soon(all_sealed) and count == 0


@pytest.fixture
def ledger(transactional_db: None, settings, tmp_path: Path) -> Iterator[Path]:
    """An empty ledger whose transactions really commit; gives the folder of its keys."""
    settings.VAR = tmp_path
    unguarded(f"TRUNCATE {TABLES} RESTART IDENTITY")
    yield tmp_path / "keys"
    unguarded(f"TRUNCATE {TABLES} RESTART IDENTITY")
