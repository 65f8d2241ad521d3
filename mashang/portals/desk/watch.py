"""督办台账: what is supervised, how far it is, and giving out a matter."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from mashang.cases import actions, queries
from mashang.kernel import clock
from mashang.kernel.refused import Refused
from mashang.org import queries as org
from mashang.portals.shared import forms, parts
from mashang.portals.shared.casepage import row_remaining
from mashang.portals.shared.parts import Field
from mashang.supervision import queries as supervision

from .frame import page, scope_sentence, who


@require_GET
def matters(request: HttpRequest) -> HttpResponse:
    """The ledger of supervised matters, those waiting longest first."""
    by, now = who(request), clock.now()
    state = request.GET.get("state", "")
    filter = queries.Filter(kind="supervision", state=state if state in ("open", "settled") else "")
    found = queries.page(by, filter, after=request.GET.get("after", ""), right="supervision.view")
    details = supervision.matters([r.id for r in found.rows])
    columns = (
        parts.Column(_("剩余")), parts.Column(_("事项"), lead=True), parts.Column(_("责任单位")), parts.Column(_("状态")),
        parts.Column(_("扣分"), "n"), parts.Column(_("立项"), "t"),
    )  # fmt: skip
    rows = [
        parts.Row(
            (
                row_remaining(r, now), parts.Cell(r.title, reverse("desk:case", args=[r.number]), f"{r.number} · {r.about}"),
                next((u.short_name for u in org.units_of([r.lead_unit_id])), ""), r.state_label,
                float(details[r.id].deduction) if r.id in details else 0.0, r.opened_at,
            ),
            key=r.number,
        )
        for r in queries.with_due(found.rows)
    ]  # fmt: skip
    states = (("open", _("未销号")), ("settled", _("已销号")))
    context = {
        "scope": scope_sentence(by, "supervision.view"),
        "table": parts.Table(
            columns, rows, _("没有督办事项。超期的件会自动进来，领导交办的由效能办登记。"), _("督办台账")
        ),
        "filters": [parts.Filter("state", _("状态"), states)],
        "pager": parts.Pager(after=f"?state={state}&after={found.after}" if found.after else ""),
        "may_assign": org.holds(by, "supervision.assign"),
        "export": f"{reverse('desk:export')}?kind=supervision&state={filter.state}"
        if org.holds(by, "cases.export")
        else "",
    }
    return page(request, "watch", "watch", **context)


def _fields(request: HttpRequest) -> list[Field]:
    by = who(request)
    units = [
        u
        for u in org.units_in()
        if org.may(by, "supervision.assign", units=[u.id], region=u.region, kind="supervision")
    ]
    return [
        Field(
            "unit",
            _("责任单位"),
            "choice",
            required=True,
            choices=tuple((u.id, u.name) for u in units),
        ),
        Field("cause", _("事由"), "textarea", required=True),
        Field("required", _("办理要求"), "textarea", required=True),
        Field("days", _("反馈期限"), "number", required=True, value=5, unit=_("个工作日"), size="s"),
        Field("about", _("有关的件"), help=_("没有可不填。")),
    ]


@require_http_methods(["GET", "POST"])
def assign(request: HttpRequest) -> HttpResponse:
    """交办: a unit, what about, what is asked, by when."""
    by, refused, draft = who(request), None, "assign-matter"
    fields = _fields(request)
    if request.method == "POST":
        typed = {k: v for k, v in forms.typed(request.POST, fields).items() if v != ""}
        try:
            key = request.POST.get("key", "")
            made = actions.begin("supervision", "assign_matter", typed, by=by, now=clock.now(), key=key)
            messages.success(request, _("已交办：%(number)s") % {"number": made.number}, extra_tags=draft)
            return HttpResponseRedirect(reverse("desk:case", args=[made.number]))
        except Refused as no:
            refused = no
    form = forms.build(
        fields, action=request.path, button=_("交办"), values=forms.typed(request.POST, fields) if refused else None,
        refused=refused, key=request.POST.get("key"), cancel=reverse("desk:watch"), draft=draft,
    )  # fmt: skip
    return page(request, "assign", "watch", 422 if refused else 200, form=form)
