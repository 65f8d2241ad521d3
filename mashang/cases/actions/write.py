"""The statements by which the door locks, reads and writes a case: fixed texts, so that the server prepares them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from mashang.clocks import queries as clocks
from mashang.kernel import sql
from mashang.kernel.refused import NotFound

from .. import rules
from ..casefile import CaseFile, StepInHand, StepPlan

_FIELDS = (
    "id, number, kind, title, about, state, outcome, lead_unit_id, region, units, persons, parent_id, definition, channel,"
    " opened_at, due_at, settled_at, held, late, supervised, revision"
)
_STEP = (
    "id bigint, code text, label text, kind text, unit_id bigint, staff int, state text, needs smallint, next text[],"
    " clocks jsonb, opened_at timestamptz, due_at timestamptz, held boolean, done_at timestamptz, done_by int, result text"
)
# NO KEY, so that rows that only name the case go in meanwhile: a sweep that holds the case's clocks never waits for it.
# The long statements of an act are planned once and not each time anew, for this transaction only: lists need their
# plans to fit what is asked.
_PLANNED_ONCE = "set_config('plan_cache_mode', 'force_generic_plan', true)"
_LOCK = f"SELECT id, {_PLANNED_ONCE} FROM cases_case WHERE number = %s FOR NO KEY UPDATE"
_LOAD = f"""
SELECT {", ".join("c." + f.strip() for f in _FIELDS.split(","))},
  (SELECT to_jsonb(s) FROM cases_step s WHERE s.case_id = c.id AND s.id = %s),
  (SELECT jsonb_agg(n) FROM cases_step n
    WHERE n.case_id = c.id AND n.state = 'waiting'
      AND n.code = ANY (SELECT unnest(s.next) FROM cases_step s WHERE s.case_id = c.id AND s.id = %s)),
  (SELECT jsonb_build_array(encode(r.digest, 'hex'), r.answer) FROM cases_request r WHERE r.actor = %s AND r.key = %s)
FROM cases_case c WHERE c.number = %s"""
# unnest, not a series as long as asked: the server takes a plan made once for dearer than one made each time
_ALLOCATE = f"""
SELECT nextval('cases_case_id_seq'), cases_next_number(%s),
  (SELECT array_agg(nextval('cases_step_id_seq')) FROM unnest(%s::int[])), {_PLANNED_ONCE}"""
_STEP_IDS = "SELECT nextval('cases_step_id_seq') FROM generate_series(1, %s)"
_NEW = f"""
INSERT INTO cases_case ({_FIELDS}, updated_at, search)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 1, %s, array_to_tsvector(string_to_array(%s, chr(31))))"""
_CHANGE = """
UPDATE cases_case SET title = %s, about = %s, state = %s, outcome = %s, units = %s, persons = %s, due_at = %s,
  settled_at = %s, held = %s, late = %s, supervised = %s, revision = revision + 1, updated_at = %s,
  search = CASE WHEN %s THEN array_to_tsvector(string_to_array(%s, chr(31))) ELSE search END
WHERE id = %s"""
_WORKED = f"""
UPDATE cases_step s SET state = d.state, staff = d.staff, needs = d.needs, opened_at = d.opened_at, due_at = d.due_at,
  held = d.held, done_at = d.done_at, done_by = d.done_by, result = d.result, unit_id = d.unit_id, kind = d.kind
FROM jsonb_to_recordset(%s) AS d ({_STEP}) WHERE s.id = d.id"""
_DROPPED = (
    "UPDATE cases_step SET state = 'dropped' WHERE case_id = %s AND state IN ('waiting', 'open') AND id <> ALL (%s)"
)
_PLANNED = f"""
INSERT INTO cases_step (id, case_id, code, label, kind, unit_id, staff, state, needs, next, clocks, opened_at, due_at,
  held, result)
SELECT id, %s, code, label, kind, unit_id, staff, state, needs, next, clocks, opened_at, due_at, held, ''
FROM jsonb_to_recordset(%s) AS d ({_STEP})"""
_JOINED = """
INSERT INTO cases_participant (case_id, person_id, role, shown, phone_tail)
SELECT %s, person, role, shown, decode(tail, 'hex')
FROM jsonb_to_recordset(%s) AS d (person int, role text, shown text, tail text)"""
_BOUND = """
UPDATE cases_document o SET case_id = %s, step_id = %s, material = d.material
FROM jsonb_to_recordset(%s) AS d (id bigint, material text)
WHERE o.id = d.id AND o.case_id IS NULL AND o.mandate_id IS NULL AND o.owner = %s RETURNING 1"""
_TOLD = """
INSERT INTO cases_notice (case_id, person, staff, unit, channel, text, state, attempts, at, next_at, sent_at, fault)
SELECT %s, person, staff, unit, channel, text, CASE channel WHEN 'in-app' THEN 'sent' ELSE 'queued' END, 0, %s,
  CASE channel WHEN 'in-app' THEN NULL ELSE %s END, CASE channel WHEN 'in-app' THEN %s END, ''
FROM jsonb_to_recordset(%s) AS d (person int, staff int, unit int, channel text, text text)"""
_ANSWERED = "INSERT INTO cases_request (actor, key, digest, answer, at) VALUES (%s, %s, %s, %s, %s)"


def _instant(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def step_in_hand(row: dict[str, Any]) -> StepInHand:
    """A step from the JSON of its row."""
    return StepInHand(
        id=row["id"], code=row["code"], label=row["label"], kind=row["kind"], unit_id=row["unit_id"],
        state=row["state"], needs=row["needs"], next=row["next"], clocks=row["clocks"], staff=row["staff"],
        opened_at=_instant(row["opened_at"]), due_at=_instant(row["due_at"]), held=row["held"], result=row["result"],
    )  # fmt: skip


def lock(number: str) -> int:
    """Wait for the case and hold it until the transaction ends; what is read after this is current."""
    row = sql.run(_LOCK, [number]).fetchone()
    if row is None:
        raise NotFound
    return int(row[0])


def take(number: str, step_id: int, actor: str, key: str, now: datetime) -> tuple[CaseFile, Any]:
    """Lock the case and read it: with the clocks in hand, the step pressed on and the steps that wait for it; and what
    was answered to this key before."""
    clocks_held = clocks.reading_open("SELECT id FROM cases_case WHERE number = %s", [number], step_id or None)
    _, found, running = sql.run_all((_LOCK, [number]), (_LOAD, [step_id, step_id, actor, key, number]), clocks_held)
    row = found.fetchone()
    if row is None:
        raise NotFound
    *fields, step, following, before = row
    case = CaseFile(*(*fields, now))
    case.clocks = clocks.rows(running)
    case.step = step_in_hand(sql.read_json(step)) if step else None
    case.opening = [step_in_hand(s) for s in sql.read_json(following or "[]")]
    return case, sql.read_json(before or "null")


def allocate(prefix: str, steps: int) -> tuple[int, str, list[int]]:
    """Identity and number for a new case, identities for its steps. Sequences never wait for another session."""
    row = sql.run(_ALLOCATE, [prefix, _numbers(range(steps))]).fetchone()
    if row is None:
        raise NotFound
    return row[0], row[1], row[2] or []


def step_ids(count: int) -> list[int]:
    return [row[0] for row in sql.run(_STEP_IDS, [count])] if count else []


def lay_out(plans: Sequence[StepPlan], ids: Sequence[int], now: datetime) -> list[StepInHand]:
    """Plans as rows: each knows its successors; those that wait for nothing are open."""
    following: dict[str, list[str]] = {p.code: [] for p in plans}
    for plan in plans:
        for before in plan.after:
            following[before].append(plan.code)
    return [
        StepInHand(
            id=i, code=p.code, label=p.label, kind=p.kind, unit_id=p.unit_id, needs=len(p.after), next=following[p.code],
            state="waiting" if p.after else "open", clocks=[list(c) for c in p.clocks],
            opened_at=None if p.after else now,
        )
        for p, i in zip(plans, ids, strict=True)
    ]  # fmt: skip


def _json_step(step: StepInHand, case: CaseFile, by: int | None) -> dict[str, Any]:
    done = step is case.step and case.finished
    return {
        "id": step.id, "code": step.code, "label": step.label, "kind": step.kind, "unit_id": step.unit_id,
        "staff": step.staff, "state": step.state, "needs": step.needs, "next": step.next, "clocks": step.clocks,
        "opened_at": step.opened_at, "due_at": step.due_at, "held": step.held, "done_at": case.now if done else None,
        "done_by": by if done else None, "result": step.result,
    }  # fmt: skip


def write(
    case: CaseFile,
    planned: list[StepInHand],
    *,
    by: int | None,
    owner: str,
    request: Sequence[Any],
    new: bool,
    last: bool,
    more: Sequence[sql.Part] = (),
) -> int:
    """Everything an act changes in one statement: the case, what hangs on it, the rooms' rows, and `more` that the door
    adds; only what there is to write stands in it. Gives how many documents were bound.

    `request` is (actor, key, digest, answer); only unattached documents of `owner` can be bound. With `last` the act ends
    with it, unless what was bound has yet to be counted.
    """
    parts: list[sql.Part] = [("made", _NEW, _new_values(case)) if new else ("changed", _CHANGE, _change_values(case))]
    parts += [*_steps(case, planned, by), *_around(case, owner)]
    actor, key, digest, answer = request
    if key:
        parts.append(("answered", _ANSWERED, [actor, key, digest, sql.as_json(answer), case.now]))
    parts += [(f"room{place}", *make(case)) for place, make in enumerate(case.also)]
    bound = "SELECT count(*) FROM bound" if case.attached else "SELECT 0"
    row = sql.together([*parts, *more], bound, last=last and not case.attached).fetchone()
    return int(row[0]) if row else 0


def _around(case: CaseFile, owner: str) -> Iterator[sql.Part]:
    """Who takes part, which files are bound, who is told."""
    if case.parties:
        parties = [
            {"person": p.person_id, "role": p.role, "shown": p.shown, "tail": (p.phone_tail or b"").hex() or None}
            for p in case.parties
        ]
        yield "joined", _JOINED, [case.id, sql.as_json(parties)]
    if case.attached:
        listed = sql.as_json([{"id": d, "material": m} for d, m in case.attached])
        yield "bound", _BOUND, [case.id, case.step.id if case.step else None, listed, owner]
    if case.messages:
        notices = [
            {"person": m.person, "staff": m.staff, "unit": m.unit, "channel": m.channel, "text": m.text}
            for m in case.messages
        ]
        yield "told", _TOLD, [case.id, case.now, case.now, case.now, sql.as_json(notices)]


def _steps(case: CaseFile, planned: list[StepInHand], by: int | None) -> Iterator[sql.Part]:
    still_open = case.step is not None and case.step.state == "open" and not case.drop_steps
    in_hand = [case.step] if case.step and (case.finished or still_open) else []
    worked = [_json_step(s, case, by) for s in (*in_hand, *case.opening)]
    if worked:
        yield "worked", _WORKED, [sql.as_json(worked)]
    if case.drop_steps:
        yield "dropped", _DROPPED, [case.id, [s["id"] for s in worked]]
    if planned:
        yield "planned", _PLANNED, [case.id, sql.as_json([_json_step(s, case, None) for s in planned])]


def _new_values(case: CaseFile) -> list[Any]:
    return [
        case.id, case.number, case.kind, case.title, case.about, case.state, case.outcome, case.lead_unit_id, case.region,
        _numbers(case.units), _numbers(case.persons), case.parent_id, case.definition, case.channel, case.opened_at, case.due_at,
        case.settled_at, case.held, case.late, case.supervised, case.now, _tokens(case),
    ]  # fmt: skip


def _numbers(values: Iterable[int]) -> str:
    """An array as PostgreSQL reads it: made in no time, where the driver looks at every element."""
    return "{" + ",".join(map(str, values)) + "}"


def _tokens(case: CaseFile) -> str:
    """The search tokens as one text: the driver takes far longer to make an array of them than the server to cut it."""
    return "\x1f".join(rules.search_tokens(case.title, f"{case.about} {case.words}", case.number))


def _change_values(case: CaseFile) -> list[Any]:
    return [
        case.title, case.about, case.state, case.outcome, _numbers(case.units), _numbers(case.persons), case.due_at, case.settled_at,
        case.held, case.late, case.supervised, case.now, bool(case.words), _tokens(case) if case.words else "", case.id,
    ]  # fmt: skip
