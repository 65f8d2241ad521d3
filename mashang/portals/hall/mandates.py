"""委托代办: whom I let act for me, for whom I may act; given with a code to my own phone, ended by either side."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from mashang.cases import actions
from mashang.cases import queries as cases
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused
from mashang.org import actions as org_actions
from mashang.org import queries as org
from mashang.portals.shared import forms, mandates
from mashang.portals.shared.context import Asked
from mashang.portals.shared.parts import Field, Filter


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def mandates_of(request: Asked) -> HttpResponse:
    """Both sides of my mandates. A new one takes two presses: "ask" checks it and sends the code, "give" confirms it."""
    by, now = request.actor, clock.now()
    do, refused, asked = request.POST.get("do", ""), None, False
    try:
        if do == "end":
            actions.end_help(mandates.number(request.POST, "mandate"), by=by, now=now)
            messages.success(request, _("委托已终止，已告知对方。"))
            return HttpResponseRedirect(request.get_full_path())
        if do in ("ask", "give") and by.kind == "person":
            asked = do == "give"  # a wrong code is put right where it was typed
            wanted = _wanted(request, by, now)
            if do == "give":
                actions.let_help(wanted, by=by, now=now, code=request.POST.get("code", ""))
                messages.success(request, _("委托已登记，已告知受托人。"))
                return HttpResponseRedirect(request.get_full_path())
            org_actions.ask_mandate(wanted, by=by, now=now)
            asked = True
    except Refused as no:
        if no.code == "not-found":
            raise
        refused = mandates.renamed(no, {"helper": _helper_field(request)})
        asked = asked and all(f.field in ("code", "") for f in refused.faults)
    return _page(request, by, now, refused, asked)


def _helper_field(request: Asked) -> str:
    return "agent" if request.POST.get("to") == "agent" else "helper_phone"


def _wanted(request: Asked, by: Actor, now: datetime) -> org_actions.NewMandate:
    """What was typed, the days and the helper. Refuses faults of the days before anybody is looked for."""
    post = request.POST
    term = mandates.term(post, now)
    to_agent = post.get("to") == "agent"
    agent = mandates.number(post, "agent") or None
    if to_agent and agent not in {s.id for s in org.agents_in(_place(request, by))}:
        raise Refused("mandate.helper_unknown", "没有找到这位代办员，请从在职名单中选择。", "agent")
    person = None
    if not to_agent:
        person = org_actions.find_helper(post.get("helper_name", ""), post.get("helper_phone", ""), by=by, now=now)
    return org_actions.NewMandate(
        by.person_id, term.starts_at, term.ends_at, "code", person, agent if to_agent else None, term.kinds
    )


def _place(request: Asked, by: Actor) -> str:
    """The township whose agents are offered: the one chosen, else that of my newest case."""
    known = {code for code, _name in mandates.towns()}
    if (chosen := request.GET.get("place", "")) in known:
        return chosen
    mine = cases.page(by, cases.Filter(), limit=1).rows if by.kind == "person" else []
    return next((row.region for row in mine if row.region in known), "")


def _page(request: Asked, by: Actor, now: datetime, refused: Refused | None, asked: bool) -> HttpResponse:
    own = by.kind == "person"
    given = org.mandates_given(by.person_id) if own else []
    held = org.mandates_held(by)
    place = _place(request, by)
    context: dict[str, Any] = {
        "given": mandates.shown(given, now),
        "held": (helped := mandates.shown(held, now)),
        "helping": any(m.live for m in helped),
        "own": own,
        "has_cases": org.holds(by, "cases.view"),
        "moments": mandates.moments([*given, *held], by),
        "asked": asked,
        "summary": _summary(request, by, now) if asked else [],
        "phone": org.person(by.person_id).phone if own else "",
        "places": [Filter("place", _("代办员所在乡镇"), mandates.towns())],
        "form": _form(request, place, now, refused, asked) if own else None,
    }
    return render(request, "hall/mandates.html", context, status=422 if refused else 200)


def _summary(request: Asked, by: Actor, now: datetime) -> list[tuple[str, str]]:
    """What the code will confirm: a mandate begins today at the earliest."""
    post = request.POST
    agents = {str(s.id): f"{s.name}（{s.unit_name}）" for s in org.agents_in(_place(request, by))}
    to_agent = post.get("to") == "agent"
    kinds = frozenset(post.getlist("kinds")) or None
    begins = max(post.get("starts_on", ""), clock.local(now).date().isoformat())
    return [
        (_("受托人"), agents.get(post.get("agent", ""), "") if to_agent else post.get("helper_name", "")),
        (_("期限"), f"{begins} — {post.get('ends_on', '')}"),
        (_("哪些事项"), mandates.kinds_words(kinds, dict(cases.kinds_for_persons()))),
    ]


def _form(request: Asked, place: str, now: datetime, refused: Refused | None, asked: bool) -> forms.Form:
    """The form, or, once the code is sent, the code alone with what was typed carried along."""
    fields = _fields(place, now)
    values = forms.typed(request.POST, fields) if request.POST.get("do") in ("ask", "give") else None
    do = "give" if asked else "ask"
    if asked and values is not None:
        code = {"autocomplete": "one-time-code", "inputmode": "numeric"}
        carried = [
            Field(f.name, type="hidden", value=one)
            for f in fields
            for one in (values[f.name] if f.type == "multi" else [values[f.name]])
        ]
        fields, values = [*carried, Field("code", _("验证码"), required=True, size="s", attrs=code)], None
    return forms.build(
        [Field("do", type="hidden", value=do), *fields], action=request.get_full_path(),
        button=_("确认委托") if asked else _("下一步：获取验证码"), values=None if values is None else {**values, "do": do},
        refused=refused, cancel=request.path if asked else "",
    )  # fmt: skip


def _fields(place: str, now: datetime) -> list[Field]:
    agent, to_person = mandates.agent_field(place), mandates.when("to", "person")
    help_ = agent.help if place else _("请先在上面选乡镇。")
    return [
        Field(
            "to", _("委托给谁"), "choice", required=True, value="person",
            choices=(("person", _("亲友或其他群众")), ("agent", _("村（社区）或乡镇的代办员"))),
        ),
        Field("helper_name", _("受托人姓名"), help=_("与证件一致。"), required=True, size="m", when=to_person),
        Field("helper_phone", _("受托人手机号"), "phone", _("对方登录本平台用的手机号。"), True, size="m", when=to_person),
        Field(agent.name, agent.label, "choice", help_, True, choices=agent.choices, when=mandates.when("to", "agent")),
        *mandates.term_fields(clock.local(now).date()),
    ]  # fmt: skip
