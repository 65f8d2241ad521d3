"""Divisions: looked up by name or code, zones and new ones registered, wrong ones put right, old ones ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.org import actions, queries
from mashang.portals.shared.parts import Cell, Column, Field, LampState, Row, Table
from mashang.portals.shared.words import date_words

from .common import Press, division_field, form_of, optional_day, page, pressed, told, who
from .common import division as division_of

TOP = "35"
CITIES_OF = 4
"""Digits of a city's code: below a city or a county there may be zones, below the province there are only cities."""


@require_safe
def divisions(request: HttpRequest) -> HttpResponse:
    """The province's cities, or what a search by name or code finds."""
    words = request.GET.get("q", "").strip()
    found = queries.regions_named(words) if words else queries.regions_under(TOP)
    table = _table(found, _("没有找到，请核对名称或代码。") if words else _("还没有载入行政区划。"))
    more = len(found) == queries.MOST_REGIONS
    return page(request, "divisions", "divisions", None, table=table, words=words, more=more)


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """What a field for a division offers for what is typed in it so far, whatever the field is called."""
    words = next((str(text).strip() for text in request.GET.values()), "")
    found = queries.regions_like(words) if words else queries.regions_under(TOP)
    known = [(r.code, queries.region_path(r.code)) for r in found if r.valid_to is None]
    return render(request, "desk/admin/_found_divisions.html", {"found": known})


def _presses(actor: Actor, code: str, now: datetime) -> dict[str, Press]:
    """What the buttons about a division do."""

    def register(data: QueryDict) -> str:
        form = actions.NewRegion(
            data.get("name", ""), data.get("short_name", ""), data.get("code", "").strip(), code, optional_day(data, "valid_from"),
            data.get("note", ""),
        )  # fmt: skip
        made = actions.register_region(form, by=actor, now=now)
        return _("已登记{name}，代码{code}。").format(name=form.name.strip(), code=made)

    def revise(data: QueryDict) -> str:
        form = actions.Revision(
            data.get("name", ""), data.get("short_name", ""), optional_day(data, "valid_from"), optional_day(data, "valid_to"),
            division_of(data, "successor"), data.get("note", ""),
        )  # fmt: skip
        actions.revise_region(code, form, by=actor, now=now)
        return _("{name}已保存。").format(name=form.name.strip())

    return {"register": register, "revise": revise}


@never_cache
@require_http_methods(["GET", "POST"])
def division(request: HttpRequest, code: str) -> HttpResponse:
    """One division: what lies in it, registering below it, correcting or ending it."""
    actor, now, known = who(request), clock.now(), queries.region(code)

    done, refused = pressed(request, _presses(actor, code, now))
    if done:
        return HttpResponseRedirect(request.path)
    may = queries.may(actor, "org.people", region=code)
    below = may and known.level in ("city", "county", "township") and known.valid_to is None
    return page(
        request,
        "division",
        "divisions",
        refused,
        region=known,
        above=_above(known),
        successor=queries.region(known.successor) if known.successor else None,
        units=_units(actor, code, now.date()),
        table=_table(queries.regions_under(code), _("没有下级区划。")),
        register=form_of(request, "register", _new_fields(known), _("登记区划"), refused, apart=True, keep=True)
        if below
        else None,
        revise=form_of(request, "revise", _revised_fields(known), _("保存"), refused, keep=True) if may else None,
        told=told(f"region:{code}"),
    )


def _units(actor: Actor, code: str, today: date) -> Table:
    """The open units of exactly this division; whose page the actor may open is a link."""

    def address(unit: int) -> str:
        may = queries.may(actor, "org.people", units=[unit], region=code)
        return reverse("admin:unit", args=[unit]) if may else ""

    own = [u for u in queries.units_in(code, day=today) if u.region == code]
    rows = [Row((Cell(u.name, address(u.id)), u.kind_label)) for u in own]
    return Table(
        (Column(_("单位"), lead=True), Column(_("类型"))), rows, _("没有直属于此的单位。"), _("直属于此的单位")
    )


def _above(known: queries.RegionInfo) -> list[queries.RegionInfo]:
    """The divisions that this one lies in, widest first, without the province."""
    found: list[queries.RegionInfo] = []
    while known.parent and known.parent != TOP:
        known = queries.region(known.parent)
        found.insert(0, known)
    return found


def _table(found: Sequence[queries.RegionInfo], empty: str) -> Table:
    columns = (Column(_("名称"), lead=True), Column(_("代码")), Column(_("级别")), Column(_("状态")))
    rows = [
        Row((Cell(r.name, reverse("admin:division", args=[r.code])), _code(r), r.level_label, _state(r))) for r in found
    ]
    return Table(columns, rows, empty, _("行政区划"))


def _code(known: queries.RegionInfo) -> Cell:
    return Cell(known.code, sub="" if known.national else _("本地代码"))


def _state(known: queries.RegionInfo) -> tuple[LampState, str]:
    if known.valid_to is None:
        return "ok", _("现行")
    return "none", _("%(day)s起撤销") % {"day": date_words(known.valid_to)}


def _new_fields(known: queries.RegionInfo) -> list[Field]:
    if known.level == "township":
        help_ = _("12位，以%(code)s开头。") % {"code": known.code}
    else:
        digits = 6 if len(known.code) == CITIES_OF else 9
        help_ = _("%(digits)d位，以%(code)s开头。开发区等没有国家代码的不填，自动编本地代码。")
        help_ = help_ % {"digits": digits, "code": known.code}
    return [
        Field("name", _("名称"), required=True, size="m"),
        Field("short_name", _("简称"), help=_("不填则取名称去掉末尾的省、市、县、区、镇、乡、街道。"), size="s"),
        Field("code", _("国家统计用区划代码"), help=help_, required=known.level == "township", size="s"),
        Field("valid_from", _("设立日期"), "date"),
        Field("note", _("依据"), help=_("批准文件和文号。")),
    ]


def _revised_fields(known: queries.RegionInfo) -> list[Field]:
    return [
        Field("name", _("名称"), required=True, size="m", value=known.name),
        Field("short_name", _("简称"), size="s", value=known.short_name),
        Field("valid_from", _("设立日期"), "date", value=known.valid_from or ""),
        Field("valid_to", _("撤销日期"), "date", help=_("从这一天起不再有效。"), value=known.valid_to or ""),
        division_field(
            "successor", _("由哪个区划继任"), _("名称或代码；撤销的必须填写。"), value=known.successor or ""
        ),
        Field("note", _("依据"), help=_("批准文件和文号。"), value=known.note),
    ]
