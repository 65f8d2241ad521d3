"""Values kept a few seconds in the process, so that a page or an act need not ask for them again.

What is kept may be stale for `settings.MASHANG_KEEP_SECONDS` in other processes after a change; the process that
makes the change forgets at once (`forget`). A right taken back is therefore gone everywhere within those seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from functools import partial
from time import monotonic
from typing import Generic, TypeVar

from django.conf import settings

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")
_all: list[Kept[object]] = []
MOST = 20_000


class Kept(Generic[Value]):
    """A small store by key; entries older than the setting are made again. `of` says what the values tell of."""

    def __init__(self, of: str = "people") -> None:
        self.of = of
        self._values: dict[Hashable, tuple[float, Value]] = {}
        _all.append(self)  # type: ignore[arg-type]  # invariance: the list only clears

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        now = monotonic()
        known = self._values.get(key)
        if known is not None and now - known[0] < settings.MASHANG_KEEP_SECONDS:
            return known[1]
        if len(self._values) >= MOST:
            self._values.clear()
        value = make()
        self._values[key] = (now, value)
        return value

    def get_all(self, keys: Collection[Key], make: Callable[[list[Key]], Mapping[Key, Value]]) -> dict[Key, Value]:
        """`get` of many: those that are not kept are made together."""
        since = monotonic() - settings.MASHANG_KEEP_SECONDS
        found = {key: known[1] for key in keys if (known := self._values.get(key)) is not None and known[0] > since}
        missing = [key for key in dict.fromkeys(keys) if key not in found]
        made = make(missing) if missing else {}
        return {**found, **{key: self.get(key, partial(made.__getitem__, key)) for key in missing}}

    def clear(self) -> None:
        self._values.clear()


def forget(but: Collection[str] = ()) -> None:
    """Drop what is kept in this process: after each change of the room's tables all `but` what it can't have touched,
    between tests everything."""
    for kept in _all:
        if kept.of not in but:
            kept.clear()
