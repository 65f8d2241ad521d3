"""A year by months, drawn by the server: lines with their interval, or bars; each month opens its cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from mashang.insight.rules import LEAST, Lens, Month, Rate, What
from mashang.portals.shared.ribbon import fmt

from .lenses import address

WIDTH, HEIGHT, TOP, FOOT = 300, 124, 20, 20
ROOM = HEIGHT - TOP - FOOT


@dataclass(frozen=True, slots=True)
class Column:
    """A month: its place, its words, and what is drawn in it (a dot, or up to two bars as (x, y, width, height))."""

    x: str
    middle: str
    width: str
    label: str
    title: str
    href: str
    dot: str = ""
    few: bool = False
    said: str = ""
    bars: tuple[tuple[str, str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    label: str
    columns: tuple[Column, ...]
    line: str = ""
    band: str = ""
    width: int = WIDTH
    height: int = HEIGHT
    base: int = HEIGHT - FOOT
    text: int = HEIGHT - 5


def _place(index: int, count: int) -> tuple[float, float]:
    step = WIDTH / count
    return index * step, step


def _name(month: Month) -> str:
    return f"{month.start.year}-{month.start.month:02}"


def rates(label: str, months: Sequence[Month], chosen: Sequence[Rate]) -> Chart | None:
    """A line of rates in per cent with the interval behind it; months without any are gaps. None when all are."""
    known = [r for r in chosen if r.total]
    if not known:
        return None
    floor = max(0.0, min(r.interval[0] if r.total >= LEAST else r.share for r in known) - 2)

    def y(value: float) -> str:
        return fmt(TOP + (100 - max(value, floor)) / ((100 - floor) or 1) * ROOM)

    columns, points, above, below = [], [], [], []
    for index, (month, rate) in enumerate(zip(months, chosen, strict=True)):
        x, width = _place(index, len(months))
        middle, dot = fmt(x + width / 2), y(rate.share) if rate.total else ""
        if rate.total:
            points.append(f"{middle} {dot}")
            above.append(f"{middle} {y(rate.interval[1])}")
            below.append(f"{middle} {y(rate.interval[0])}")
        columns.append(
            Column(
                fmt(x), middle, fmt(width), _month_label(index, len(months), month), _words(month, rate),
                address(rate.counted) if rate.counted and rate.total else "", dot, 0 < rate.total < LEAST,
                f"{rate.share:.1f}" if rate is known[-1] else "",
            )
        )  # fmt: skip
    several = len(points) > 1
    band = "M" + "L".join([*above, *reversed(below)]) + "Z" if several else ""
    return Chart(label, tuple(columns), "M" + "L".join(points) if several else "", band)


def _words(month: Month, rate: Rate) -> str:
    if not rate.total:
        return _("%(month)s：没有") % {"month": _name(month)}
    low, high = rate.interval
    return _("%(month)s：%(share).1f%%（%(hits)d/%(all)d，区间 %(low).1f–%(high).1f）") % {
        "month": _name(month), "share": rate.share, "hits": rate.hits, "all": rate.total, "low": low, "high": high,
    }  # fmt: skip


def flow(label: str, months: Sequence[Month], place: str, unit: int = 0) -> Chart | None:
    """Taken in and settled side by side; the settled ones of a month are opened. None when there is nothing."""
    top = max(max(m.opened, m.settled) for m in months)
    if not top:
        return None
    columns = []
    for index, month in enumerate(months):
        x, width = _place(index, len(months))
        bars = tuple(
            (fmt(x + width * (0.2 + 0.31 * n)), fmt(TOP + (1 - v / top) * ROOM), fmt(width * 0.28), fmt(v / top * ROOM))
            for n, v in enumerate((month.opened, month.settled))
        )
        words = _("%(month)s：收件 %(opened)d，办结 %(settled)d") % {
            "month": _name(month), "opened": month.opened, "settled": month.settled,
        }  # fmt: skip
        what: What = "settled" if month.settled else "opened"
        href = address(Lens(what, place, unit, month.start, month.end)) if month.opened or month.settled else ""
        said = str(month.opened) if month.opened == top else ""
        label_of = _month_label(index, len(months), month)
        columns.append(Column(fmt(x), fmt(x + width / 2), fmt(width), label_of, words, href, said=said, bars=bars))
    return Chart(label, tuple(columns))


def _month_label(index: int, count: int, month: Month) -> str:
    """Every second month from the present one back, the year at January."""
    if (count - 1 - index) % 2:
        return ""
    return str(month.start.month)
