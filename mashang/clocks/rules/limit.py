"""How long: a number and what is counted."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from mashang.kernel.refused import Refused
from mashang.kernel.said import said

UNITS: Mapping[str, Callable[[int], str]] = {
    "wd": lambda n: said("{n}个工作日", n=n),
    "nd": lambda n: said("{n}日", n=n),
    "wh": lambda n: said("{n}个工作时", n=n),
    "h": lambda n: said("{n}小时", n=n),
    "mo": lambda n: said("{n}个月", n=n),
    "yr": lambda n: said("{n}年", n=n),
}
"""How a limit of each unit is said."""
ON = "on"
HOURS, PERIODS = frozenset({"wh", "h"}), frozenset({"mo", "yr"})
_FORM = re.compile(r"([0-9]{1,9})([A-Za-z]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Limit:
    """`amount` of `unit`: "wd" working days, "nd" natural days, "wh" working hours, "h" hours, "mo" months, "yr" years.

    Unit "on" is a fixed last day (its ordinal number is the amount), as orders and licences name one.
    """

    amount: int
    unit: str

    @classmethod
    def parse(cls, text: str, *, periods: bool = False) -> Limit:
        """Read "20wd", "30nd", "4wh" or "24h"; with `periods` also "6mo", "3yr" and "on:2026-06-30", as rules write it.

        Refuses an unknown unit, and a limit of nothing: what is done at once has no clock.
        """
        return _parse(text, periods)

    @classmethod
    def on(cls, day: date) -> Limit:
        """Until the end of a given day."""
        return cls(day.toordinal(), ON)

    def __str__(self) -> str:
        return f"on:{date.fromordinal(self.amount)}" if self.unit == ON else f"{self.amount}{self.unit}"

    @property
    def label(self) -> str:
        """In Chinese, like "20个工作日"."""
        if self.unit == ON:
            return said("到{day}", day=date.fromordinal(self.amount))
        return UNITS[self.unit](self.amount)

    @property
    def by_hours(self) -> bool:
        """Whether it is counted in seconds (working hours, hours) and not in whole days."""
        return self.unit in HOURS

    def plus(self, other: Limit) -> Limit:
        """This limit lengthened by another of the same unit (a fixed day by natural days). Refuses a different unit."""
        if other.unit != self.unit and (self.unit, other.unit) != (ON, "nd"):
            raise Refused(
                "limit.unit-differs",
                said(
                    "延长的时限“{more}”与原时限“{own}”单位不同，请按原时限的单位填写。",
                    more=other.label,
                    own=self.label,
                ),
                "limit",
            )
        return Limit(self.amount + other.amount, self.unit)


@lru_cache(maxsize=4096)
def _parse(text: str, periods: bool) -> Limit:
    if periods and text.startswith("on:"):
        try:
            return Limit.on(date.fromisoformat(text[3:]))
        except ValueError:
            raise Refused(
                "limit.date", said("期限“{text}”不是有效日期，请写成 2026-06-30。", text=text[3:]), "limit"
            ) from None
    match = _FORM.fullmatch(text.strip())
    if not match:
        raise Refused(
            "limit.form",
            said("时限“{text}”写法不对，请写成数字加单位，例如 20wd、30nd、4wh、24h。", text=text[:60]),
            "limit",
        )
    amount, unit = int(match[1]), match[2]
    if unit not in UNITS or (unit in PERIODS and not periods):
        raise Refused(
            "limit.unit",
            said(
                "时限“{text}”的单位“{unit}”不认识，只能用 wd（工作日）、nd（自然日）、wh（工作小时）、h（小时）。",
                text=text[:60],
                unit=unit[:60],
            ),
            "limit",
        )
    if not amount:
        raise Refused("limit.nothing", said("时限“{text}”必须大于零；当场办结的事项不设时限。", text=text), "limit")
    return Limit(amount, unit)
