"""Where each kind of user starts."""

from __future__ import annotations

from django.conf import settings

from mashang.kernel.actor import Actor


def home_of(actor: Actor) -> str:
    """The desk for staff, the hall for everyone else."""
    return str(settings.MASHANG_HOMES.get(actor.kind, "/"))
