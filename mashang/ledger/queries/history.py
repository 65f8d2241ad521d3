"""What was recorded, read back."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mashang.kernel import sql, vault

from ..rules.entry import ERASED

Place = tuple[int, int, int]  # (era, transaction, id): where an entry stands in the order of sealing


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
LEFT JOIN LATERAL (SELECT array_agg(name ORDER BY name) AS names, array_agg(sealed ORDER BY name) AS sealed
 FROM ledger_private WHERE entry_id = e.id) p ON true
WHERE e.subject = %s ORDER BY e.id"""
_FEED = """SELECT e.era, e.xid::text::bigint, e.id, e.subject, e.body FROM ledger_entry e
WHERE (e.era, e.xid, e.id) > (%s::int, %s::bigint::text::xid8, %s::bigint)
 AND (e.era, e.xid) < ((SELECT max(era) FROM ledger_entry), pg_snapshot_xmin(pg_current_snapshot()))
ORDER BY e.era, e.xid, e.id LIMIT %s"""


def history(case_number: str) -> list[Recorded]:
    """Every act on the case in the order in which they happened."""
    found = []
    for id_, case, text, names, sealed, is_sealed in sql.run(_HISTORY, [case_number]).fetchall():
        body = json.loads(text)
        kept = {name: vault.open_(value)[32:] for name, value in zip(names or (), sealed or (), strict=True)}
        erased = tuple(name for name in body.get("withheld", ()) if name not in kept)
        found.append(_recorded(id_, case, body, kept | dict.fromkeys(erased, ERASED), erased, is_sealed))
    return found


def feed(after: Place = (0, 0, 0), *, verbs: Collection[str] = (), limit: int = 1000) -> tuple[list[Recorded], Place]:
    """News for sweeps: entries after a place, of the given verbs (all if none), without private facts; and the place
    from which to ask next. An entry that commits late is never passed over."""
    rows = sql.run(_FEED, [*after, limit]).fetchall()
    read = [_recorded(id_, case, json.loads(text), {}, (), False) for _, _, id_, case, text in rows]
    place = (rows[-1][0], rows[-1][1], rows[-1][2]) if rows else after
    return [entry for entry in read if not verbs or entry.verb in verbs], place


def _recorded(
    id_: int, case: str, body: dict[str, Any], private: dict[str, str], erased: tuple[str, ...], sealed: bool
) -> Recorded:
    at = datetime.fromisoformat(body["at"])
    return Recorded(id_, case, body["verb"], body["by"], at, body["facts"], private, erased, sealed)
