"""Divisions kept by administrators: zones without a national code, new ones, and those that ended."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from mashang.kernel.actor import Actor
from mashang.kernel.refused import Fault, NotFound, Refused
from mashang.kernel.said import said

from ..models import Region, Unit
from ..rules import Facts
from .door import check, guard, note, short_text
from .regions import short_of

LEVELS = {6: "county", 9: "township", 12: "village"}
"""The level of a national code by its length; the code above it is the one three digits shorter, two above a county."""
ZONES = {"city": ("90", 3), "county": ("9", 2)}
"""What stands behind the code above in a local code: no national code begins so; then a running number of so many digits."""


@dataclass(frozen=True, slots=True)
class NewRegion:
    """A division by its national `code`, from which level and superior follow; or without one, a zone below `parent`.

    With both, the code must lie below the parent.

    `short_name`: "" for the name without its last word. `note`: what it rests on, with the document's number.
    """

    name: str
    short_name: str = ""
    code: str = ""
    parent: str = ""
    valid_from: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Revision:
    """What may change: names, the days it is valid (half-open), what stands in its place afterwards, what that rests on."""

    name: str
    short_name: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    successor: str = ""
    note: str = ""


def register_region(form: NewRegion, *, by: Actor, now: datetime) -> str:
    """Register a division and give its code; a zone gets the next local one. Refuses all faults at once."""
    with transaction.atomic():
        code = form.code.strip()
        above = code[: -2 if len(code) == 6 else -3] if code else form.parent
        elsewhere = form.parent if form.parent not in ("", above) else ""
        guard(by, "org.people", Facts(region=form.parent or above))
        parent = Region.objects.select_for_update().filter(pk=above, valid_to=None).first()
        faults = _text_faults(form) + (_code_faults(code, parent, elsewhere) if code else _zone_faults(parent))
        if parent is not None and parent.children.filter(name=form.name.strip(), valid_to=None).exists():
            faults.append(Fault("name.twice", "同一上级之下已有同名的区划。", "name"))
        check(faults)
        assert parent is not None, "a missing one is among the faults"
        row = Region.objects.create(
            code=code or _next_local(parent),
            level=LEVELS[len(code)] if code else "zone",
            parent=parent,
            national=bool(code),
            valid_from=form.valid_from,
            edited=True,
            **_texts(form),
        )
        facts = {"code": row.code, "name": row.name, "parent": parent.code, "note": row.note}
        note("region.registered", f"region:{row.code}", by=by, now=now, facts=facts)
    return row.code


def revise_region(code: str, form: Revision, *, by: Actor, now: datetime) -> None:
    """Correct a division, or end it in favour of a successor. Shipped data leaves it alone from then on.

    Refuses all faults at once: an end without a successor or a successor without an end, one that leads back, and an end
    while divisions or units in it still stand.
    """
    with transaction.atomic():
        row = Region.objects.select_for_update().filter(pk=code).first()
        if row is None:
            raise NotFound("没有找到这个行政区划。")
        guard(by, "org.people", Facts(region=code))
        check(_text_faults(form) + _period_faults(row, form) + _successor_faults(code, form))
        facts = {"code": code, "old": row.name, "name": form.name.strip(), "valid_to": str(form.valid_to or "")}
        facts |= {"valid_from": str(form.valid_from or ""), "successor": form.successor, "note": form.note.strip()}
        changed = {**_texts(form), "valid_from": form.valid_from, "valid_to": form.valid_to, "edited": True}
        Region.objects.filter(pk=code).update(**changed, successor_id=form.successor or None)
        ends = form.valid_to is not None
        note("region.ended" if ends else "region.revised", f"region:{code}", by=by, now=now, facts=facts)


def _texts(form: NewRegion | Revision) -> dict[str, str]:
    name = form.name.strip()
    return {"name": name, "short_name": form.short_name.strip() or short_of(name), "note": form.note.strip()}


def _text_faults(form: NewRegion | Revision) -> list[Fault]:
    faults = short_text(form.name, 64, "name", said("名称"))
    if form.name.strip() and not faults:
        faults += short_text(_texts(form)["short_name"], 16, "short_name", said("简称"))
    return faults + (short_text(form.note, 200, "note", said("依据")) if form.note.strip() else [])


def _code_faults(code: str, parent: Region | None, elsewhere: str) -> list[Fault]:
    if not re.fullmatch(r"[0-9]{6}|[0-9]{9}|[0-9]{12}", code, re.ASCII):
        text = "国家统计用区划代码应为6位（县级）、9位（乡级）或12位（村级）数字。"
        return [Fault("code.wrong", text, "code")]
    if Region.objects.filter(pk=code).exists():
        return [Fault("code.twice", "这个代码已经登记，请核对。", "code")]
    if elsewhere:
        return [Fault("code.elsewhere", said("代码应以上级区划的代码{parent}开头。", parent=elsewhere), "code")]
    if parent is None:
        return [Fault("code.parent", "代码前几位所指的上级区划没有登记或已撤销，请核对。", "code")]
    return []


def _zone_faults(parent: Region | None) -> list[Fault]:
    if parent is None or parent.level not in ZONES:
        return [Fault("parent.wrong", "开发区请登记在现有的市或县之下。", "code")]
    return []


def _next_local(parent: Region) -> str:
    """The next free local code below a city or a county, whose row the caller has locked."""
    mark, digits = ZONES[parent.level]
    head = parent.code + mark
    used = Region.objects.filter(code__startswith=head, national=False).values_list("code", flat=True)
    number = max((int(code[len(head) :]) for code in used if len(code) == len(head) + digits), default=0) + 1
    if number >= 10**digits:
        raise Refused("code.none", "这里的本地代码已经用完。", "code")
    return f"{head}{number:0{digits}d}"


def _period_faults(row: Region, form: Revision) -> list[Fault]:
    if form.valid_to is None:
        return []
    faults = []
    if form.valid_from is not None and form.valid_to <= form.valid_from:
        faults.append(Fault("valid_to.early", "撤销日期应晚于设立日期。", "valid_to"))
    if row.valid_to is None:
        still = Q(valid_to=None)
        divisions = Region.objects.filter(still, code__startswith=row.code).exclude(pk=row.pk).count()
        units = Unit.objects.filter(still, region__code__startswith=row.code).count()
        if divisions or units:
            text = "这里还有{divisions}个下级区划、{units}个单位，请先撤销或划转。"
            faults.append(Fault("region.in_use", said(text, divisions=divisions, units=units), "valid_to"))
    return faults


def _successor_faults(code: str, form: Revision) -> list[Fault]:
    if form.valid_to is None:
        return [Fault("successor.early", "没有填写撤销日期的，不填继任区划。", "successor")] if form.successor else []
    if not form.successor:
        return [Fault("successor.missing", "请填写由哪个区划继任。", "successor")]
    follows = dict(Region.objects.values_list("code", "successor_id"))
    if form.successor not in follows:
        return [Fault("successor.unknown", "没有这个区划代码，请核对。", "successor")]
    at: str | None = form.successor
    while at is not None and at != code:
        at = follows[at]
    return [Fault("successor.circle", "继任的区划又回到本区划，请核对。", "successor")] if at == code else []
