"""The one door through which every change goes: `begin` makes a case, `act` changes one.

One transaction: lock, right, state, body, clocks, ledger, notices. The answer is given after the commit; the same
`key` again gives the same answer and no second effect.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, OperationalError, transaction
from psycopg.errors import DeadlockDetected

from mashang.clocks import actions as clock_actions
from mashang.clocks import rules as clock_rules
from mashang.clocks.rules import ClockRow
from mashang.kernel import sql
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Forbidden, NotFound, Refused
from mashang.ledger import actions as ledger
from mashang.ledger.rules import Entry
from mashang.org import queries as org
from mashang.org.rules import Facts

from .. import rules
from ..casefile import CaseFile, StepInHand
from ..procedure import Action, Form, Procedure, registry
from . import write

_OTHER_KEY = "同一个请求编号已用于另一次不同的提交，请换一个编号再试。"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an act came to. `again` says that this is the answer given to the same key before."""

    number: str
    kind: str
    state: str
    revision: int
    again: bool = False


def facts_of(case: CaseFile) -> Facts:
    """What decides who may see or act on this case."""
    return Facts(frozenset(case.units), frozenset(case.persons), case.region, case.kind)


def begin(
    kind: str, action: str, data: Mapping[str, Any] | Form, *, by: Actor, now: datetime, key: str = "", parent: str = ""
) -> Answer:
    """Make a case of this kind by its opening action. Refuses unknown kinds, faulty forms and missing rights."""
    procedure, verb = _verb(kind, action, "new")
    form = rules.parse(verb.form, data)
    request = (by.ref, key, _digest(kind, action, form))
    try:
        return _whole(lambda: _begin(procedure, verb, form, by=by, now=now, request=request, parent=parent))
    except IntegrityError as fault:
        if "request_once" not in str(fault):
            raise
        return _answered(*request)
    except Refused:
        if key and _known(by.ref, key):  # what was taken in once stays so, even if it would be refused by now
            return _answered(*request)
        raise


def _whole(work: Callable[[], Answer]) -> Answer:
    """Do it in one transaction; anew if that met another in a deadlock, which undid all of it.

    Acts meet no one else's acts, but calendars computed anew lock the clocks of many cases at once.
    """
    for _ in range(2):
        try:
            with transaction.atomic(durable=True):
                return work()
        except OperationalError as fault:
            if not isinstance(fault.__cause__, DeadlockDetected):
                raise
    with transaction.atomic(durable=True):
        return work()


def _begin(
    procedure: Procedure,
    verb: Action,
    form: Form,
    *,
    by: Actor,
    now: datetime,
    request: tuple[str, str, bytes],
    parent: str,
) -> Answer:
    case = CaseFile(
        id=0, number="", kind=procedure.kind, title="", about="", state="", outcome="", lead_unit_id=0, region="",
        units=[], persons=[], parent_id=write.lock(parent) if parent else None, definition=None, channel="",
        opened_at=now, due_at=None, settled_at=None, held=False, late=False, supervised=False, revision=1, now=now,
    )  # fmt: skip
    verb.body(case, form, by=by, now=now)
    case.units = sorted({*case.units, case.lead_unit_id})
    if not any(rules.may_press(verb, by, facts_of(case), unit, None) for unit in case.units):
        raise Forbidden  # a window takes in what another unit leads
    _reach(procedure, verb, case)
    prefix = rules.number_prefix(org.region_short(case.region), procedure.mark, now)
    case.id, case.number, ids = write.allocate(prefix, len(case.plans))
    _finish(procedure, verb, case, by=by, ids=ids, request=request, new=True)
    return Answer(case.number, case.kind, case.state, 1)


def act(
    number: str,
    action: str,
    data: Mapping[str, Any] | Form,
    *,
    by: Actor,
    now: datetime,
    key: str = "",
    step: int = 0,
    revision: int = 0,
) -> Answer:
    """Press `action` on the case (on its open step `step` where the action works on steps).

    Refuses: a case the actor can't see (NotFound), a missing right (Forbidden), a state the action does not leave, a
    faulty form (all faults at once), a `revision` that is no longer the current one.
    """
    try:
        return _whole(lambda: _act(number, action, data, by=by, now=now, key=key, step=step, revision=revision))
    except IntegrityError as fault:
        if "request_once" not in str(fault):
            raise
        raise Refused("conflict.key", _OTHER_KEY) from fault  # the same case would have waited for its lock


def _act(
    number: str,
    action: str,
    data: Mapping[str, Any] | Form,
    *,
    by: Actor,
    now: datetime,
    key: str,
    step: int,
    revision: int,
) -> Answer:
    case, before = write.take(number, step, by.ref, key, now)
    procedure = registry[case.kind]
    if not org.may_see(by, facts_of(case)):
        raise NotFound
    verb = rules.verb_of(procedure, action)
    form = rules.parse(verb.form, data)
    digest = _digest(number, f"{action}/{step}", form)
    if before:
        return _same(before, digest)
    _allow(procedure, verb, case, by, revision, step)
    left = case.state
    verb.body(case, form, by=by, now=now)
    _reach(procedure, verb, case, left)
    _finish(procedure, verb, case, by=by, ids=None, request=(by.ref, key, digest), new=False)
    return Answer(case.number, case.kind, case.state, case.revision + 1)


def _verb(kind: str, action: str, on: str) -> tuple[Procedure, Action]:
    procedure = registry.get(kind)
    verb = procedure.actions.get(action) if procedure else None
    if procedure is None or verb is None or verb.on != on:
        raise NotFound("没有这一种办理事项，请从大厅重新进入。")
    return procedure, verb


def _allow(procedure: Procedure, verb: Action, case: CaseFile, by: Actor, revision: int, step: int) -> None:
    """Right, revision, state and step, in the order in which a person would want to be told."""
    astray = step and verb.on == "case" and not verb.by_rule
    if astray or (case.step is None and (step or verb.on == "step")):
        raise NotFound("没有找到这个环节，请刷新页面。")
    if not rules.may_press(verb, by, facts_of(case), case.lead_unit_id, case.step):
        raise Forbidden
    if revision and revision != case.revision:
        raise Refused("conflict.stale", "这一件刚刚被别人办理过，请刷新页面看过最新情况再办。")
    kind, state, label = (case.step.kind, case.step.state, case.step.label) if case.step else ("", "", "")
    if no := rules.too_late(procedure, verb, case.state, kind, state, label):
        raise no


def _reach(procedure: Procedure, verb: Action, case: CaseFile, left: str = "") -> None:
    """Set the declared state, or check that the body chose one of those declared from the one `left`; a final state settles
    the case."""
    if len(verb.reaches) == 1:
        case.state = verb.reaches[0]
    known = case.state in verb.reaches or case.state in verb.leaves
    if verb.reaches and (not known or (left, case.state) in verb.never):
        raise AssertionError(f"{case.kind}.{verb.code} reached {case.state!r}, which it does not declare")
    if case.state in procedure.final and case.settled_at is None:
        case.settle(case.outcome or case.state)


def _move_clocks(verb: Action, case: CaseFile) -> None:
    for code in verb.stops:
        case.stop_clock(code)
    if case.step and case.finished:
        for row in (case.changed.get(c.id, c) for c in case.clocks):
            if row.step_id == case.step.id and row.state != "stopped":
                case.changed[row.id] = clock_rules.stop(row, case.now)
    for code in verb.starts:
        if not any(row.code == code for row in case.began):
            case.start_clock(code)


def _open_followers(case: CaseFile) -> None:
    """Steps that waited for the one now done: those with nothing left to wait for open and their clocks start."""
    if not case.finished or case.drop_steps:
        case.opening = []
        return
    for step in case.opening:
        step.needs -= 1
        if step.needs == 0:
            step.state, step.opened_at = "open", case.now
            _start_step(case, step)


def _start_step(case: CaseFile, step: StepInHand) -> None:
    for code, limit in step.clocks:
        case.start_clock(code, limit, step=step)


def _finish(
    procedure: Procedure,
    verb: Action,
    case: CaseFile,
    *,
    by: Actor,
    ids: list[int] | None,
    request: tuple[str, str, bytes],
    new: bool,
) -> None:
    """Work out clocks and followers, then write all of it, case, clocks and ledger, with one statement."""
    _open_followers(case)
    planned = write.lay_out(case.plans, ids if ids is not None else write.step_ids(len(case.plans)), case.now)
    for step in planned:
        if step.state == "open":
            _start_step(case, step)
    _move_clocks(verb, case)
    opened = [row if row.case_id else replace(row, case_id=case.id) for row in case.began]  # begun before the case was
    _show_due(case, planned, opened)
    answer = Answer(case.number, case.kind, case.state, 1 if new else case.revision + 1)
    staff = by.id if by.kind == "staff" else None
    changed = [] if case.drop_steps else list(case.changed.values())
    more = [*clock_actions.writing(opened, changed), *ledger.recording([*case.entries, _entry(verb, case, by)])]
    stop_all = case.drop_steps and not new
    bound = write.write(
        case, planned, by=staff, owner=by.ref, request=(*request, answer), new=new, last=not stop_all, more=more
    )
    if bound != len(case.attached):
        raise Refused("document.gone", "有附件已失效或不是您上传的，请重新上传后再提交。", "documents")
    if stop_all:
        clock_actions.stop_all(case.id, case.now)


def _show_due(case: CaseFile, planned: list[StepInHand], opened: list[ClockRow]) -> None:
    """The case and each step in hand carry the due time of the clock a reader is shown; what is dropped waits for nothing, and
    what is done keeps the time by which it was due in the end, pauses left out."""
    rows = [*(case.changed.get(c.id, c) for c in case.clocks), *opened]
    if case.step and case.finished:
        own = rules.main_clock((r for r in rows if r.step_id == case.step.id), stopped=True)
        case.step.due_at, case.step.held = (own and own.due_at) or case.step.due_at, False
    if case.drop_steps:
        case.due_at, case.held = None, False
        return
    main = rules.main_clock(r for r in rows if r.step_id is None)
    case.due_at, case.held = (main.due_at, main.state == "suspended") if main else (None, False)
    for step in (*planned, *case.opening, *([case.step] if case.step and not case.finished else [])):
        own = rules.main_clock(r for r in rows if r.step_id == step.id)
        if own:
            step.due_at, step.held = own.due_at or step.due_at, own.state == "suspended"


def _entry(verb: Action, case: CaseFile, by: Actor) -> Entry:
    facts = {"state": case.state, **case.facts}
    if case.step:
        facts |= {"step": case.step.label, "unit": case.step.unit_id}
    return Entry(case.number, f"{case.kind}.{verb.code}", by.ref, case.now, facts, case.private)


def _digest(*parts: Any) -> bytes:
    """What a key stands for: the same key with another request is refused, not answered with the old answer."""
    texts = [p.model_dump_json() if isinstance(p, Form) else str(p) for p in parts]
    return hashlib.sha256(json.dumps(texts, ensure_ascii=False).encode()).digest()


def _same(before: Any, digest: bytes) -> Answer:
    if before[0] != digest.hex():
        raise Refused("conflict.key", _OTHER_KEY)
    return Answer(**{**before[1], "again": True})


def _known(actor: str, key: str) -> Any:
    return sql.run(
        "SELECT encode(digest, 'hex'), answer FROM cases_request WHERE actor = %s AND key = %s", [actor, key]
    ).fetchone()


def _answered(actor: str, key: str, digest: bytes) -> Answer:
    row = _known(actor, key)
    if row is None:
        raise Refused("conflict.retry", "系统正忙，请稍后用同一编号再试一次。")
    return _same((row[0], json.loads(row[1])), digest)
