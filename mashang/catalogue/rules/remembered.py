"""What depends on a definition alone is worked out once: definitions never change, and a process keeps each it uses."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Protocol, TypeVar

from .spec import Spec

Found = TypeVar("Found")
Answer = TypeVar("Answer", covariant=True)
MOST = 512


class Asked(Protocol[Answer]):
    def __call__(self, spec: Spec, part: str = "") -> Answer: ...


def remembered(function: Callable[[Spec, str], Found]) -> Asked[Found]:
    """Keep the answer for a definition (the object itself, not its equals) and a part. What is kept must never change."""
    kept: dict[tuple[int, str], tuple[Spec, Found]] = {}

    @wraps(function)
    def asked(spec: Spec, part: str = "") -> Found:
        key = id(spec), part
        known = kept.get(key)
        if known is None:  # the definition is kept beside its answer, so that no other gets its place in memory
            if len(kept) >= MOST:
                kept.clear()
            known = kept[key] = spec, function(spec, part)
        return known[1]

    return asked
