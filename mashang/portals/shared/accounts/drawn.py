"""A Django form, as the libraries make it, drawn as the shell draws forms."""

from __future__ import annotations

from typing import Any

from django import forms

from mashang.kernel.refused import Fault

from ..forms import Form, build
from ..parts import Field


def drawn(form: forms.BaseForm, *, action: str, button: str, labels: dict[str, str]) -> Form:
    """`labels` name the fields in our words. Passwords and codes never come back into the page."""
    fields = [_field(form, name, labels.get(name)) for name in form.fields]
    faults = [Fault(f"{name}.wrong", str(text), name) for name, texts in form.errors.items() for text in texts]
    loose = tuple(Fault("form.wrong", f.text) if f.field == "__all__" else f for f in faults)
    made = build(fields, action=action, button=button)
    return Form(made.action, made.fields, made.button, loose)


def _field(form: forms.BaseForm, name: str, label: str | None) -> Field:
    bound = form[name]
    widget = bound.field.widget
    kind: Any = getattr(widget, "input_type", "text")
    secret = kind == "password" or name == "code"
    attrs = {k: v for k, v in widget.attrs.items() if k in ("autocomplete", "inputmode", "maxlength")}
    return Field(
        name=bound.html_name,
        label=label or str(bound.label),
        type="password" if kind == "password" else "hidden" if kind == "hidden" else "text",
        required=bound.field.required,
        value="" if secret else bound.value() or "",
        error=" ".join(str(text) for text in bound.errors),
        size="m",
        attrs=attrs,
    )
