"""How work grows with what is put in: asked as a ratio, so that slow and busy machines give the same answer."""

from __future__ import annotations

from collections.abc import Callable
from time import thread_time
from typing import Any

TIMES = 8  # how much longer the long input is
STEEP = 3 * TIMES  # work as long as its input grows by TIMES, work squared by TIMES squared: between the two
ROUNDS = 6  # the best time of so many counts: a disturbed one is measured again
HOPELESS = 2 * STEEP  # twice measured, no disturbance explains it
NOTHING = 0.005  # seconds: too short to tell, and nobody minds


def linear(work: Callable[[int], Any], length: int) -> bool:
    """Whether `work(length)` takes hardly more than TIMES the processor time of `work(length // TIMES)`."""
    long = short = float("inf")
    for measured in range(1, ROUNDS + 1):
        long, short = min(long, taken(work, length)), min(short, taken(work, length // TIMES))
        if long < NOTHING or long < STEEP * short:
            return True
        if measured > 1 and long > HOPELESS * short:
            break
    return False


def taken(work: Callable[[int], Any], length: int) -> float:
    """Processor seconds of this thread."""
    begun = thread_time()
    work(length)
    return thread_time() - begun
