"""The catalogue that an installation starts with."""

from __future__ import annotations

from datetime import datetime

from mashang.kernel.actor import Actor

from . import actions


def load(now: datetime) -> None:
    """Publish what comes with the platform; run again, it publishes only what changed since."""
    setup = Actor.system("setup")
    actions.import_shipped(by=setup, now=now)
    actions.import_names(by=setup, now=now)
