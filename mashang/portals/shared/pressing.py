"""Pressing an action of a case, in whichever portal: its form, one call, and every fault at its field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from mashang.approvals import queries as approvals
from mashang.cases import actions, queries
from mashang.cases import rules as case_rules
from mashang.cases.procedure import Action
from mashang.catalogue.rules import Private, answer_rows
from mashang.documents import actions as document_actions
from mashang.documents import queries as documents
from mashang.kernel import clock
from mashang.kernel.refused import NotFound, Refused
from mashang.kernel.said import told
from mashang.org import queries as org

from . import actionforms, forms
from .context import Asked
from .downloads import attachment


@dataclass(frozen=True, slots=True)
class Pressing:
    """A form to show: for the first time, or with what was refused (status 422)."""

    view: queries.CaseView
    verb: Action
    step: queries.Step | None
    form: forms.Form
    status: int


def button(portal: str, view: queries.CaseView, found: queries.Press) -> dict[str, Any]:
    """A button of a case page: its words, where it leads, whether it comes first."""
    number, action, step = view.case.number, found.action, found.step
    if step is None:
        return {
            "label": str(action.label),
            "href": reverse(f"{portal}:press", args=[number, action.code]),
            "first": action.first,
        }
    label, step_label = str(action.label), _(step.label)
    if label != step_label:
        label = _("%(step)s：%(action)s") % {"step": step_label, "action": label}
    return {
        "label": label,
        "href": reverse(f"{portal}:press_step", args=[number, action.code, step.pk]),
        "first": action.first,
    }


def press(
    request: Asked,
    number: str,
    action: str,
    step: int,
    *,
    back: str,
    more: Callable[[list[Any]], dict[str, Any]] | None = None,
) -> Pressing | HttpResponse:
    """The form of an action, or, once it is done, the way `back`. The same press twice has one effect.

    Where the case has gone on meanwhile it leads `back` as well, and says so. `more` gives further options of the form
    from its fields. The page that follows forgets the draft of what went through.
    """
    by, draft = request.actor, f"{number}-{action}-{step}"
    view = queries.case_for(by, number)
    verb = case_rules.verb_of(view.procedure, action)
    on = next((s for s in view.steps if s.pk == step), None)
    if step and on is None:
        raise NotFound
    refused = None
    if request.method == "POST":
        refused = _acted(request, number, verb, step, draft)
        if refused is None:
            return HttpResponseRedirect(back)
    if not queries.may_press(view, verb, on, by):
        raise NotFound
    if refused is None and (gone := queries.too_late(view, verb, on)):
        messages.warning(request, told(gone.text, _))
        return HttpResponseRedirect(back)
    fields = actionforms.fields_of(verb.form, actionforms.Ask(view, on.unit_id if on else view.case.lead_unit_id, by))
    form = forms.build(
        fields, action=request.path, button=str(verb.label), values=forms.typed(request.POST, fields) if refused else None,
        refused=refused, key=request.POST.get("key"), cancel=back, draft=draft,
        label=_("%(what)s · %(number)s") % {"what": _(on.label) if on else verb.label, "number": number}, **(more(fields) if more else {}),
    )  # fmt: skip
    return Pressing(view, verb, on, form, 422 if refused else 200)


def _acted(request: Asked, number: str, verb: Action, step: int, draft: str) -> Refused | None:
    """Press it; what was refused is given back to be shown. A press that went through before is not made again."""
    by, now, key = request.actor, clock.now(), request.POST.get("key", "")
    if queries.answered(key, by) == number:
        return None
    try:
        data = actionforms.posted(request, verb.form, by=by, now=now)
        actions.act(number, verb.code, data, by=by, now=now, key=key, step=step)
    except NotFound:
        if queries.answered(key, by) == number:  # the same press, sent twice at once, went through
            return None
        raise
    except Refused as no:
        return None if queries.answered(key, by) == number else actionforms.on_page(no)
    done = _("“%(what)s”已提交。") if by.kind == "person" else _("“%(what)s”已办理。")
    messages.success(request, done % {"what": verb.label}, extra_tags=draft)
    return None


def application_form(view: queries.CaseView, private: Private) -> HttpResponse:
    """The form of the application as its applicant filled it in, with what is `private` as the reader may have it."""
    if view.case.kind != "application":
        raise NotFound
    folder = approvals.folder(view.case.pk)
    rows = [
        (label, words)
        for _group, label, words in answer_rows(folder.spec, folder.answers, folder.row["part"], private=private)
    ]
    data = documents.application_form(
        f"{view.case.title}申请表", view.case.number, rows, unit=org.unit(view.case.lead_unit_id).name,
        handed_in=view.case.opened_at,
    )  # fmt: skip
    return attachment(data, f"{view.case.number}-申请表.pdf", "application/pdf", inline=True)


def result(view: queries.CaseView, number: str) -> HttpResponse:
    """A certificate or decision of the case, as PDF."""
    given = next((g for g in documents.of_case(view.case.number) if g.number == number), None)
    if given is None:
        raise NotFound
    made = document_actions.hand_over(given.code, now=clock.now())
    return attachment(made.data, made.name, made.media_type, inline=True)
