"""数据上报: what is wanted of which unit, reporting one figure, reporting many by sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import NotFound, Refused
from mashang.kernel.said import told
from mashang.org import queries as org
from mashang.performance import actions, queries
from mashang.performance.rules.reporting import Wanted, number_of
from mashang.performance.rules.words import UNITS
from mashang.portals.shared import forms, parts
from mashang.portals.shared.downloads import XLSX, attachment

from ..frame import page, who
from .frame import at_fields, chosen_period, period_choices, periods_of, plain, spoken_period, tabs

MOST_BYTES = 5 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Shown:
    """A line of a unit's page: what is wanted, the figure that stands with who and when, those before it, what may be done."""

    title: str
    about: str
    value: str
    evidence: str
    by: str
    at: Any
    before: tuple[str, ...]
    note: str
    state: tuple[str, str]
    href: str
    label: str
    correction: str


@require_GET
def figures(request: HttpRequest) -> HttpResponse:
    """Every unit that the reader reports for, with what is missing; the one unit itself when it is only one."""
    by = who(request)
    known = queries.schemes_to_report(by)
    if not known:
        return page(request, "score/figures", "score", tabs=tabs(by, "figures"), scheme=None)
    asked = request.GET.get("scheme", "")
    scheme = next((s for s in known if str(s.id) == asked), known[0])
    periods = periods_of(queries.scheme_rule(scheme.id, by))
    period = chosen_period(request.GET.get("period", ""), periods)
    found = queries.figures_of(scheme.id, period, by)
    filters = [parts.Filter("period", _("期间"), period_choices(periods))]
    if len(known) > 1:
        names = [(s.id, f"{s.name}（{org.region(s.region).name}）") for s in known]
        filters.insert(0, parts.Filter("scheme", _("方案"), names))
    context = _about(scheme, period, by) | {
        "tabs": tabs(by, "figures"),
        "filters": filters,
        "units": _units_table(found, scheme.id, period) if len(found) != 1 else None,
        "wanted": _wanted_table(found) if len(found) != 1 else None,
        "one": found[0] if len(found) == 1 else None,
        "lines": unit_lines(found[0], scheme.id, period, by) if len(found) == 1 else [],
        "missing": sum(u.missing for u in found),
        "waiting": queries.corrections_waiting(by),
        "above": queries.answers_for(by, scheme.id) if not found else [],
    }
    return page(request, "score/figures", "score", **context)


def _about(scheme: queries.SchemeInfo, period: str, by: Actor) -> dict[str, Any]:
    return {
        "scheme": scheme,
        "period": period,
        "region": org.region(scheme.region).name,
        "measured": queries.measured_of(scheme.id, by),
    }


def _units_table(found: Sequence[queries.UnitFigures], scheme: int, period: str) -> parts.Table:
    columns = (
        parts.Column(_("单位"), lead=True), parts.Column(_("应报"), "n"), parts.Column(_("已报"), "n"), parts.Column(_("未报")),
        parts.Column(_("更正待批")),
    )  # fmt: skip
    rows = []
    for u in found:
        state = ("warn", _("缺 %(n)d 项") % {"n": u.missing}) if u.missing else ("ok", _("报齐"))
        name = parts.Cell(u.name, reverse("desk:score_figures_unit", args=[scheme, period, u.unit]))
        waiting = ("hold", _("%(n)d 项") % {"n": u.waiting}) if u.waiting else ""
        rows.append(parts.Row((name, u.needed, u.needed - u.missing, state, waiting), key=str(u.unit)))
    return parts.Table(columns, rows, _("没有由您上报数据的单位。"), _("各单位上报情况"))


def _wanted_table(found: Sequence[queries.UnitFigures]) -> parts.Table:
    """Each figure that is still missing somewhere: of how many units, until when, collected by whom."""
    gaps: dict[str, tuple[Wanted, int]] = {}
    for line in (line for u in found for line in u.lines if line.wanted.needed and line.figure is None):
        gaps[line.wanted.column] = line.wanted, gaps.get(line.wanted.column, (line.wanted, 0))[1] + 1
    columns = (
        parts.Column(_("指标"), lead=True), parts.Column(_("未报单位"), "n"), parts.Column(_("采集时间")), parts.Column(_("采集单位")),
    )  # fmt: skip
    rows = [parts.Row((told(one.title, _), n, one.collected, one.lead), key=one.column) for one, n in gaps.values()]
    return parts.Table(columns, rows, _("都已报齐。"), _("还缺的数据"))


@require_GET
def figures_unit(request: HttpRequest, scheme: int, period: str, unit: int) -> HttpResponse:
    """One unit's figures of a period."""
    by = who(request)
    (found,) = queries.figures_of(scheme, period, by, unit)
    info = queries.scheme_for(scheme, by)
    context = _about(info, period, by) | {"one": found, "lines": unit_lines(found, scheme, period, by)}
    return page(request, "score/figures_unit", "score", **context)


def unit_lines(found: queries.UnitFigures, scheme: int, period: str, by: Actor) -> list[Shown]:
    """The lines of a unit, with the runs that used what was corrected since."""
    used = queries.runs_using(f.id for line in found.lines for f in line.before)
    return [_shown(line, (scheme, period, found.unit), by, used) for line in found.lines]


def _shown(
    line: queries.Line, at: tuple[int, str, int], by: Actor, used: Mapping[int, Sequence[queries.RunInfo]]
) -> Shown:
    """The line as it is drawn; `at` is scheme, period and unit, as its address has them."""
    one, figure, asked = line.wanted, line.figure, line.correction
    about = " · ".join(filter(None, (told(UNITS[one.unit], _), one.collected, one.lead, one.basis)))
    if figure is None:
        href = reverse("desk:score_figure_report", args=[*at, one.column])
        state = ("warn", _("未报")) if one.needed else ("none", _("有则上报"))
        return Shown(told(one.title, _), about, "", "", "", None, (), "", state, href, _("上报"), "")
    before = tuple(_before(f, used.get(f.id, ())) for f in line.before)
    note = _("更正理由：%(reason)s；批准：%(by)s") % {"reason": figure.reason, "by": org.shown_name(figure.approved_by, to=by)} if line.before else ""  # fmt: skip
    state, href = ("ok", _("已更正") if line.before else _("已报")), reverse("desk:score_correct", args=[figure.id])
    label, correction = _("申请更正"), ""
    if asked is not None:
        correction = reverse("desk:score_correction", args=[asked.id])
        if asked.state == "asked":
            state, href, label = ("hold", _("更正待批")), correction, _("看更正")
        else:
            state = ("late", _("更正未同意"))
    return Shown(
        told(one.title, _), about, plain(figure.value), figure.evidence, org.shown_name(figure.by, to=by), figure.at, before, note,
        state, href, label, correction,
    )  # fmt: skip


def _before(figure: queries.FigureInfo, runs: Sequence[queries.RunInfo]) -> str:
    words = _("原报 %(value)s") % {"value": plain(figure.value)}
    return f"{words}，{used_words(runs)}" if runs else words


def used_words(runs: Sequence[queries.RunInfo]) -> str:
    """Which runs froze a figure: 2026-03 的 2 次计算用了这一数."""
    periods = _("、").join(dict.fromkeys(spoken_period(r.period) for r in runs))
    return _("%(periods)s的 %(n)d 次计算用了这一数") % {"periods": periods, "n": len(runs)}


def value_field(one: Wanted, value: str = "") -> parts.Field:
    return parts.Field(
        "value", _("数据"), required=True, size="s", value=value, unit="%" if one.unit == "percent" else "",
        help=told(UNITS[one.unit], _), attrs={"inputmode": "decimal", "autocomplete": "off"},
    )  # fmt: skip


def evidence_field(value: str = "") -> parts.Field:
    return parts.Field(
        "evidence", _("佐证"), "textarea", required=True, value=value, help=_("文件名称和文号，300 字以内。")
    )


@require_http_methods(["GET", "POST"])
def figure_report(request: HttpRequest, scheme: int, period: str, unit: int, column: str) -> HttpResponse:
    """One figure of one unit."""
    by, refused = who(request), None
    (found,) = queries.figures_of(scheme, period, by, unit)
    line = next((one for one in found.lines if one.wanted.column == column), None)
    if line is None:
        raise NotFound(_("这个单位不用上报这一项。"))
    info, one = queries.scheme_for(scheme, by), line.wanted
    back = reverse("desk:score_figures_unit", args=[scheme, period, unit])
    fields, draft = [value_field(one), evidence_field()], f"figure-{scheme}-{period}-{unit}-{column}"
    if request.method == "POST":
        value = number_of(request.POST.get("value", ""), one.unit)
        form = actions.NewFigure(info.code, column, unit, period, value, request.POST.get("evidence", ""))
        try:
            kept, name = actions.report(form, by=by, now=clock.now()), {"name": told(one.title, _)}
            if queries.stands(kept):
                messages.success(request, _("已上报：%(name)s") % name, extra_tags=draft)
            else:
                messages.error(
                    request, _("“%(name)s”已经更正过，以更正后的数据为准，您报的数没有采用。") % name, extra_tags=draft
                )
            return HttpResponseRedirect(back)
        except Refused as no:
            refused = at_fields(no, ("value", "evidence"), "value")
    elif line.figure is not None:
        return HttpResponseRedirect(back)
    form_ = forms.build(
        fields, action=request.path, button=_("上报"), values=forms.typed(request.POST, fields) if refused else None,
        refused=refused, key=request.POST.get("key"), cancel=back, draft=draft,
    )  # fmt: skip
    context = _about(info, period, by) | {"form": form_, "wanted": one, "one": found}
    return page(request, "score/figure_report", "score", 422 if refused else 200, **context)


@require_http_methods(["GET", "POST"])
def figures_sheet(request: HttpRequest, scheme: int, period: str) -> HttpResponse:
    """Many figures by Excel or CSV, whole or not at all."""
    by, refused = who(request), None
    found = queries.figures_of(scheme, period, by)
    if not found:
        raise NotFound(_("没有由您上报数据的单位。"))
    info = queries.scheme_for(scheme, by)
    back = f"{reverse('desk:score_figures')}?{urlencode([('scheme', scheme), ('period', period)])}"
    accept = ".xlsx,.xlsm,.csv,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    fields = [
        parts.Field("file", _("填好的表"), "file", required=True, help=_("Excel 或 CSV，最大 5 MB。空格跳过，已报且相同的跳过。"), attrs={"accept": accept}),
        evidence_field(),
    ]  # fmt: skip
    if request.method == "POST":
        try:
            done = _sheet(request, scheme, period, by)
            words = _("已上报 %(new)d 项；另有 %(known)d 项与已报的相同，没有重复。") % {
                "new": done.new,
                "known": done.known,
            }
            messages.success(request, words if done.known else _("已上报 %(new)d 项。") % {"new": done.new})
            return HttpResponseRedirect(back)
        except Refused as no:
            refused = at_fields(no, ("evidence",), "file")
    form = forms.build(
        fields, action=request.path, button=_("上报"), values=forms.typed(request.POST, fields) if refused else None,
        refused=refused, key=request.POST.get("key"), cancel=back,
    )  # fmt: skip
    context = _about(info, period, by) | {"form": form, "count": len(found)}
    return page(request, "score/figures_sheet", "score", 422 if refused else 200, **context)


def _sheet(request: HttpRequest, scheme: int, period: str, by: Actor) -> actions.Reported:
    chosen = request.FILES.get("file")
    evidence = request.POST.get("evidence", "")
    if chosen is None:
        raise Refused("figure.file", "请选择填好的表。", "file")
    if (chosen.size or 0) > MOST_BYTES:
        raise Refused("figure.size", "表格不能超过 5 MB，请分几次上报。", "file")
    return actions.report_sheet(scheme, period, chosen.read(), chosen.name or "", evidence, by=by, now=clock.now())


@require_GET
def figures_template(request: HttpRequest, scheme: int, period: str) -> HttpResponse:
    """The table to fill in, with the reader's units and what is reported already."""
    by = who(request)
    return attachment(queries.figures_template(scheme, period, by), f"figures-{period}.xlsx", XLSX)
