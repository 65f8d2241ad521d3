"""Checks of the whole ledger: what was asked, how far they are, what they found."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise

from mashang.cases import queries as cases
from mashang.kernel import sql
from mashang.kernel.actor import Actor
from mashang.kernel.refused import NotFound
from mashang.ledger import queries as ledger
from mashang.org import queries as org

from .. import rules
from ..models import Check, Line
from .listing import lines_of

RIGHT = "ledger.audit"
NAMED = 200  # differences of the list that are named one by one
BATCH = 5000
_LINES = """SELECT id, era, xid, at, subject, verb, by, number, units, region, kind FROM audit_line
WHERE (era, xid, id) > (%s, %s, %s) AND (era, xid, id) <= (%s, %s, %s)"""
_AFTER = """SELECT DISTINCT subject FROM ledger_entry
WHERE (era, xid, id) > (%s::int, %s::bigint::text::xid8, %s::bigint) AND subject = ANY (%s::text[])"""
_LAST = "SELECT era, xid, id FROM audit_line ORDER BY era DESC, xid DESC, id DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that a check found: a stable code and its sentence; the case it names when the reader may know of it."""

    code: str
    text: str
    case: str
    opens: bool


@dataclass(frozen=True, slots=True)
class CheckInfo:
    """A check: who asked when, how far it is, and what came of it. `hidden` counts faults on cases out of the
    reader's scope; `counts` are entries, sealed, private facts, checkpoints."""

    id: int
    state: str
    label: str | Promise
    asked_by: str
    asked_at: datetime
    finished_at: datetime | None
    done: int
    total: int
    counts: dict[str, int]
    findings: int


def checks(limit: int = 20) -> list[CheckInfo]:
    """The latest checks, the newest first."""
    return [_info(row) for row in Check.objects.order_by("-id")[:limit]]


def waiting_check() -> CheckInfo | None:
    """The check that runs or waits for the worker."""
    row = Check.objects.filter(state=Check.State.WAITING).first()
    return _info(row) if row else None


def check_for(by: Actor, id_: int) -> tuple[CheckInfo, list[Fault], int]:
    """A check, the faults that the reader may know of, and how many others there are. Refuses an id that is none."""
    row = Check.objects.filter(pk=id_).first()
    if row is None:
        raise NotFound("没有找到这次核对。")
    numbers = {str(finding["case"]) for finding in row.findings if finding["case"]}
    known = cases.facts_by_number(numbers)
    reach, open_cases = org.reach(by, RIGHT), org.reach(by)
    bounded = org.bounded(by, RIGHT)
    shown, hidden = [], 0
    for finding in row.findings:
        number = str(finding["case"])
        facts = known.get(number)
        if number and (not reach.covers(facts) if facts else bounded):
            hidden += 1
            continue
        opens = facts is not None and open_cases.covers(facts)
        shown.append(Fault(str(finding["code"]), rules.again(finding), number, opens))
    return _info(row), shown, hidden


def list_faults() -> list[int]:
    """The ids of entries that the auditors' list leaves out, adds or tells otherwise than the ledger, whom they concern
    included; the first `NAMED`. Reads both side by side, some thousands at a time. A case that goes on meanwhile is
    left to the next sweep."""
    last = sql.run(_LAST).fetchone()
    place: ledger.Place = (0, 0, 0)
    found: list[int] = []
    more = last is not None
    while more and last is not None and len(found) < NAMED:
        read, end, more = ledger.news(place, BATCH)
        until = min(end, last) if more else last
        known = [(at, entry) for at, entry in read if at <= last]
        entries = {line.id: _values(line) for line in lines_of(known)}
        lines = {row[0]: row for row in sql.run(_LINES, [*place, *until]).fetchall()}
        differing = [id_ for id_ in sorted(entries.keys() | lines.keys()) if entries.get(id_) != lines.get(id_)]
        gone_on = _gone_on({entries[id_][_NUMBER] for id_ in differing if id_ in entries} - {""}, last)
        found += [
            id_ for id_ in differing
            if not (id_ in entries and entries[id_][_NUMBER] in gone_on and id_ in lines)
        ]  # fmt: skip
        more, place = more and end < last, end
    return found[:NAMED]


def _values(line: Line) -> tuple[Any, ...]:
    """As `_LINES` reads them."""
    return (
        line.id, line.era, line.xid, line.at, line.subject, line.verb, line.by, line.number, line.units, line.region, line.kind,
    )  # fmt: skip


_NUMBER = 7


def _gone_on(numbers: Collection[str], last: ledger.Place) -> set[str]:
    """Those of these cases on which there are acts that the list does not hold yet."""
    return {subject for (subject,) in sql.run(_AFTER, [*last, list(numbers)]).fetchall()} if numbers else set()


def _info(row: Check) -> CheckInfo:
    by = org.shown_name(row.asked_by, to=Actor("staff"))
    label = Check.State(row.state).label
    return CheckInfo(
        row.pk, row.state, label, by, row.asked_at, row.finished_at, row.done, row.total, row.counts, len(row.findings)
    )
