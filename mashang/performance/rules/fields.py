"""Reading a table of a scheme file field by field, noting every fault instead of stopping at the first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from mashang.kernel.refused import Fault
from mashang.kernel.said import said
from mashang.performance.rules.statistics import LARGEST

Raw = Mapping[str, Any]


class Fields:
    """One TOML table being read. A key that is missing, or is not what was asked for, gives the default; the latter is a fault.

    Faults go to the list shared by the whole file; `close` names what nobody asked for."""

    def __init__(self, raw: Any, where: str, faults: list[Fault]) -> None:
        self.where, self.faults = where, faults
        self.known: set[str] = set()
        self.raw: Raw = raw if isinstance(raw, Mapping) else {}
        if not isinstance(raw, Mapping):
            self.fault("scheme.type", said("“{where}”应当是一张表（键 = 值）。", where=where))

    def fault(self, code: str, text: str, key: str = "") -> None:
        self.faults.append(Fault(code, text, f"{self.where}.{key}" if key else self.where))

    def has(self, key: str) -> bool:
        return key in self.raw

    def get(self, key: str) -> Any:
        self.known.add(key)
        return self.raw.get(key)

    def text(self, key: str, default: str = "") -> str:
        value = self.get(key)
        if value is None:
            return default
        if isinstance(value, str):
            return value.strip()
        self._wrong(key, said("文字"), value)
        return default

    def number(self, key: str, default: float = math.nan) -> float:
        value = self.get(key)
        if value is None:
            return default
        if is_number(value):
            return float(value)
        large = isinstance(value, int | float) and not isinstance(value, bool)
        self._wrong(key, said("绝对值不超过 {most:g} 的数", most=LARGEST) if large else said("数"), value)
        return default

    def whole(self, key: str, default: int, most: int = 1000) -> int:
        value = self.get(key)
        if value is None:
            return default
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most:
            return value
        self._wrong(key, said("从 0 到 {most} 的整数", most=most), value)
        return default

    def flag(self, key: str, default: bool) -> bool:
        value = self.get(key)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self._wrong(key, said("true 或 false"), value)
        return default

    def choice(self, key: str, allowed: Iterable[str], default: str) -> str:
        value, names = self.get(key), tuple(allowed)
        if value is None:
            return default
        if value in names:
            return str(value)
        self.fault(
            "scheme.choice",
            said(
                "“{where}.{key}”不认识“{value}”，可用：{names}。",
                where=self.where,
                key=key,
                value=value,
                names=[*names],
            ),
            key,
        )
        return default

    def texts(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        value = self.get(key)
        if value is None:
            return default
        if isinstance(value, str):
            return (value,)
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        self._wrong(key, said("文字或文字的列表"), value)
        return default

    def numbers(self, key: str, default: tuple[float, ...] = ()) -> tuple[float, ...]:
        value = self.get(key)
        if value is None:
            return default
        if isinstance(value, list) and all(is_number(item) for item in value):
            return tuple(float(item) for item in value)
        self._wrong(key, said("数的列表，绝对值不超过 {most:g}", most=LARGEST), value)
        return default

    def items(self, key: str) -> list[Any]:
        value = self.get(key)
        if value is None or isinstance(value, list):
            return value or []
        self._wrong(key, said("列表"), value)
        return []

    def table(self, key: str) -> Raw:
        value = self.get(key)
        if value is None:
            return {}
        if isinstance(value, Mapping):
            return value
        self._wrong(key, said("一张表"), value)
        return {}

    def close(self) -> None:
        """Every key nobody reads is a fault: a misspelt option must not be passed over in silence."""
        for key in self.raw:
            if key not in self.known:
                self.fault(
                    "scheme.unknown-key",
                    said("“{where}”里不认识“{key}”，请核对拼写或删去。", where=self.where, key=key),
                    key,
                )

    def _wrong(self, key: str, wanted: str, got: Any) -> None:
        self.fault(
            "scheme.type",
            said("“{where}.{key}”应当是{wanted}，现在是 {got!r}。", where=self.where, key=key, wanted=wanted, got=got),
            key,
        )


def is_number(value: Any) -> bool:
    """A number that can be computed with; TOML's booleans, inf and nan are not."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST
