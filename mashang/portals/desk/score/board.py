"""Who stands where in the latest run, and running a period."""

from __future__ import annotations

from itertools import groupby

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused
from mashang.org import queries as org
from mashang.performance import actions, queries
from mashang.performance.rules.periods import in_time
from mashang.portals.shared import forms, parts
from mashang.portals.shared.meter import meter

from ..frame import page, who
from .frame import period_choices, periods_of, spoken_period, tabs


def region_of(by: Actor, asked: str, known: list[queries.SchemeInfo]) -> str:
    """The region asked for if the reader sees scores there, else that of the reader's unit, else the first."""
    regions = list(dict.fromkeys(s.region for s in known))
    home = next((u.region for u in org.units_of([by.unit_id])), "")
    nearest = [r for r in regions if home.startswith(r)]
    return asked if asked in regions else next(iter([*nearest, *regions]), "")


@require_GET
def sheet(request: HttpRequest) -> HttpResponse:
    """The board: for each class of unit its members with score, rank, the ranks the counts leave open, and grade."""
    by = who(request)
    known = queries.schemes(by)
    region = region_of(by, request.GET.get("region", ""), known)
    made = queries.runs(by, *(s.id for s in known if s.region == region))
    periods = sorted({r.period for r in made}, key=in_time, reverse=True)
    asked = request.GET.get("period", "")
    info = queries.latest_run(by, region, asked if asked in periods else "") if region else None
    rows = queries.board(info.id, by) if info else []
    labels = queries.class_names(queries.scheme_text(info.scheme.id, by)) if info else {}
    regions = list(dict.fromkeys(s.region for s in known))
    filters = [parts.Filter("period", _("期间"), period_choices(periods))]
    if len(regions) > 1:
        filters.insert(0, parts.Filter("region", _("地区"), [(r, org.region(r).name) for r in regions]))
    context = {
        "tabs": tabs(by, "results"),
        "region": org.region(region).name if region else "",
        "run": info,
        "groups": [(labels.get(g, g), _table(list(found), info.id)) for g, found in groupby(rows, lambda r: r.group)]
        if info
        else [],
        "unscored": queries.unscored(info.id, by) if info else [],
        "filters": filters,
        "may_run": org.may(by, "performance.run", region=region) if region else False,
        "schemes": [s for s in known if s.region == region],
    }
    return page(request, "score/board", "score", **context)


def _table(rows: list[queries.BoardRow], run: int) -> parts.Table:
    columns = (
        parts.Column(_("名次"), "n"), parts.Column(_("单位"), lead=True), parts.Column(_("得分"), "n"),
        parts.Column(_("名次区间")), parts.Column(_("等次")),
    )  # fmt: skip
    names = list(dict.fromkeys(r.grade for r in sorted(rows, key=lambda r: -r.score)))
    return parts.Table(columns, [_row(r, run, names) for r in rows], _("没有您可以查看的单位。"), _("考评结果"))


def _row(r: queries.BoardRow, run: int, grades: list[str]) -> parts.Row:
    name = parts.Cell(r.name, reverse("desk:score_unit", args=[run, r.unit]))
    interval = parts.Cell(meter(r.rank - 0.5, r.rank_low - 1, r.rank_high, r.peers), sub=place_words(r))
    return parts.Row((r.rank, name, r.shown, interval, r.grade), key=str(r.unit))


def place_words(r: queries.BoardRow | queries.Sheet) -> str:
    """第 2 名 when the counts leave no doubt, else 第 1–3 名."""
    if r.rank_low == r.rank_high:
        return _("第 %(rank)d 名") % {"rank": r.rank}
    return _("第 %(low)d–%(high)d 名之间") % {"low": r.rank_low, "high": r.rank_high}


def _fields(by: Actor) -> list[parts.Field]:
    ready = [s for s in queries.schemes(by) if s.frozen_at and org.may(by, "performance.run", region=s.region)]
    schemes = [(s.id, _("%(name)s 第%(version)s版（%(region)s）") % _named(s)) for s in ready]
    periods = list(dict.fromkeys(p for s in ready for p in periods_of(queries.scheme_rule(s.id, by))))
    return [
        parts.Field("scheme", _("考评方案"), "choice", required=True, choices=schemes, value=schemes[-1][0] if schemes else "",
                    help=_("只列出已定稿的方案。")),
        parts.Field("period", _("期间"), "choice", required=True, choices=period_choices(periods),
                    value=periods[1] if periods else "",
                    help=_("可以重新计算，以最近一次为准；以前的结果原样留存。")),
    ]  # fmt: skip


def _named(s: queries.SchemeInfo) -> dict[str, str]:
    return {"name": s.name, "version": s.version, "region": org.region(s.region).name}


@require_http_methods(["GET", "POST"])
def run(request: HttpRequest) -> HttpResponse:
    """Score a period: gather the figures, freeze them, score every unit."""
    by, refused = who(request), None
    fields = _fields(by)
    if request.method == "POST":
        scheme, period = request.POST.get("scheme", ""), request.POST.get("period", "")
        try:
            if scheme not in {str(value) for value, _label in fields[0].choices}:
                raise Refused("run.scheme", "请选择一个已定稿的考评方案。", "scheme")
            if "again" not in request.POST and queries.runs(by, int(scheme), period=period, limit=1):
                fields.append(parts.Field("again", _("确认重新计算这个期间"), "checkbox"))
                raise Refused(
                    "run.again", "这个期间已经算过。要以新的结果为准，请勾选“确认重新计算这个期间”再提交。", "again"
                )
            made = actions.run(int(scheme), period, by=by, now=clock.now())
            messages.success(request, _("%(period)s的考评已算出，输入已封存。") % {"period": spoken_period(period)})
            info = queries.run_for(made, by)
            query = urlencode({"region": info.scheme.region, "period": period})
            return HttpResponseRedirect(f"{reverse('desk:score')}?{query}")
        except Refused as no:
            refused = no
    form = forms.build(
        fields, action=request.path, button=_("计算考评"), values=forms.typed(request.POST, fields) if refused else None,
        refused=refused, key=request.POST.get("key"), cancel=reverse("desk:score"),
    )  # fmt: skip
    return page(request, "score/run", "score", 422 if refused else 200, form=form, ready=bool(fields[0].choices))
