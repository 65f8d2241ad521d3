"""The record: entries of the ledger within the reader's scope, newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mashang.cases import queries as cases
from mashang.cases.queries.pages import cursor, read_cursor
from mashang.kernel import sql
from mashang.kernel.actor import Actor
from mashang.ledger import queries as ledger
from mashang.org import queries as org
from mashang.org.rules import Facts

from .. import rules
from .words import About, Names, about, sentence

RIGHT = "ledger.audit"
COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry as auditors read it: `text` a sentence, `by` who acted, `number` the case it is about ("" for none),
    which may be opened when `opens`; `about` the unit or person it is about; `sealed` when it is in the tree."""

    id: int
    at: datetime
    verb: str
    text: str
    by: str
    number: str
    opens: bool
    about: About
    sealed: bool


@dataclass(frozen=True, slots=True)
class Page:
    """One page; `after` is the cursor of the next one, empty when this is the last."""

    rows: list[Shown]
    after: str


@dataclass(frozen=True, slots=True)
class _Found:
    place: ledger.Place
    at: datetime
    number: str
    units: list[int]
    region: str
    kind: str


def record(by: Actor, filter: rules.Filter, *, after: str = "", limit: int = 50) -> Page:
    """A page of the record. Everything that is told comes from the ledger itself; the list only finds it."""
    where, values = _conditions(by, filter)
    if after:
        where.append("(l.at, l.id) < (%s, %s)")
        values += read_cursor(after)
    query = f"""SELECT l.era, l.xid, l.id, l.at, l.number, l.units, l.region, l.kind FROM audit_line l
    WHERE {" AND ".join(where)} ORDER BY l.at DESC, l.id DESC LIMIT %s"""
    rows = [_Found((row[0], row[1], row[2]), *row[3:]) for row in sql.run(query, [*values, limit + 1]).fetchall()]
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(_shown(by, rows[:limit]), cursor(last.at, last.place[2]) if last else "")


def _conditions(by: Actor, filter: rules.Filter) -> tuple[list[str], list[Any]]:
    seen, values = org.visible_to(by, RIGHT, "l")
    verbs = filter.verbs
    pairs: list[tuple[str, Any, bool]] = [
        ("l.at >= %s", filter.since, filter.since is not None),
        ("l.at < %s", filter.until, filter.until is not None),
        ("l.verb = ANY (%s::text[])", list(verbs or ()), verbs is not None),
        ("l.by = %s", filter.by, bool(filter.by)),
        ("l.number = %s", filter.number, bool(filter.number)),
        ("l.units @> ARRAY[%s::int]", filter.unit, bool(filter.unit)),
        ("l.subject = %s", f"org/{filter.about}", bool(filter.about)),
    ]
    person = any(ref.startswith("person:") for ref in (filter.by, filter.about))
    where = [seen, *(w for w, _v, on in pairs if on), *([_NOT_ERASED] if person else ())]
    return where, [*values, *(v for _w, v, on in pairs if on)]


_NOT_ERASED = """NOT EXISTS (SELECT 1 FROM cases_case c WHERE c.number = l.number AND c.erased_at IS NOT NULL)"""
"""Nothing leads from a person to a case that says of nobody any more whose it was."""


def _shown(by: Actor, found: Sequence[_Found]) -> list[Shown]:
    rows = {row.place[2]: row for row in found}
    entries = ledger.entries([row.place for row in found], rules.OPENED)
    erased = cases.erased_among({row.number for row in found} - {""})
    names = Names.of(entries, {id_ for id_, row in rows.items() if row.number in erased})
    reach = org.reach(by)
    shown = []
    for entry in entries:
        row = rows[entry.id]
        opens = bool(row.number) and reach.covers(Facts.of(row.units, region=row.region, kind=row.kind))
        text, actor = sentence(entry, names), names.actor(entry)
        shown.append(
            Shown(entry.id, entry.at, entry.verb, text, actor, row.number, opens, about(entry, names), entry.sealed)
        )
    return shown


def count(by: Actor, filter: rules.Filter) -> int:
    """How many the reader may see, counted up to `COUNTED`."""
    where, values = _conditions(by, filter)
    query = f"SELECT count(*) FROM (SELECT 1 FROM audit_line l WHERE {' AND '.join(where)} LIMIT %s) x"
    row = sql.run(query, [*values, COUNTED]).fetchone()
    return int(row[0]) if row else 0


def behind() -> int:
    """How many entries the list does not hold yet, counted up to `COUNTED`; the next sweep takes them in."""
    row = sql.run(_BEHIND, [COUNTED]).fetchone()
    return int(row[0]) if row else 0


_BEHIND = """SELECT count(*) FROM (SELECT 1 FROM ledger_entry e,
 (SELECT coalesce(max(era), 0) AS era FROM audit_line) a,
 LATERAL (SELECT coalesce(max(xid), 0) AS xid, coalesce(max(id), 0) AS id FROM (SELECT xid, id FROM audit_line
  ORDER BY era DESC, xid DESC, id DESC LIMIT 1) x) l
WHERE (e.era, e.xid, e.id) > (a.era, l.xid::text::xid8, l.id) LIMIT %s) n"""
_VERBS = """WITH RECURSIVE known AS (
 (SELECT verb FROM audit_line ORDER BY verb LIMIT 1)
 UNION ALL SELECT (SELECT l.verb FROM audit_line l WHERE l.verb > k.verb ORDER BY l.verb LIMIT 1)
 FROM known k WHERE k.verb IS NOT NULL)
SELECT verb FROM known WHERE verb IS NOT NULL"""


def verbs() -> list[str]:
    """Every kind of act in the list, by code: each found with one look into the index."""
    return [verb for (verb,) in sql.run(_VERBS).fetchall()]


def units(by: Actor) -> list[org.UnitInfo]:
    """The units within the auditor's scope, closed ones too."""
    return [unit for unit in org.units_in() if may_see_unit(by, unit)]


def may_see_unit(by: Actor, unit: org.UnitInfo) -> bool:
    return org.may(by, RIGHT, units=[unit.id], region=unit.region, kind="")


def members(by: Actor, unit: int = 0) -> list[org.StaffInfo]:
    """Who works or worked in the auditor's scope, or in one unit of it."""
    return org.staff_of([unit] if unit else [known.id for known in units(by)], left=True)
