"""One page for every kind of case, and the forms of its actions."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mashang.approvals import queries as approvals
from mashang.cases import queries
from mashang.documents import queries as documents
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import NotFound
from mashang.org import actions as org_actions
from mashang.org import queries as org
from mashang.portals.shared import pressing
from mashang.portals.shared.casepage import CasePage, case_page
from mashang.portals.shared.context import Asked
from mashang.portals.shared.downloads import attachment
from mashang.portals.shared.parts import Field
from mashang.reviews import queries as reviews

from . import facts, holding
from .frame import page, who


@require_GET
def case(request: HttpRequest, number: str) -> HttpResponse:
    """Number, state, clocks, the next action, materials, people, timeline, and why this due time."""
    by = who(request)
    view = queries.case_for(by, number)
    shown = case_page(view, by, clock.now())
    more = facts.of(view, by)
    presses = queries.available(view, by)
    first = [p for p in presses if _comes_first(p, shown)]
    context = {
        "page": shown,
        "first": [pressing.button("desk", view, p) for p in first],
        "others": [pressing.button("desk", view, p) for p in presses if p not in first],
        "steps": [(s, shown.units.get(s.unit_id, ""), _step_lamp(s, clock.now())) for s in view.steps],
        "shares": holding.shares(shown, clock.now()),
        "may_reveal": org.may_act(by, "org.reveal", view.facts),
        "people": [(p.person_id, p.shown) for p in view.participants],
        "more": more,
        "results": [(g, _may_revoke(by, g), _may_reissue(by, g)) for g in _results_first(view, more.get("folder"))],
        "undelivered": queries.undelivered(view),
        "erased": queries.erased_from(view),
        "may_erase": _may_erase(view, by),
    }
    return page(request, "case", "", **context)


def _step_lamp(step: queries.Step, now: datetime) -> str:
    late = step.state == "open" and step.due_at is not None and step.due_at < now
    return "late" if late else "hold" if step.held else _STEP_LAMPS[step.state]


_STEP_LAMPS = {"waiting": "none", "open": "ok", "done": "done", "dropped": "none"}


def _comes_first(press: queries.Press, page: CasePage) -> bool:
    """The next action. What would stop a clock that stands still already is none, nor what would let one run on that does."""
    still = any(c.state == "suspended" for c in page.clocks)
    verb = press.action
    return verb.first and not (verb.suspends and still) and not (verb.resumes and not still)


def _results_first(view: queries.CaseView, folder: approvals.Folder | None) -> list[documents.Given]:
    """What the case led to before the notices on the way."""
    own = folder.row["results"] if folder else ()
    return sorted(documents.of_case(view.case.number), key=lambda g: g.root not in own)


def _may_erase(view: queries.CaseView, by: Actor) -> bool:
    case = view.case
    settled = case.kind == "application" and case.settled_at is not None and case.erased_at is None
    return settled and org.may_act(by, "cases.erase", view.facts)


def _may_revoke(by: Actor, given: documents.Given) -> bool:
    return given.state != "revoked" and documents.may_revoke(by, given.unit_id)


def _may_reissue(by: Actor, given: documents.Given) -> bool:
    return (
        given.state == "revoked"
        and not (given.replaced_by or given.erased)
        and documents.may_reissue(by, given.unit_id)
    )


@require_http_methods(["GET", "POST"])
def press(request: Asked, number: str, action: str, step: int = 0) -> HttpResponse:
    """The form of an action; pressing it is one call. What was typed comes back with every fault at its field."""

    def more(fields: list[Field]) -> dict[str, Any]:
        return {"offline": any(f.type == "photo" for f in fields)}

    found = pressing.press(request, number, action, step, back=reverse("desk:case", args=[number]), more=more)
    if isinstance(found, HttpResponse):
        return found
    view, on = found.view, found.step
    about = facts.of(view, request.actor)
    shown = {"view": view, "verb": found.verb, "step": on, "form": found.form, "more": about}
    return page(request, "press", "", found.status, **shown, checks=_checks(about.get("folder"), on))


def _checks(folder: approvals.Folder | None, step: queries.Step | None) -> tuple[str, ...]:
    """What the definition asks to look at in this step."""
    if folder is None or step is None:
        return ()
    return next((tuple(s.checks) for s in folder.spec.steps if s.code == step.code), ())


@require_GET
def file(request: HttpRequest, number: str, document: int) -> HttpResponse:
    """A file of the case; pictures and PDF open in the page."""
    view = queries.case_for(who(request), number)
    found, content = queries.file_of(view, document, approvals.relied_on(view.case.pk))
    return attachment(content, found.name, found.media_type, inline=True)


@require_GET
def form(request: HttpRequest, number: str) -> HttpResponse:
    """The application form made from what was filled in, as PDF; persons masked."""
    view = queries.case_for(who(request), number)
    return pressing.application_form(view, facts.privately(view, who(request)))


@require_GET
def result(request: HttpRequest, number: str, result: str) -> HttpResponse:
    """A certificate of the case, as PDF."""
    return pressing.result(queries.case_for(who(request), number), result)


def _raters(view: queries.CaseView, by: Actor) -> frozenset[int]:
    """Whom a bad rating's case has to speak with, for those who may know."""
    complaint = reviews.complaint_of(view, by) if view.case.kind == "bad_rating" else None
    return frozenset(person for person, _shown in complaint.persons) if complaint else frozenset()


@require_POST
def reveal(request: HttpRequest, number: str, person: int) -> HttpResponse:
    """A participant's clear name and phone, for a stated reason; the reading is recorded."""
    by = who(request)
    view = queries.case_for(by, number)
    known = {*view.case.persons, *_raters(view, by)}
    if person not in known:
        raise NotFound
    reason = request.POST.get("reason", "")
    within = replace(view.facts, persons=frozenset(known))
    shown = org_actions.reveal(person, within=within, case=number, reason=reason, by=by, now=clock.now())
    back = reverse("desk:case", args=[number])  # this page itself opens by a button alone
    return page(request, "revealed", "", view=view, shown=shown, stands_at=back)
