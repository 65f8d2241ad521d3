"""Cases: handed in, listed, read, acted on."""

from __future__ import annotations

import re
from functools import cache
from typing import Annotated, Any
from urllib.parse import quote

from django.http import HttpResponse
from ninja import Header, Path, Query, Router

from mashang.cases import actions, queries
from mashang.cases.actions import Answer
from mashang.cases.procedure import Form, registry
from mashang.kernel import clock
from mashang.kernel.refused import Refused
from mashang.reviews import actions as reviews

from . import shapes, shown
from .base import given, operation
from .door import Called

router = Router(tags=["cases"])
Number = Annotated[str, Path(max_length=80)]
Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key", min_length=1, max_length=200, pattern=r'^"?[!#-~]+"?$',
        description="Your name for this request: sent again with the same key, it has one effect and the same answer",
    ),
]  # fmt: skip
Match = Annotated[
    str,
    Header(
        alias="If-Match", max_length=40, description="ETag of the case as you saw it; 412 when it has changed since"
    ),
]
ETAG = ("string", "The case's revision")


@operation(
    router, "POST", "/cases", {201: shapes.Acted}, summary="Hand in an application",
    headers={"ETag": ETAG, "Location": ("string", "Address of the new case")},
)  # fmt: skip
def create_case(request: Called, new: shapes.NewCase, key: Key) -> HttpResponse:
    by, now = request.auth, clock.now()  # set by ninja
    data = {**new.__dict__, "channel": "api"}
    answer = actions.begin("application", "hand_in", data, by=by, now=now, key=key.strip('"'))
    return _acted(answer, 201, {"Location": f"/api/v1/cases/{quote(answer.number)}"})


@operation(router, "GET", "/cases", {200: shapes.CasePage}, summary="Cases you may see, page by page")
def list_cases(request: Called, asked: Query[shapes.CasesAsked]) -> HttpResponse:
    """Newest change first; oldest first with `updated_since`, for followers. The rows come from the database as they are."""
    narrowed = {name: value for name, value in asked.__dict__.items() if name not in ("after", "limit")}
    filter = queries.Filter(**narrowed)
    text = queries.page_json(request.auth, filter, after=asked.after, limit=asked.limit, now=clock.now())
    return HttpResponse(text, content_type="application/json")


@operation(
    router, "GET", "/cases/{number}", {200: shapes.CaseShown}, summary="A case with steps, clocks, materials, timeline",
    headers={"ETag": ETAG},
)  # fmt: skip
def read_case(request: Called, number: Number) -> HttpResponse:
    by = request.auth
    view = queries.case_for(by, number)
    return given(shown.case(view, by), headers={"ETag": f'"{view.case.revision}"'})


@operation(
    router,
    "GET",
    "/cases/{number}/actions",
    {200: shapes.Presses},
    summary="Actions you may press now",
    headers={"ETag": ETAG},
)
def list_actions(request: Called, number: Number) -> HttpResponse:
    by = request.auth
    view = queries.case_for(by, number)
    items = [
        shapes.PressShown(
            action=p.action.code, label=str(p.action.label), step=p.step.pk if p.step else 0,
            step_label=p.step.label if p.step else "", form=_schema(p.action.form),
        )
        for p in queries.available(view, by)
    ]  # fmt: skip
    shown = shapes.Presses(revision=view.case.revision, items=items)
    return given(shown, headers={"ETag": f'"{view.case.revision}"'})


@operation(
    router,
    "POST",
    "/cases/{number}/actions/{action}",
    {200: shapes.Acted},
    summary="Press an action",
    headers={"ETag": ETAG},
)
def press_action(
    request: Called,
    number: Number,
    action: Annotated[str, Path(max_length=40)],
    new: shapes.NewAct,
    key: Key,
    match: Match = "",
) -> HttpResponse:
    """Answered after the commit. The faults of `data` come all at once."""
    request.faults_under = ("data",)  # read when a refusal is told
    by, now = request.auth, clock.now()
    answer = actions.act(
        number, action, new.data, by=by, now=now, key=key.strip('"'), step=new.step, revision=_revision(match)
    )
    return _acted(answer, 200, {})


@operation(
    router, "POST", "/cases/{number}/ratings", {201: shapes.RatingKept}, summary="Hand on what a person said of a service"
)  # fmt: skip
def rate_case(request: Called, number: Number, new: shapes.NewRating) -> HttpResponse:
    """Once a service; once more, with `second`, when a bad rating was put right or explained (until then `rating.twice`).
    The same again has no other effect: it is refused as `rating.twice`."""
    row = reviews.rate(number, new.model_dump(), by=request.auth, now=clock.now())
    kept = shapes.RatingKept(grade=row.grade, second=row.second, at=clock.local(row.at))
    return given(kept, 201)


def _acted(answer: Answer, status: int, headers: dict[str, str]) -> HttpResponse:
    label = registry[answer.kind].state_label(answer.state)
    acted = shapes.Acted(
        number=answer.number, kind=answer.kind, state=answer.state, state_label=label, revision=answer.revision,
        again=answer.again,
    )  # fmt: skip
    return given(acted, status, {**headers, "ETag": f'"{answer.revision}"'})


def _revision(match: str) -> int:
    """The revision in If-Match; 0 asks for none. Refuses what no ETag of ours looks like."""
    if match.strip() in ("", "*"):
        return 0
    found = re.fullmatch(r'"(\d{1,9})"', match.strip())
    if found is None:
        raise Refused("header.if-match", 'If-Match 应是读取这一件时得到的 ETag，例如 "3"。', "header:If-Match")
    return int(found[1]) or -1


@cache
def _schema(form: type[Form]) -> dict[str, Any]:
    return form.model_json_schema()
