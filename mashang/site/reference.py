"""What every installation starts with, besides the catalogue; run again, each changes only what is new."""

from __future__ import annotations

from datetime import datetime

from mashang.clocks import actions as clock_actions
from mashang.kernel.actor import Actor
from mashang.org import actions as org_actions


def clocks(now: datetime) -> None:
    """The holiday notices and the clock catalogue that come with the platform."""
    clock_actions.seed_catalogue(now=now)


def regions(now: datetime) -> None:
    """Fujian to the township."""
    org_actions.load_regions(by=Actor.system("setup"), now=now)
