"""Where each kind of user starts."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from mashang.kernel.actor import Actor
from mashang.org import queries as org

_STARTS = (("insight.cockpit", "cockpit:home"), ("ledger.audit", "desk:audit"), ("org.people", "admin:units"))


def home_of(actor: Actor) -> str:
    """The desk for staff, the hall for everyone else, also for staff who may not open the desk. Who works no cases starts
    where their own work is."""
    if actor.kind == "staff" and not org.holds(actor, "cases.act"):
        for right, page in _STARTS:
            if org.holds(actor, right):
                return reverse(page)
    if actor.kind == "staff" and not org.holds(actor, "desk.open"):
        return str(settings.MASHANG_HOMES["person"])
    return str(settings.MASHANG_HOMES.get(actor.kind, "/"))
