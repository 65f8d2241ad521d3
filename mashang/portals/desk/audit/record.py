"""台账记录: every act within the auditor's scope, newest first, with filters kept in the address; and its export."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from openpyxl import Workbook

from mashang.audit import actions, queries
from mashang.audit.queries import Shown
from mashang.audit.rules import VIEWS, Filter
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Fault, NotFound, Refused
from mashang.kernel.sheet import defused
from mashang.org import queries as org
from mashang.portals.shared import parts
from mashang.portals.shared.downloads import XLSX, attachment
from mashang.portals.shared.parts import Field
from mashang.text.rules.tables import as_csv

from ..frame import clean, page, who
from .frame import bound, query_of, span, tabs

MANY = 400
"""More people than this are not offered in one list: the unit is chosen first."""


def filter_of(request: HttpRequest, by: Actor) -> tuple[Filter, tuple[Fault, ...]]:
    """The filter in the address and what is wrong with it. Refuses (NotFound) units and people out of the scope."""
    get = request.GET
    dates = span(get)
    unit, about, actor = _number(get.get("unit", "")), clean(get.get("about", "")), clean(get.get("by", ""))
    for ref in filter(None, (f"unit:{unit}" if unit else "", about, actor)):
        _within(by, ref)
    view = get.get("view", "")
    return Filter(
        view if view in VIEWS else "", dates.since, dates.until, clean(get.get("verb", ""))[:100], actor,
        clean(get.get("number", ""))[:60], unit, about,
    ), dates.faults  # fmt: skip


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _within(by: Actor, ref: str) -> None:
    """Whom the address names must be the reader's to ask about; entries about persons are bounded by their cases."""
    kind, _colon, key = ref.partition(":")
    if kind == "person" and _number(key):
        return
    if kind not in ("unit", "staff") or not _number(key):
        raise NotFound
    unit = org.unit(_number(key) if kind == "unit" else org.unit_of_staff(_number(key)))
    if not queries.may_see_unit(by, unit):
        raise NotFound


@never_cache
@require_GET
def record(request: HttpRequest) -> HttpResponse:
    """The record, a page at a time."""
    by = who(request)
    filter_, faults = filter_of(request, by)
    found = queries.record(by, filter_, after=request.GET.get("after", ""))
    query = query_of(request)
    context = {
        "tabs": tabs("record"),
        "views": [parts.Filter("view", _("常用筛选"), tuple((name, label) for name, (label, _v) in VIEWS.items()))],
        "fields": bound(_fields(by, filter_), request.GET, faults),
        "open": bool(faults)
        or any(request.GET.get(name) for name in ("since", "until", "number", "verb", "unit", "by")),
        "hidden": [(name, request.GET[name]) for name in ("view", "about") if request.GET.get(name)],
        "count": queries.count(by, filter_),
        "behind": queries.behind(),
        "scope": _("全部单位") if not org.bounded(by, queries.RIGHT) else _("只含您审计范围内的单位和件"),
        "about": _about(by, filter_.about),
        "table": _table(found.rows),
        "pager": parts.Pager(after=f"?{query}&after={found.after}" if found.after else ""),
        "export": f"{reverse('desk:audit_export')}?{query}",
        "cleared": reverse("desk:audit"),
    }
    return page(request, "audit/record", "audit", 422 if faults else 200, **context)


def _fields(by: Actor, filter_: Filter) -> list[Field]:
    units = queries.units(by)
    people = queries.members(by, filter_.unit) if filter_.unit else queries.members(by)
    many = len(people) > MANY
    verbs = [
        (verb, queries.kind_of_act(verb)) for verb in queries.verbs() if filter_.verbs is None or verb in filter_.verbs
    ]
    if filter_.verb and filter_.verb not in dict(verbs):
        verbs.append((filter_.verb, queries.kind_of_act(filter_.verb)))
    return [
        Field("since", _("起"), "date"),
        Field("until", _("止"), "date", help=_("含当天。")),
        Field("number", _("件号")),
        Field("verb", _("行为"), "choice", choices=sorted(verbs, key=lambda pair: pair[1])),
        Field("unit", _("有关单位"), "choice", choices=tuple((str(u.id), u.name) for u in units)),
        Field(
            "by", _("经办人"), "choice", _("人员较多，请先选单位并筛选，再选人。") if many else "",
            choices=() if many else tuple((f"staff:{p.id}", f"{p.name}（{p.unit_name}）") for p in people),
        ),
    ]  # fmt: skip


def _about(by: Actor, ref: str) -> str:
    """The name of the unit or person that the list is narrowed to."""
    kind, _colon, key = ref.partition(":")
    if kind == "unit":
        return org.unit(int(key)).name
    return org.staff_name(int(key)) if kind == "staff" else _("一位群众") if ref else ""


def _table(rows: Sequence[Shown]) -> parts.Table:
    columns = (
        parts.Column(_("时间"), "t"), parts.Column(_("记录"), lead=True), parts.Column(_("经办人")), parts.Column(_("存证")),
    )  # fmt: skip
    return parts.Table(
        columns,
        [parts.Row((row.at, _cell(row), row.by, _sealed(row)), key=str(row.id)) for row in rows],
        _("没有符合条件的记录。您只看得到审计范围内的单位和件；可以少选几个条件再试。"),
        _("台账记录"),
    )


def _cell(row: Shown) -> parts.Cell:
    """The sentence, leading to the case, or to all entries about the unit or person."""
    if row.opens:
        return parts.Cell(row.text, reverse("desk:case", args=[row.number]), row.number)
    if row.about.ref:
        return parts.Cell(row.text, f"{reverse('desk:audit')}?about={row.about.ref}", row.about.name)
    return parts.Cell(row.text, sub=row.number)


def _sealed(row: Shown) -> tuple[str, str]:
    return ("done", _("已封存")) if row.sealed else ("hold", _("待封存"))


@never_cache
@require_POST
def export(request: HttpRequest) -> HttpResponse:
    """What the filter lists as Excel or CSV: formulas defused, at most 5,000 rows and saying so. The taking is recorded."""
    by, now = who(request), clock.now()
    filter_, faults = filter_of(request, by)
    if faults:
        raise Refused.of(faults)
    form = request.POST.get("form", "")
    rows, more = actions.export(filter_, form, by=by, now=now)
    heads = [_("时间"), _("记录"), _("行为"), _("经办人"), _("件号"), _("单位或人员"), _("存证")]
    lines = [[defused(value) for value in _values(row)] for row in rows]
    if more:
        lines.append([_("只导出了前 %(n)d 条，请缩小条件后分次导出。") % {"n": len(rows)}])
    name = f"{_('台账记录')}-{clock.today():%Y%m%d}"
    if form == "csv":
        return attachment(as_csv(heads, lines).encode(), f"{name}.csv", "text/csv; charset=utf-8")
    return attachment(_workbook(heads, lines), f"{name}.xlsx", XLSX)


def _values(row: Shown) -> list[str]:
    return [
        clock.local(row.at).strftime("%Y-%m-%d %H:%M:%S"), row.text, queries.kind_of_act(row.verb), row.by, row.number,
        row.about.name, _sealed(row)[1],
    ]  # fmt: skip


def _workbook(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("台账记录"))
    for line in (heads, *lines):
        sheet.append(list(line))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
