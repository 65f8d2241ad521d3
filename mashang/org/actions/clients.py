"""API tokens: shown once, kept as a keyed digest."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from mashang.kernel import vault
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Fault, Forbidden, NotFound
from mashang.kernel.said import said

from ..models import ApiClient, Region, Unit
from ..queries import may, reaches
from ..rights import SCOPES
from .door import check, note, short_text


@dataclass(frozen=True, slots=True)
class NewClient:
    """`scopes` of the rights table, over a unit's subtree (None = all) and a region; calls a minute at most."""

    name: str
    scopes: frozenset[str]
    unit: int | None = None
    region: str = ""
    per_minute: int = 600
    expires_at: datetime | None = None


def make_token(form: NewClient, *, by: Actor, now: datetime) -> tuple[int, str]:
    """Admit a calling system; gives its id and the token, which nobody can read again. Refuses all faults at once."""
    with transaction.atomic():
        if not may(by, "org.clients"):
            raise Forbidden()
        faults = short_text(form.name, 60, "name", said("系统名称"))
        if not form.scopes or form.scopes - set(SCOPES):
            faults.append(Fault("scopes.unknown", "请至少选择一个接口权限。", "scopes"))
        if not 1 <= form.per_minute <= 1_000_000:
            faults.append(Fault("rate.wrong", "每分钟次数应在1到1000000之间。", "per_minute"))
        if form.expires_at is not None and form.expires_at <= now:
            faults.append(Fault("expires.past", "有效期必须晚于现在。", "expires_at"))
        if form.unit is not None and not Unit.objects.filter(pk=form.unit).exists():
            faults.append(Fault("unit.unknown", "单位不存在，请从列表中选择。", "unit"))
        if form.region and not Region.objects.filter(pk=form.region).exists():
            faults.append(Fault("region.unknown", "地区不存在，请从列表中选择。", "region"))
        if not faults and not reaches(by, "org.clients", form.unit, form.region, None):
            faults.append(Fault("scope.beyond", "超出了您自己的管理范围，请选择您管理的单位或地区。", "region"))
        check(faults)
        token = "ms_" + secrets.token_urlsafe(32)
        row = ApiClient.objects.create(
            name=form.name,
            unit_id=form.unit,
            region=form.region,
            token_blind=vault.blind(token, "token"),
            token_head=token[:9],
            scopes=",".join(sorted(form.scopes)),
            per_minute=form.per_minute,
            expires_at=form.expires_at,
            created_by=by.ref,
            created_at=now,
        )
        facts = {"client": row.pk, "name": form.name, "scopes": sorted(form.scopes), "unit": form.unit}
        note("client.admitted", f"client:{row.pk}", by=by, now=now, facts=facts)
    return row.pk, token


def revoke_token(client: int, *, by: Actor, now: datetime) -> None:
    """Shut a calling system out. Refuses one that is out already."""
    with transaction.atomic():
        row = ApiClient.objects.select_for_update().filter(pk=client, revoked_at=None).first()
        if row is None:
            raise NotFound("没有找到这个接口令牌，可能已经收回。")
        if not reaches(by, "org.clients", row.unit_id, row.region, None):
            raise Forbidden()
        row.revoked_at = now
        row.save(update_fields=["revoked_at"])
        note("client.revoked", f"client:{client}", by=by, now=now, facts={"client": client, "name": row.name})
