"""The cases behind a figure."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from mashang.clocks import queries as clocks
from mashang.insight import queries
from mashang.insight.rules import HANDS, LAMPS, Lens
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.org import queries as org
from mashang.portals.shared import parts
from mashang.portals.shared.casepage import remaining, row_remaining
from mashang.portals.shared.words import lamp_word

from .lenses import about, address, lens_of, title


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """One page of the cases that a figure counted."""
    by: Actor = request.actor  # type: ignore[attr-defined]  # set by the gate
    now, lens = clock.now(), lens_of(request.GET)
    found = queries.behind(by, lens, now=now, after=request.GET.get("after", ""))
    context = {
        "title": title(lens),
        "about": about(lens),
        "total": found.total,
        "tabs": _tabs(by, lens, now) if lens.what in {"open", *LAMPS} else [],
        "table": _table(lens, found.rows, now),
        "pager": parts.Pager(after=f"{address(lens)}&after={found.after}" if found.after else ""),
        "back": f"{reverse('cockpit:home')}?place={lens.place}" if lens.place else reverse("cockpit:home"),
        "now": now,
    }
    return render(request, "cockpit/cases.html", context)


def _tabs(by: Actor, lens: Lens, now: datetime) -> list[parts.Tab]:
    """The lamps of the same place or unit, with how many show each."""
    board = queries.board(by, lens.place, now=now)
    lamps = board.units.get(lens.unit) if lens.unit else board.whole
    if lamps is None:
        return []
    tabs = [parts.Tab(_("全部在办"), address(Lens("open", lens.place, lens.unit)), lamps.total, lens.what == "open")]
    for lamp in reversed(LAMPS):
        if lamps[lamp] or lens.what == lamp:
            label = _("没有期限") if lamp == "none" else lamp_word(lamp)
            tabs.append(parts.Tab(label, address(Lens(lamp, lens.place, lens.unit)), lamps[lamp], lens.what == lamp))
    return tabs


def _table(lens: Lens, rows: list[queries.Behind], now: datetime) -> parts.Table:
    owed = lens.what in HANDS
    columns = (
        parts.Column(_("剩余")), parts.Column(_("件"), lead=True), parts.Column(_("状态"), "t"), parts.Column(_("环节")),
        parts.Column(_("单位")), parts.Column(_("最早到期") if owed else _("时间"), "t"),
    )  # fmt: skip
    return parts.Table(
        columns, [_row(one, now) for one in rows], _("没有这样的件：%(what)s。") % {"what": title(lens)}, title(lens)
    )


def _row(one: queries.Behind, now: datetime) -> parts.Row:
    case = one.case
    name = parts.Cell(case.title, reverse("desk:case", args=[case.number]), f"{case.number} · {case.about}".strip(" ·"))
    units = "、".join(u.short_name for u in org.units_of(one.units))
    steps = "、".join(_(step) if step else _("整件") for step in one.steps)
    return parts.Row((_left(one, now), name, case.state_label, steps, units, one.at), key=case.number)


def _left(one: queries.Behind, now: datetime) -> parts.Remaining:
    """What is left to what is owed soonest; for the past, how the case itself stands now."""
    case = one.case
    if one.lamp is None:
        return row_remaining(case, now)
    calendar = clocks.calendar_for(case.region, case.lead_unit_id, now)
    return remaining(one.at, now, calendar, held=one.lamp == "hold")
