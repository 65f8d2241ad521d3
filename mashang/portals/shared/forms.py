"""Forms from plain descriptions: what was typed comes back, what is wrong stands at its field, all at once."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from mashang.kernel.refused import Fault, Refused
from mashang.kernel.said import told

from .parts import Field

KEY = "key"


def new_key() -> str:
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True)
class Form:
    """`key` makes a second press harmless; `draft` names what the browser keeps, `draft_url` where the server does.

    `offline` lets a phone keep the form with its photos and send it later. `loose` are faults without a field here.
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

    @property
    def multipart(self) -> bool:
        return any(f.type in ("file", "photo") for f in self.fields)

    @property
    def sections(self) -> list[tuple[str, list[Field]]]:
        """Fields in order, grouped while their `section` stays the same."""
        return [(name, list(part)) for name, part in groupby(self.fields, key=lambda f: f.section)]

    @property
    def first_wrong(self) -> str:
        return next((f.id for f in self.fields if f.error), "")


def typed(data: QueryDict, fields: Iterable[Field]) -> dict[str, Any]:
    """What was posted, a list for fields that take several, a truth for a checkbox; files are left out."""
    values: dict[str, Any] = {}
    for f in fields:
        if f.type == "multi":
            values[f.name] = data.getlist(f.name)
        elif f.type == "checkbox":
            values[f.name] = f.name in data
        elif f.type not in ("file", "photo"):
            values[f.name] = data.get(f.name, "")
    return values


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
    faults = refused.faults if refused else ()
    wrong = messages_by_field(faults)
    described = tuple(f if isinstance(f, Field) else Field.of(f) for f in fields)
    bound = tuple(f.bound(values or {}, wrong) for f in described)
    options = {name: value for name, value in more.items() if value is not None}
    return Form(action, bound, button or _("提交"), faults, **options)


def messages_by_field(faults: Iterable[Fault]) -> dict[str, str]:
    """Every sentence about a field, one after the other."""
    found: dict[str, list[str]] = {}
    for fault in faults:
        if fault.field:
            found.setdefault(fault.field, []).append(told(fault.text, _))
    return {name: " ".join(texts) for name, texts in found.items()}
