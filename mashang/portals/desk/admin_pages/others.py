"""Absences, tokens of calling systems, the table of rights, and why someone can or cannot see a case."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from mashang.cases import queries as cases
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused
from mashang.kernel.said import told
from mashang.org import actions, queries
from mashang.org.rights import PUBLIC, RIGHTS, ROLES, SCOPES, STAFF_ROLES
from mashang.portals.shared.parts import Column, Field, Row, Table

from .common import (
    chosen,
    division,
    division_field,
    form_of,
    my_units,
    needed_day,
    number,
    page,
    pressed,
    unit_choices,
    who,
)


@never_cache
@require_http_methods(["GET", "POST"])
def absences(request: HttpRequest) -> HttpResponse:
    """Who is away, now and soon, and who stands in."""
    actor, now = who(request), clock.now()

    def register(data: QueryDict) -> str:
        form = actions.NewAbsence(
            chosen(data, "staff"),
            max(needed_day(data, "starts_at"), now),
            needed_day(data, "ends_at", after=1),
            data.get("reason", "").strip(),
            number(data, "stand_in"),
        )
        actions.register_absence(form, by=actor, now=now)
        return _("已登记离岗，代岗人按期接手。")

    def end(data: QueryDict) -> str:
        actions.end_absence(number(data, "absence") or 0, by=actor, now=now)
        return _("已返岗，代岗结束。")

    done, refused = pressed(request, {"register": register, "end": end})
    if done:
        return HttpResponseRedirect(request.path)
    units = {u.id for u in my_units(actor, "org.absence")}
    choices = tuple((str(p.id), f"{p.name}（{p.unit_name}）") for p in queries.staff_of(units))
    fields = [
        Field("staff", _("离岗人"), "choice", required=True, choices=choices),
        Field("starts_at", _("起"), "date", required=True),
        Field("ends_at", _("止"), "date", help=_("含当天。"), required=True),
        Field("stand_in", _("代岗人"), "choice", help=_("不选则由岗位登记的B岗代岗。"), choices=choices),
        Field("reason", _("离岗事由"), required=True, size="m"),
    ]
    form = form_of(request, "register", fields, _("登记离岗"), refused)
    known = [a for a in queries.absences_from(now) if a.unit in units]
    return page(request, "absences", "absences", refused, form=form, absences=known)


@never_cache
@require_http_methods(["GET", "POST"])
def clients(request: HttpRequest) -> HttpResponse:
    """Calling systems. A new token stands on the page once; before one is taken back (`?revoke=`) the page asks."""
    actor, now = who(request), clock.now()
    made: list[str] = []

    def admit(data: QueryDict) -> str:
        form = actions.NewClient(
            name=data.get("name", "").strip(),
            scopes=frozenset(data.getlist("scopes")),
            unit=number(data, "unit"),
            region=division(data),
            per_minute=number(data, "per_minute") or 0,
        )
        made.append(actions.make_token(form, by=actor, now=now)[1])
        return _("已准入{name}。").format(name=form.name)

    def revoke(data: QueryDict) -> str:
        actions.revoke_token(number(data, "client") or 0, by=actor, now=now)
        return _("令牌已收回。")

    done, refused = pressed(request, {"admit": admit, "revoke": revoke})
    if done and not made:
        return HttpResponseRedirect(request.path)
    form = form_of(request, "admit", _admission(actor), _("准入并生成令牌"), refused, keep=True)
    return page(
        request,
        "clients",
        "clients",
        refused,
        form=form,
        clients=(known := _clients_in_scope(actor)),
        asked=next((c for c in known if str(c.id) == request.GET.get("revoke") and not c.revoked_at), None),
        token=made[0] if made else "",
    )


def _admission(actor: Actor) -> list[Field]:
    return [
        Field("name", _("系统名称"), required=True, size="m"),
        Field("scopes", _("接口权限"), "multi", required=True, choices=tuple((s, ROLES[s].label) for s in SCOPES)),
        Field("unit", _("单位范围"), "choice", choices=unit_choices(my_units(actor, "org.clients"))),
        division_field("region", _("地区范围"), _("填名称或代码，含下级区划；不填为全部地区。")),
        Field("per_minute", _("每分钟次数"), "number", required=True, value="600", size="s"),
    ]


def _clients_in_scope(actor: Actor) -> list[queries.ClientInfo]:
    return [c for c in queries.api_clients() if queries.reaches(actor, "org.clients", c.unit, c.region, None)]


@never_cache
@require_safe
def why(request: HttpRequest) -> HttpResponse:
    """Why an account can or cannot use a right on a case, grant by grant."""
    asked = request.GET
    answer, refused = [], None
    if asked.get("account") or asked.get("number"):
        try:
            answer = _reasons(asked, clock.now())
        except Refused as no:
            refused = no
    rights = tuple((code, str(right.label)) for code, right in RIGHTS.items())
    return page(
        request,
        "why",
        "why",
        None,
        answer=answer,
        problem=told(refused.text, _) if refused else "",
        asked=asked,
        right=asked.get("right", "cases.view"),
        rights=rights,
    )


def _reasons(asked: QueryDict, now: datetime) -> list[str]:
    account = queries.account_named(asked.get("account", "").strip())
    if account is None:
        raise Refused("account.unknown", _("没有这个账号，请核对。"), "account")
    right = asked.get("right", "cases.view")
    if right not in RIGHTS:
        raise Refused("right.unknown", _("没有这项权利，请从列表中选择。"), "right")
    facts = cases.case_for(Actor.system("why"), asked.get("number", "").strip()).facts
    return queries.why(queries.actor_for(account, now), right, facts, now)


@require_safe
def rights(request: HttpRequest) -> HttpResponse:
    """The table of rights as it is enforced."""
    roles = [*STAFF_ROLES, "citizen", "helper", PUBLIC]
    columns = (Column(_("权利"), lead=True), *(Column(str(ROLES[role].label)) for role in roles))
    table = Table(
        columns,
        [
            Row((str(right.label), *(_("有") if role in right.roles else "" for role in roles)), key=code)
            for code, right in RIGHTS.items()
        ],
        empty="",
        caption=_("权限表"),
    )
    return page(request, "rights", "rights", None, table=table)
