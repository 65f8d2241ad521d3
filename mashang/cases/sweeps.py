"""Timed work of cases. Each may be run again at any time; a missed run changes only the hour of the warning."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F

from mashang.clocks import queries as clocks
from mashang.clocks.actions import sweep
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused

from .actions import act, forget_drafts, forget_erased, forget_misses, forget_unattached, send_due
from .models import Case, Expiry, Request, Step
from .procedure import registry

CLOCK = Actor.system("clock")
BATCH = 1000
MOVED = "moved"


def fire(now: datetime) -> int:
    """Fire the clocks that ran out or soon will, and keep what follows from it in the same transaction."""
    total = 0
    while True:
        with transaction.atomic():
            firings = sweep(now, BATCH)
            Expiry.objects.bulk_create(
                Expiry(
                    case_id=f.case_id, step=f.step_id, code=f.code, label=f.label, firing=f.firing, effect=f.effect,
                    due_at=f.due_at, at=now,
                )
                for f in firings
            )  # fmt: skip
        total += len(firings)
        if len(firings) < BATCH:
            return total


def expire(now: datetime) -> int:
    """Answer to what fired: each in an act of its own, under a key, so that a kill in between repeats nothing.

    One that breaks stands behind all others next time, so that it is seen in the log and holds nothing up. What fired
    after `now` is left alone: while a past is being made, it is the present's.
    """
    pending = list(
        Expiry.objects.filter(done_at=None, at__lte=now).select_related("case").order_by("tries", "id")[:BATCH]
    )
    for expiry in pending:
        mine, outcome = Expiry.objects.filter(pk=expiry.pk), ""
        try:
            outcome = _answer(expiry, now)
        except Refused as no:
            outcome = no.code
        finally:
            mine.update(**({"done_at": now, "outcome": outcome} if outcome else {"tries": F("tries") + 1}))
    return len(pending)


def _answer(expiry: Expiry, now: datetime) -> str:
    """The act that follows: the rule's effect where the procedure knows it, else a reminder or the case is late."""
    case, procedure = expiry.case, registry[expiry.case.kind]
    key = f"expiry:{expiry.pk}"
    effect = {"due": procedure.effects, "warning": procedure.warnings}.get(expiry.firing, {}).get(expiry.effect)
    if effect:
        answered = Request.objects.filter(actor=CLOCK.ref, key=key).exists()
        if not answered:  # else a worker was killed right after the act
            verb = procedure.actions[effect]
            step = _step_for(case, verb.steps) if verb.on == "step" else 0
            act(case.number, effect, {}, by=CLOCK, now=now, key=key, step=step)
        return effect
    if expiry.firing == MOVED:
        data = {
            "clock": expiry.label,
            "old": _stamp(datetime.fromisoformat(expiry.effect)),
            "new": _stamp(expiry.due_at),
        }
        act(case.number, "moved", data, by=CLOCK, now=now, key=key, step=expiry.step or 0)
        return "moved"
    verb_code = {"due": "overdue", "pause": "long_pause"}.get(expiry.firing, "remind")
    step_row = Step.objects.filter(pk=expiry.step).first() if expiry.step else None
    told: dict[str, str | int] = {
        "clock": expiry.label,
        "due": _stamp(expiry.due_at),
        "step": f"{step_row.label} · " if step_row else "",
        "unit": step_row.unit_id if step_row else case.lead_unit_id,
    }
    act(case.number, verb_code, told, by=CLOCK, now=now, key=key)
    return verb_code


def _stamp(at: datetime | None) -> str:
    return clock.in_words(at) if at else "（停表中）"


def _step_for(case: Case, kinds: frozenset[str]) -> int:
    found = case.steps.filter(state="open", kind__in=kinds).values_list("id", flat=True).first()
    if found is None:
        raise Refused("expiry.step-done", "这个环节已经办过。")
    return int(found)


def follow(now: datetime) -> int:
    """What a revised calendar moved becomes work to answer: the due times shown change and those concerned are told."""
    total = 0
    while found := _follow(now):
        total += found
    return total


def _follow(now: datetime) -> int:
    last = Expiry.objects.filter(firing=MOVED).order_by("-id").values_list("code", flat=True).first()
    moves = clocks.moves_after(int(last or 0), BATCH)
    rows = [
        Expiry(
            case_id=m.case_id, step=m.step_id, code=str(id), label=m.label, firing=MOVED, due_at=m.new_due_at, at=now,
            effect=m.old_due_at.isoformat(),
        )
        for id, m in moves
    ]  # fmt: skip
    Expiry.objects.bulk_create(rows)
    return len(rows)


def send(now: datetime) -> int:
    """Send the notices that are due."""
    return send_due(now)


def tidy(now: datetime) -> int:
    """Forget uploads that no case took, the bytes of files that were erased, drafts nobody went on with, and who looked for a
    case in vain."""
    return forget_unattached(now) + forget_erased() + forget_drafts(now) + forget_misses(now)
