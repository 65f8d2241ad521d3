"""An entry: what is in force in words, its draft with all that is wrong with it, its versions, and its buttons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from mashang.approvals import queries as approvals
from mashang.catalogue import actions, queries, rules
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Fault, NotFound, Refused
from mashang.kernel.said import said, told
from mashang.ledger import queries as ledger
from mashang.org import queries as org
from mashang.portals.shared import forms, guides, parts
from mashang.portals.shared.downloads import attachment

from ..admin_pages.common import Press, pressed
from ..frame import page, who
from .listing import HERE, kinds, state_of

SHORT = 12


@never_cache
@require_http_methods(["GET", "POST"])
def entry(request: HttpRequest, code: str) -> HttpResponse:
    """The entry, and what can be done with it: publish, retire, rewrite, throw the draft away."""
    by = who(request)
    known = queries.file_of(by, code)
    if request.method == "POST" and not known.mine:
        raise NotFound("没有找到这个事项，请核对名称或编码。")
    done, refused = pressed(request, _presses(by, known, clock.now()))
    if done:
        return HttpResponseRedirect(_after(request.POST["do"], known))
    if refused:
        known = queries.file_of(by, code)  # as it is now: somebody else may have written
    spec = known.shown.spec
    drawn = refused is not None and request.POST.get("do") in ("publish", "retire")
    context = {
        "file": known,
        "spec": spec,
        "kind": kinds()[known.shape],
        "owner": told(queries.owner_name(known.unit_id, spec.region), _) or _("各地通用"),
        "state": state_of(known.state, known.draft is not None, getattr(spec, "detail", "full")),
        "loose": refused.faults if refused and not drawn else (),
        "left": _left(request, code, spec),
        "ways": ways(known) if known.mine else [],
        **_draft(request, known, refused),
        **_content(spec),
        "versions": _versions(by, known),
        "told": _told(code) if known.mine else [],
        "retire": _form(
            request,
            "retire",
            known,
            _retire_fields(),
            _("废止"),
            refused,
            danger=True,
            draft=f"catalogue-{code}-retire",
        ),
    }
    return page(request, "catalogue/entry", HERE, 422 if refused else 200, **context)


def _after(do: str, known: queries.File) -> str:
    if do == "discard" and known.current is None:
        return reverse("desk:catalogue")
    return reverse("desk:catalogue_fields" if do == "revise" else "desk:catalogue_entry", args=[known.code])


def _left(request: HttpRequest, code: str, spec: rules.Spec) -> list[str]:
    """Names of what the browser kept of the forms that were just saved: it may forget them."""
    mark = request.GET.get("left", "")
    known = mark.isascii() and mark.isalnum() and len(mark) <= SHORT
    return [form_name(code, what, mark) for what in _forms(spec)] if known else []


def _forms(spec: rules.Spec) -> list[str]:
    """What the browser calls the forms on a draft."""
    lists = rules.lists_of(spec)
    of_items = [f"{what}-{i.code}" for what in lists if what in rules.OF_ITEMS for i in rules.items_of(spec)]
    return ["fields", "definition", *lists, *of_items]


def ways(known: queries.File) -> list[tuple[str, str, str]]:
    """(name, words, address) of every form on the draft."""
    lists = rules.lists_of(known.base.spec)
    listed = [(what, titles()[what], address(known.code, what)) for what in lists]
    fields, file = (reverse(f"desk:catalogue_{name}", args=[known.code]) for name in ("fields", "definition"))
    return [("fields", _("内容"), fields), *listed, ("definition", _("定义文件"), file)]


def titles() -> dict[str, str]:
    """What the lists of a definition are called."""
    return {
        "materials": _("材料"), "form": _("表单"), "questions": _("引导问题"), "steps": _("办理环节"), "roles": _("办理单位"),
        "parts": _("各次申请"),
    }  # fmt: skip


def address(code: str, what: str, item: str = "") -> str:
    """Where a list of the draft is edited."""
    return reverse("desk:catalogue_rows", args=[code, what]) + (f"?item={item}" if item else "")


def form_name(code: str, what: str, seen: str) -> str:
    """What the browser calls a form on a draft: never the same for two drafts, so that no old words come up in a new one."""
    return f"catalogue-{code}-{what}-{seen[:SHORT] or 'new'}"


def _presses(by: Actor, known: queries.File, now: datetime) -> dict[str, Press]:
    code = known.code

    def publish(data: QueryDict) -> str:
        try:
            actions.publish(code, seen=data.get("seen", ""), note=data.get("note", ""), by=by, now=now)
        except NotFound:
            raise
        except Refused as no:
            raise Refused.of([named(known.base.spec, fault) for fault in no.faults]) from no
        return _("已发布。新受理的件按这一版办，办理中的件不变。")

    def retire(data: QueryDict) -> str:
        actions.retire(code, reason=data.get("reason", ""), by=by, now=now)
        return _("已废止。办理中的件继续办完。")

    def revise(_data: QueryDict) -> str:
        actions.revise(code, by=by, now=now)
        return _("已按现行版本起草，改好后发布。")

    def discard(data: QueryDict) -> str:
        actions.discard(code, seen=data.get("seen", ""), by=by, now=now)
        return _("草稿已放弃。")

    return {"publish": publish, "retire": retire, "revise": revise, "discard": discard}


def named(spec: rules.Spec, fault: Fault) -> Fault:
    """A fault of the rules with its field in the reader's words."""
    if not fault.field:
        return fault
    return Fault(
        fault.code, said("{place}：{why}", place=rules.label_at(spec, fault.field), why=fault.text), fault.field
    )


@dataclass(frozen=True, slots=True)
class Trouble:
    """What stands in the way of publishing, and where it is mended."""

    label: str
    text: str
    href: str


def troubles(known: queries.File) -> list[Trouble]:
    """Every fault of the draft with a link to the form that holds its field."""
    return [Trouble(rules.label_at(known.base.spec, f.field), f.text, _mended_at(known, f)) for f in _faults(known)]


def _faults(known: queries.File) -> Sequence[Fault]:
    return queries.faults_of(known.draft.spec) if known.draft else ()


def _mended_at(known: queries.File, fault: Fault) -> str:
    field = {"organ": "organ.name", "result": "result.name"}.get(fault.field, fault.field)
    if field in rules.fields_of(known.base.spec):
        return f"{reverse('desk:catalogue_fields', args=[known.code])}#f-{field}"
    *inside, what = field.split(".") if field.startswith("items.") else (field,)
    if what in rules.lists_of(known.base.spec):
        item = (
            known.base.spec.items[int(inside[1])].code
            if inside and isinstance(known.base.spec, rules.PackageSpec)
            else ""
        )
        return address(known.code, what, item)
    return reverse("desk:catalogue_definition", args=[known.code])


def _draft(request: HttpRequest, known: queries.File, refused: Refused | None) -> dict[str, Any]:
    """The draft: its faults, how it differs from what is in force, and its buttons."""
    if known.draft is None:
        return {"draft": None}
    note = parts.Field("note", _("版本说明"), help=_("写明改了什么、依据什么文件，存入版本历史。"))
    drafter = next(e for e in known.editions if e.published_at is None)
    return {
        "draft": known.draft,
        "drafter": org.shown_name(drafter.by, to=who(request)),
        "drafted_at": drafter.written_at,
        "troubles": troubles(known),
        "changes": rules.differences(known.current.spec, known.draft.spec) if known.current else None,
        "publish": _form(request, "publish", known, [note], _("发布"), refused),
        "discard": _form(request, "discard", known, [], _("放弃草稿"), None, danger=True),
    }


def _form(
    request: HttpRequest,
    do: str,
    known: queries.File,
    fields: Sequence[parts.Field],
    button: str,
    refused: Refused | None,
    **more: Any,
) -> forms.Form:
    """A button with its fields; it knows which draft the page shows."""
    mine = refused is not None and request.POST.get("do") == do
    hidden = [parts.Field("do", type="hidden", value=do), parts.Field("seen", type="hidden", value=known.seen)]
    values = forms.typed(request.POST, fields) if mine else None
    return forms.build(
        [*hidden, *fields], action=request.path, button=button, values=values, refused=refused if mine else None, **more
    )  # fmt: skip


def _retire_fields() -> list[parts.Field]:
    return [parts.Field("reason", _("废止的原因和依据"), "textarea", required=True, help=_("会显示给来办事的人。"))]


def _content(spec: rules.Spec) -> dict[str, Any]:
    """The definition in words: fields, figures, materials, steps."""
    sound = rules.coherent(spec)
    was, now = (rules.before(spec), rules.after(spec)) if sound else (None, None)
    asked = rules.asked_by(spec)
    return {
        "words": [(label, told(words, _)) for label, words in rules.in_words(spec)],
        "figures": guides.figure_rows(was, now) if was and now and getattr(spec, "detail", "full") == "full" else [],
        "materials": [(m, told(m.necessity.label, _), len(asked[m.code])) for m in rules.merged_materials(spec)] if sound else [],
        "steps": [(s, spec.roles[s.role].label if s.role in spec.roles else s.role) for s in spec.steps],
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Edition:
    """A line of the versions' table. `other` is the version it is held against."""

    edition: queries.Edition
    state: str
    by: str
    note: str
    short: str
    running: int
    other: int


def _versions(by: Actor, known: queries.File) -> list[Edition]:
    running = approvals.running_by_version(known.code)
    numbers = [e.number for e in known.editions]
    lines = []
    for place, e in enumerate(known.editions):
        current = known.current is not None and e.id == known.current.id
        in_force = _("现行") if known.state == "active" else _("已废止")
        state = in_force if current else _("以前") if e.published_at else _("草稿")
        other = numbers[place + 1] if place + 1 < len(numbers) else 0
        name = org.shown_name(e.by, to=by)
        note = _("随平台提供") if e.by.startswith("system:") and e.note == "shipped" else e.note
        lines.append(Edition(e, state, name, note, e.digest[:SHORT], running.get(e.id, 0), other))
    return lines


def _told(code: str) -> list[parts.Moment]:
    """What the ledger holds on the entry, newest first."""
    colleague = Actor("staff")
    return [
        parts.Moment(
            e.at, _(queries.sentence(e.verb)).format_map(e.facts), org.shown_name(e.by, to=colleague)
        )
        for e in reversed(ledger.history(f"catalogue/{code}"))
    ]  # fmt: skip


@require_GET
def differences(request: HttpRequest, code: str) -> HttpResponse:
    """Two versions side by side, field by field; without numbers the last two."""
    by = who(request)
    known = queries.file_of(by, code)
    numbers = [e.number for e in known.editions]
    new = _number(request, "new", numbers, numbers[0])
    old = _number(request, "old", numbers, next((n for n in numbers if n < new), new))
    was, now = (queries.edition(by, code, n) for n in (old, new))
    context = {
        "file": known, "old": was, "new": now, "changes": rules.differences(was.spec, now.spec),
        "filters": [_choice("old", _("原来"), numbers), _choice("new", _("后来"), numbers)],
    }  # fmt: skip
    return page(request, "catalogue/differences", HERE, **context)


def _choice(name: str, label: str, numbers: Iterable[int]) -> parts.Filter:
    return parts.Filter(name, label, [(n, _("第 %(n)d 版") % {"n": n}) for n in numbers])


def _number(request: HttpRequest, name: str, known: Sequence[int], otherwise: int) -> int:
    text = request.GET.get(name, "")
    return next((n for n in known if str(n) == text), otherwise)


@require_GET
def file(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """A version's definition as a file that can be edited and brought in again."""
    found = queries.edition(who(request), code, number)
    text = rules.written_definition(found.spec)
    return attachment(text.encode(), f"{code}-{number}.toml", "application/toml; charset=utf-8")


@never_cache
@require_GET
def preview(request: HttpRequest, code: str) -> HttpResponse:
    """The guide of the draft (else of what is in force) as citizens will see it."""
    by = who(request)
    known, found = queries.own_file(by, code), queries.preview(by, code)
    if found is None:
        return page(request, "catalogue/no_preview", HERE, 422, file=known, troubles=troubles(known))
    context = {"file": known, "guide": found, "shown": guides.guide_of(found), "may_apply": False}
    return render(request, "desk/catalogue/preview.html", context)
