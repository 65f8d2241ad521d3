"""Waiting for what other processes and threads do: long enough for a busy machine, no longer than needed."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, sleep

PATIENCE = 60  # seconds


def soon(true: Callable[[], bool], seconds: float = PATIENCE, every: float = 0.02) -> bool:
    """Whether it comes true within the time, asked every so many seconds."""
    end = monotonic() + seconds
    while not true():
        if monotonic() > end:
            return False
        sleep(every)
    return True
