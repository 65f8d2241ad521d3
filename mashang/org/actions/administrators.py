"""Who has the server appoints the first administrator, and lets one in again who lost password or second factor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import transaction

from mashang.kernel.actor import Actor
from mashang.kernel.refused import NotFound, Refused

from ..models import Account, Region, Unit
from .door import note
from .grants import NewGrant, grant_role
from .staffing import NewStaff, appoint, guard_account, set_password
from .units import NewUnit, open_unit


@dataclass(frozen=True, slots=True)
class NewAdministrator:
    """Of everything in a region (the code of a county or city); works in the open unit `unit`, opened if there is none."""

    username: str
    name: str
    region: str
    unit: str
    password: str


def appoint_administrator(form: NewAdministrator, *, by: Actor, now: datetime) -> int:
    """An account with the administrator's role over a region; gives its id. Refuses an unknown region, a unit of
    elsewhere, and whatever is wrong with name, account and password."""
    if not form.password:
        raise Refused("password.missing", "请输入密码。", "password")
    with transaction.atomic():
        if not Region.objects.filter(pk=form.region).exists():
            raise Refused("region.unknown", "没有这个行政区划代码，请核对，例如县级代码350824。", "region")
        known = Unit.objects.filter(name=form.unit, valid_to=None).first()
        if known is not None and not known.region_id.startswith(form.region):
            raise Refused("unit.elsewhere", "这个单位不在该地区，请核对单位全称和行政区划代码。", "unit")
        new = NewUnit(form.unit, form.unit[:40], Unit.Kind.GOVERNMENT, form.region)
        unit = known.pk if known else open_unit(new, by=by, now=now)
        staff = appoint(NewStaff(form.username, form.name, unit, password=form.password), by=by, now=now)
        grant_role(NewGrant(staff, "admin", region=form.region), by=by, now=now)
    return staff


def let_in_again(username: str, password: str, *, by: Actor, now: datetime) -> int:
    """A new password and no second factor, so that it can be set up anew; gives the account's id."""
    with transaction.atomic():
        row = Account.objects.active().filter(username=username).first()
        if row is None:
            raise NotFound("没有这个在用的账号，请核对。")
        set_password(row.pk, password, by=by, now=now)
        if Authenticator.objects.filter(user=row).exists():
            drop_second_factor(row.pk, by=by, now=now)
    return row.pk


def drop_second_factor(account: int, *, by: Actor, now: datetime) -> None:
    """Unbind authenticator and recovery codes of someone who lost them; who must have a factor sets up a new one at the next
    sign-in. Nobody drops their own here. Refuses an account that has none."""
    with transaction.atomic():
        row = Account.objects.select_for_update(of=("self",)).select_related("staff__unit").filter(pk=account).first()
        if row is None:
            raise NotFound("没有找到这个账号，请从名单中选择。")
        guard_account(row, by=by, now=now)
        if by.kind == row.kind and by.id == account:
            raise Refused("factor.own", "自己的两步验证请在“登录安全”里停用，那里要先确认密码和验证码。", "factor")
        gone, _ = Authenticator.objects.filter(user=row).delete()
        if not gone:
            raise Refused("factor.none", "这个账号没有启用两步验证。", "factor")
        note("account.factor_dropped", f"{row.kind}:{account}", by=by, now=now, facts={"account": account})
