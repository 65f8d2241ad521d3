"""The clock catalogue: what binds offices, by family and version; publishing the next version of a clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from mashang.clocks import actions, queries
from mashang.clocks.queries import Published, Use
from mashang.clocks.rules import ClockRow, ClockRule, NewVersion, next_version, start
from mashang.kernel import clock as time_
from mashang.kernel.refused import Forbidden, NotFound, Refused
from mashang.kernel.said import told
from mashang.portals.shared import casepage, forms, words
from mashang.portals.shared.limits import by_family, checked, limit_text, more, way
from mashang.portals.shared.parts import Cell, Column, Field, Row, Table, WhyLine

from .common import number, page, reaches_all, who

RIGHT = "org.calendar"
NONE = Use(0, 0, 0, 0)
Uses = dict[tuple[str, int], Use]
UNITS = {
    "wd": gettext_lazy("工作日"), "nd": gettext_lazy("自然日"), "wh": gettext_lazy("工作小时"), "h": gettext_lazy("小时"),
    "mo": gettext_lazy("个月"), "yr": gettext_lazy("年"),
}  # fmt: skip
"""What a limit may be counted in, in the words of the form."""
LINES = 40
"""More lines of a count than this are shown by their beginning and their end."""


@require_safe
def clocks(request: HttpRequest) -> HttpResponse:
    """Every clock in force, by family; open to everybody at the desk, for administrators with how many run."""
    use = queries.in_use() if reaches_all(who(request), RIGHT) else None
    groups = [(label, _table(rules, use, label)) for label, rules in by_family(queries.rules())]
    known = queries.rules()
    unverified = sum(not rule.verified for rule in known)
    return page(request, "clocks", "clocks", None, groups=groups, count=len(known), unverified=unverified)


def _table(rules: Sequence[ClockRule], use: Uses | None, label: str) -> Table:
    columns = (
        Column(_("时钟"), lead=True), Column(_("时限长短")), Column(_("可以中止的事由")), Column(_("到期后果")), Column(_("依据")),
        Column(_("核实情况")), Column(_("版本") if use is None else _("版本和在办"), "t"),
    )  # fmt: skip
    rows = [
        Row(
            (
                Cell(told(r.label, _), reverse("admin:clock", args=[r.code]), f"{r.code} · {_('自%(start)s起') % {'start': told(r.trigger, _)}}"),
                Cell(limit_text(r), sub=more(r)), _grounds(r), told(r.effect_label, _), r.source, checked(r),
                Cell(_("第%(n)d版") % {"n": r.version}, sub="" if use is None else _running(r, use)),
            ),
            key=r.code,
        )
        for r in rules
    ]  # fmt: skip
    return Table(columns, rows, "", label)


def _grounds(rule: ClockRule) -> str:
    return _("、").join(told(ground.label, _) for ground in rule.grounds) or _("不得中止")


def _running(rule: ClockRule, use: Uses) -> str:
    """How many run under each version: 在办 12（第1版 3）."""
    newest = use.get((rule.code, rule.version), NONE).running
    older = [(v, use[code, v].running) for code, v in use if code == rule.code and v != rule.version]
    still = _("、").join(_("第%(n)d版 %(count)d") % {"n": v, "count": count} for v, count in sorted(older) if count)
    text = _("在办 %(count)d") % {"count": newest}
    return _("%(text)s；%(older)s") % {"text": text, "older": still} if still else text


@never_cache
@require_http_methods(["GET", "POST"])
def clock(request: HttpRequest, code: str) -> HttpResponse:
    """A clock: its versions and who uses them; for administrators the next version, looked at before it is published."""
    try:
        rule = queries.rule_for(code)
    except Refused:
        raise NotFound(_("没有这个时钟，请从时钟目录中选择。")) from None
    may = reaches_all(who(request), RIGHT)  # a clock binds every unit of the platform
    if request.method == "POST" and not may:
        raise Forbidden()
    refused, shown = None, None
    if request.method == "POST":
        try:
            form, after = _form_of(request.POST), number(request.POST, "after") or 0
            if request.POST.get("do") == "publish":
                made = actions.revise_rule(code, form, after=after, by=who(request), now=time_.now())
                messages.success(
                    request,
                    _("已发布第 %(n)d 版。在办的时钟仍按原来的版本走完。") % {"n": made.version},
                    extra_tags=_draft(code, after),
                )
                return HttpResponseRedirect(request.path)
            shown = _preview(rule, form, request.POST.get("sample", ""))
        except Refused as no:
            refused = no
    use = queries.in_use(code) if may else None
    context = {
        "rule": rule, "limit": limit_text(rule), "checked": checked(rule), "facts": _facts(rule),
        "versions": _versions(queries.versions(code), use),
        "preview": shown, "form": _form(request, rule, refused) if may else None,
        "confirm": _confirm(request, rule) if shown else None,
    }  # fmt: skip
    return page(request, "clock", "clocks", refused, **context)


def _facts(rule: ClockRule) -> list[tuple[str, Any]]:
    more = rule.extension
    extension = (
        _("最多延长 %(limit)s，%(times)d 次，%(approver)s批准")
        % {"limit": told(more.limit.label, _), "times": more.times, "approver": told(more.approver, _)}
        if more
        else _("不得延长")
    )
    return [
        (_("起算"), told(rule.trigger, _)),
        (_("时限长短"), limit_text(rule)),
        (_("计算"), way(rule)),
        (_("提前提醒"), told(rule.warn.label, _) if rule.warn else ""),
        (_("可以中止的事由"), _grounds(rule)),
        (_("延长"), extension),
        (_("到期后果"), told(rule.effect_label, _)),
        (_("依据"), rule.source),
        (_("核对出处"), rule.document),
        (_("备注"), told(rule.note, _)),
    ]


def _versions(known: Sequence[Published], use: Uses | None) -> Table:
    columns = [
        Column(_("版本"), lead=True),
        Column(_("发布"), "t"),
        Column(_("发布人")),
        Column(_("时限长短")),
        Column(_("核实情况")),
    ]
    if use is not None:
        columns += [Column(name, "n") for name in (_("在办时钟"), _("在办件"), _("在办环节"), _("累计"))]
    rows = []
    for rule, by, at in known:
        used = () if use is None else use.get((rule.code, rule.version), NONE)
        name = _("第%(n)d版") % {"n": rule.version}
        rows.append(Row((name, at, told(by, _), limit_text(rule), checked(rule), *used)))
    return Table(tuple(columns), rows, "", _("版本"))


def _form_of(data: QueryDict) -> NewVersion:
    def text(name: str) -> str:
        return data.get(name, "").strip()

    codes = tuple(code for value in data.getlist("grounds") for code in value.split(",") if code)
    return NewVersion(
        forms.limit_in(data, "limit"), forms.limit_in(data, "warn"), codes, forms.limit_in(data, "extension"), text("times") or "1", text("approver"), text("effect"),
        text("source"), "verified" in data, text("document"),
    )  # fmt: skip


def _fields(rule: ClockRule) -> list[Field]:
    more = rule.extension
    short = [(code, str(UNITS[code])) for code in ("wd", "nd", "wh", "h")]
    every = [(code, str(label)) for code, label in UNITS.items()]
    unit = rule.limit.unit if rule.limit else "wd"
    limit = [Field("limit", _("时限长短"), "limit", required=True, value=str(rule.limit), choices=every, unit=unit)]
    return [
        *(limit if rule.limit else ()),  # of the others each case brings its own
        Field(
            "warn", _("提前多久提醒"), "limit", help=_("不填为不提醒。"), value=str(rule.warn or ""), choices=short,
            unit=unit if unit in dict(short) else "wd",
        ),
        Field(
            "grounds", _("可以中止的事由"), "multi", value=[g.code for g in rule.grounds],
            choices=tuple((g.code, told(g.label, _), g.article) for g in queries.known_grounds().values()),
        ),
        Field(
            "extension", _("最多可延长"), "limit", help=_("单位与时限相同；不填为不得延长。"), value=str(more.limit) if more else "",
            choices=every, unit=unit,
        ),
        Field("times", _("延长次数"), "number", value=more.times if more else 1, size="s"),
        Field("approver", _("延长的批准人"), value=more.approver if more else "", size="m"),
        Field(
            "effect", _("到期后果"), "choice", required=True, value=rule.effect,
            choices=tuple((code, told(label, _)) for code, label in queries.known_effects().items()),
        ),
        Field("source", _("依据"), help=_("法律法规或文件的名称和条款。"), required=True, value=rule.source),
        Field("verified", _("已对照原文核实"), "checkbox", value=rule.verified),
        Field("document", _("核对的文号或公布出处"), help=_("标为已核实时必填。"), value=rule.document),
        Field("sample", _("试算的起算日期"), "date", help=_("看这一天起算的件，到期日怎样变化；不写入任何结果。"), value=time_.today().isoformat()),
    ]  # fmt: skip


def _draft(code: str, after: int) -> str:
    """What the browser calls the form of the version that follows this one."""
    return f"clock-{code}-{after}"


def _form(request: HttpRequest, rule: ClockRule, refused: Refused | None) -> forms.Form:
    fields = _fields(rule)
    values = forms.typed(request.POST, fields) if request.method == "POST" else None
    if values:
        values["grounds"] = list(_form_of(request.POST).grounds)
    return forms.build(
        [Field("do", type="hidden", value="preview"), Field("after", type="hidden", value=rule.version), *fields],
        action=request.path, button=_("看到期日怎样变化"), values=values, refused=refused,
        draft=_draft(rule.code, rule.version),
    )  # fmt: skip


def _confirm(request: HttpRequest, rule: ClockRule) -> forms.Form:
    """What was looked at, to be published by one press."""
    data = request.POST
    kept = [
        Field(name, type="hidden", value=value)
        for name, value in forms.typed(data, [f for f in _fields(rule) if f.type not in ("multi", "checkbox")]).items()
    ]
    kept.append(Field("grounds", type="hidden", value=",".join(_form_of(data).grounds)))
    if "verified" in data:
        kept.append(Field("verified", type="hidden", value="on"))
    hidden = [Field("do", type="hidden", value="publish"), Field("after", type="hidden", value=data.get("after", ""))]
    return forms.build(
        [*hidden, *kept],
        action=request.path,
        button=_("发布第 %(n)d 版") % {"n": rule.version + 1},
        cancel=request.path,
    )


def _preview(rule: ClockRule, form: NewVersion, sample: str) -> dict[str, Any]:
    """When a clock that begins on the sample day is due, under the version in force and under the new one."""
    asked = next_version(rule, form, queries.known_grounds(), queries.known_effects())
    try:
        at = time_.local(datetime.combine(date.fromisoformat(sample), time(9)))
    except (ValueError, OverflowError):
        raise Refused("date.wrong", _("日期不正确，请按年-月-日填写。"), "sample") from None
    return {"before": _due(rule, at), "after": _due(asked, at)}


def _due(rule: ClockRule, at: datetime) -> tuple[str, list[WhyLine]]:
    """The due time in words and the count that leads to it, day by day."""
    if rule.limit is None:
        return _("由本件确定，无从试算"), []
    row: ClockRow = start(rule, at=at, calendar=queries.calendar_for("", None, at), case_id=0, party="")
    lines = casepage.why(row, at) if rule.direction == "after" else []
    if len(lines) > LINES:
        lines = [
            *lines[: LINES // 2],
            WhyLine("…", _("中间 %(n)d 行略去") % {"n": len(lines) - LINES}),
            *lines[-LINES // 2 :],
        ]
    return words.when(row.due_at) if row.due_at else "", lines
