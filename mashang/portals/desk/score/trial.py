"""试算: what a version would come to on a period, with the figures that stand; nothing is written."""

from __future__ import annotations

from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from mashang.kernel import clock
from mashang.kernel.refused import Fault, Refused
from mashang.org import queries as org
from mashang.performance import queries
from mashang.portals.shared import parts

from ..frame import page, who
from .frame import chosen_period, period_choices, periods_of


@require_GET
def scheme_try(request: HttpRequest, scheme: int) -> HttpResponse:
    """Totals, ranks and grades by class, beside those of the run that stands; what is in the way if it cannot be scored."""
    by = who(request)
    info, rule = queries.own_scheme(scheme, by), queries.scheme_rule(scheme, by)
    names = queries.class_names(queries.scheme_text(scheme, by))
    known = periods_of(rule)
    period = chosen_period(request.GET.get("period", ""), known)
    rows: list[queries.Tried] = []
    faults: tuple[Fault, ...] = ()
    try:
        rows = queries.try_out(scheme, period, by, now=clock.now())
    except Refused as no:
        faults = no.faults
    context = {
        "info": info,
        "region": org.region(info.region).name,
        "period": period,
        "filters": [parts.Filter("period", _("期间"), period_choices(known))],
        "faults": faults,
        "groups": [(names.get(g, g), _table(list(found))) for g, found in groupby(rows, key=lambda r: r.group)],
    }
    return page(request, "score/trial", "score", 422 if faults else 200, **context)


def _table(rows: list[queries.Tried]) -> parts.Table:
    columns = (
        parts.Column(_("名次"), "n"), parts.Column(_("单位"), lead=True), parts.Column(_("得分"), "n"), parts.Column(_("等次")),
        parts.Column(_("现有得分"), "n"), parts.Column(_("现有名次"), "n"),
    )  # fmt: skip
    lines = [
        parts.Row((r.rank or "", r.name, r.score or _("没有数据"), r.grade, r.was, r.rank_was or ""), key=str(r.unit))
        for r in rows
    ]
    return parts.Table(columns, lines, _("没有您可以查看的单位。"), _("试算结果"))
