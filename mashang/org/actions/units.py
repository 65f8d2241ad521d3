"""Opening and closing units and posts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from mashang.kernel import clock, sql
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Fault, Forbidden, NotFound, Refused
from mashang.kernel.said import said

from ..models import Post, Region, Staff, Unit
from ..queries import may, units_under
from ..rules import Facts, is_credit_code
from .door import check, guard, note, short_text


@dataclass(frozen=True, slots=True)
class NewUnit:
    name: str
    short_name: str
    kind: str
    region: str
    parent: int | None = None
    scheme_class: str = ""
    credit_code: str = ""
    valid_from: date | None = None


@dataclass(frozen=True, slots=True)
class NewPost:
    unit: int
    title: str
    duties: str
    holder: int | None = None
    stand_in: int | None = None
    secret: bool = False


def facts_of(unit: Unit) -> Facts:
    return Facts(frozenset({unit.pk}), region=unit.region_id)


def unit_row(id_: int) -> Unit:
    row = Unit.objects.select_for_update().filter(pk=id_).first()
    if row is None:
        raise NotFound("没有找到这个单位，请从单位列表中选择。")
    return row


def open_unit(form: NewUnit, *, by: Actor, now: datetime) -> int:
    """Open a unit below another, or at the top. Refuses faulty fields (all at once) and a name already open."""
    with transaction.atomic():
        parent = unit_row(form.parent) if form.parent is not None else None
        if not may(by, "org.people"):
            raise Forbidden()
        faults = _name_faults(form.name, form.short_name) + _parent_faults(parent)
        if Region.objects.filter(pk=form.region).exists():
            guard(by, "org.people", Facts(frozenset({parent.pk} if parent else ()), region=form.region))
        else:
            faults.append(Fault("region.unknown", "请填写单位所在的地区，可以填名称或代码。", "region"))
        if form.kind not in Unit.Kind.values:
            faults.append(Fault("kind.unknown", "请选择单位类型。", "kind"))
        if form.credit_code and not is_credit_code(form.credit_code):
            faults.append(Fault("credit_code.wrong", "统一社会信用代码不正确，请核对18位代码。", "credit_code"))
        faults += _class_faults(form.scheme_class)
        check(faults)
        row = Unit.objects.create(
            name=form.name,
            short_name=form.short_name,
            kind=form.kind,
            scheme_class=form.scheme_class,
            region_id=form.region,
            parent=parent,
            credit_code=form.credit_code,
            valid_from=form.valid_from or clock.local(now).date(),
        )
        facts = {"unit": row.pk, "name": row.name, "parent": form.parent, "region": form.region}
        note("unit.opened", f"unit:{row.pk}", by=by, now=now, facts=facts)
    return row.pk


def revise_unit(id_: int, name: str, short_name: str, parent: int | None, *, by: Actor, now: datetime) -> None:
    """Rename a unit or put it below another (改名、划转), with everything below it. Refuses faulty names, a closed parent,
    and one that stands below the unit itself."""
    with transaction.atomic():
        sql.run("SELECT pg_advisory_xact_lock(hashtextextended('org.moving', 0))")  # two at once could make a ring
        row = unit_row(id_)
        guard(by, "org.people", facts_of(row))
        above = unit_row(parent) if parent is not None else None
        if parent != row.parent_id:
            guard(by, "org.people", facts_of(above) if above is not None else Facts(region=row.region_id))
        faults = _name_faults(name, short_name, id_) + _parent_faults(above)
        if row.valid_to is not None:
            faults.append(Fault("unit.closed", "这个单位已经撤销。", "unit"))
        if id_ in _upwards(parent):
            faults.append(Fault("parent.below", "不能划转到自己或自己的下属单位。", "parent"))
        check(faults)
        facts = {"unit": id_, "old": row.name, "name": name, "parent": parent}
        row.name, row.short_name, row.parent = name, short_name, above
        row.save(update_fields=["name", "short_name", "parent"])
        note("unit.revised", f"unit:{id_}", by=by, now=now, facts=facts)


def _upwards(unit: int | None) -> list[int]:
    """The unit and those above it, as they stand while no other move can happen."""
    parents, found = dict(Unit.objects.values_list("pk", "parent_id")), []
    while unit is not None:
        found.append(unit)
        unit = parents[unit]
    return found


def _name_faults(name: str, short_name: str, own: int = 0) -> list[Fault]:
    faults = short_text(name, 100, "name", said("单位全称")) + short_text(short_name, 40, "short_name", said("简称"))
    if Unit.objects.filter(name=name, valid_to=None).exclude(pk=own).exists():
        faults.append(Fault("name.twice", "已有同名的单位，请核对后填写全称。", "name"))
    return faults


def _parent_faults(parent: Unit | None) -> list[Fault]:
    closed = parent is not None and parent.valid_to is not None
    return [Fault("parent.closed", "上级单位已撤销，请选择现有的单位。", "parent")] if closed else []


def classify_unit(id_: int, scheme_class: str, *, by: Actor, now: datetime) -> None:
    """Put a unit into a class of units that are scored against each other; "" to score it with the unit above."""
    with transaction.atomic():
        row = unit_row(id_)
        guard(by, "org.people", facts_of(row))
        check(_class_faults(scheme_class))
        row.scheme_class = scheme_class
        row.save(update_fields=["scheme_class"])
        facts = {"unit": id_, "name": row.name, "class": scheme_class}
        note("unit.classified" if scheme_class else "unit.unclassified", f"unit:{id_}", by=by, now=now, facts=facts)


def _class_faults(scheme_class: str) -> list[Fault]:
    return short_text(scheme_class, 40, "scheme_class", said("考评类别")) if scheme_class else []


def close_unit(id_: int, *, by: Actor, now: datetime) -> None:
    """Close a unit from today on. Refuses while units below it are open or people still work in it."""
    with transaction.atomic():
        row = unit_row(id_)
        guard(by, "org.people", facts_of(row))
        faults = []
        if row.valid_to is not None:
            faults.append(Fault("unit.closed", "这个单位已经撤销。", "unit"))
        if Unit.objects.filter(pk__in=units_under(id_) - {id_}, valid_to=None).exists():
            faults.append(Fault("unit.has_units", "下属单位还没有撤销，请先撤销或划转下属单位。", "unit"))
        if Staff.objects.filter(unit=row, left_at=None).exists():
            faults.append(Fault("unit.has_staff", "单位里还有在职人员，请先办理调离或离岗。", "unit"))
        check(faults)
        row.valid_to = max(clock.local(now).date(), row.valid_from)
        row.save(update_fields=["valid_to"])
        note("unit.closed", f"unit:{id_}", by=by, now=now, facts={"unit": id_, "name": row.name})


def open_post(form: NewPost, *, by: Actor, now: datetime) -> int:
    """Set up a post with duties, holder and stand-in (岗位责任制, AB 岗). Refuses the same person in both."""
    with transaction.atomic():
        unit = unit_row(form.unit)
        guard(by, "org.people", facts_of(unit))
        faults = short_text(form.title, 40, "title", said("岗位名称")) + short_text(
            form.duties, 2000, "duties", said("岗位职责")
        )
        if form.holder is not None and form.holder == form.stand_in:
            faults.append(Fault("post.one_person", "A岗和B岗必须是两个人，请另选代岗人。", "stand_in"))
        named = {i for i in (form.holder, form.stand_in) if i is not None}
        if Staff.objects.filter(pk__in=named, left_at=None).count() != len(named):
            faults.append(Fault("post.staff", "岗位人员不在职，请从在职名单中选择。", "holder"))
        check(faults)
        if Post.objects.filter(unit=unit, title=form.title, holder_id=form.holder, closed_at=None).exists():
            raise Refused("post.twice", "这个岗位已经登记。", "title")
        row = Post.objects.create(
            unit=unit,
            title=form.title,
            duties=form.duties,
            secret=form.secret,
            holder_id=form.holder,
            stand_in_id=form.stand_in,
        )
        facts = {"post": row.pk, "title": form.title, "holder": form.holder, "stand_in": form.stand_in}
        note("post.opened", f"unit:{unit.pk}", by=by, now=now, facts=facts)
    return row.pk


def close_post(id_: int, *, by: Actor, now: datetime) -> None:
    with transaction.atomic():
        row = Post.objects.select_for_update(of=("self",)).select_related("unit").filter(pk=id_, closed_at=None).first()
        if row is None:
            raise NotFound("没有找到这个岗位，可能已经撤销。")
        guard(by, "org.people", facts_of(row.unit))
        row.closed_at = now
        row.save(update_fields=["closed_at"])
        note("post.closed", f"unit:{row.unit_id}", by=by, now=now, facts={"post": id_, "title": row.title})
