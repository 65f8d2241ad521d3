"""What every change of the room shares: the right first, the ledger entry last, what was kept forgotten."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from mashang.kernel.actor import Actor
from mashang.kernel.refused import Fault, Forbidden, Refused
from mashang.kernel.said import said
from mashang.ledger import actions as ledger
from mashang.ledger.rules import Entry

from ..kept import forget
from ..queries import may_act, unit
from ..rules import Facts

ANYWHERE = Facts()
"""Facts that only a grant without bounds of unit or region covers."""
TOUCHES_NOTHING_KEPT = frozenset(
    {"person.registered", "person.revealed", "account.opened", "person.looked_up", "helper.not_found"}
)
"""Verbs that make something new which nobody can have asked for yet, or change nothing."""
STAYS: Mapping[str, tuple[str, ...]] = {"region": (), "unit": ("regions",)}
"""What a change leaves as it was, by what it changes; changes of people leave units and regions."""


def guard(by: Actor, right: str, facts: Facts = ANYWHERE) -> None:
    if not may_act(by, right, facts):
        raise Forbidden()


def at_own_unit(by: Actor) -> Facts:
    """Facts of the actor's own unit: what is done at one's own counter. A client without one has the region it serves."""
    if not by.unit_id:
        return (
            Facts(region=max((g.region for g in by.grants), key=len, default="")) if by.kind == "client" else ANYWHERE
        )
    return Facts(frozenset({by.unit_id}), region=unit(by.unit_id).region)


def note(
    verb: str,
    subject: str,
    *,
    by: Actor,
    now: datetime,
    facts: Mapping[str, Any],
    private: Mapping[str, str] | None = None,
    later: Callable[[Entry], None] | None = None,
) -> None:
    """Record an act on `subject` ("unit:3", "staff:12", "person:7", "client:2") in the caller's transaction; `later` takes
    the entry where the caller records it with its own."""
    entry = Entry("org/" + subject, verb, by.ref, now, dict(facts), dict(private or {}))
    if later:
        later(entry)
    else:
        ledger.record([entry])
    if verb not in TOUCHES_NOTHING_KEPT:
        stays = partial(forget, STAYS.get(verb.partition(".")[0], ("units", "regions")))
        stays()
        transaction.on_commit(stays)


def check(faults: list[Fault]) -> None:
    """Refuse with all faults at once, or pass."""
    if faults:
        raise Refused.of(faults)


def short_text(value: str, most: int, field: str, label: str) -> list[Fault]:
    """A needed line of text: not blank, not too long, no control characters."""
    if not value.strip():
        return [Fault(f"{field}.missing", said("请填写{label}。", label=label), field)]
    if len(value) > most:
        return [Fault(f"{field}.long", said("{label}不能超过{most}个字。", label=label, most=most), field)]
    if any(ord(c) < 32 for c in value):
        return [Fault(f"{field}.control", said("{label}含有无法显示的字符，请重新输入。", label=label), field)]
    return []


def kinds_text(kinds: frozenset[str] | None) -> str:
    """Kinds as stored: sorted and joined; None, all kinds, is empty."""
    return ",".join(sorted(kinds)) if kinds else ""
