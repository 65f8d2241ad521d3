"""What must I do now: one inbox for every kind of case, ordered by the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from mashang.kernel import sql
from mashang.kernel.actor import Actor
from mashang.org import queries as org

from ..procedure import registry
from .notices import unread_sql
from .pages import COLUMNS, Filter, Row, conditions, cursor, read_cursor

Tab = Literal["todo", "doing", "done", "supervised"]
_FAR = "'infinity'::timestamptz"
_TODO = "s.state = 'open' AND s.unit_id = %s"
_OPEN = f"(SELECT count(*) FROM cases_step s JOIN cases_case c ON c.id = s.case_id WHERE {_TODO}"
_MINE = "(s.staff = ANY (%s) OR (s.staff IS NULL OR s.staff <> ALL (%s)) AND c.kind || '/' || s.kind <> ALL (%s))"
_DUE = "(s.due_at IS NOT NULL OR s.kind <> ALL (%s))"


def _on_request() -> list[str]:
    """Kinds of steps that wait to be asked for: while no time of theirs runs, they are nobody's work."""
    return sorted({k for p in registry.values() for verb in p.actions.values() if verb.untimed for k in verb.steps})


def _others_work(by: Actor) -> list[str]:
    """Kinds of steps (kind of case/kind of step) that nothing the reader may press in their unit finishes: somebody else's
    work. None for those who hand work out."""
    found: list[str] = []
    for procedure in registry.values():
        if org.may_in(by, "cases.assign", by.unit_id, procedure.kind):
            continue
        verbs = [verb for verb in procedure.actions.values() if verb.finishes and not verb.by_rule]
        theirs = {k for verb in verbs if org.may_in(by, verb.right, by.unit_id, procedure.kind) for k in verb.steps}
        found += [f"{procedure.kind}/{kind}" for kind in procedure.step_kinds if kind not in theirs]
    return found


def _mine(by: Actor, now: datetime) -> list[Any]:
    """What `_MINE` asks for: whose desk is the reader's, whose is not, and what is others' work."""
    return [org.standing_for(by, now), org.colleagues_at_work(by, now), _others_work(by)]


@dataclass(frozen=True, slots=True)
class Task:
    """A case as it lies in the inbox: with the step to work, or without one in the tabs that look back."""

    case: Row
    step_id: int | None
    step: str
    step_kind: str
    staff: int | None
    due_at: datetime | None
    held: bool


@dataclass(frozen=True, slots=True)
class Inbox:
    tasks: list[Task]
    after: str


def inbox(
    by: Actor,
    tab: Tab,
    filter: Filter | None = None,
    *,
    now: datetime,
    mine: bool = True,
    unasked: bool = False,
    after: str = "",
    limit: int = 50,
) -> Inbox:
    """One page of a tab. `mine` leaves out what lies with colleagues the reader does not stand in for, and what lies with
    nobody and the reader may not finish; `unasked` has steps too that wait for somebody to ask for them."""
    filter = filter or Filter()
    if tab == "todo":
        return _todo(by, filter, now, mine, unasked, after, limit)
    return _looking_back(by, tab, filter, after, limit)


def counts(by: Actor, *, now: datetime) -> dict[str, int]:
    """How many lie in each tab, in one statement (待办 mine and whole unit, 在办, 督办), and how many notices are unread."""
    seen, values = org.visible_to(by, "cases.view", "c")
    unread, unread_values = unread_sql(by)
    later = _on_request()
    row = sql.run(
        f"""SELECT
          {_OPEN} AND {_DUE} AND {_MINE} AND {seen}),
          {_OPEN} AND {_DUE} AND {seen}),
          (SELECT count(*) FROM cases_case c WHERE {seen} AND c.settled_at IS NULL AND c.id IN
            (SELECT case_id FROM cases_step WHERE done_by = %s)),
          (SELECT count(*) FROM cases_case c WHERE {seen} AND c.supervised AND c.settled_at IS NULL), {unread}""",
        [
            by.unit_id,
            later,
            *_mine(by, now),
            *values,
            by.unit_id,
            later,
            *values,
            *values,
            by.id,
            *values,
            *unread_values,
        ],
    ).fetchone()
    return dict(zip(("todo", "unit", "doing", "supervised", "unread"), row or (0, 0, 0, 0, 0), strict=True))


def _todo(by: Actor, filter: Filter, now: datetime, mine: bool, unasked: bool, after: str, limit: int) -> Inbox:
    where, values = conditions(filter)
    seen, seen_values = org.visible_to(by, "cases.view", "c")
    bounds = [_TODO, *([] if unasked else [_DUE]), *([_MINE] if mine else [])]
    values = [
        by.unit_id, *([] if unasked else [_on_request()]), *(_mine(by, now) if mine else []),
        *seen_values, *values,
    ]  # fmt: skip
    where = [*bounds, seen, *where]
    if filter.due_before is not None:
        where.append("coalesce(s.due_at, c.due_at) < %s")
        values.append(filter.due_before)
    if after:
        where.append(f"(coalesce(s.due_at, {_FAR}), s.id) > (coalesce(%s, {_FAR}), %s)")
        values += read_cursor(after)
    rows = sql.run(
        f"""SELECT {COLUMNS}, s.id, s.label, s.kind, s.staff, s.due_at, s.held
        FROM cases_step s JOIN cases_case c ON c.id = s.case_id
        WHERE {" AND ".join(where)} ORDER BY coalesce(s.due_at, {_FAR}), s.id LIMIT %s""",
        [*values, limit + 1],
    ).fetchall()
    tasks = [_task(row) for row in rows[:limit]]
    last = tasks[-1] if len(rows) > limit else None
    return Inbox(tasks, cursor(last.due_at, last.step_id or 0) if last else "")


def _task(row: tuple[Any, ...]) -> Task:
    return Task(Row(*row[:16]), *row[16:])


def _looking_back(by: Actor, tab: Tab, filter: Filter, after: str, limit: int) -> Inbox:
    where, values = conditions(filter)
    seen, seen_values = org.visible_to(by, "cases.view", "c")
    worked = "c.id IN (SELECT case_id FROM cases_step WHERE done_by = %s)"
    own = {
        "doing": ("c.settled_at IS NULL AND " + worked, [by.id]),
        "done": ("c.settled_at IS NOT NULL AND " + worked, [by.id]),
        "supervised": ("c.supervised AND c.settled_at IS NULL", []),
    }[tab]
    where = [seen, own[0], *where]
    values = [*seen_values, *own[1], *values]
    if after:
        where.append("(c.updated_at, c.id) < (%s, %s)")
        values += read_cursor(after)
    rows = sql.run(
        f"SELECT {COLUMNS} FROM cases_case c WHERE {' AND '.join(where)} ORDER BY c.updated_at DESC, c.id DESC LIMIT %s",
        [*values, limit + 1],
    ).fetchall()
    tasks = [Task(Row(*row), None, "", "", None, row[11], row[13]) for row in rows[:limit]]
    return Inbox(tasks, cursor(tasks[-1].case.updated_at, tasks[-1].case.id) if len(rows) > limit else "")
