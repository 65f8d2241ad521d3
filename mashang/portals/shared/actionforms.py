"""The form of an action, read from its declaration, and what was posted, brought back to what the action takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from pydantic import AwareDatetime
from pydantic.fields import FieldInfo

from mashang.approvals import queries as approvals
from mashang.cases import actions as case_actions
from mashang.cases import queries as cases
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Fault, Refused
from mashang.org import queries as org
from mashang.reviews.rules import TAGS

from .parts import Field, FieldType

HIDDEN = frozenset({"channel", "second"})
_PLACE_INPUTS = {
    "latitude": "place_lat", "longitude": "place_lon", "accuracy": "place_accuracy", "taken_at": "place_at",
}  # fmt: skip
"""What the place field posts, by what the action takes."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What a field's choices may depend on: the case, the step pressed on, and who presses."""

    view: cases.CaseView
    step_unit: int
    by: Actor


def fields_of(form: type[Any], ask: Ask) -> list[Field]:
    """The declared form as fields; a `widget` in a declaration says what stands in for it on a page."""
    found: list[Field] = []
    for name, info in form.model_fields.items():
        if name in HIDDEN:
            continue
        widget = (info.json_schema_extra or {}).get("widget", "") if isinstance(info.json_schema_extra, dict) else ""
        found += _WIDGETS[widget](name, info, ask) if widget in _WIDGETS else [_plain(name, info, widget)]
    return found


def _plain(name: str, info: FieldInfo, widget: str) -> Field:
    kind = _base(info.annotation)
    types: list[tuple[type, FieldType]] = [(bool, "checkbox"), (datetime, "datetime"), (date, "date"), (int, "number")]
    types += [(float, "number"), (Decimal, "number")]
    shown: FieldType = (
        "textarea"
        if widget == "textarea"
        else next((t for k, t in types if isinstance(kind, type) and issubclass(kind, k)), "text")
    )
    choices: tuple[tuple[Any, ...], ...] = ()
    if get_origin(info.annotation) is Literal:
        shown, choices = "choice", tuple((c, c) for c in get_args(info.annotation))
    default = "" if info.is_required() or info.default in (None, ()) else info.default
    value = default.isoformat() if isinstance(default, date) else default
    return Field(name, _(str(info.title or name)), shown, required=info.is_required(), value=value, choices=choices)


def _base(annotation: Any) -> Any:
    """The type behind `X | None`, and what an instant with a zone is made of."""
    if get_origin(annotation) in (Union, UnionType):
        annotation = next(a for a in get_args(annotation) if a is not type(None))
    return datetime if annotation is AwareDatetime else annotation


def _passed(name: str, info: FieldInfo, ask: Ask) -> list[Field]:
    choices = (("true", _("符合，通过")), ("false", _("不符合，不通过")))
    return [Field(name, _(str(info.title)), "choice", required=True, choices=choices)]


def _finding(name: str, info: FieldInfo, ask: Ask) -> list[Field]:
    choices = (("good", _("符合")), ("bad", _("不符合，须改正")))
    return [Field(name, _(str(info.title)), "choice", required=True, choices=choices)]


def _staff(name: str, info: FieldInfo, ask: Ask) -> list[Field]:
    choices = tuple((s.id, s.name) for s in org.staff_of([ask.step_unit]))
    return [Field(name, _(str(info.title)), "choice", required=True, choices=choices)]


def _unit(name: str, info: FieldInfo, ask: Ask) -> list[Field]:
    units = org.units_in(ask.view.case.region[:6], day=clock.today())
    choices = tuple((u.id, u.name) for u in units)
    return [Field(name, _(str(info.title)), "choice", required=True, choices=choices)]


def _lines(name: str, info: FieldInfo, ask: Ask) -> list[Field]:
    """One thing a line; what the rules find missing stands there already."""
    value = ""
    if ask.view.case.kind == "application":
        value = "\n".join(approvals.barring(approvals.folder(ask.view.case.pk)))
    return [Field(name, _(str(info.title)), "textarea", help=_("每行写一项，请一次写全。"), required=True, value=value)]


def _materials(name: str, info: FieldInfo, ask: Ask) -> list[Field]:
    """A file for each material that is not here yet; while something is to be put right also for those that are."""
    materials = approvals.folder(ask.view.case.pk).materials
    wanted = [m for m in materials if m["state"] in ("missing", "later", "optional")]
    if ask.view.case.state == "supplement" or not wanted:
        wanted += [m for m in materials if m not in wanted]
    here = _("已经交过，重新上传就换成新的。")
    return [Field(f"{name}.{m['code']}", m["name"], "file", help=here if m.get("document") else "") for m in wanted]


def _photos(name: str, info: FieldInfo, ask: Ask) -> list[Field]:
    return [Field(name, _(str(info.title)), "photo", required=True)]


def _place(name: str, info: FieldInfo, ask: Ask) -> list[Field]:
    """Place and time are one field on the page, filled in by the phone."""
    if name != "latitude":
        return []
    return [Field("place", _("现场位置和时间"), "place", required=True, help=_("点“定位”取得；没有信号也能取得。"))]


def _grade(name: str, info: FieldInfo, ask: Ask) -> list[Field]:
    grades = (("5", _("非常满意")), ("4", _("满意")), ("3", _("基本满意")), ("2", _("不满意")), ("1", _("非常不满意")))
    return [Field(name, _(str(info.title)), "choice", required=True, choices=grades)]


def _tags(name: str, info: FieldInfo, ask: Ask) -> list[Field]:
    return [Field(name, _(str(info.title)), "multi", choices=tuple((t, _(t)) for t in TAGS))]


def _working_day(name: str, info: FieldInfo, ask: Ask) -> list[Field]:
    """A day to come to the unit: its days off are greyed and named."""
    place = urlencode({"region": ask.view.case.region, "unit": ask.step_unit})
    return [replace(_plain(name, info, ""), days_url=f"{reverse('shared:days')}?{place}")]


_WIDGETS: Mapping[str, Callable[[str, FieldInfo, Ask], list[Field]]] = {
    "passed": _passed, "finding": _finding, "staff": _staff, "unit": _unit, "lines": _lines, "materials": _materials,
    "photos": _photos, "place": _place, "grade": _grade, "tags": _tags, "working_day": _working_day,
}  # fmt: skip


def posted(request: HttpRequest, form: type[Any], *, by: Actor, now: datetime) -> dict[str, Any]:
    """What the action takes, from a page's post: files are stored first, empty fields left out. Refuses faulty files, all at once."""
    data: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, info in form.model_fields.items():
        widget = (info.json_schema_extra or {}).get("widget", "") if isinstance(info.json_schema_extra, dict) else ""
        if widget in ("photos", "materials"):
            data[name] = _stored(request, name, widget, by, now, faults)
            continue
        value = _value(request, name, widget, info)
        if value not in ("", None):
            data[name] = value
    if faults:
        raise Refused.of(faults)
    return data


def on_page(refused: Refused) -> Refused:
    """The same refusal with what is wrong with place or time at the one field that stands for them, told once."""
    placed = [f for f in refused.faults if f.field in _PLACE_INPUTS]
    if not placed:
        return refused
    rest = [f for f in refused.faults if f not in placed]
    told = {f.text: Fault(f.code, f.text, "place") for f in placed}
    return Refused.of([*rest, *told.values()])


def _value(request: HttpRequest, name: str, widget: str, info: FieldInfo) -> Any:
    post = request.POST
    if widget == "lines":
        return [line.strip() for line in post.get(name, "").splitlines() if line.strip()]
    if widget == "tags":
        return post.getlist(name)
    if widget == "place":
        return post.get(_PLACE_INPUTS[name], "") or (clock.now() if name == "taken_at" else "")
    if info.annotation is bool and widget != "passed":
        return name in post
    return post.get(name, "")


def _stored(
    request: HttpRequest, name: str, widget: str, by: Actor, now: datetime, faults: list[Fault]
) -> list[int] | dict[str, int]:
    """Uploads kept under the presser's name until the act binds them to the case."""
    if widget == "photos":
        return _kept(request.FILES.getlist(name), name, by, now, faults)
    found: dict[str, int] = {}
    for key in request.FILES:
        if key.startswith(f"{name}."):
            for kept in _kept(request.FILES.getlist(key)[:1], key, by, now, faults):
                found[key.removeprefix(f"{name}.")] = kept
    return found


def _kept(files: Sequence[Any], field: str, by: Actor, now: datetime, faults: list[Fault]) -> list[int]:
    kept = []
    for file in files:
        try:
            kept.append(case_actions.keep(file.name or "", file.file, by=by, now=now).pk)
        except Refused as no:
            faults += [Fault(f.code, f.text, field) for f in no.faults]
    return kept
