"""The cockpit's tables: units and counties with their lamps, ranks with their intervals, what takes longest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from mashang.catalogue.rules import spoken
from mashang.insight import queries
from mashang.insight.rules import LEAST, Lamp, Lamps, Lens, Rate, Slow, ranked
from mashang.kernel.said import told
from mashang.org import queries as org
from mashang.performance import queries as performance
from mashang.portals.shared import parts

from .lenses import address

FIRST = 12
SHOWN: tuple[Lamp, ...] = ("late", "warn", "hold")
NOTHING = mark_safe('<span class="nothing">—</span>')  # a phone leaves it out


@dataclass(frozen=True, slots=True)
class Ranks:
    """One class of unit by its punctuality; `bars` are ranked, `rest` have too few steps for a rank."""

    tabs: list[parts.Tab]
    bars: list[parts.Bar]
    floor: float
    rest: str


def _heads(first: str) -> tuple[parts.Column, ...]:
    return (
        parts.Column(first, lead=True), parts.Column(_("亮灯")), parts.Column(_("在办"), "n"), parts.Column(_("超期"), "n"),
        parts.Column(_("将到期"), "n"), parts.Column(_("今天到期"), "n"), parts.Column(_("停表"), "n"),
        parts.Column(_("按时率（近 30 天）"), "n"),
    )  # fmt: skip


def _cells(lamps: Lamps, rate: Rate | None) -> tuple[object, ...]:
    counts = [_count(lamps[lamp], lamps.lens(lamp)) for lamp in SHOWN]
    today = _count(lamps.today, lamps.lens("today"))
    share = parts.Cell(f"{rate.share:.1f}%", address(rate.counted)) if rate and rate.total and rate.counted else NOTHING
    return ((lamps.lamp, ""), _count(lamps.total, lamps.lens("open")), *counts[:2], today, counts[2], share)


def _count(count: int, lens: Lens) -> object:
    return parts.Cell(count, address(lens)) if count else NOTHING


def counties(board: queries.Board, year: queries.Year) -> parts.Table:
    """Counties by what is late, for whoever leads several."""
    rows = []
    for code, lamps in sorted(board.counties.items(), key=lambda one: _burning(one[1])):
        name = parts.Cell(org.region(code).name, f"{reverse('cockpit:home')}?place={code}")
        own = [rate for unit, rate in year.by_unit.items() if org.unit(unit).region.startswith(code)]
        rate = Rate(sum(r.hits for r in own), sum(r.total for r in own))
        cells = _cells(lamps, None)
        rows.append(parts.Row((name, *cells[:-1], f"{rate.share:.1f}%" if rate.total else NOTHING), key=code))
    return parts.Table(_heads(_("县（市、区）")), rows, _("没有在办的件。"), _("各县亮灯"))


def _burning(lamps: Lamps) -> tuple[int, int, int]:
    return -lamps["late"], -lamps["warn"], -lamps.total


def units(board: queries.Board, year: queries.Year, place: str, everything: bool) -> dict[str, object]:
    """Units by what is late in their hands; the first dozen unless all are asked for."""
    found = sorted(board.units.values(), key=_burning)
    rows = []
    for lamps in found if everything else found[:FIRST]:
        name = parts.Cell(org.unit(lamps.unit).short_name, address(lamps.lens("open")))
        rows.append(parts.Row((name, *_cells(lamps, year.by_unit.get(lamps.unit))), key=str(lamps.unit)))
    table = parts.Table(_heads(_("单位")), rows, _("没有在办的件，所以没有灯。收件之后会出现在这里。"), _("各单位亮灯"))
    more = len(found) - len(rows)
    query = {"units": "all", **({"place": place} if place else {})}
    return {
        "table": table,
        "wall": _wall(found[:FIRST]),
        "more": more,
        "all": f"{reverse('cockpit:home')}?{urlencode(query)}#units",
    }


def _wall(found: Sequence[Lamps]) -> parts.Table:
    """The same in a column's width, to be read from across the room."""
    heads = (parts.Column(_("单位"), lead=True), parts.Column(_("超期"), "n"), parts.Column(_("将到期"), "n"))
    rows = [
        parts.Row(
            (
                parts.Cell(org.unit(one.unit).short_name, address(one.lens("open"))),
                *(_count(one[lamp], one.lens(lamp)) for lamp in ("late", "warn")),
            )
        )
        for one in found
    ]
    return parts.Table(heads, rows, _("没有在办的件，所以没有灯。收件之后会出现在这里。"), _("各单位亮灯"))


def ranks(year: queries.Year, place: str, asked: QueryDict) -> Ranks | None:
    """Units of one class by their punctuality of the last thirty days, each with its interval."""
    classes: dict[str, dict[int, Rate]] = {}
    labels: dict[str, str] = {}
    for unit, rate in year.by_unit.items():
        known = org.unit(unit)
        classes.setdefault(known.kind, {})[unit] = rate
        labels[known.kind] = str(known.kind_label)
    if not classes:
        return None
    order = sorted(
        classes, key=lambda kind: (-sum(r.total >= LEAST for r in classes[kind].values()), -len(classes[kind]))
    )
    chosen = asked.get("class", "") if asked.get("class", "") in classes else order[0]
    found = ranked(classes[chosen])
    sure = [one for one in found if one.rank]
    bars = [
        parts.Bar(
            f"{one.rank}. {org.unit(one.unit).short_name}", one.rate.share,
            f"{one.rate.share:.1f}% · {_rank_words(one.low, one.high)}", address(one.rate.counted) if one.rate.counted else "",
            *one.rate.interval,
        )
        for one in sure
    ]  # fmt: skip
    few = "、".join(f"{org.unit(one.unit).short_name}（{one.rate.total}）" for one in found if not one.rank)
    floor = max(0.0, min((one.rate.interval[0] for one in sure), default=0.0) - 3)
    return Ranks([_tab(labels, kind, place, kind == chosen) for kind in order], bars, floor, few)


def _tab(labels: dict[str, str], kind: str, place: str, current: bool) -> parts.Tab:
    query = {"class": kind, **({"place": place} if place else {})}
    return parts.Tab(labels[kind], f"{reverse('cockpit:home')}?{urlencode(query)}#ranks", None, current)


def _rank_words(low: int, high: int) -> str:
    if low == high:
        return _("第 %(rank)d 名") % {"rank": low}
    return _("第 %(low)d–%(high)d 名之间") % {"low": low, "high": high}


def slow(steps: Sequence[Slow], items: Sequence[Slow]) -> dict[str, parts.Table]:
    """What took longest in ninety days: the median, the ninth decile, the promise."""
    heads = (
        parts.Column(_("环节"), lead=True), parts.Column(_("件次"), "n"), parts.Column(_("中位"), "n"),
        parts.Column(_("九成在内"), "n"), parts.Column(_("承诺"), "n"), parts.Column(_("超期"), "n"),
    )  # fmt: skip
    none = _("近 90 天同一环节不足 5 件，还看不出快慢。")
    table = parts.Table(heads, [_slow(one) for one in steps], none, _("最慢的环节"))
    item_heads = (parts.Column(_("事项"), lead=True), *heads[1:])
    empty = _("近 90 天同一事项作出的决定不足 5 件，还看不出快慢。")
    return {"steps": table, "items": parts.Table(item_heads, [_slow(one) for one in items], empty, _("最慢的事项"))}


def _slow(one: Slow) -> parts.Row:
    name = parts.Cell(_(one.step) if one.step else one.title, address(one.lens), one.title if one.step else "")
    promised = told(spoken(one.limit), _) if one.limit else days(one.due) if one.due is not None else ""
    over = bool(one.due) and one.decile > (one.due or 0)
    decile = ("late", days(one.decile)) if over else days(one.decile)
    return parts.Row((name, one.total, days(one.middle), decile, promised or NOTHING, one.late or NOTHING))


def days(amount: float) -> str:
    """Days with one decimal, hours below a day."""
    if amount < 1:
        return _("%(n).1f 小时") % {"n": amount * 24}
    return _("%(n).1f 天") % {"n": amount}


def scores(rows: Sequence[performance.BoardRow], run: int) -> list[list[parts.Bar]]:
    """The latest scores by class, as intervals of rank: the left end is the first place."""
    return [
        [
            parts.Bar(f"{r.rank}. {r.name}", r.score, f"{r.shown} · {_rank_words(r.rank_low, r.rank_high)}",
                      reverse("desk:score_unit", args=[run, r.unit]))
            for r in group
        ]
        for _key, group in groupby(rows, key=lambda r: r.group)
    ]  # fmt: skip
