"""委托登记 at the counter: whom a person lets act, on signed paper or in their presence; what the own unit recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from mashang.cases import actions
from mashang.cases import queries as cases
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import NotFound, Refused
from mashang.org import actions as org_actions
from mashang.org import queries as org
from mashang.org.rules import person_kind
from mashang.portals.shared import forms, mandates
from mashang.portals.shared.downloads import attachment
from mashang.portals.shared.parts import Field

from .frame import page, who

LOOKED_UP = "looked_up_persons"
Press = Callable[[HttpRequest, Actor, datetime], str]
"""What a button does; gives the sentence shown afterwards."""


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def counter(request: HttpRequest) -> HttpResponse:
    """Find the person (exactly, shown masked), record, list and end. What was typed to find somebody travels in the body."""
    by, now, do = who(request), clock.now(), request.POST.get("do", "")
    found, refused = _chosen(request), None
    try:
        if do == "find":
            found = org_actions.look_up_person(request.POST.get("words", ""), by=by, now=now)
            request.session[LOOKED_UP] = [p.id for p in found]
        elif request.method == "POST":
            if do not in PRESSES:
                raise Refused("malformed", _("页面已过期，请刷新后再试。"))
            if do == "record" and not found:
                raise Refused("person.again", "请先查找委托人。")
            messages.success(request, PRESSES[do](request, by, now))
            return HttpResponseRedirect(reverse("desk:mandates"))
    except NotFound:
        raise
    except Refused as no:
        refused = mandates.renamed(no, {"helper": "agent" if request.POST.get("to") == "agent" else "helper_words"})
    return _page(request, by, now, found, refused)


def _chosen(request: HttpRequest) -> Sequence[org.PersonInfo]:
    """The person that a form is about: one of those last looked up, which was recorded; nobody else can be asked for."""
    id_ = mandates.number(request.POST, "person") if request.POST.get("do") == "record" else 0
    return list(org.people([id_]).values()) if id_ in request.session.get(LOOKED_UP, ()) else ()


def _register(request: HttpRequest, by: Actor, now: datetime) -> str:
    post = request.POST
    number = post.get("number", "").strip().upper()
    if not number:
        raise Refused("number.missing", "请填写证件号码或统一社会信用代码。", "number")
    form = org_actions.NewPerson(person_kind(number), post.get("name", ""), post.get("phone", ""), number)
    made = org.person(org_actions.register_person(form, by=by, now=now))
    return _("%(name)s已登记，请按证件号码查找后登记委托。") % {"name": made.name}


def _record(request: HttpRequest, by: Actor, now: datetime) -> str:
    post = request.POST
    term = mandates.term(post, now)
    helper_person, helper_staff = _helper(request, by, now)
    form = org_actions.NewMandate(
        mandates.number(post, "person"), term.starts_at, term.ends_at, post.get("evidence", ""), helper_person,
        helper_staff, term.kinds,
    )  # fmt: skip
    file, kept = request.FILES.get("paper"), 0
    if form.evidence == "paper" and file is not None:
        try:
            kept = actions.keep(file.name or "", file, by=by, now=now).pk
        except Refused as no:
            raise mandates.renamed(no, {"file": "paper"}) from None
    made = org.mandate(actions.let_help(form, by=by, now=now, paper=kept))
    return _("已登记：%(person)s委托%(helper)s代办，双方都已告知。") % {
        "person": made.person_name,
        "helper": made.helper_name,
    }


def _helper(request: HttpRequest, by: Actor, now: datetime) -> tuple[int | None, int | None]:
    """(person, staff): one of them. Refuses whom nobody finds, and a phone that several have."""
    post = request.POST
    if post.get("to") == "agent":
        agent = mandates.number(post, "agent")
        if agent not in {s.id for s in org.agents_in(_region(by))}:
            raise Refused("mandate.helper_unknown", "没有找到这位代办员，请从在职名单中选择。", "agent")
        return None, agent
    try:
        found = org_actions.look_up_person(post.get("helper_words", ""), by=by, now=now)
    except Refused as no:
        raise mandates.renamed(no, {"words": "helper_words"}) from None
    if len(found) > 1:
        raise Refused("person.several", "有几位登记了这个手机号，请改填受托人的证件号码。", "helper_words")
    return found[0].id, None


def _end(request: HttpRequest, by: Actor, now: datetime) -> str:
    id_ = mandates.number(request.POST, "mandate")
    own = org.mandates_recorded_in(by.unit_id, only=id_)
    if not own and org.mandate(id_).person not in request.session.get(LOOKED_UP, ()):
        raise NotFound
    actions.end_help(id_, by=by, now=now)
    return _("委托已终止，已告知双方。")


PRESSES: dict[str, Press] = {"register": _register, "record": _record, "end": _end}


def _region(by: Actor) -> str:
    return org.unit(by.unit_id).region


def _page(
    request: HttpRequest, by: Actor, now: datetime, found: Sequence[org.PersonInfo], refused: Refused | None
) -> HttpResponse:
    given = [m for p in found for m in org.mandates_given(p.id)]
    own = org.mandates_recorded_in(by.unit_id)
    today = clock.local(now).date()
    context: dict[str, Any] = {
        "found": found,
        "given": mandates.shown(given, now),
        "recorded": mandates.shown(own, now),
        "moments": mandates.moments([*given, *own], by),
        "unit": org.unit(by.unit_id).short_name,
        "find": _form(request, "find", [_words()], _("查找"), refused),
        "record": _form(request, "record", _record_fields(by, found, today), _("登记委托"), refused),
        "register": _form(request, "register", _register_fields(), _("登记申请人"), refused),
    }
    drawn = ("find", "record") if found else ("find", "register")
    loose = refused.faults if refused and request.POST.get("do") not in drawn else ()
    return page(request, "mandates", "mandates", 422 if refused else 200, loose=loose, **context)


def _form(request: HttpRequest, do: str, fields: Sequence[Field], button: str, refused: Refused | None) -> forms.Form:
    """One of the page's forms; what was typed and what is wrong come back only to the one that was sent."""
    mine = request.method == "POST" and request.POST.get("do") == do
    values = {**forms.typed(request.POST, fields), "do": do} if mine else None
    hidden = Field("do", type="hidden", value=do)
    return forms.build(
        [hidden, *fields], action=request.path, button=button, values=values, refused=refused if mine else None
    )


def _words() -> Field:
    return Field(
        "words", _("委托人的证件号码、统一社会信用代码或手机号"), help=_("必须完整一致；查找会记入台账。"), required=True, size="m",
        attrs={"autocomplete": "off"},
    )  # fmt: skip


def _register_fields() -> list[Field]:
    off = {"autocomplete": "off"}
    return [
        Field("name", _("姓名或单位全称"), help=_("与证件或营业执照一致。"), required=True, size="m", attrs=off),
        Field("number", _("证件号码或统一社会信用代码"), "idcard", required=True, attrs=off),
        Field("phone", _("手机号"), "phone", size="m", attrs=off),
    ]


def _record_fields(by: Actor, found: Sequence[org.PersonInfo], today: date) -> list[Field]:
    people = tuple((p.id, " · ".join(filter(None, (p.name, p.number, p.phone)))) for p in found)
    return [
        Field("person", _("委托人"), "choice", required=True, choices=people, value=found[0].id if len(found) == 1 else ""),
        Field("to", _("委托给谁"), "choice", required=True, value="agent",
              choices=(("agent", _("村（社区）或乡镇的代办员")), ("person", _("亲友或其他群众")))),
        replace(mandates.agent_field(_region(by)), when=mandates.when("to", "agent")),
        Field("helper_words", _("受托人的证件号码或手机号"), help=_("必须完整一致。"), required=True, size="m",
              attrs={"autocomplete": "off"}, when=mandates.when("to", "person")),
        *mandates.term_fields(today),
        Field("evidence", _("委托的凭据"), "choice", required=True, value="paper",
              choices=(("paper", _("书面委托书")), ("in_person", _("本人到场确认")))),
        Field("paper", _("签字的委托书"), "file", _("扫描件或照片，PDF、JPG 或 PNG；加密保存。"), True, when=mandates.when("evidence", "paper")),
    ]  # fmt: skip


@never_cache
@require_GET
def paper(request: HttpRequest, mandate: int) -> HttpResponse:
    """The signed paper of a mandate that one's own unit recorded."""
    document, content = cases.paper_of(who(request), mandate)
    return attachment(content, document.name, document.media_type, inline=True)
