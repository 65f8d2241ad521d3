"""Timed work of the room."""

from __future__ import annotations

from datetime import datetime

from .actions import forget_codes


def sweep(now: datetime) -> int:
    """Drop one-time codes a day old; gives how many. Safe to run again, or not to have run."""
    return forget_codes(now)
