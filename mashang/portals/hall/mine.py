"""What is mine: my cases, each with its receipt, its rating and the few things that are mine to press."""

from __future__ import annotations

import json

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from mashang.approvals import queries as approvals
from mashang.cases import actions, queries
from mashang.kernel import clock
from mashang.kernel.refused import Refused
from mashang.ledger import queries as ledger
from mashang.org import queries as org
from mashang.portals.shared import actionforms, forms, pressing
from mashang.portals.shared.casepage import case_page
from mashang.portals.shared.context import Asked
from mashang.portals.shared.downloads import attachment
from mashang.reviews import actions as reviews
from mashang.reviews import queries as review_queries
from mashang.reviews.rules import Turn

from . import present


@require_GET
def cases_of(request: Asked) -> HttpResponse:
    """My cases and those of whom I act for, the running ones first; what an official handles stands at the desk."""
    now, by = clock.now(), request.actor
    found = queries.page(
        org.for_persons(by), queries.Filter(kind="application"), after=request.GET.get("after", ""), limit=30
    )
    rows = [present.standing(row, now) for row in sorted(found.rows, key=lambda r: r.settled_at is not None)]
    unbound = by.kind == "person" and not org.person(by.person_id).number
    return render(request, "hall/mine.html", {"rows": rows, "after": found.after, "unbound": unbound})


@require_GET
def notices(request: Asked) -> HttpResponse:
    """What I was told."""
    found = queries.notices_for(request.actor)
    actions.mark_read(request.actor, [n.pk for n in found], now=clock.now())
    return render(request, "hall/notices.html", {"notices": found})


@require_GET
def case(request: Asked, number: str) -> HttpResponse:
    """One of my cases."""
    by = request.actor
    view = queries.case_for(by, number)
    page = case_page(view, by, clock.now())
    context = {
        "page": page,
        "shown": present.case(page, by),
        "sentence": present.progress_sentence(page, by),
        "ratings": review_queries.ratings_of(view.case.pk) if by.kind == "person" else [],
        "redressed": review_queries.redressed(view.case.pk) if by.kind == "person" else None,
        "may_rate": review_queries.may_rate(view, by),
        "files": view.documents,
        "filed": present.filed(view, by),
        "has_receipt": ledger.has_receipt(number),
    }
    return render(request, "hall/case.html", context)


@require_GET
def receipt(request: Asked, number: str) -> HttpResponse:
    """The page after handing in: number, promise, what happens next."""
    by = request.actor
    page = case_page(queries.case_for(by, number), by, clock.now())
    at_counter = org.holds(by, "approvals.take_in")
    case = page.view.case
    received = [
        (_("收件时间"), f"{clock.local(case.opened_at):%Y-%m-%d %H:%M}"),
        (_("承办单位"), org.unit(case.lead_unit_id).name),
    ]
    context = {"page": page, "draft": present.draft_of(page, by), "at_counter": at_counter, "received": received}
    return render(request, "hall/receipt.html", context)


@require_GET
def receipt_file(request: Asked, number: str) -> HttpResponse:
    """The receipt that anyone can check offline; with the personal data only because it is one's own."""
    view = queries.case_for(request.actor, number)
    data = ledger.receipt(view.case.number, private=request.actor.kind == "person")
    content = json.dumps(data, ensure_ascii=False, indent=1).encode()
    return attachment(content, f"{view.case.number}-回执.json", "application/json")


@require_GET
def form(request: Asked, number: str) -> HttpResponse:
    """The application form made from what was filled in, as PDF."""
    return pressing.application_form(queries.case_for(request.actor, number), "own")


@require_http_methods(["GET", "POST"])
def rate(request: Asked, number: str) -> HttpResponse:
    """Rate the service, freely: once, and once more when a bad rating was put right. The counter can't see who rated."""
    by = request.actor
    view = queries.case_for(by, number)
    fields = actionforms.fields_of(reviews.Rate, actionforms.Ask(view, 0, by))
    refused, draft = None, f"{number}-rate"
    if request.method == "POST":
        try:
            reviews.rate(
                number, actionforms.posted(request, reviews.Rate, by=by, now=clock.now()), by=by, now=clock.now()
            )
            messages.success(request, _("评价已提交，谢谢。"), extra_tags=draft)
            return HttpResponseRedirect(reverse("hall:case", args=[number]))
        except Refused as no:
            refused = no
    person = by.kind == "person"
    context = {
        "view": view, "closed": "" if refused else review_queries.closed_to(view), "again": review_queries.may_rate(view, by) is Turn.SECOND,
        "ratings": review_queries.ratings_of(view.case.pk) if person else [],
        "redressed": review_queries.redressed(view.case.pk) if person else None,
    }  # fmt: skip
    context["form"] = forms.build(
        fields, action=request.path, button=_("提交评价"), values=forms.typed(request.POST, fields) if refused else None,
        refused=refused, cancel=reverse("hall:case", args=[number]), draft=draft,
    )  # fmt: skip
    return render(request, "hall/rate.html", context, status=422 if refused else 200)


@require_http_methods(["GET", "POST"])
def press(request: Asked, number: str, action: str, step: int = 0) -> HttpResponse:
    """One of the applicant's own verbs: 补正, 撤回, 请求到场检查."""
    found = pressing.press(request, number, action, step, back=reverse("hall:case", args=[number]))
    if isinstance(found, HttpResponse):
        return found
    view, helped = found.view, present.acting_for(found.view, request.actor)
    told = queries.timeline(view, request.actor) if action == "supplement" else []
    asked = next((line for line in reversed(told) if line.verb == "application.notice"), None)
    context = {"view": view, "verb": found.verb, "form": found.form, "acting_for": helped, "asked": asked}
    return render(request, "hall/press.html", context, status=found.status)


@require_GET
def result(request: Asked, number: str, result: str) -> HttpResponse:
    """A certificate of my case, as PDF."""
    return pressing.result(queries.case_for(request.actor, number), result)


@require_GET
def file(request: Asked, number: str, document: int) -> HttpResponse:
    """A file of my case."""
    view = queries.case_for(request.actor, number)
    found, content = queries.file_of(view, document, approvals.relied_on(view.case.pk))
    return attachment(content, found.name, found.media_type)
