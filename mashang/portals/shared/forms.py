"""Forms from plain descriptions: what was typed comes back, what is wrong stands at its field, all at once."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from mashang.kernel.refused import Fault, Refused
from mashang.kernel.said import said, told
from mashang.text.rules import narrow

from .parts import Field

KEY = "key"
KEPT = "kept"
"""What drafts.js sends along with a form that it keeps: under which name."""


def new_key() -> str:
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True)
class Form:
    """`key` makes a second press harmless; `draft` names what the browser keeps, `draft_url` where the server does.

    `offline` lets a phone keep the form with its photos and send it later, listed by `label`. `loose` are faults without a field here.
    """

    action: str
    fields: tuple[Field, ...]
    button: str = ""
    faults: tuple[Fault, ...] = ()
    key: str = field(default_factory=new_key)
    draft: str = ""
    draft_url: str = ""
    cancel: str = ""
    offline: bool = False
    danger: bool = False
    label: str = ""

    @property
    def multipart(self) -> bool:
        return any(f.type in ("file", "photo") for f in self.fields)

    @property
    def sections(self) -> list[tuple[str, list[Field]]]:
        """Fields in order, grouped while their `section` stays the same."""
        return [(name, list(part)) for name, part in groupby(self.fields, key=lambda f: f.section)]


def draft_name(form: str, fields: Iterable[Field]) -> str:
    """A form's name for the browser's draft; another one where it begins with other values, so that no old words come up in it."""
    begins = json.dumps([(f.name, f.value) for f in fields], default=str, ensure_ascii=False)
    return f"{form}-{hashlib.sha256(begins.encode()).hexdigest()[:8]}"


def typed(data: QueryDict, fields: Iterable[Field]) -> dict[str, Any]:
    """What was posted, a list for fields that take several, a truth for a checkbox; files and passwords are left out."""
    values: dict[str, Any] = {}
    for f in fields:
        if f.type == "multi":
            values[f.name] = data.getlist(f.name)
        elif f.type == "checkbox":
            values[f.name] = f.name in data
        elif f.type == "limit":
            values[f.name] = limit_in(data, f.name)
        elif f.type not in ("file", "photo", "password"):
            values[f.name] = data.get(f.name, "")
    return values


def limit_in(data: QueryDict, name: str) -> str:
    """The number and the unit of a field of type limit as one ("20wd"); a limit that is posted whole stays as it is."""
    amount = narrow(data.get(name, "")).strip()
    return amount + data.get(f"{name}_unit", "") if amount else ""


def build(
    fields: Sequence[Field | Mapping[str, Any]],
    *,
    action: str,
    button: str = "",
    values: Mapping[str, Any] | None = None,
    refused: Refused | None = None,
    **more: Any,
) -> Form:
    """A form to draw; after a refusal give `values=typed(request.POST, fields)` and `refused`.

    `more` are Form's other fields; pass `key=request.POST.get("key")` to keep the key of the press that was refused.
    """
    described = tuple(f if isinstance(f, Field) else Field.of(f) for f in fields)
    faults = named(refused.faults if refused else (), described)
    wrong = messages_by_field(faults)
    bound = tuple(f.bound(values or {}, wrong) for f in described)
    options = {name: value for name, value in more.items() if value is not None}
    return Form(action, bound, button or _("提交"), faults, **options)


_EMPTY = {"form.missing", "form.string_too_short", "form.too_short"}
_BARE = {"请填写这一项。", said("至少填写 {min_length} 项。", min_length=1)}


def named(faults: Sequence[Fault], fields: Sequence[Field]) -> tuple[Fault, ...]:
    """The faults as the page tells them: what rules only know to be empty is asked for by the field's label, in the words
    of its kind, and a fault of a group of fields (`materials` of `materials.drawing`) stands at the first of them."""
    by_name = {f.name: f for f in fields}
    found = []
    for fault in faults:
        group = next((f for f in fields if fault.field and f.name.startswith(f"{fault.field}.")), None)
        field_ = by_name.get(fault.field, group)
        if field_ is None:
            found.append(fault)
            continue
        empty = fault.code in _EMPTY and fault.text in _BARE
        text = _asked(field_, fault.field != field_.name) if empty else fault.text
        found.append(Fault(fault.code, text, field_.name))
    return tuple(dict.fromkeys(found))


def _asked(field_: Field, group: bool) -> str:
    if group:
        return said("请至少上传一份材料。")
    if field_.type in ("choice", "multi", "list", "date", "datetime", "time"):
        return said("请选择“{label}”。", label=field_.label)
    if field_.type == "photo":
        return said("请拍摄或选择“{label}”。", label=field_.label)
    if field_.type == "file":
        return said("请上传“{label}”。", label=field_.label)
    if field_.type == "place":
        return said("请点“定位”取得“{label}”。", label=field_.label)
    return said("请填写“{label}”。", label=field_.label)


def messages_by_field(faults: Iterable[Fault]) -> dict[str, str]:
    """Every sentence about a field, one after the other."""
    found: dict[str, list[str]] = {}
    for fault in faults:
        if fault.field:
            found.setdefault(fault.field, []).append(told(fault.text, _))
    return {name: " ".join(texts) for name, texts in found.items()}
