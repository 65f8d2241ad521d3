"""The form as plain data for pages, kiosk and API, and what people gave brought into shape with all faults at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from django.utils.translation import gettext as _

from mashang.documents.rules import chinese_date
from mashang.kernel.refused import Fault, Refused
from mashang.kernel.said import said
from mashang.org.rules import is_credit_code, is_mobile, is_person_number, mask_id, mask_name, mask_phone, person_kind
from mashang.text.rules import clean, mask_personal, narrow

from .codes import FieldType
from .merge import merged_fields
from .spec import Answers, Field, Question, Spec, all_hold
from .written import without_commas

PERSON = ("name", "id_number", "phone")
PLACE = ("region", "address")
_PARTS: dict[FieldType, tuple[tuple[str, str, str], ...]] = {
    FieldType.PERSON: (("name", "姓名", "text"), ("id_number", "证件号码", "text"), ("phone", "手机号码", "tel")),
    FieldType.PLACE: (("region", "乡镇、村", "region"), ("address", "详细地址", "text")),
}


def _described(field: Field) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "code": field.code,
        "label": field.label,
        "type": field.type.value,
        "group": field.group,
        "help": field.help,
        "required": field.required,
        "private": field.private,
        "unit": field.unit,
        "choices": [{"code": c.code, "label": c.label} for c in field.choices],
        "min": None if field.min is None else str(field.min),
        "max": None if field.max is None else str(field.max),
        "max_length": field.max_length,
        "prefill": field.prefill,
        "past": field.past,
        "when": [w.model_dump(mode="json") for w in field.when],
    }
    if field.type in _PARTS:
        shown["parts"] = [
            {"code": f"{field.code}.{code}", "label": _(label), "input": kind}
            for code, label, kind in _PARTS[field.type]
        ]
    return shown


def form_fields(spec: Spec, part: str = "") -> list[dict[str, Any]]:
    """The merged form, JSON-able. A person or place field has `parts`, whose codes are the names of the inputs."""
    return [_described(f) for f in merged_fields(spec, part)]


def guide_questions(spec: Spec) -> list[dict[str, Any]]:
    """The questions asked first, JSON-able; a choice with `stops` ends the application with that sentence."""

    def shown(question: Question) -> dict[str, Any]:
        return {
            "code": question.code,
            "text": question.text,
            "help": question.help,
            "choices": [c.model_dump(mode="json") for c in question.choices],
        }

    return [shown(q) for q in spec.questions]


def _nested(raw: Answers, field: Field, parts: tuple[str, ...]) -> dict[str, str]:
    inner = raw.get(field.code)
    found = inner if isinstance(inner, Mapping) else {p: raw.get(f"{field.code}.{p}", "") for p in parts}
    return {p: clean(str(found.get(p) or "")).strip() for p in parts}


def _person(field: Field, raw: Answers, faults: list[Fault]) -> dict[str, str] | None:
    given = _nested(raw, field, PERSON)
    if not any(given.values()) and not field.required:
        return None
    given["id_number"] = narrow(given["id_number"]).upper().replace(" ", "")
    given["phone"] = re.sub(r"^\+?(00)?86(?=1)", "", re.sub(r"[ -]", "", narrow(given["phone"])))
    if not given["name"] or len(given["name"]) > 60:
        faults.append(Fault("form.name", _("请填写%(label)s的姓名。") % {"label": field.label}, f"{field.code}.name"))
    if not is_person_number(given["id_number"]) and not is_credit_code(given["id_number"]):
        text = _("%(label)s的证件号码不正确，请对照证件逐位核对。") % {"label": field.label}
        faults.append(Fault("form.id_number", text, f"{field.code}.id_number"))
    if not is_mobile(given["phone"]):
        text = _("%(label)s的手机号码应为 11 位数字，办理进度会发到这个号码。") % {"label": field.label}
        faults.append(Fault("form.phone", text, f"{field.code}.phone"))
    return given


def _place(field: Field, raw: Answers, faults: list[Fault]) -> dict[str, str] | None:
    given = _nested(raw, field, PLACE)
    if not any(given.values()) and not field.required:
        return None
    if given["region"] and not re.fullmatch(r"\d{2,12}", given["region"], re.ASCII):
        faults.append(Fault("form.region", _("请从列表中选择乡镇和村。"), f"{field.code}.region"))
    if not given["address"] or len(given["address"]) > field.max_length:
        text = _("请填写%(label)s的详细地址，不超过 %(n)d 字。") % {"label": field.label, "n": field.max_length}
        faults.append(Fault("form.address", text, f"{field.code}.address"))
    return given


def _number(field: Field, text: str, faults: list[Fault]) -> str | None:
    try:
        plain = without_commas(text)
    except ValueError as no:
        faults.append(Fault("form.comma", said("{place}：{why}", place=field.label, why=no.args[0]), field.code))
        return None
    names = {"label": field.label, "unit": field.unit, "min": field.min, "max": field.max}
    if not re.fullmatch(r"-?\d{1,12}(\.\d{1,4})?", plain, re.ASCII):
        faults.append(Fault("form.number", _("%(label)s请填数字，例如 120 或 86.5。") % names, field.code))
    elif field.min is not None and Decimal(plain) < field.min:
        faults.append(Fault("form.min", _("%(label)s不能小于 %(min)s%(unit)s。") % names, field.code))
    elif field.max is not None and Decimal(plain) > field.max:
        faults.append(Fault("form.max", _("%(label)s不能大于 %(max)s%(unit)s。") % names, field.code))
    else:
        return plain
    return None


def _date(field: Field, text: str, faults: list[Fault]) -> str | None:
    try:
        return date.fromisoformat(narrow(text)).isoformat()
    except ValueError:
        faults.append(
            Fault("form.date", _("%(label)s请填日期，例如 2026-03-02。") % {"label": field.label}, field.code)
        )
        return None


def _choice(field: Field, text: str, faults: list[Fault]) -> str | None:
    if text in {c.code for c in field.choices}:
        return text
    words = "、".join(c.label for c in field.choices)
    text = _("%(label)s请从这些中选一项：%(words)s。") % {"label": field.label, "words": words}
    faults.append(Fault("form.choice", text, field.code))
    return None


def _text(field: Field, text: str, faults: list[Fault]) -> str | None:
    if len(text) <= field.max_length:
        return text
    names = {"label": field.label, "n": field.max_length, "has": len(text)}
    faults.append(Fault("form.long", _("%(label)s最多 %(n)d 字，现在有 %(has)d 字，请缩短。") % names, field.code))
    return None


_READ: dict[FieldType, Callable[[Field, str, list[Fault]], str | None]] = {
    FieldType.TEXT: _text,
    FieldType.FILE: _text,
    FieldType.NUMBER: _number,
    FieldType.DATE: _date,
    FieldType.CHOICE: _choice,
}
_NESTED: dict[FieldType, Callable[[Field, Answers, list[Fault]], dict[str, str] | None]] = {
    FieldType.PERSON: _person,
    FieldType.PLACE: _place,
}


def _read(field: Field, raw: Answers, faults: list[Fault]) -> Any:
    if field.type in _NESTED:
        return _NESTED[field.type](field, raw, faults)
    text = clean(str(raw.get(field.code) or "")).strip()
    if text:
        return _READ[field.type](field, text, faults)
    if field.required:
        ask = _("请选择%(label)s。") if field.type == FieldType.CHOICE else _("请填写%(label)s。")
        faults.append(Fault("form.missing", ask % {"label": field.label}, field.code))
    return None


def _ahead(field: Field, value: Any, today: date, faults: list[Fault]) -> None:
    """What has happened already cannot lie ahead."""
    if field.past and field.type == FieldType.DATE and date.fromisoformat(value) > today:
        text = _("%(label)s不能晚于今天。还没有发生的，请等发生以后再填报。")
        faults.append(Fault("form.ahead", text % {"label": field.label}, field.code))


def clean_answers(spec: Spec, raw: Answers, part: str = "", *, today: date) -> dict[str, Any]:
    """The answers in shape: numbers and dates as text, persons and places as dicts; guide answers included.

    `raw` holds flat names ("applicant.phone") or nested dicts. Unknown names are left out. Refuses with all faults.
    """
    faults: list[Fault] = []
    answers: dict[str, Any] = {}
    for question in spec.questions:
        given = clean(str(raw.get(question.code) or "")).strip()
        if given in {c.code for c in question.choices}:
            answers[question.code] = given
        elif given:
            faults.append(Fault("form.choice", _("请重新回答：%(q)s") % {"q": question.text}, question.code))
    for field in merged_fields(spec, part):
        if all_hold(field.when, answers) is not True:
            continue
        value = _read(field, raw, faults)
        if value is not None:
            _ahead(field, value, today, faults)
            answers[field.code] = value
    if faults:
        raise Refused.of(faults)
    return answers


def split_private(spec: Spec, answers: Answers, part: str = "") -> tuple[dict[str, Any], dict[str, Any]]:
    """(public, private) halves of the answers: persons and fields marked private go to the second, to be sealed."""
    hidden = {f.code for f in merged_fields(spec, part) if f.private or f.type == FieldType.PERSON}
    public = {code: value for code, value in answers.items() if code not in hidden}
    return public, {code: value for code, value in answers.items() if code in hidden}


def impersonal(spec: Spec, answers: Answers, part: str = "") -> dict[str, Any]:
    """What may stay of the answers when nothing may say whose they were: choices and figures, no words, places or dates."""
    kept = {
        f.code for f in merged_fields(spec, part) if not f.private and f.type in (FieldType.CHOICE, FieldType.NUMBER)
    }
    kept |= {q.code for q in spec.questions}
    return {code: value for code, value in answers.items() if code in kept}


def _spoken(field: Field, value: Any, day: Day) -> str:
    if field.type == FieldType.DATE:
        return day(date.fromisoformat(value))
    if isinstance(value, Mapping):
        return " ".join(str(v) for k, v in value.items() if v and k not in ("region", "id_number", "phone"))
    label = next((c.label for c in field.choices if c.code == value), str(value))
    return f"{label} {field.unit}".strip() if field.type == FieldType.NUMBER else label


Private = Literal["", "masked", "own"]
"""How answers that are personal are shown: not at all, masked to those who work the case, or to whoever filed them."""
Day = Callable[[date], str]


def _veiled(field: Field, value: Any, own: bool, day: Day) -> str:
    """The same without what would show a person: numbers and phones are masked, names too unless they are one's `own`."""
    if field.type != FieldType.PERSON:
        return mask_personal(_spoken(field, value, day))
    number = value["id_number"]
    kind = person_kind(number)
    name = value["name"] if own else mask_name(value["name"], kind)
    return " ".join([name, mask_id(number) if kind == "natural" else number, mask_phone(value["phone"])])


def answer_rows(
    spec: Spec, answers: Answers, part: str = "", *, private: Private = "", day: Day = chinese_date
) -> list[tuple[str, str, str]]:
    """Answers as (group, label, words) in the form's order, choices by their label, numbers with their unit, dates in
    the words of `day`: of a document, or of the reader of a page.

    Without `private`, persons and fields marked private are left out, as on a certificate's table. With "masked" they
    are there, persons masked, and the answered questions too: on pages, for whoever filed it and those who work the case;
    with "own" the names are in clear, for the form that one signs.
    """
    asked = ((q, c) for q in spec.questions for c in q.choices if answers.get(q.code) == c.code)
    shown = [("", q.text, c.label) for q, c in asked] if private else []
    for field in merged_fields(spec, part):
        if field.code not in answers:
            continue
        value = answers[field.code]
        if not (field.private or field.type == FieldType.PERSON):
            shown.append((field.group, field.label, _spoken(field, value, day)))
        elif private:
            shown.append((field.group, field.label, _veiled(field, value, private == "own", day)))
    return shown
