"""Reading the ledger."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mashang.kernel import sql, vault

from .rules.entry import ERASED


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry read back. `private` holds what can still be opened; erased facts read ERASED and stand in `erased`."""

    id: int
    case: str
    verb: str
    by: str
    at: datetime
    facts: dict[str, Any]
    private: dict[str, str]
    erased: tuple[str, ...]
    sealed: bool


_HISTORY = """SELECT e.id, e.subject, e.body, p.names, p.sealed, coalesce((e.era, e.xid) < (h.era, h.horizon), false)
FROM ledger_entry e
LEFT JOIN LATERAL (SELECT era, horizon FROM ledger_seal ORDER BY size DESC LIMIT 1) h ON true
LEFT JOIN LATERAL (SELECT array_agg(name) AS names, array_agg(sealed) AS sealed FROM ledger_private
 WHERE entry_id = e.id) p ON true
WHERE e.subject = %s ORDER BY e.id"""


def history(case_number: str) -> list[Recorded]:
    """Every act on the case in the order in which they happened."""
    return [_recorded(*row) for row in sql.run(_HISTORY, [case_number]).fetchall()]


def _recorded(
    id_: int, case: str, text: str, names: list[str] | None, sealed: list[bytes] | None, is_sealed: bool
) -> Recorded:
    body = json.loads(text)
    kept = {name: vault.open_(value)[32:] for name, value in zip(names or (), sealed or (), strict=True)}
    erased = tuple(name for name in body.get("private", ()) if name not in kept)
    private = kept | dict.fromkeys(erased, ERASED)
    at = datetime.fromisoformat(body["at"])
    return Recorded(id_, case, body["verb"], body["by"], at, body["facts"], private, erased, is_sealed)
