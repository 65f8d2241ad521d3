"""What was recorded, read back."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from mashang.kernel import sql, vault

from ..rules.entry import ERASED

Place = tuple[int, int, int]  # (era, transaction, id): where an entry stands in the order of sealing


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry read back. `private` holds what can still be opened; erased facts read ERASED and stand in `erased`;
    `withheld` names private facts that were not asked for."""

    id: int
    case: str
    verb: str
    by: str
    at: datetime
    facts: dict[str, Any]
    private: dict[str, str]
    erased: tuple[str, ...]
    sealed: bool
    withheld: tuple[str, ...] = ()


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
_ABOUT = """SELECT e.era, e.xid::text::bigint, e.id, e.subject, e.body FROM ledger_entry e
WHERE e.subject = ANY (%s::text[]) ORDER BY e.era, e.xid, e.id"""
_ENTRIES = """SELECT e.id, e.subject, e.body, coalesce((e.era, e.xid) < (h.era, h.horizon), false)
FROM unnest(%s::int[], %s::bigint[], %s::bigint[]) WITH ORDINALITY AS p (era, xid, id, place)
JOIN ledger_entry e ON (e.era, e.xid, e.id) = (p.era, p.xid::text::xid8, p.id)
LEFT JOIN LATERAL (SELECT era, horizon FROM ledger_seal ORDER BY size DESC LIMIT 1) h ON true
ORDER BY p.place"""
_FACTS = "SELECT entry_id, name, sealed FROM ledger_private WHERE entry_id = ANY (%s::bigint[])"


def history(case_number: str) -> list[Recorded]:
    """Every act on the case in the order in which they happened."""
    found = []
    for id_, case, text, names, sealed, is_sealed in sql.run(_HISTORY, [case_number]).fetchall():
        body = json.loads(text)
        kept = {name: vault.open_(value)[32:] for name, value in zip(names or (), sealed or (), strict=True)}
        erased = tuple(name for name in body.get("withheld", ()) if name not in kept)
        found.append(_recorded(id_, case, body, kept | dict.fromkeys(erased, ERASED), erased, is_sealed))
    return found


def about(subjects: Collection[str], verbs: Collection[str]) -> list[tuple[Place, Recorded]]:
    """Entries of these verbs on any of the subjects, oldest first, each with its place; private facts stay closed. A
    damaged one is passed over."""
    rows = sql.run(_ABOUT, [list(subjects)]).fetchall() if subjects else []
    read = [((era, xid, id_), case, read_body(text)) for era, xid, id_, case, text in rows]
    return [
        (place, _recorded(place[2], case, body, {}, (), False))
        for place, case, body in read
        if body is not None and body["verb"] in verbs
    ]


def news(after: Place, limit: int) -> tuple[list[tuple[Place, Recorded]], Place, bool]:
    """News for sweeps: entries after a place, each with its own and without private facts; from where to ask next; and whether
    there may be more. An entry that commits late is never passed over.

    An entry whose body is damaged is passed over: the audit names it.
    """
    rows = sql.run(_FEED, [*after, limit]).fetchall()
    found: list[tuple[Place, Recorded]] = []
    for era, xid, id_, case, text in rows:
        if (body := read_body(text)) is not None:
            found.append(((era, xid, id_), _recorded(id_, case, body, {}, (), False)))
    return found, (rows[-1][0], rows[-1][1], rows[-1][2]) if rows else after, len(rows) == limit


def read_body(text: str) -> dict[str, Any] | None:
    """What an entry's text says; None when it is damaged."""
    try:
        body = json.loads(text)
        datetime.fromisoformat(body["at"])
    except (ValueError, KeyError, TypeError):
        return None
    return body if {"verb", "by", "facts"} <= body.keys() else None


def entries(places: Sequence[Place], opened: Mapping[str, Collection[str]] | None = None) -> list[Recorded]:
    """The entries at these places, in this order; one that is gone or damaged is left out. Private facts stay closed but those
    that `opened` names for the verb."""
    columns = [list(column) for column in zip(*places, strict=True)] if places else [[], [], []]
    read = [(id_, case, read_body(text), sealed) for id_, case, text, sealed in sql.run(_ENTRIES, columns).fetchall()]
    rows = [(id_, case, body, sealed) for id_, case, body, sealed in read if body is not None]
    wanted = {id_: (opened or {}).get(body["verb"], ()) for id_, _, body, _ in rows}
    asked = [id_ for id_, names in wanted.items() if names]
    kept: dict[int, dict[str, str]] = {}
    for id_, name, sealed in sql.run(_FACTS, [asked]).fetchall() if asked else ():
        if name in wanted[id_]:
            kept.setdefault(id_, {})[name] = vault.open_(sealed)[32:]
    found = []
    for id_, case, body, is_sealed in rows:
        names, private = body.get("withheld", ()), kept.get(id_, {})
        erased = tuple(name for name in names if name in wanted[id_] and name not in private)
        known = _recorded(id_, case, body, private | dict.fromkeys(erased, ERASED), erased, is_sealed)
        found.append(replace(known, withheld=tuple(name for name in names if name not in wanted[id_])))
    return found


def _recorded(
    id_: int, case: str, body: dict[str, Any], private: dict[str, str], erased: tuple[str, ...], sealed: bool
) -> Recorded:
    at = datetime.fromisoformat(body["at"])
    return Recorded(id_, case, body["verb"], body["by"], at, body["facts"], private, erased, sealed)
