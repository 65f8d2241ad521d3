"""Listing what the ledger holds, taking parts of it away, and having the whole of it checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import F

from mashang.kernel import sql
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Forbidden, Refused
from mashang.kernel.said import said
from mashang.ledger import actions as ledger
from mashang.ledger import queries as kept
from mashang.ledger.queries import Place, Recorded
from mashang.ledger.rules import Entry
from mashang.org import queries as org

from . import queries, rules
from .models import Check, Line

RIGHT = "ledger.audit"
BATCH, BATCHES = 5000, 40
MOST, STEP = 5000, 500
TOLD = 20_000  # entries after which a check says how far it is
TRIES = 3
_FOLLOW = """UPDATE audit_line l SET units = c.units FROM cases_case c
WHERE c.number = l.number AND l.number = ANY (%s::text[]) AND l.units <> c.units"""


# ── the list ──


def list_news() -> int:
    """Take what was recorded since the last time into the list; gives how many entries. A transaction for each batch:
    broken off, it goes on from there; run twice at once, one waits for the other."""
    listed = 0
    for _ in range(BATCHES):
        with _list_alone():
            found, _place, more = kept.news(_last_place(), BATCH)
            _list(found)
        listed += len(found)
        if not more:
            break
    return listed


@contextmanager
def _list_alone() -> Iterator[None]:
    """A transaction in which nobody else adds to the list or makes it again: what one of them had not committed yet
    would survive the other's deletion, and everything before it would never be listed."""
    with transaction.atomic():
        sql.run("SELECT pg_advisory_xact_lock(hashtext('audit_line'))")
        yield


def _last_place() -> Place:
    row = Line.objects.order_by("-era", "-xid", "-id").values_list("era", "xid", "id").first()
    return row or (0, 0, 0)


def _list(found: Sequence[tuple[Place, Recorded]]) -> None:
    if not found:
        return
    rows = queries.lines_of(found)
    Line.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=True)
    sql.run(_FOLLOW, [sorted({row.number for row in rows} - {""})])


# ── taking entries away ──


def export(filter: rules.Filter, form: str, *, by: Actor, now: datetime) -> tuple[list[queries.Shown], bool]:
    """What the filter lists, newest first, at most `MOST`; and whether there is more. That it was taken away is
    recorded with how much and under which conditions."""
    if form not in ("xlsx", "csv"):
        raise Refused("export.form", "请选择导出为 Excel 或 CSV。", "form")
    rows: list[queries.Shown] = []
    after = ""
    while len(rows) < MOST:
        page = queries.record(by, filter, after=after, limit=STEP)
        rows, after = [*rows, *page.rows], page.after
        if not after:
            break
    conditions = {name: str(value) for name, value in asdict(filter).items() if value}
    _note("ledger.exported", "audit/export", by=by, now=now, rows=len(rows), form=form, conditions=conditions)
    return rows, bool(after)


# ── the whole ledger checked ──


def ask_check(*, by: Actor, now: datetime) -> Check:
    """Have the whole ledger checked by the worker; gives the check that runs already when there is one."""
    if not org.holds(by, RIGHT):
        raise Forbidden()
    try:
        with transaction.atomic():
            made = Check.objects.create(state=Check.State.WAITING, asked_by=by.ref, asked_at=now)
            _note("ledger.check_asked", "audit/check", by=by, now=now, check=made.pk)
    except IntegrityError as fault:
        if "audit_check_one_at_a_time" not in str(fault):
            raise
        return Check.objects.get(state=Check.State.WAITING)
    return made


def run_check(now: datetime) -> int:
    """Do the check that waits: every stored byte of the ledger, then the auditors' list against it. Gives 1, or 0 when
    none waits. One whose worker was killed is begun again, at most `TRIES` times."""
    check = Check.objects.filter(state=Check.State.WAITING).first()
    if check is None:
        return 0
    state = kept.state()
    if check.tries >= TRIES:
        Check.objects.filter(pk=check.pk).update(state=Check.State.FAILED, finished_at=now)
        return 1
    Check.objects.filter(pk=check.pk).update(tries=F("tries") + 1, done=0, total=state.size + state.waiting)
    with _telling(check.pk) as told:
        report = kept.audit(told)
    listed = queries.list_faults()
    findings = [{"code": f.code, "case": f.case, "entry": f.entry, **rules.kept(f.text)} for f in report.findings]
    findings += [{"code": "list.differs", "case": "", "entry": id_, **rules.kept(_differs(id_))} for id_ in listed]
    _finish(check, report, findings, relist=bool(listed), now=now)
    return 1


def _differs(entry: int) -> str:
    return said("审计名录中记录 {entry} 与台账不符，名录已按台账重建。", entry=entry)


def _finish(check: Check, report: kept.Report, findings: list[dict[str, Any]], *, relist: bool, now: datetime) -> None:
    counts = {name: getattr(report, name) for name in ("entries", "sealed", "private", "checkpoints")}
    with _list_alone() if relist else transaction.atomic():
        if relist:
            Line.objects.all().delete()
        changed = Check.objects.filter(pk=check.pk, state=Check.State.WAITING).update(
            state=Check.State.DONE, finished_at=now, done=report.entries, total=report.entries, counts=counts,
            findings=findings,
        )  # fmt: skip
        if changed:
            by = Actor.system("audit")
            facts = {"check": check.pk, "entries": report.entries, "findings": len(findings)}
            _note("ledger.checked", "audit/check", by=by, now=now, **facts)


@contextmanager
def _telling(check: int) -> Iterator[Callable[[int], None]]:
    """What is told how many entries were read, and writes it down on a connection of its own: the audit's is busy."""
    last: list[int] = [0]
    pool = ThreadPoolExecutor(1)
    sent: list[Future[int]] = []

    def told(done: int) -> None:
        if done >= last[0] + TOLD:
            last[0] = done
            sent.append(pool.submit(_write_progress, check, done))

    try:
        yield told
        for one in sent:
            one.result()
    finally:
        pool.submit(lambda: connection.close()).result()  # this thread's own
        pool.shutdown()


def _write_progress(check: int, done: int) -> int:
    return Check.objects.filter(pk=check).update(done=done)


def _note(verb: str, subject: str, *, by: Actor, now: datetime, **facts: Any) -> None:
    ledger.record([Entry(subject, verb, by.ref, now, facts)])
