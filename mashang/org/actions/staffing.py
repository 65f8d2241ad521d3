"""Appointing people, letting them go, and who stands in while one is away (AB 岗)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, QuerySet

from mashang.kernel import vault
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Fault, Forbidden, NotFound, Refused
from mashang.kernel.said import said

from ..models import Absence, Account, GrantRow, Post, Staff, running
from ..queries import reaches
from ..queries.spread import kinds_of
from ..rules import Away, absence_faults, is_mobile, mask_phone, plain_phone
from .door import check, guard, note, short_text
from .units import facts_of, unit_row


@dataclass(frozen=True, slots=True)
class NewStaff:
    """`password` empty: the account can sign in only after `set_password`, or through a provider of identities."""

    username: str
    name: str
    unit: int
    phone: str = ""
    password: str = ""
    demo_label: str = ""


@dataclass(frozen=True, slots=True)
class NewAbsence:
    """`stand_in` None: the one named by the absent one's post."""

    staff: int
    starts_at: datetime
    ends_at: datetime
    reason: str
    stand_in: int | None = None


def password_faults(password: str, account: Account) -> list[Fault]:
    try:
        validate_password(password, account)
    except ValidationError as fault:
        return [Fault(f"password.{e.code}", _password_words(e), "password") for e in fault.error_list]
    return []


def _password_words(fault: ValidationError) -> str:
    """Django's own sentence, but for the one that its Chinese catalogue lacks."""
    params = fault.params or {}
    if fault.code == "password_too_short":
        return said("密码至少 {n} 位。", n=params["min_length"])
    return str(fault.message % params)


def username_faults(username: str) -> list[Fault]:
    faults = short_text(username, 64, "username", said("账号"))
    if not faults and not re.fullmatch(r"[A-Za-z0-9._@-]{3,64}", username):
        faults.append(Fault("username.form", "账号由3至64个字母、数字或 . _ - @ 组成。", "username"))
    if not faults and Account.objects.filter(username=username).exists():
        faults.append(Fault("username.twice", "这个账号已被使用，请换一个。", "username"))
    return faults


def staff_row(id_: int) -> Staff:
    row = Staff.objects.select_for_update(of=("self",)).select_related("unit").filter(pk=id_).first()
    if row is None:
        raise NotFound("没有找到这位工作人员，请从名单中选择。")
    return row


def guard_over(row: Staff, *, by: Actor, now: datetime) -> None:
    """Over someone with their unit and all they hold: whoever resets a password can do what its owner may."""
    guard(by, "org.people", facts_of(row.unit))
    held = GrantRow.objects.filter(staff=row).exclude(ends_at__lte=now).values_list("unit_id", "region", "kinds")
    if not all(reaches(by, "org.people", unit, region, kinds_of(kinds)) for unit, region, kinds in held):
        raise Forbidden("这位工作人员的权限超出了您的管理范围，请由上级管理员办理。")


def guard_account(row: Account, *, by: Actor, now: datetime) -> None:
    """Over an account: a colleague's as `guard_over`; of anybody else only who reaches everything."""
    if hasattr(row, "staff"):
        guard_over(row.staff, by=by, now=now)
    else:
        guard(by, "org.people")


def appoint(form: NewStaff, *, by: Actor, now: datetime) -> int:
    """Open an account for someone in a unit; gives its id. Refuses all faults at once. Rights are granted apart."""
    with transaction.atomic():
        unit = unit_row(form.unit)
        guard(by, "org.people", facts_of(unit))
        demo = bool(form.demo_label)
        account = Account(username=form.username, kind=Account.Kind.STAFF, is_demo=demo, demo_label=form.demo_label)
        phone = plain_phone(form.phone)
        faults = username_faults(form.username) + _own_faults(form.name, phone)
        if unit.valid_to is not None:
            faults.append(Fault("unit.closed", "这个单位已撤销，请选择现有的单位。", "unit"))
        if form.password and not demo:
            faults += password_faults(form.password, account)
        check(faults)
        account.set_password(form.password or None)
        account.demo_password = form.password if demo else ""
        account.save()
        row = Staff.objects.create(
            account=account,
            name=form.name,
            unit=unit,
            phone_sealed=vault.seal(phone) if phone else None,
            phone_masked=mask_phone(phone) if phone else "",
            is_demo=demo,
            joined_at=now,
        )
        note("staff.appointed", f"staff:{row.pk}", by=by, now=now, facts={"staff": row.pk, "unit": unit.pk})
    return account.pk


def _own_faults(name: str, phone: str) -> list[Fault]:
    faults = short_text(name, 40, "name", said("姓名"))
    if phone and not is_mobile(phone):
        faults.append(Fault("phone.wrong", "手机号码不正确，请填写11位手机号。", "phone"))
    return faults


def revise_staff(staff: int, name: str, phone: str, *, by: Actor, now: datetime) -> None:
    """Another name or mobile phone of someone; no phone leaves the known one. Refuses all faults at once, what changes
    nothing, and someone who has left."""
    with transaction.atomic():
        row = staff_row(staff)
        guard_over(row, by=by, now=now)
        name, phone = name.strip(), plain_phone(phone)
        other_phone = bool(phone) and (row.phone_sealed is None or vault.open_(row.phone_sealed) != phone)
        faults = _own_faults(name, phone)
        if row.left_at is not None:
            faults.append(Fault("staff.left", "这位工作人员已经办理离岗。", "staff"))
        if not faults and name == row.name and not other_phone:
            faults.append(Fault("staff.same", "姓名和手机号都没有变化。", "name"))
        check(faults)
        if name != row.name:
            facts = {"staff": staff, "old": row.name, "new": name}
            note("staff.renamed", f"staff:{staff}", by=by, now=now, facts=facts)
        if other_phone:
            row.phone_sealed, row.phone_masked = vault.seal(phone), mask_phone(phone)
            note("staff.phone_changed", f"staff:{staff}", by=by, now=now, facts={"staff": staff})
        row.name = name
        row.save(update_fields=["name", "phone_sealed", "phone_masked"])


def set_password(account: int, password: str, *, by: Actor, now: datetime) -> None:
    """A new password, by an administrator or by oneself; ends the other sessions. Refuses weak ones, all faults at once."""
    with transaction.atomic():
        row = Account.objects.select_for_update(of=("self",)).select_related("staff__unit").filter(pk=account).first()
        if row is None:
            raise NotFound("没有找到这个账号，请从名单中选择。")
        if by.id != account or by.kind != row.kind:
            guard_account(row, by=by, now=now)
        check(password_faults(password, row))
        row.set_password(password)
        row.demo_password = ""
        row.save(update_fields=["password", "demo_password"])
        note("account.password_set", f"{row.kind}:{account}", by=by, now=now, facts={"account": account})


def let_go(staff: int, *, by: Actor, now: datetime) -> None:
    """Someone leaves: account closed, grants ended, posts left to their stand-ins. Refuses while they stand in for one, and
    the last administrator."""
    with transaction.atomic():
        row = _leaving(staff, by, now)
        _end(GrantRow.objects.filter(staff=row), row, by, now)
        row.left_at = now
        row.save(update_fields=["left_at"])
        Account.objects.filter(pk=staff).update(is_active=False)
        note("staff.left", f"staff:{staff}", by=by, now=now, facts={"staff": staff, "unit": row.unit_id})


def transfer(staff: int, unit: int, *, by: Actor, now: datetime) -> None:
    """Someone goes on in another unit with the same account: posts and grants bound to a unit end, those over a region stay;
    what lay with them is their old unit's. Refuses while they stand in for one, a unit that is closed, and the last
    administrator whose grant would end."""
    with transaction.atomic():
        row, there = _leaving(staff, by, now), unit_row(unit)
        guard(by, "org.people", facts_of(there))
        if there.pk == row.unit_id:
            raise Refused("transfer.same", "这位工作人员已经在该单位。", "to")
        if there.valid_to is not None:
            raise Refused("unit.closed", "这个单位已撤销，请选择现有的单位。", "to")
        old = row.unit_id
        facts = {"staff": staff, "old": row.unit.name, "new": there.name, "unit": there.pk, "old_unit": old}
        _end(GrantRow.objects.filter(staff=row, unit__isnull=False), row, by, now)
        row.unit = there
        row.save(update_fields=["unit"])
        for subject in (f"staff:{staff}", f"unit:{old}"):  # whoever answers for the place left reads of it too
            note("staff.transferred", subject, by=by, now=now, facts=facts)


def _leaving(staff: int, by: Actor, now: datetime) -> Staff:
    """Someone who may leave their unit; refuses who has left already, and who stands in for a colleague."""
    row = staff_row(staff)
    guard_over(row, by=by, now=now)
    if row.left_at is not None:
        raise Refused("staff.left", "这位工作人员已经办理离岗。", "staff")
    if Absence.objects.filter(stand_in=row, ends_at__gt=now).exists():
        raise Refused("staff.stands_in", "这位工作人员正在为他人代岗，请先为对方另选代岗人。", "staff")
    return row


def _end(grants: QuerySet[GrantRow], row: Staff, by: Actor, now: datetime) -> None:
    """These grants end, those to come before they begin; posts are left to their stand-ins. An administrator stays."""
    if grants.filter(running(now), role="admin").exists():
        keep_an_administrator(grants, now)
    grants.filter(starts_at__lte=now, ends_at=None).update(ends_at=now, ended_by=by.ref)
    grants.filter(starts_at__lte=now, ends_at__gt=now).update(ends_at=now, ended_by=by.ref)
    grants.filter(starts_at__gt=now).update(ends_at=F("starts_at"), ended_by=by.ref)
    Post.objects.filter(holder=row, closed_at=None).update(holder=None)
    Post.objects.filter(stand_in=row, closed_at=None).update(stand_in=None)


def keep_an_administrator(without: QuerySet[GrantRow], now: datetime) -> None:
    """Refuses what would leave no administrator for good."""
    others = GrantRow.objects.select_for_update().filter(running(now), role="admin", staff__left_at=None, ends_at=None)
    if not others.exclude(pk__in=without.values("pk")).exists():
        raise Refused("grant.last_admin", "这是最后一位系统管理员，请先授权另一位。", "role")


def register_absence(form: NewAbsence, *, by: Actor, now: datetime) -> int:
    """One is away for a period and a stand-in takes over with the same powers. Refuses what leaves the post empty."""
    with transaction.atomic():
        row = staff_row(form.staff)
        if by.id != form.staff or by.kind != "staff":
            guard(by, "org.absence", facts_of(row.unit))
        chosen = form.stand_in or _stand_in_by_post(row)
        new = Away(form.staff, chosen, form.starts_at, form.ends_at)
        involved = {form.staff, chosen}
        list(Staff.objects.select_for_update().filter(pk__in=involved).order_by("pk"))
        faults = absence_faults(new, _known(involved, form)) + short_text(form.reason, 100, "reason", said("离岗事由"))
        if not Staff.objects.filter(pk=chosen, left_at=None).exists():
            faults.append(Fault("stand_in.left", "代岗人不在职，请从在职名单中选择。", "stand_in"))
        check(faults)
        absence = Absence.objects.create(
            staff=row,
            stand_in_id=chosen,
            starts_at=form.starts_at,
            ends_at=form.ends_at,
            reason=form.reason,
            registered_by=by.ref,
            registered_at=now,
        )
        facts = {
            "staff": form.staff,
            "stand_in": chosen,
            "from": form.starts_at.isoformat(),
            "to": form.ends_at.isoformat(),
        }
        note("absence.registered", f"staff:{form.staff}", by=by, now=now, facts=facts, private={"reason": form.reason})
    return int(absence.pk)


def _stand_in_by_post(row: Staff) -> int:
    post = Post.objects.filter(holder=row, closed_at=None, stand_in__isnull=False).order_by("pk").first()
    if post is None or post.stand_in_id is None:
        raise Refused("absence.no_stand_in", "岗位没有登记代岗人（B岗），请指定一位代岗人。", "stand_in")
    return int(post.stand_in_id)


def _known(staff: set[int], form: NewAbsence) -> list[Away]:
    overlap = Absence.objects.filter(starts_at__lt=form.ends_at, ends_at__gt=form.starts_at)
    rows = overlap.filter(staff__in=staff) | overlap.filter(stand_in__in=staff)
    return [Away(a.staff_id, a.stand_in_id, a.starts_at, a.ends_at) for a in rows]


def end_absence(id_: int, *, by: Actor, now: datetime) -> None:
    """Back early: the hand-over ends now. Refuses one that is over."""
    with transaction.atomic():
        rows = Absence.objects.select_for_update(of=("self",)).select_related("staff__unit")
        row = rows.filter(pk=id_, ends_at__gt=now).first()
        if row is None:
            raise NotFound("没有找到这次离岗登记，可能已经结束。")
        if by.id != row.staff_id or by.kind != "staff":
            guard(by, "org.absence", facts_of(row.staff.unit))
        row.ends_at = max(now, row.starts_at)
        row.save(update_fields=["ends_at"])
        facts = {"staff": row.staff_id, "stand_in": row.stand_in_id}
        note("absence.ended", f"staff:{row.staff_id}", by=by, now=now, facts=facts)
