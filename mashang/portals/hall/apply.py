"""Applying: a few questions, then one form and its materials, then the receipt."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from mashang.approvals import queries as approvals
from mashang.cases import actions, queries
from mashang.catalogue import queries as catalogue
from mashang.catalogue.rules import (
    FieldType,
    Spec,
    form_fields,
    guide_questions,
    materials_needed,
    merged_fields,
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

from .present import draft_name

TYPES: dict[str, FieldKind] = {
    "text": "text",
    "number": "number",
    "date": "date",
    "choice": "choice",
    "file": "file",
    "tel": "phone",
}
AREA = 120


@require_http_methods(["GET", "POST"])
def apply(request: Asked, code: str, part: str = "") -> HttpResponse:
    """Questions first; who may apply goes on to the form; a faulty form comes back whole, with every fault at its field."""
    version = catalogue.current(code)
    spec, by = version.spec, request.actor
    part = part or (spec.parts[0].code if spec.shape == "package" else "")
    if not version.open:
        return render(request, "hall/closed.html", {"spec": spec}, status=404)
    if request.method == "POST":
        return _hand_in(request, spec, part, by)
    answers = {q.code: request.GET.get(q.code, "") for q in spec.questions}
    if spec.questions and not all(answers.values()):
        return render(
            request, "hall/questions.html", {"spec": spec, "part": part, "form": _questions(request, spec, answers)}
        )
    if told := stops(spec, answers):
        return render(request, "hall/stopped.html", {"spec": spec, "told": told})
    kept = queries.draft(draft_name(code, part), by) if by.kind == "person" else {}
    form = _form(request, spec, part, by, {**kept, **answers}, None)
    return render(
        request, "hall/apply.html", {"spec": spec, "part": part, "form": form, "needs": _needs(spec, part, answers)}
    )


def _questions(request: Asked, spec: Spec, answers: Mapping[str, str]) -> forms.Form:
    fields = [
        Field(q["code"], q["text"], "choice", q["help"], True, answers.get(q["code"], ""),
              choices=tuple((c["code"], c["label"]) for c in q["choices"]))
        for q in guide_questions(spec)
    ]  # fmt: skip
    return forms.build(fields, action=request.path, button=_("下一步"))


def _form(
    request: Asked, spec: Spec, part: str, by: Actor, values: Mapping[str, Any], refused: Refused | None
) -> forms.Form:
    """One form: where, the merged fields, then the materials: what is on file is offered, the rest is uploaded."""
    fields = [*_place(by), *_asked(spec, part), *_materials(spec, part, by, values)]
    hidden = [Field(q.code, type="hidden", value=values.get(q.code, "")) for q in spec.questions]
    name = draft_name(spec.code, part)
    return forms.build(
        [*hidden, *fields], action=request.path, button=_("提交申请"), values=values, refused=refused,
        key=request.POST.get("key"), draft=name, draft_url=reverse("hall:draft", args=[name]),
        cancel=reverse("hall:guide", args=[spec.code]),
    )  # fmt: skip


def _place(by: Actor) -> list[Field]:
    towns = [u for u in org.units_in(kind="township") if not u.valid_to]
    centres = [u for u in org.units_in(kind="centre") if not u.valid_to]
    choices = (
        ("", _("请选择")),
        *((u.region, org.region_path(u.region)) for u in [*towns, *centres]),
    )
    help_ = _("建房选房屋所在的乡镇，其他事项选所在的县。")
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
        return Field(one["code"], label, "hidden")
    if one["code"].endswith(".id_number"):
        kind = "idcard"
    choices = tuple((c["code"], c["label"]) for c in described["choices"]) if one is described else ()
    long = kind == "text" and described["max_length"] > AREA and one is described
    return Field(
        one["code"], label, "textarea" if long else kind, described["help"] if one is described else "",
        described["required"], choices=choices, unit=described["unit"] if one is described else "", section=section,
        when=json.dumps(described["when"]) if described["when"] else "",
    )  # fmt: skip


def _needs(spec: Spec, part: str, answers: Mapping[str, Any]) -> list[Any]:
    return materials_needed(spec, answers, part)


def _materials(spec: Spec, part: str, by: Actor, values: Mapping[str, Any]) -> list[Field]:
    held = approvals.held_by(by.person_id) if by.kind == "person" else {}
    found = []
    for need in _needs(spec, part, values):
        material, kept = need.material, held.get(need.material.held_as)
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


def _hand_in(request: Asked, spec: Spec, part: str, by: Actor) -> HttpResponse:
    now, key = clock.now(), request.POST.get("key", "")
    if again := queries.answered(key, by):
        return HttpResponseRedirect(reverse("hall:receipt", args=[again]))
    try:
        data = _posted(request, spec, part, by)
        answer = actions.begin("application", "hand_in", data, by=by, now=now, key=key)
    except Refused as no:
        if again := queries.answered(key, by):
            return HttpResponseRedirect(reverse("hall:receipt", args=[again]))
        shown = Refused.of([Fault(f.code, f.text, f.field.removeprefix("answers.")) for f in no.faults])
        form = _form(request, spec, part, by, request.POST.dict(), shown)
        context = {"spec": spec, "part": part, "form": form, "needs": _needs(spec, part, request.POST.dict())}
        return render(request, "hall/apply.html", context, status=422)
    actions.drop_draft(draft_name(spec.code, part), by=by)
    return HttpResponseRedirect(reverse("hall:receipt", args=[answer.number]))


def _posted(request: Asked, spec: Spec, part: str, by: Actor) -> dict[str, Any]:
    """The post as `hand_in` takes it. Files are kept first; all faulty files are named at once."""
    post = request.POST
    flat = {name: post.get(name, "") for name in post if name not in ("csrfmiddlewaretoken", "key", "region")}
    for field in merged_fields(spec, part):
        if field.type == FieldType.PLACE:
            flat[f"{field.code}.region"] = post.get("region", "")
    materials, faults = {}, []
    for name in request.FILES:
        for file in request.FILES.getlist(name)[:1] if name.startswith("materials.") else ():
            try:
                materials[name.removeprefix("materials.")] = actions.keep(
                    file.name or "", file, by=by, now=clock.now()
                ).pk
            except Refused as no:
                faults += [Fault(f.code, f.text, name) for f in no.faults]
    if faults:
        raise Refused.of(faults)
    reuse = [name.removeprefix("reuse.") for name in post if name.startswith("reuse.")]
    answers = {name: value for name, value in flat.items() if not name.startswith(("materials.", "reuse."))}
    return {
        "entry": spec.code, "part": part, "region": post.get("region", ""), "answers": answers, "materials": materials,
        "reuse": reuse, "channel": "mobile" if "Mobile" in request.headers.get("User-Agent", "") else "web",
    }  # fmt: skip


@require_POST
def draft(request: Asked, form: str) -> HttpResponse:
    """What was typed so far, kept for its owner until it is handed in."""
    by = request.actor
    skip = ("csrfmiddlewaretoken", "key")
    typed = {name: value for name, value in request.POST.items() if name not in skip}
    if len(json.dumps(typed)) > 400_000:
        return HttpResponse(status=413)
    actions.save_draft(form[:100], typed, by=by, now=clock.now())
    return HttpResponse(status=204)
