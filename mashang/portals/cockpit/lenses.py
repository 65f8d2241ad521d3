"""What stands behind a figure as an address, and as a sentence."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast, get_args

from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from mashang.insight import queries
from mashang.insight.rules import Lens, What
from mashang.kernel import clock
from mashang.kernel.refused import Refused
from mashang.org import queries as org

WHATS: tuple[str, ...] = get_args(What)


def address(lens: Lens) -> str:
    """Where the cases of a figure are listed."""
    spans = {"from": lens.start.isoformat() if lens.start else "", "to": lens.end.isoformat() if lens.end else ""}
    asked = {
        "what": lens.what,
        "place": lens.place,
        "unit": lens.unit or "",
        **spans,
        "title": lens.title,
        "step": lens.step,
    }
    return f"{reverse('cockpit:cases')}?{urlencode({k: v for k, v in asked.items() if v})}"


def lens_of(asked: QueryDict) -> Lens:
    """The lens in an address. Refuses what `address` did not make."""
    what, place, unit = asked.get("what", "open"), asked.get("place", ""), asked.get("unit", "0")
    if what not in WHATS or not (unit.isascii() and unit.isdigit() and len(unit) < 10) or len(place) > 12:
        raise Refused("page.lens", "地址不完整，请回到驾驶舱重新打开。")
    org.region(place) if place else None
    start, end = _instant(asked.get("from", "")), _instant(asked.get("to", ""))
    return Lens(cast(What, what), place, int(unit), start, end, asked.get("title", ""), asked.get("step", ""))


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        instant = clock.local(datetime.fromisoformat(text.replace(" ", "+")))
    except (ValueError, OverflowError):
        raise Refused("page.lens", "地址不完整，请回到驾驶舱重新打开。") from None
    if not 2000 <= instant.year < 2200:
        raise Refused("page.lens", "地址不完整，请回到驾驶舱重新打开。")
    return instant


def title(lens: Lens) -> str:
    """What the figure counts."""
    return {
        "open": _("在办的件"), "late": _("超期未结的件"), "warn": _("将到期的件"), "ok": _("期限内的件"), "hold": _("停表的件"),
        "none": _("没有期限的件"), "today": _("今天到期的件"), "supervised": _("在督事项"), "supervised_late": _("超期的在督事项"),
        "counted": _("计入按时办结率的件"), "missed": _("没有按时的件"), "opened": _("收件"), "settled": _("办结的件"),
        "said": _("本人评价的件"), "rated": _("有评价的件（含默认）"), "unhappy": _("评为不满意的件"), "step": _("办过这个环节的件"),
        "item": _("作出决定的件"),
    }[lens.what]  # fmt: skip


def about(lens: Lens) -> list[str]:
    """What the list is narrowed to: place, unit, item, step, span."""
    units = [u.name for u in org.units_of([lens.unit])]
    place = [queries.place_name(lens.place)] if lens.place and not units else []
    return [*units, *place, *filter(None, (lens.title, lens.step)), *_span(lens)]


def _span(lens: Lens) -> list[str]:
    if lens.start is None or lens.end is None:
        return []
    first, last = clock.local(lens.start), clock.local(lens.end - timedelta(microseconds=1))
    return [_("%(first)s 至 %(last)s") % {"first": f"{first:%Y-%m-%d}", "last": f"{last:%Y-%m-%d}"}]
