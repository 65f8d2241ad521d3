"""Erasing personal data: the value goes, the commitment and every proof stay."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from mashang.kernel import sql
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused

from ..rules.entry import ERASURE, Entry, canonical
from .recording import record

_FIND = """SELECT p.entry_id, p.name FROM ledger_private p JOIN ledger_entry e ON e.id = p.entry_id
WHERE (e.subject = %s OR e.subject = ANY (%s::text[]) AND strpos(e.body, %s) > 0) AND (%s::text[] IS NULL OR p.name = ANY (%s::text[])) ORDER BY 1, 2 FOR UPDATE OF p"""
_DELETE = "DELETE FROM ledger_private WHERE (entry_id, name) IN (SELECT * FROM unnest(%s::bigint[], %s::text[]))"


def erase(
    case_number: str,
    *,
    by: Actor,
    now: datetime,
    ground: str,
    names: Collection[str] | None = None,
    more: Mapping[str, Any] | None = None,
    filed_under: Collection[str] = (),
) -> int:
    """Erase the private facts of a case, all or those named, and record that it was done and on what `ground`
    (个人信息保护法 art. 47). In the caller's transaction; gives how many were erased. Refuses when there is none.

    `more` are facts of what the caller erases elsewhere in the same transaction: then the entry is made also where the
    ledger kept nothing private. `filed_under`: other subjects, whose entries are erased as far as they name the case."""
    if not ground.strip():
        raise Refused("ledger.ground", "请写明删除个人信息的依据。", "ground")
    chosen = None if names is None else list(names)
    with transaction.atomic():
        names_it = f'"case":{canonical(case_number)}'
        found = sql.run(_FIND, [case_number, list(filed_under), names_it, chosen, chosen]).fetchall()
        if not found and more is None:
            raise Refused("ledger.nothing", "这一件没有可删除的个人信息，或已经删除。", "names")
        entries: dict[str, list[str]] = {}
        for id_, name in found:
            entries.setdefault(str(id_), []).append(name)
        facts = {**(more or {}), "entries": entries, "ground": ground, "private": len(found)}
        record([Entry(case_number, ERASURE, by.ref, now, facts)])
        sql.run(_DELETE, [[id_ for id_, _ in found], [name for _, name in found]])
    return len(found)
