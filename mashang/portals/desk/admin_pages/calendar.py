"""The calendar: each year's notice, regional orders, opening hours. A change moves what runs and tells those concerned."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Literal

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from mashang.clocks import actions, queries
from mashang.clocks.rules import OpeningHours, Overlay, Timetable, read_document, read_reason, read_season
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Fault, Forbidden, NotFound, Refused, together
from mashang.kernel.said import said
from mashang.org import queries as org
from mashang.portals.shared.parts import Field

from .common import (
    Press,
    division,
    division_field,
    form_of,
    my_units,
    needed_day,
    number,
    optional_day,
    page,
    pressed,
    reaches_all,
    unit_choices,
    who,
)

RIGHT = "org.calendar"
TOP = "35"
"""The province."""

_LINE = re.compile(r"(\d{4}-\d{2}-\d{2})\s+(\S+)\s+(休|班|off|work)")


def notice_days(text: str) -> list[dict[str, object]]:
    """Lines like “2027-01-01 元旦 休” as the days of a notice. Refuses with every faulty line at once."""
    days: list[dict[str, object]] = []
    faults = []
    for place, line in enumerate(text.splitlines(), start=1):
        found = _LINE.fullmatch(line.strip())
        if found:
            days.append({"date": found[1], "name": found[2], "isOffDay": found[3] in ("休", "off")})
        elif line.strip():
            text_ = _("第 %(n)d 行看不懂，请写成“2027-01-01 元旦 休”或“2027-01-03 元旦 班”。") % {"n": place}
            faults.append(Fault("notice.line", text_, "days"))
    if faults:
        raise Refused.of(faults)
    return days


def _told(done: actions.Recomputed) -> str:
    return _("已生效：重算在办时限 %(looked)d 个，变动 %(moved)d 个，正在逐件告知。") % {
        "looked": done.looked, "moved": done.moved,
    }  # fmt: skip


def _times(data: QueryDict, name: str) -> str:
    """Opening hours as they were typed; refused at their own field."""
    try:
        return str(Timetable.parse(data.get(name, "").strip()))
    except Refused as no:
        raise Refused.of([Fault(fault.code, fault.text, name) for fault in no.faults]) from None


@never_cache
@require_http_methods(["GET", "POST"])
def calendar(request: HttpRequest) -> HttpResponse:
    """Load a notice, an order or opening hours; take one back. Every version stays on record."""
    actor = who(request)
    done, refused = pressed(request, _presses(actor, clock.now()))
    if done:
        return HttpResponseRedirect(request.path)
    orders = [(o, _place(o), _reaches(actor, o.region, o.unit)) for o in queries.orders()]
    forms = _forms(request, actor, refused)
    return page(request, "calendar", "calendar", refused, notices=_years(), orders=orders, **forms)


def _presses(actor: Actor, now: datetime) -> dict[str, Press]:
    """What the buttons do, each within the actor's reach."""

    def load(data: QueryDict) -> str:
        _of_all(actor)
        papers = [data.get("paper", "").strip()] if data.get("paper", "").strip() else []
        notice = {"year": number(data, "year") or 0, "papers": papers, "days": notice_days(data.get("days", ""))}
        return _told(actions.load_notice(notice, by=actor, now=now))

    def order(data: QueryDict) -> str:
        region, first, last, times, reason, document = together(
            lambda: _region(actor, division(data)), lambda: needed_day(data, "first").date(), lambda: needed_day(data, "last").date(),
            lambda: _times(data, "hours") if data.get("hours", "").strip() else None, lambda: read_reason(data.get("reason", "")),
            lambda: read_document(data.get("document", "")),
        )  # fmt: skip
        overlay = Overlay(region, first, last, reason, document, times)
        return _told(actions.load_overlay(overlay, by=actor, now=now))

    def hours(data: QueryDict) -> str:
        (region, unit), times, rest, season, first, last = together(
            lambda: _whose(actor, data), lambda: _times(data, "hours"),
            lambda: _times(data, "rest_hours") if data.get("rest_hours", "").strip() else "",
            lambda: read_season(data.get("season", "").strip()),
            lambda: optional_day(data, "valid_from"), lambda: optional_day(data, "valid_to"),
        )  # fmt: skip
        row = OpeningHours(times, region, unit, season, first, last, rest)
        return _told(actions.load_hours(row, by=actor, now=now))

    def back(data: QueryDict) -> str:
        table: Literal["overlay", "opening"] = "overlay" if data.get("table") == "overlay" else "opening"
        row = number(data, "row") or 0
        known = next((o for o in queries.orders() if (o.table, o.id) == (table, row)), None)
        if known is None:
            raise Refused("clocks.withdrawn", "没有这条安排，或者它已经撤销。")
        _within(actor, known.region, known.unit)
        return _told(actions.withdraw(table, row, by=actor, now=now))

    return {"load": load, "order": order, "hours": hours, "back": back}


def _reaches(actor: Actor, region: str, unit: int | None = None) -> bool:
    """Whether a place, or a unit in it, is the actor's to order; "" is everywhere."""
    if not region and unit is None:
        return reaches_all(actor, RIGHT)
    return org.may(actor, RIGHT, units=[] if unit is None else [unit], region=region, kind="")


def _within(actor: Actor, region: str, unit: int | None = None) -> None:
    if not _reaches(actor, region, unit):
        raise NotFound(_("您的管理范围里没有这个地区或单位，请从列表中选择。"))


def _region(actor: Actor, code: str) -> str:
    """The code of a division within the actor's reach; refuses what is none at its field."""
    if not code and reaches_all(actor, RIGHT):
        raise Refused("region.missing", _("请填写地区代码或名称。"), "region")
    _within(actor, code)
    try:
        return org.region(code).code
    except NotFound:
        raise Refused(
            "region.unknown", said("没有代码为“{code}”的行政区划，请在“行政区划”页查到代码再填。", code=code), "region"
        ) from None


def _whose(actor: Actor, data: QueryDict) -> tuple[str, int | None]:
    """A whole region or one unit within the actor's reach, whichever of the two is given."""
    unit, region = number(data, "unit"), division(data)
    if unit and region:
        raise Refused("hours.both", _("地区和单位只填一项：整个地区同一作息填地区，单个单位选单位。"), "unit")
    if unit:
        _within(actor, org.unit(unit).region, unit)
        return org.unit(unit).region, unit
    if not region:
        raise Refused("hours.nobody", _("请选择单位，或者填写整个地区。"), "unit")
    return _region(actor, region), None


def _place(order: queries.Order) -> str:
    """The name of the unit, or of the region, that an order is for."""
    if order.unit is not None:
        return org.unit(order.unit).name
    return org.region_path(order.region) if order.region else _("全部地区")


def _of_all(actor: Actor) -> None:
    if not reaches_all(actor, RIGHT):
        raise Forbidden(_("放假通知管全部地区，由管理全部单位的系统管理员装入。"))


def _years() -> list[tuple[int, int, int, int, str]]:
    """(year, version, rest days, make-up workdays, source), newest first; superseded versions too."""
    return [
        (n.year, n.version, sum(d.off for d in n.days), sum(not d.off for d in n.days), n.papers[0] if n.papers else "")
        for n in reversed(queries.notices())
    ]


def _forms(request: HttpRequest, actor: Actor, refused: Refused | None) -> dict[str, object]:
    everywhere = reaches_all(actor, RIGHT)
    region = _region_field(actor, everywhere)
    year = clock.today().year + 1
    notice = [
        Field("year", _("年份"), "number", required=True, value=year, size="s"),
        Field("days", _("放假和上班的日子"), "textarea", _("每行一天：2027-01-01 元旦 休；调休上班写“班”。"), True),
        Field("paper", _("通知出处"), help=_("国务院办公厅通知的网址或文号。")),
    ]
    order = [
        region,
        Field("first", _("起"), "date", required=True),
        Field("last", _("止"), "date", required=True),
        Field("reason", _("事由"), required=True, help=_("例如台风停工。")),
        Field("document", _("文号"), required=True),
        Field("hours", _("办公时间"), help=_("停工不填；改时间写 08:00-12:00,14:30-17:30。")),
    ]
    whole = replace(region, label=_("整个地区"), required=False, help=_("全地区同一作息时填写，例如夏令时间。"))
    units = unit_choices(my_units(actor, RIGHT))
    hours = [
        *((whole,) if everywhere or region.choices else ()),
        Field("unit", _("单个单位"), "choice", _("只有个别单位另有作息时选择。"), choices=units),
        Field("hours", _("工作日办公时间"), required=True, value="08:00-12:00,14:30-17:30"),
        Field(
            "rest_hours",
            _("休息日窗口时间"),
            help=_("周末开门的窗口填写，只作说明：开门的休息日不算工作日，各种时限都不受影响。"),
        ),
        Field("season", _("季节"), help=_("每年只在这段时间适用时填写，写成 05-01 至 09-30；全年适用不填。"), size="m"),
        Field("valid_from", _("启用日期"), "date", _("不填为一直适用。")),
        Field("valid_to", _("停用日期"), "date", _("这一天也适用；不填为没有停用。")),
    ]
    return {
        "notice_form": form_of(request, "load", notice, _("装入放假通知"), refused, keep=True) if everywhere else None,
        "order_form": form_of(request, "order", order, _("登记地区安排"), refused, keep=True)
        if everywhere or region.choices
        else None,
        "hours_form": form_of(request, "hours", hours, _("登记办公时间"), refused, apart=True, keep=True),
    }


def _region_field(actor: Actor, everywhere: bool) -> Field:
    """Whoever reaches all of the province's divisions looks one up, others choose from their own."""
    if everywhere:
        help_ = _("填名称或代码，下级区划一并适用；全省填 %(top)s。") % {"top": TOP}
        return division_field("region", _("地区"), help_, required=True)
    known = tuple((code, org.region_path(code)) for code in _own(actor, TOP))
    return Field("region", _("地区"), "choice", required=True, help=_("下级区划一并适用。"), choices=known)


def _own(actor: Actor, top: str) -> Iterator[str]:
    """The divisions in force under one, and itself, that are the actor's to order; each before those within it."""
    if _reaches(actor, top):
        yield top
    for below in org.regions_under(top, day=clock.today()):
        yield from _own(actor, below.code)
