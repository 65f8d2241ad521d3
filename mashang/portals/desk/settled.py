"""What may still be done to a case whose work is done: a document taken back, personal data erased."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mashang.approvals import actions as approvals
from mashang.approvals import rules
from mashang.cases import queries
from mashang.documents import actions as document_actions
from mashang.documents import queries as documents
from mashang.documents.rules import years_on
from mashang.kernel import clock
from mashang.kernel.refused import Forbidden, NotFound, Refused
from mashang.kernel.said import told
from mashang.org import queries as org
from mashang.portals.shared import forms
from mashang.portals.shared.parts import Field

from .frame import page, who


@require_http_methods(["GET", "POST"])
def revoke(request: HttpRequest, number: str, result: str) -> HttpResponse:
    """Taking a document back: the reason is asked for, and only the second press does it. One that is revoked already
    leads back to its case: the same press twice has one effect."""
    by, refused, draft = who(request), None, f"{result}-revoke"
    view = queries.case_for(by, number)
    given = next((g for g in documents.of_case(number) if g.number == result), None)
    if given is None:
        raise NotFound
    if not documents.may_revoke(by, given.unit_id):
        raise Forbidden("只有出具单位的负责人可以撤销这份文书。")
    if request.method == "POST" and given.state != "revoked":
        try:
            document_actions.revoke(result, reason=request.POST.get("reason", ""), by=by, now=clock.now())
            messages.success(request, _("%(title)s已撤销，已告知当事人。") % {"title": given.title}, extra_tags=draft)
            return HttpResponseRedirect(reverse("desk:case", args=[number]))
        except Refused as no:
            refused = no
    if given.state == "revoked" or (refused and refused.code == "document.revoked"):
        return HttpResponseRedirect(reverse("desk:case", args=[number]))
    help_ = _("会原样告知当事人，并在公开验证时显示；请不要写个人信息。")
    fields = [Field("reason", _("撤销的理由和法律依据"), "textarea", help_, True, attrs={"maxlength": 500})]
    form = forms.build(
        fields, action=request.path, button=_("撤销这份文书"), values=forms.typed(request.POST, fields) if refused else None,
        refused=refused, cancel=reverse("desk:case", args=[number]), danger=True, draft=draft,
    )  # fmt: skip
    return page(request, "revoke", "", 422 if refused else 200, view=view, given=given, form=form)


@require_http_methods(["GET", "POST"])
def reissue(request: HttpRequest, number: str, result: str) -> HttpResponse:
    """A corrected document in place of a revoked one: what it says stands there to be put right. One that was replaced
    already, or is in force, leads back to its case."""
    by, refused = who(request), None
    view, back = queries.case_for(by, number), reverse("desk:case", args=[number])
    given = next((g for g in documents.of_case(number) if g.number == result), None)
    if given is None:
        raise NotFound
    parts = documents.wording(result, by)
    if given.state != "revoked" or given.replaced_by:
        return HttpResponseRedirect(back)
    if request.method == "POST":
        post = request.POST
        words = {p.name: post[p.name] for p in parts if p.name in post}
        try:
            made = document_actions.reissue(result, words, reason=post.get("reason", ""), by=by, now=clock.now())
            messages.success(request, _("已出具更正后的文书 %(number)s，已告知当事人。") % {"number": made.number})
            return HttpResponseRedirect(back)
        except Refused as no:
            if no.code in ("document.replaced", "document.in-force"):
                return HttpResponseRedirect(back)
            refused = no
    fields = _reissue_fields(parts)
    form = forms.build(
        fields, action=request.path, button=_("出具更正后的文书"),
        values=forms.typed(request.POST, fields) if refused else {p.name: p.value for p in parts}, refused=refused, cancel=back,
    )  # fmt: skip
    return page(request, "reissue", "", 422 if refused else 200, view=view, given=given, form=form)


def _reissue_fields(parts: Sequence[documents.Part]) -> list[Field]:
    section, help_ = _("文书内容"), _("会原样告知当事人，并长期保留在台账里；请不要写个人信息。")
    one = _("一行写一条。")
    return [
        *(Field(p.name, told(p.label, _), "textarea" if p.long else "text", one if p.lines else "", True,
                attrs={"maxlength": 2000}, section=section)
          for p in parts),
        Field("reason", _("更正了什么"), "textarea", help_, True, attrs={"maxlength": 500}, section=_("更正说明")),
    ]  # fmt: skip


@require_http_methods(["GET", "POST"])
def erase(request: HttpRequest, number: str) -> HttpResponse:
    """Erasing what a settled case says of persons: on a ground and a document's number, with the case's own number typed
    again. One that is erased already leads back to its case."""
    by, refused = who(request), None
    view = queries.case_for(by, number)
    back = reverse("desk:case", args=[number])
    if not org.may_act(by, "cases.erase", view.facts):
        raise Forbidden
    if view.case.kind != "application":
        raise NotFound
    if view.case.erased_at is not None:
        return HttpResponseRedirect(back)
    if request.method == "POST":
        post = request.POST
        form = approvals.Erase(post.get("ground", ""), post.get("reference", ""), post.get("confirmed", ""))
        try:
            approvals.erase(number, form, by=by, now=clock.now())
            messages.success(request, _("个人信息已删除，已告知当事人。"))
            return HttpResponseRedirect(back)
        except Refused as no:
            if no.code == "erase.twice":
                return HttpResponseRedirect(back)
            refused = no
    fields = _erase_fields()
    drawn = forms.build(
        fields, action=request.path, button=_("永久删除个人信息"), values=forms.typed(request.POST, fields) if refused else None,
        refused=refused, cancel=back, danger=True,
    )  # fmt: skip
    settled = view.case.settled_at
    until = years_on(clock.local(settled).date(), settings.MASHANG_RETENTION_YEARS) if settled else None
    return page(request, "erase", "", 422 if refused else 200, view=view, form=drawn, until=until)


def _erase_fields() -> list[Field]:
    grounds = tuple((code, told(label, _)) for code, label in rules.GROUNDS.items())
    return [
        Field("ground", _("删除的依据"), "choice", required=True, choices=grounds),
        Field(
            "reference", _("批准删除的文号"), help=_("会长期保留在台账里，请不要写个人信息。"), required=True, size="m"
        ),
        Field("confirmed", _("再输入一遍这一件的编号"), required=True, size="m", attrs={"autocomplete": "off"}),
    ]
