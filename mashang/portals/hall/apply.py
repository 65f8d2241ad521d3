"""Applying: a few questions, then one form and its materials, then the receipt."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from mashang.approvals import queries as approvals
from mashang.cases import actions, queries
from mashang.catalogue import queries as catalogue
from mashang.catalogue.rules import (
    FieldType,
    Spec,
    clean_answers,
    form_fields,
    guide_questions,
    materials_needed,
    merged_fields,
    parts_before,
    parts_of,
    stops,
)
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Fault, Refused
from mashang.org import queries as org
from mashang.portals.shared import forms
from mashang.portals.shared.context import Asked
from mashang.portals.shared.parts import Field
from mashang.portals.shared.parts import FieldType as FieldKind

from .present import FOR, draft_name, helped_by

TYPES: dict[str, FieldKind] = {
    "text": "text",
    "number": "number",
    "date": "date",
    "choice": "choice",
    "file": "file",
    "tel": "phone",
}
AREA = 120


@never_cache
@require_http_methods(["GET", "POST"])
def apply(request: Asked, code: str, part: str = "") -> HttpResponse:
    """Questions first; who may apply goes on to the form; a faulty form comes back whole, with every fault at its field."""
    version = catalogue.current(code)
    spec, by = version.spec, request.actor
    part = part or (spec.parts[0].code if spec.shape == "package" else "")
    if not version.open:
        return render(request, "hall/closed.html", {"spec": spec}, status=404)
    if request.method == "POST":
        return _hand_in(request, spec, part, _acting(by, request.POST))
    acting = _acting(by, request.GET)
    before = parts_before(spec, part) if acting.chosen and acting.person else frozenset()
    earlier = approvals.answers_before(acting.person, spec.code) if before else {}
    if before and approvals.followed(acting.person, spec.code, before) is None:
        return _stopped(request, spec, [_not_yet(spec, part, before)], again=bool(acting.people))
    answers = {q.code: request.GET.get(q.code, "") or earlier.get(q.code, "") for q in spec.questions}
    if not all(answers.values()) or not acting.chosen:
        form = _questions(request, spec, acting, answers)
        return render(request, "hall/questions.html", {"spec": spec, "part": part, "form": form})
    if told := stops(spec, answers):
        asked = any(not earlier.get(q.code) for q in spec.questions)
        return _stopped(request, spec, told, again=asked or bool(acting.people))
    kept = dict(queries.draft(draft_name(code, part, acting.helped), by)) if acting.person else {}
    kept = {name: value for name, value in kept.items() if name not in (AGAIN, AGAIN_OF)}
    kept = {**_unticked(spec, part, {**kept, **answers}), **kept} if kept else {}
    known = _known(spec, part, by) if by.kind == "person" and not acting.helped else {}
    return _page(request, spec, part, acting, {**known, **kept, **answers}, None, known=bool(known) and not kept)


def _stopped(request: Asked, spec: Spec, told: Sequence[str], *, again: bool) -> HttpResponse:
    """Why it cannot be applied for. `again`: the questions are asked once more, so that other answers may lead on."""
    return render(request, "hall/stopped.html", {"spec": spec, "told": told, "again": again})


def _not_yet(spec: Spec, part: str, before: Collection[str]) -> str:
    labels = dict(parts_of(spec))
    names = {"earlier": "、".join(labels[code] for code in sorted(before)), "this": labels[part]}
    return _("没有查到您已获批的“%(earlier)s”，请先办好，再申请“%(this)s”。") % names


def _known(spec: Spec, part: str, by: Actor) -> dict[str, str]:
    """What is recorded already of whoever applies for themselves: their last application's answers, and as the definition
    says (`prefill`) what they are registered with, number and phone masked: `_own` puts them back."""
    before, own = approvals.answers_before(by.person_id, spec.code), org.own_details(by)
    found: dict[str, str] = {}
    for field in merged_fields(spec, part):
        value = before.get(field.code)
        if field.type == FieldType.PERSON:
            found |= {f"{field.code}.{name}": text for name, text in own.shown.items() if field.prefill == "person"}
        elif field.type == FieldType.PLACE and isinstance(value, Mapping):
            found |= {f"{field.code}.{name}": text for name, text in value.items()}
        elif field.prefill == "firm.name" and own.kind == "legal":
            found[field.code] = own.clear["name"]
        elif field.type != FieldType.FILE and isinstance(value, str):
            found[field.code] = value
    places = (value["region"] for value in before.values() if isinstance(value, Mapping) and value.get("region"))
    found["region"] = next(places, "")
    return {name: text for name, text in found.items() if text}


@dataclass(frozen=True, slots=True)
class Acting:
    """Who fills the form in, and for whom: `helped` is the person whose mandate is used, 0 for oneself (at a counter: for
    whoever stands there). `chosen`: that is settled; who has no mandate has nothing to choose."""

    by: Actor
    people: Sequence[org.PersonInfo]
    helped: int
    chosen: bool

    @property
    def choices(self) -> list[tuple[int, str]]:
        """(person, words): oneself first, where one may apply without a mandate at all."""
        own = _("本人") if self.by.kind == "person" else _("到窗口来的申请人")
        alone = self.by.kind == "person" or org.holds(self.by, "org.register_person")
        return [*([(0, own)] if alone else []), *((p.id, _("代 %(name)s") % {"name": p.name}) for p in self.people)]

    @property
    def person(self) -> int:
        """Whose materials on file are offered."""
        return self.helped or (self.by.person_id if self.by.kind == "person" else 0)

    @property
    def name(self) -> str:
        return next((p.name for p in self.people if p.id == self.helped), "")


def _acting(by: Actor, data: QueryDict) -> Acting:
    people = helped_by(by)
    asked = data.get(FOR, "")
    helped = next((p.id for p in people if str(p.id) == asked), 0)
    return Acting(by, people, helped, bool(helped) or not people or asked == "0")


AGAIN, AGAIN_OF = "again", "again_of"


def _page(
    request: Asked,
    spec: Spec,
    part: str,
    acting: Acting,
    values: Mapping[str, Any],
    refused: Refused | None,
    known: bool = False,
) -> HttpResponse:
    form = _form(request, spec, part, acting, values, refused)
    needs = _needs(spec, part, values)
    filled = "、".join(need.material.name for need in needs if need.material.filled)
    context = {
        "spec": spec, "part": part, "form": form, "needs": needs, "helped": acting.name, "known": known, "filled": filled,
        "running": [(number, _address(number, acting.by)) for number in _running(spec, part, acting, values)],
        "counter": not acting.person,
    }  # fmt: skip
    return render(request, "hall/apply.html", context, status=422 if refused else 200)


def _questions(request: Asked, spec: Spec, acting: Acting, answers: Mapping[str, str]) -> forms.Form:
    whom = [
        Field(FOR, _("为谁办理"), "choice", _("受委托的，材料和结果都记在委托人名下。"), True, request.GET.get(FOR, ""),
              choices=tuple(acting.choices))
    ]  # fmt: skip
    fields = [
        *(whom if acting.people else []),
        *(Field(q["code"], q["text"], "choice", q["help"], True, answers.get(q["code"], ""),
              choices=tuple((c["code"], c["label"]) for c in q["choices"]))
        for q in guide_questions(spec)),
    ]  # fmt: skip
    return forms.build(fields, action=request.path, button=_("下一步"))


def _form(
    request: Asked, spec: Spec, part: str, acting: Acting, values: Mapping[str, Any], refused: Refused | None
) -> forms.Form:
    """One form: where, the merged fields, then the materials: what is on file is offered, the rest is uploaded. At a counter
    nothing is kept of it: the next form there is another applicant's."""
    fields = [*_places(spec, part, values), *_asked(spec, part), *_materials(spec, part, acting.person, values)]
    hidden = [Field(q.code, type="hidden", value=values.get(q.code, "")) for q in spec.questions]
    hidden += [Field(FOR, type="hidden", value=acting.helped)] if acting.people else []
    if running := _running(spec, part, acting, values):
        fields.append(_once_more())
        hidden.append(Field(AGAIN_OF, type="hidden"))
        values = {**values, AGAIN_OF: running[0], AGAIN: _confirmed(values, acting, running)}
    name = draft_name(spec.code, part, acting.helped) if acting.person else ""
    return forms.build(
        [*hidden, *fields], action=request.path, button=_("提交申请"), values=values, refused=refused,
        key=request.POST.get("key"), draft=name, draft_url=reverse("hall:draft", args=[name]) if name else "",
        cancel=reverse("hall:guide", args=[spec.code]),
    )  # fmt: skip


def _places(spec: Spec, part: str, answers: Mapping[str, Any]) -> list[Field]:
    """Where: the townships and county centres in which every unit is there that it takes."""
    today = clock.today()
    found = [u.region for kind in ("township", "centre") for u in org.units_in(kind=kind, day=today)]
    served = [code for code in dict.fromkeys(found) if approvals.has_units(spec, answers, part, code, today)]
    choices = tuple((code, org.region_path(code)) for code in served)
    help_ = (
        _("建房选房屋所在的乡镇，其他事项选所在的县。")
        if served
        else _("目前还没有能办这件事的地方，请到县行政服务中心咨询。")
    )
    return [Field("region", _("办理地"), "choice", help_, True, choices=choices, section=_("在哪里办"))]


def _asked(spec: Spec, part: str) -> list[Field]:
    found: list[Field] = []
    for described in form_fields(spec, part):
        section = described["group"] or _("申请信息")
        for one in described.get("parts") or [described]:
            found.append(_field(described, one, section))
    return found


def _field(described: Mapping[str, Any], one: Mapping[str, Any], section: str) -> Field:
    """One input; persons and places have several."""
    kind = TYPES.get(one.get("input") or described["type"], "text")
    label = one["label"] if one is described else f"{described['label']} · {one['label']}"
    if one.get("input") == "region":
        return Field(one["code"], label, "hidden", section=section)
    if one["code"].endswith(".id_number"):
        kind = "idcard"
    choices = tuple((c["code"], c["label"]) for c in described["choices"]) if one is described else ()
    attrs = {"max": clock.today().isoformat()} if described["past"] else {}
    long = kind == "text" and described["max_length"] > AREA and one is described
    return Field(
        one["code"], label, "textarea" if long else kind, described["help"] if one is described else "",
        described["required"], choices=choices, unit=described["unit"] if one is described else "", section=section,
        when=json.dumps(described["when"]) if described["when"] else "", attrs=attrs,
    )  # fmt: skip


def _needs(spec: Spec, part: str, answers: Mapping[str, Any]) -> list[Any]:
    return materials_needed(spec, answers, part)


def _materials(spec: Spec, part: str, person: int, values: Mapping[str, Any]) -> list[Field]:
    held = approvals.held_by(person) if person else {}
    found = []
    for need in _needs(spec, part, values):
        material, kept = need.material, held.get(need.material.held_as)
        if material.filled:
            continue
        if kept:
            text = _("已有：%(name)s（%(source)s）。勾选即用，不用再交。") % {"name": kept.name, "source": kept.source}
            found.append(
                Field(f"reuse.{material.code}", material.name, "checkbox", text, value=True, section=_("材料"))
            )
            continue
        note = {"deferrable": _("可以先受理、后补交。"), "optional": _("没有可以不交。")}.get(need.state, "")
        found.append(
            Field(f"materials.{material.code}", material.name, "file", f"{note}{material.guidance}", section=_("材料"))
        )
    return found


def _unticked(spec: Spec, part: str, typed: Mapping[str, Any]) -> dict[str, bool]:
    """What is on file and was left out of a form: a box without its tick is not sent, and would come back with one."""
    names = (f"reuse.{need.material.code}" for need in _needs(spec, part, typed))
    return {name: False for name in names if name not in typed}


def _running(spec: Spec, part: str, acting: Acting, typed: Mapping[str, Any]) -> list[str]:
    """Numbers of what the applicant has under way already; at a counter that is who was `typed` in, name and number."""
    person = acting.person
    for field in merged_fields(spec, part) if not person else ():
        if field.type == FieldType.PERSON and (number := typed.get(f"{field.code}.id_number")):
            found = org.find_person(number=number)
            name = typed.get(f"{field.code}.name", "")
            person = next((p.id for p in found if org.is_person(p.id, name=name, number=number)), 0)
            break
    return approvals.running_of(person, spec.code, part) if person else []


def _confirmed(typed: Mapping[str, Any], acting: Acting, running: Sequence[str]) -> bool:
    """Whether one more is meant. A tick at a counter counts for the applicant of whom it was asked, and for nobody else."""
    return bool(typed.get(AGAIN)) and (bool(acting.person) or typed.get(AGAIN_OF) in running)


def _address(number: str, by: Actor) -> str:
    """Where the case is opened; "" for whoever may not see it."""
    try:
        queries.case_for(by, number)
    except Refused:
        return ""
    return reverse("hall:case" if by.kind == "person" else "desk:case", args=[number])


def _once_more() -> Field:
    text = _("已有一件同样的在办。确实要另办一件的，请勾选。")
    attrs = {"data-no-draft": ""}
    return Field(AGAIN, _("我确认要再办一件"), "checkbox", text, True, attrs=attrs, section=_("再办一件"))


def _hand_in(request: Asked, spec: Spec, part: str, acting: Acting) -> HttpResponse:
    by, now, key = acting.by, clock.now(), request.POST.get("key", "")
    if again := queries.answered(key, by):
        return HttpResponseRedirect(reverse("hall:receipt", args=[again]))
    try:
        data = _posted(request, spec, part, acting)
        answer = actions.begin("application", "hand_in", data, by=by, now=now, key=key)
    except Refused as no:
        if again := queries.answered(key, by):
            return HttpResponseRedirect(reverse("hall:receipt", args=[again]))
        shown = Refused.of([Fault(f.code, f.text, f.field.removeprefix("answers.")) for f in no.faults])
        post = request.POST.dict()
        typed = {**_unticked(spec, part, post), **post, FOR: acting.helped}
        return _page(request, spec, part, acting, typed, shown)
    actions.drop_draft(draft_name(spec.code, part, acting.helped), by=by)
    return HttpResponseRedirect(reverse("hall:receipt", args=[answer.number]))


def _posted(request: Asked, spec: Spec, part: str, acting: Acting) -> dict[str, Any]:
    """The post as `hand_in` takes it. Files are kept first; all faulty files are named at once, with
    what is wrong in the form."""
    post, by = request.POST, acting.by
    _still_helped(post, acting)
    again = AGAIN in post and _confirmed(post, acting, _running(spec, part, acting, post))
    apart = ("csrfmiddlewaretoken", "key", forms.KEPT, "region", FOR, AGAIN, AGAIN_OF)
    flat = {name: post.get(name, "") for name in post if name not in apart}
    for field in merged_fields(spec, part):
        if field.type == FieldType.PLACE:
            flat[f"{field.code}.region"] = post.get("region", "")
    if by.kind == "person" and not acting.helped:
        flat |= _own(spec, part, flat, by)
    materials, faults = {}, []
    for name in request.FILES:
        for file in request.FILES.getlist(name)[:1] if name.startswith("materials.") else ():
            try:
                materials[name.removeprefix("materials.")] = actions.keep(
                    file.name or "", file, by=by, now=clock.now()
                ).pk
            except Refused as no:
                faults += [Fault(f.code, f.text, name) for f in no.faults]
    reuse = [name.removeprefix("reuse.") for name in post if name.startswith("reuse.")]
    answers = {name: value for name, value in flat.items() if not name.startswith(("materials.", "reuse."))}
    if faults:
        raise Refused.of([*_faults_of(spec, part, answers), *faults])
    return {
        "entry": spec.code, "part": part, "region": post.get("region", ""), "answers": answers, "materials": materials,
        "reuse": reuse, "channel": _channel(request, acting), FOR: acting.helped or acting.person,
        "again": again,
    }  # fmt: skip


def _faults_of(spec: Spec, part: str, answers: Mapping[str, str]) -> Sequence[Fault]:
    """What else is wrong with a form of which a file could not be taken in."""
    try:
        clean_answers(spec, answers, part, today=clock.today())
    except Refused as no:
        return no.faults
    return ()


def _own(spec: Spec, part: str, flat: Mapping[str, str], by: Actor) -> dict[str, str]:
    """The signed-in person's number and phone, where the form came back with them masked as they were filled in."""
    own = org.own_details(by)
    names = [f"{f.code}.{n}" for f in merged_fields(spec, part) if f.type == FieldType.PERSON for n in own.shown]
    asked = [(name, name.rpartition(".")[2]) for name in names]
    return {name: own.clear[n] for name, n in asked if own.shown[n] and flat.get(name) == own.shown[n]}


def _still_helped(post: QueryDict, acting: Acting) -> None:
    """A mandate that ended while the form was filled in must not turn the helper into the applicant."""
    if post.get(FOR, "0") not in ("", "0", str(acting.helped)):
        raise Refused("applicant.mandate", "您现在没有这位群众的委托，请先登记委托。")


def _channel(request: Asked, acting: Acting) -> str:
    if acting.helped:
        return "agent"
    return "mobile" if "Mobile" in request.headers.get("User-Agent", "") else "web"


@require_POST
def draft(request: Asked, form: str) -> HttpResponse:
    """What was typed so far, kept for its owner until it is handed in."""
    by = request.actor
    skip = ("csrfmiddlewaretoken", "key", forms.KEPT)
    typed = {name: value for name, value in request.POST.items() if name not in skip}
    if len(json.dumps(typed)) > 400_000:
        return HttpResponse(status=413)
    actions.save_draft(form[:100], typed, by=by, now=clock.now())
    return HttpResponse(status=204)
