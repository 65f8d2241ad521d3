"""A unit's sheet: from the total down to the figures, and from each figure to its evidence or its cases."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from mashang.kernel.said import told
from mashang.org import queries as org
from mashang.performance import queries
from mashang.performance.rules.statistics import half_up

from ..frame import page, who
from .board import place_words

MOST, NAMED = 60, 5
ROLES = {"bonus": "+", "deduction": "−", "veto": "✕"}


@dataclass(frozen=True, slots=True)
class Cases:
    """A link to cases behind a figure: `count` of them, of which the list opens the first `shown`."""

    label: str
    count: int
    shown: int
    href: str
    first: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """What shows a figure: its words, and for a measured one its cases."""

    words: str
    cases: tuple[Cases, ...] = ()
    document: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the sheet, in words."""

    name: str
    kind: str
    depth: int
    score: str
    share: str
    adds: str
    place: str
    how: str
    proofs: tuple[Proof, ...]


@require_GET
def unit(request: HttpRequest, run: int, unit: int) -> HttpResponse:
    """The sheet of a unit in a run."""
    by = who(request)
    found = queries.sheet(run, unit, by)
    context = {
        "sheet": found,
        "group": queries.class_names(queries.scheme_text(found.run.scheme.id, by)).get(found.group, found.group),
        "place": place_words(found),
        "region": org.region(found.run.scheme.region).name,
        "lines": [_line(line, unit) for line in found.lines],
        "back": f"{reverse('desk:score')}?region={found.run.scheme.region}&period={found.run.period}",
    }
    return page(request, "score/unit", "score", **context)


def _line(one: queries.SheetLine, unit: int) -> Line:
    line = one.line
    kind = "top" if not line.depth else "leaf" if line.leaf else "node"
    share = f"{half_up(100 * line.share, 1)}%" if line.depth and line.role == "part" and line.share else ""
    adds = one.adds if line.depth and not math.isnan(line.adds) and line.role != "veto" else ""
    if adds and not float(adds):
        adds = adds.lstrip("-")
    elif adds and line.role == "bonus":
        adds = f"+{adds}"
    place = f"{line.rank}/{line.peers}" if line.rank and line.role == "part" else ""
    shown = one.shown if line.role != "veto" else ""
    return Line(
        line.name, kind, min(line.depth, 4), shown or ("" if line.role == "veto" else _("不计")), share, adds, place, told(line.how, _),
        tuple(_proof(e, unit) for e in one.evidence),
    )  # fmt: skip


def _proof(one: queries.Evidence, unit: int) -> Proof:
    if one.cases is None and one.numerator is None:
        words = _("上报 %(value)s · 佐证：%(text)s") % {"value": _number(one.value), "text": one.text}
        return Proof(words, document=one.document)
    words = _counted(one)
    if one.interval:
        low, high = (half_up(x, 1) for x in one.interval)
        words += " · " + _("95%% 区间 %(low)s–%(high)s") % {"low": low, "high": high}
    if any(b.unit != unit for b in one.brought):
        words += " · " + _("其中 %(parts)s") % {"parts": _("、").join(_share(b, one.sort) for b in one.brought)}
    cases = one.cases or {}
    links = (
        _cases(_("扣减的件"), cases.get("against") or (), named=True),
        _cases(_("计入的件"), cases.get("counted") or ()),
    )
    return Proof(words, tuple(link for link in links if link))


def _counted(one: queries.Evidence) -> str:
    """What was counted: hits out of how many for a rate, the figure itself otherwise."""
    if one.sort is queries.Sort.RATE:
        return _("平台实测 %(hits)s / %(all)s") % {"hits": _number(one.numerator), "all": _number(one.denominator)}
    return _("平台实测 %(value)s，来自 %(all)s 件") % {"value": _number(one.value), "all": _number(one.denominator)}


def _share(one: queries.Brought, sort: queries.Sort) -> str:
    """What one unit brought: hits out of how many, points, or how many cases."""
    if sort is queries.Sort.RATE:
        return f"{one.name} {_number(one.numerator)}/{_number(one.denominator)}"
    if sort is queries.Sort.MEAN:
        return _("%(unit)s %(all)s 件") % {"unit": one.name, "all": _number(one.denominator)}
    return f"{one.name} {_number(one.numerator)}"


def _number(value: float | None) -> str:
    return f"{round(value or 0, 4):.10g}"


def _cases(label: str, numbers: Sequence[str], *, named: bool = False) -> Cases | None:
    """Up to sixty numbers fit an address; the first few of those that count against stand here by name."""
    if not numbers:
        return None
    listed = list(numbers)[:MOST]
    first = tuple((n, reverse("desk:case", args=[n])) for n in listed[:NAMED]) if named else ()
    return Cases(label, len(numbers), len(listed), f"{reverse('desk:cases')}?numbers={','.join(listed)}", first)
