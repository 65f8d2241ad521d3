"""Sign-ins with a password as django-axes keeps them, for auditors."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from mashang.kernel import clock, sql
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused

from .decide import visible_to
from .people import people
from .places import units_of

SIGN_INS = ("done", "failed", "locked")
_QUERY = """SELECT x.at, x.way, x.id, x.came, x.address, s.name, s.unit_id, p.id FROM (
  SELECT attempt_time AS at, 0 AS way, id, username, CASE WHEN locked_out THEN 'locked' ELSE 'failed' END AS came,
    host(ip_address) AS address FROM axes_accessfailurelog
  UNION ALL SELECT attempt_time, 1, id, username, 'done', host(ip_address) FROM axes_accesslog) x
LEFT JOIN org_account a ON a.username = x.username
LEFT JOIN org_staff s ON s.account_id = a.id LEFT JOIN org_unit u ON u.id = s.unit_id
LEFT JOIN org_person p ON p.account_id = a.id
CROSS JOIN LATERAL (SELECT CASE WHEN u.id IS NULL THEN '{}'::int[] ELSE ARRAY[u.id::int] END AS units,
  coalesce(u.region_id, '') AS region, '' AS kind) l WHERE """


@dataclass(frozen=True, slots=True)
class SignIn:
    """`came` is "done", "failed" or "locked". A name that no account has is not shown: it may be a password typed into
    the wrong field."""

    at: datetime
    came: str
    name: str
    unit: str
    address: str


@dataclass(frozen=True, slots=True)
class SignIns:
    """A page, the newest first; `after` is the cursor of the next one, empty when this is the last."""

    rows: list[SignIn]
    after: str


def sign_ins(
    actor: Actor,
    *,
    came: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    after: str = "",
    limit: int = 50,
) -> SignIns:
    """Sign-ins by accounts of staff within the actor's reach of `ledger.audit`; of all others for who has no bounds."""
    seen, values = visible_to(actor, "ledger.audit", "l")
    pairs: list[tuple[str, Any, bool]] = [
        ("x.came = %s", came, bool(came)),
        ("x.at >= %s", since, since is not None),
        ("x.at < %s", until, until is not None),
    ]
    where, params = [seen, *(w for w, _v, on in pairs if on)], [*values, *(v for _w, v, on in pairs if on)]
    if after:
        where.append("(x.at, x.way, x.id) < (%s, %s::int, %s::bigint)")
        params += _read(after)
    order = " ORDER BY x.at DESC, x.way DESC, x.id DESC LIMIT %s"
    found = sql.run(_QUERY + " AND ".join(where) + order, [*params, limit + 1]).fetchall()
    last = found[limit - 1] if len(found) > limit else None
    known = {person.id: person.name for person in people([row[7] for row in found if row[7]]).values()}
    rows = [_shown(row, known) for row in found[:limit]]
    return SignIns(rows, _cursor(*last[:3]) if last else "")


def _shown(row: Any, persons: dict[int, str]) -> SignIn:
    at, _way, _id, came, address, name, unit, person = row
    units = units_of([unit]) if unit else []
    shown = name or persons.get(person) or _("没有这个账号")
    return SignIn(clock.local(at), came, shown, units[0].name if units else "", address or "")


def _cursor(at: datetime, way: int, id_: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([at.isoformat(), way, id_]).encode()).decode().rstrip("=")


def _read(text: str) -> list[Any]:
    """The place of a cursor. Refuses what `_cursor` did not make."""
    try:
        at, way, id_ = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if type(way) is not int or type(id_) is not int or way not in (0, 1) or not 0 <= id_ < 2**63:
            raise ValueError
        return [clock.local(datetime.fromisoformat(at)), way, id_]
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise Refused("page.cursor", "翻页位置无效，请从第一页重新开始。", "after") from None
