"""Timed work: the list kept up with the ledger, and checks that were asked for."""

from __future__ import annotations

from datetime import datetime

from .actions import list_news, run_check


def follow(now: datetime) -> int:
    """Take what was recorded since the last time into the list."""
    return list_news()


def check(now: datetime) -> int:
    """Check the whole ledger, if somebody asked for it."""
    return run_check(now)
