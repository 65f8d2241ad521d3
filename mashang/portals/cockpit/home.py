"""Where does it go wrong: one page, each figure of which opens its cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from mashang.insight import queries
from mashang.insight.rules import Lens, Rate
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.org import queries as org
from mashang.performance import queries as performance
from mashang.portals.shared import charts, parts

from . import months, tables
from .lenses import address

COUNTY = 6


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with the words under it, the cases it opens, and its last twelve months where it has any."""

    label: str
    value: str
    unit: str
    note: str
    href: str
    lamp: str = ""
    trend: tuple[float, ...] = ()


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The map with its lamps, the figures, the year, the ranks, the slowest; `?place=` narrows, `?wall=1` is for a wall."""
    by: Actor = request.actor  # type: ignore[attr-defined]  # set by the gate
    now = clock.now()
    place = request.GET.get("place", "") or queries.default_place(by)
    name = queries.place_name(place)
    whole = queries.board(by, queries.default_place(by), now=now)
    board = whole if place == queries.default_place(by) else queries.board(by, place, now=now)
    year = queries.year(by, place, now=now)
    context = {
        "place": place,
        "name": name or _("全部地区"),
        "up": "" if place == queries.default_place(by) else reverse("cockpit:home"),
        "now": now,
        "tiles": _tiles(by, whole, place),
        "board": board,
        "figures": [*_burning(board), *_rates(year), *_flow(year, place)],
        "charts": _charts(year, place),
        "counties": tables.counties(board, year) if len(board.counties) > 1 else None,
        "units": tables.units(board, year, place, request.GET.get("units") == "all"),
        "ranks": tables.ranks(year, place, request.GET),
        "slow": tables.slow(*queries.slowest(by, place, now=now)),
        "scores": _scores(by, place, board),
        "address": request.get_full_path(),
        "wall": _switched(request, wall="1"),
        "screen": _switched(request, wall=""),
    }
    return render(request, "cockpit/home.html", context)


def _switched(request: HttpRequest, **changes: str) -> str:
    query = request.GET.copy()
    for key, value in changes.items():
        query.pop(key, None)
        if value:
            query[key] = value
    return f"{request.path}?{query.urlencode()}" if query else request.path


def _tiles(by: Actor, board: queries.Board, here: str) -> list[parts.Tile]:
    """A lamp for each county that the reader leads and that has open cases; the others stand grey and lead nowhere."""
    lamps: Mapping[str, tuple[parts.LampState, int]] = {
        code: (found.lamp, found["late"] or found["warn"]) for code, found in board.counties.items()
    }
    led = {code for code in queries.counties(by) if len(code) == COUNTY}
    address = f"{reverse('cockpit:home')}?place="
    return [
        parts.Tile(
            t.col, t.row, t.name, t.lamp, t.count, f"{address}{t.code}" if t.code in led else "",
            t.title if t.code in led else _("%(name)s（没有数据，或不在您的范围）") % {"name": t.title}, t.here, t.code,
        )
        for t in charts.fujian_tiles(lamps, here=here)
    ]  # fmt: skip


def _burning(board: queries.Board) -> list[Figure]:
    whole, watched = board.whole, board.supervised
    return [
        Figure(_("超期未结"), str(whole["late"]), "", _("在办 %(n)d 件") % {"n": whole.total}, address(whole.lens("late")),
               "late" if whole["late"] else ""),
        Figure(_("将到期"), str(whole["warn"]), "", _("下一个工作日结束前"), address(whole.lens("warn")),
               "warn" if whole["warn"] else ""),
        Figure(_("今天到期"), str(whole.today), "", _("今天 24 时前"), address(whole.lens("today"))),
        Figure(_("在督事项"), str(watched.total), "", _("其中超期 %(n)d 件") % {"n": watched["late"]},
               address(watched.lens("supervised"))),
    ]  # fmt: skip


def _rates(year: queries.Year) -> list[Figure]:
    return [
        _rate(_("按时办结率"), year.pace, [m.pace for m in year.months]),
        _rate(_("满意率（本人评价）"), year.said, [m.said for m in year.months]),
        _rate(_("满意率（含默认好评）"), year.rated, [m.rated for m in year.months]),
    ]


def _rate(label: str, rate: Rate, trend: list[Rate]) -> Figure:
    href = address(rate.counted) if rate.counted else ""
    if not rate.total:
        return Figure(label, "—", "", _("近 30 天没有"), href)
    low, high = rate.interval
    note = _("近 30 天 %(hits)d/%(all)d · 区间 %(low).1f–%(high).1f") % {
        "hits": rate.hits, "all": rate.total, "low": low, "high": high,
    }  # fmt: skip
    return Figure(label, f"{rate.share:.1f}", "%", note, href, "", tuple(r.share for r in trend if r.total))


def _flow(year: queries.Year, place: str) -> list[Figure]:
    last, before = year.months[-1], year.months[-2]
    return [
        Figure(_("本月收件"), str(last.opened), "", _("上月 %(n)d 件") % {"n": before.opened},
               address(Lens("opened", place, 0, last.start, last.end))),
        Figure(_("本月办结"), str(last.settled), "", _("上月 %(n)d 件") % {"n": before.settled},
               address(Lens("settled", place, 0, last.start, last.end))),
    ]  # fmt: skip


def _charts(year: queries.Year, place: str) -> list[months.Chart]:
    found = [
        months.rates(_("按时办结率（%）"), year.months, [m.pace for m in year.months]),
        months.rates(_("满意率，本人评价（%）"), year.months, [m.said for m in year.months]),
        months.flow(_("收件与办结（件）"), year.months, place),
    ]
    return [chart for chart in found if chart]


def _scores(by: Actor, place: str, board: queries.Board) -> dict[str, Any] | None:
    """The latest scores of the one county that is looked at."""
    codes = [place] if len(place) == COUNTY else [*board.counties] if len(board.counties) == 1 else []
    info = performance.latest_run(by, codes[0]) if codes and org.holds(by, "performance.view") else None
    if info is None:
        return None
    rows = performance.board(info.id, by)
    return {"run": info, "groups": tables.scores(rows, info.id), "region": codes[0]}
