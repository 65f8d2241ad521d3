"""Figures for those who lead: lamps, rates with their intervals, ranks that say how sure they are, months of a year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from mashang.kernel.clock import ZONE
from mashang.performance.rules.statistics import wilson

Lamp = Literal["late", "warn", "ok", "hold", "none"]
What = Literal[
    "open", "late", "warn", "ok", "hold", "none", "today", "supervised", "supervised_late", "counted", "missed", "opened",
    "settled", "said", "rated", "unhappy", "step", "item",
]  # fmt: skip
LAMPS: tuple[Lamp, ...] = ("none", "hold", "ok", "warn", "late")
"""By level, the worst last: a case shows the worst of what is owed on it."""
LEVELS: Mapping[str, int] = {lamp: level for level, lamp in enumerate(LAMPS)}
HANDS: frozenset[str] = frozenset({"open", "today", "supervised", "supervised_late", *LAMPS})
"""What is asked of cases that are open now; everything else looks back over a span."""
LEAST = 10
"""Below so many, a unit is shown and not ranked: one case more or less would turn the order."""
MONTHS = 12


@dataclass(frozen=True, slots=True)
class Lens:
    """What stands behind a figure: the same words count it and list its cases, so that the two agree.

    `place` is a region's code or the beginning of one; `start` and `end` a half-open span for what looks back; `title`
    and `step` narrow to an item and to a step of it.
    """

    what: What
    place: str = ""
    unit: int = 0
    start: datetime | None = None
    end: datetime | None = None
    title: str = ""
    step: str = ""


@dataclass(frozen=True, slots=True)
class Lamps:
    """How many open cases show which lamp, in a place or in a unit's hands; `today` fall due before the day ends."""

    place: str = ""
    unit: int = 0
    counts: Mapping[Lamp, int] = field(default_factory=dict)
    today: int = 0

    def __getitem__(self, lamp: Lamp) -> int:
        return self.counts.get(lamp, 0)

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def lamp(self) -> Lamp:
        """The worst lamp that burns; `none` where nothing is open or nothing has a date."""
        return next((lamp for lamp in reversed(LAMPS) if self[lamp]), "none")

    def lens(self, what: What) -> Lens:
        return Lens(what, self.place, self.unit)


@dataclass(frozen=True, slots=True)
class Rate:
    """Hits out of all, with the lenses that open all of them and those that count against."""

    hits: int = 0
    total: int = 0
    counted: Lens | None = None
    against: Lens | None = None

    @property
    def share(self) -> float:
        """Per cent; 0 when nothing was counted, so ask `total` first."""
        return 100 * self.hits / self.total if self.total else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval in per cent."""
        low, high = wilson(self.hits, self.total)
        return 100 * low, 100 * high

    @property
    def missed(self) -> int:
        return self.total - self.hits


@dataclass(frozen=True, slots=True)
class Month:
    """A month's figures; the present month runs up to now."""

    start: datetime
    end: datetime
    opened: int
    settled: int
    pace: Rate
    said: Rate
    rated: Rate


@dataclass(frozen=True, slots=True)
class Slow:
    """How long a step or an item took: median and ninth decile in days against what was promised (`due` in the same
    days for a step, `limit` as promised for an item), and how many of all were late."""

    title: str
    step: str
    total: int
    late: int
    middle: float
    decile: float
    due: float | None
    limit: str
    lens: Lens

    @property
    def over(self) -> float:
        """How far the slowest tenth goes beyond the promise; items without a date in days stand by their decile alone."""
        return self.decile / self.due if self.due else self.decile


@dataclass(frozen=True, slots=True)
class Ranked:
    """A unit's place among its class by a rate, and the places that the counts leave open; place 0: too few to rank."""

    unit: int
    rate: Rate
    rank: int
    low: int
    high: int


def ranked(rates: Mapping[int, Rate], least: int = LEAST) -> list[Ranked]:
    """Units by their rate, the best first; those with fewer than `least` last and without a place.

    A unit may stand anywhere behind those whose whole interval is above its own and before those below it.
    """
    sure = {unit: rate for unit, rate in rates.items() if rate.total >= least}
    spans = {unit: rate.interval for unit, rate in sure.items()}
    found = []
    for unit, rate in sure.items():
        low, high = spans[unit]
        above = sum(other > high for other, _ in spans.values())
        below = sum(other < low for _, other in spans.values())
        place = 1 + sum(other.share > rate.share for other in sure.values())
        found.append(Ranked(unit, rate, place, 1 + above, len(sure) - below))
    rest = [Ranked(unit, rate, 0, 0, 0) for unit, rate in rates.items() if unit not in sure]
    return sorted(found, key=lambda r: (r.rank, -r.rate.total, r.unit)) + sorted(
        rest, key=lambda r: (-r.rate.total, r.unit)
    )


def months_before(now: datetime, count: int = MONTHS) -> list[tuple[datetime, datetime]]:
    """The last months, oldest first; the last one is the present one and ends now."""
    local = now.astimezone(ZONE)
    last = local.year * 12 + local.month - 1
    starts = [datetime(n // 12, n % 12 + 1, 1, tzinfo=ZONE) for n in range(last - count + 1, last + 1)]
    return list(zip(starts, [*starts[1:], now], strict=True))


def added(rates: Sequence[Rate], counted: Lens | None = None, against: Lens | None = None) -> Rate:
    """Rates put together."""
    return Rate(sum(r.hits for r in rates), sum(r.total for r in rates), counted, against)
