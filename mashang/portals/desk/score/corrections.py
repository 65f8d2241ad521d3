"""更正: asked by one, decided by another, seen by both."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused
from mashang.kernel.said import told
from mashang.org import queries as org
from mashang.performance import actions, queries
from mashang.performance.rules.reporting import number_of
from mashang.portals.shared import forms, parts
from mashang.portals.shared.words import stamp

from ..frame import page, who
from .figures import evidence_field, used_words, value_field
from .frame import at_fields, plain, spoken_period

LAMPS = {"asked": "hold", "approved": "ok", "refused": "late"}


def _unit(figure: queries.FigureInfo) -> str:
    return org.unit(figure.unit).short_name


def _back(figure: queries.FigureInfo, by: Actor) -> str:
    """The unit's page; the list of schemes' figures when no scheme asks for it any more."""
    scheme = queries.scheme_of(figure, by)
    if scheme is None:
        return reverse("desk:score_figures")
    return reverse("desk:score_figures_unit", args=[scheme.id, figure.period, figure.unit])


@require_GET
def corrections(request: HttpRequest) -> HttpResponse:
    """Corrections asked for the reader's units, those that wait first."""
    by = who(request)
    found = queries.corrections_for(by)
    titles = queries.titles_of(c.figure for c in found)
    columns = (
        parts.Column(_("更正"), lead=True), parts.Column(_("期间")), parts.Column(_("数据")), parts.Column(_("提出")),
        parts.Column(_("状态")), parts.Column(_("批复")),
    )  # fmt: skip
    rows = [
        parts.Row(
            (
                parts.Cell(told(titles[c.figure.id].title, _), reverse("desk:score_correction", args=[c.id]), _unit(c.figure)),
                spoken_period(c.figure.period), f"{plain(c.figure.value)} → {plain(c.value)}",
                parts.Cell(org.shown_name(c.asked_by, to=by), sub=stamp(c.asked_at)),
                (LAMPS[c.state], c.label),
                parts.Cell(org.shown_name(c.decided_by, to=by), sub=c.answer) if c.decided_at else "",
            ),
            key=str(c.id),
        )
        for c in found
    ]  # fmt: skip
    empty = _("没有更正。数据报错时，在该单位的上报页上申请更正。")
    return page(request, "score/corrections", "score", table=parts.Table(columns, rows, empty, _("更正")))


@require_http_methods(["GET", "POST"])
def correct(request: HttpRequest, figure: int) -> HttpResponse:
    """Ask for a correction of a figure: the new value, its evidence, the reason."""
    by, refused, draft = who(request), None, f"correct-{figure}"
    old = queries.figure_for(figure, by)
    one = queries.titles_of([old])[old.id]
    fields = [
        value_field(one), evidence_field(),
        parts.Field("reason", _("更正理由"), "textarea", required=True, help=_("原来为什么报错，300 字以内。")),
    ]  # fmt: skip
    if request.method == "POST":
        asked = actions.NewCorrection(
            figure,
            number_of(request.POST.get("value", ""), one.unit),
            request.POST.get("evidence", ""),
            request.POST.get("reason", ""),
        )
        try:
            made = actions.ask_correction(asked, by=by, now=clock.now())
            messages.success(request, _("更正已提出，等效能办的另一个人批准。批准之前仍按原数。"), extra_tags=draft)
            return HttpResponseRedirect(reverse("desk:score_correction", args=[made]))
        except Refused as no:
            refused = at_fields(no, ("value", "evidence", "reason"), "value")
    elif not queries.stands(figure):
        messages.error(request, _("这一数据已经更正过，请在更正后的数据上提出。"))
        return HttpResponseRedirect(_back(old, by))
    form = forms.build(
        fields, action=request.path, button=_("提出更正"), values=forms.typed(request.POST, fields) if refused else None,
        refused=refused, key=request.POST.get("key"), cancel=_back(old, by), draft=draft,
    )  # fmt: skip
    return page(request, "score/correct", "score", 422 if refused else 200, form=form, **_about(old, by))


def _about(figure: queries.FigureInfo, by: Actor) -> dict[str, Any]:
    runs = queries.runs_using([figure.id]).get(figure.id, [])
    return {
        "figure": figure,
        "title": told(queries.titles_of([figure])[figure.id].title, _),
        "unit": _unit(figure),
        "value": plain(figure.value),
        "reporter": org.shown_name(figure.by, to=by),
        "runs": runs,
        "used": used_words(runs) if runs else "",
        "back": _back(figure, by),
    }


@require_http_methods(["GET", "POST"])
def correction(request: HttpRequest, correction: int) -> HttpResponse:
    """A correction with its state; the office's second person decides on it here."""
    by, refused, draft = who(request), None, f"correction-{correction}-refuse"
    found = queries.correction_for(correction, by)
    do = request.POST.get("do", "")
    if request.method == "POST":
        try:
            if do == "approve":
                actions.approve_correction(correction, by=by, now=clock.now())
                messages.success(request, _("已批准，更正后的数据从现在起有效；以前的计算不变。"), extra_tags=draft)
            else:
                actions.refuse_correction(correction, request.POST.get("answer", ""), by=by, now=clock.now())
                messages.success(request, _("已驳回，数据不变，提出人会收到理由。"), extra_tags=draft)
            return HttpResponseRedirect(request.path)
        except Refused as no:
            if no.code in ("forbidden", "not-found"):
                raise
            refused = no
    unit = org.unit(found.figure.unit)
    waits = found.state == "asked"
    decides = waits and org.may(by, "performance.correct", units=[unit.id], region=unit.region)
    context = _about(found.figure, by) | {
        "found": found,
        "state": (LAMPS[found.state], found.label),
        "to": plain(found.value),
        "asker": org.shown_name(found.asked_by, to=by),
        "decider": org.shown_name(found.decided_by, to=by) if found.decided_at else "",
        "own": decides and found.asked_by == by.ref,
        "waits": waits,
        "loose": refused.faults if refused and do == "approve" else (),
    }
    if decides and found.asked_by != by.ref:
        context |= {
            "approve": _decision(request, "approve", [], _("批准更正"), None),
            "refuse": _decision(
                request, "refuse", [_answer()], _("不同意"), refused if do != "approve" else None, draft
            ),
        }
    return page(request, "score/correction", "score", 422 if refused else 200, **context)


def _answer() -> parts.Field:
    return parts.Field("answer", _("不同意的理由"), "textarea", required=True, help=_("提出人会看到，300 字以内。"))


def _decision(
    request: HttpRequest, do: str, fields: list[parts.Field], button: str, refused: Refused | None, draft: str = ""
) -> forms.Form:
    hidden = parts.Field("do", type="hidden", value=do)
    values = forms.typed(request.POST, fields) | {"do": do} if refused else None
    return forms.build(
        [hidden, *fields],
        action=request.path,
        button=button,
        values=values,
        refused=refused,
        danger=do == "refuse",
        draft=draft,
    )
