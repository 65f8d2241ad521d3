"""`mashang clock load`: what a command needs of the database, apart from what needs none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mashang.kernel import clock
from mashang.kernel.actor import Actor

from . import actions
from .rules import doubts, read_notice


def load(data: Mapping[str, Any]) -> dict[str, Any]:
    """Load a notice and recompute what runs; gives what to look at again and how much moved."""
    read = read_notice(data)
    done = actions.load_notice(data, by=Actor.system("mashang clock load"), now=clock.now())
    return {"year": read.year, "doubts": doubts(read), "looked": done.looked, "moved": done.moved}
