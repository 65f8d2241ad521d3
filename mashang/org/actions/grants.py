"""Granting and taking back roles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from mashang.kernel.actor import Actor
from mashang.kernel.refused import Fault, Forbidden, NotFound, Refused
from mashang.kernel.said import said

from ..models import GrantRow, Region, Unit
from ..queries import reaches
from ..queries.spread import kinds_of
from ..rights import ROLES, STAFF_ROLES
from .door import check, guard, kinds_text, note
from .staffing import keep_an_administrator, staff_row
from .units import facts_of

BEYOND = "授权范围超出了您自己的管理范围，请由上级管理员办理。"


@dataclass(frozen=True, slots=True)
class NewGrant:
    """A role over a unit's subtree (None = every unit), a region (code prefix, "" = all), kinds (None = all ordinary)."""

    staff: int
    role: str
    unit: int | None = None
    region: str = ""
    kinds: frozenset[str] | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    reason: str = ""


def grant_role(form: NewGrant, *, by: Actor, now: datetime) -> int:
    """Grant a role. Refuses: to oneself, beyond one's own scope, roles that bar each other, the same grant twice.

    Administration, audit and business are kept apart (GB/T 22239 level 3, 三权分立): see `bars` in the rights table.
    """
    start = form.starts_at or now
    with transaction.atomic():
        row = staff_row(form.staff)
        guard(by, "org.rights", facts_of(row.unit))
        if by.kind == "staff" and by.id == form.staff:
            raise Refused("grant.self", "不能给自己授权，请由另一位系统管理员办理。", "staff")
        check(_faults(form, start))
        if not reaches(by, "org.rights", form.unit, form.region, form.kinds):
            raise Forbidden(BEYOND)
        try:
            with transaction.atomic():
                grant = GrantRow.objects.create(
                    staff=row,
                    role=form.role,
                    unit_id=form.unit,
                    region=form.region,
                    kinds=kinds_text(form.kinds),
                    starts_at=start,
                    ends_at=form.ends_at,
                    granted_by=by.ref,
                    granted_at=now,
                    reason=form.reason,
                )
        except IntegrityError as fault:
            if "org_grant_once" not in str(fault):
                raise
            raise Refused("grant.twice", "同样的授权在这段时间已经存在，不必重复授予。", "role") from fault
        facts = {"staff": form.staff, "role": form.role, "unit": form.unit, "region": form.region}
        period = {"from": start.isoformat(), "to": form.ends_at.isoformat() if form.ends_at else None}
        kinds = {"kinds": sorted(form.kinds) if form.kinds else None, "grant": grant.pk}
        note("role.granted", f"staff:{form.staff}", by=by, now=now, facts={**facts, **period, **kinds})
    return grant.pk


def _faults(form: NewGrant, start: datetime) -> list[Fault]:
    faults = []
    if form.role not in STAFF_ROLES:
        faults.append(Fault("role.unknown", "请选择一个可以授予工作人员的角色。", "role"))
    if form.ends_at is not None and form.ends_at <= start:
        faults.append(Fault("grant.period", "授权的结束时间必须晚于开始时间。", "ends_at"))
    if form.unit is not None and not Unit.objects.filter(pk=form.unit).exists():
        faults.append(Fault("unit.unknown", "授权范围的单位不存在，请从列表中选择。", "unit"))
    if form.region and not Region.objects.filter(pk=form.region).exists():
        faults.append(Fault("region.unknown", "授权范围的地区不存在，请从列表中选择。", "region"))
    if form.kinds is not None and (not form.kinds or any("," in k or not k for k in form.kinds)):
        faults.append(Fault("kinds.empty", "请至少选择一类办件，或选择全部类别。", "kinds"))
    if len(form.reason) > 200:
        faults.append(Fault("reason.long", "授权理由不能超过200个字。", "reason"))
    barred = {role for role, known in STAFF_ROLES.items() if form.role in known.bars}
    held = GrantRow.objects.filter(staff_id=form.staff, role__in=barred).exclude(ends_at__lte=start)
    if form.ends_at is not None:
        held = held.filter(starts_at__lt=form.ends_at)
    for role in sorted(set(held.values_list("role", flat=True))):
        text = said(
            "“{role}”与其已有的“{own}”不能由同一人担任，请先收回。",
            role=ROLES[form.role].label,
            own=ROLES[role].label,
        )
        faults.append(Fault("grant.barred", text, "role"))
    return faults


def revoke_role(grant: int, *, by: Actor, now: datetime) -> None:
    """Take a role back from now on. Refuses one that is over, one beyond one's own scope, and the last administrator's."""
    with transaction.atomic():
        row = GrantRow.objects.select_for_update(of=("self",)).select_related("staff__unit").filter(pk=grant).first()
        if row is None or (row.ends_at is not None and row.ends_at <= max(now, row.starts_at)):
            raise NotFound("没有找到这项授权，可能已经结束。")
        guard(by, "org.rights", facts_of(row.staff.unit))
        if not reaches(by, "org.rights", row.unit_id, row.region, kinds_of(row.kinds)):
            raise Forbidden(BEYOND)
        if row.role == "admin":
            keep_an_administrator(GrantRow.objects.filter(pk=grant), now)
        row.ends_at, row.ended_by = max(now, row.starts_at), by.ref
        row.save(update_fields=["ends_at", "ended_by"])
        facts = {"staff": row.staff_id, "role": row.role, "grant": grant}
        note("role.revoked", f"staff:{row.staff_id}", by=by, now=now, facts=facts)
