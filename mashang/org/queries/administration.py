"""What administrators look at: grants held and ended, absences, calling systems."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from mashang.kernel.actor import Actor, Grant

from ..models import Absence, Account, ApiClient, GrantRow, Staff
from ..rights import ROLES, Label
from .decide import scopes
from .places import unit, units_under
from .reasons import scope_text
from .spread import grant_of


@dataclass(frozen=True, slots=True)
class GrantInfo:
    """`scope` in words; `running`, or `over`, at the instant asked for: what begins later is neither."""

    id: int
    staff: int
    role: str
    label: Label
    scope: str
    starts_at: datetime
    ends_at: datetime | None
    running: bool
    over: bool


@dataclass(frozen=True, slots=True)
class AbsenceInfo:
    id: int
    staff: int
    staff_name: str
    stand_in: int
    stand_in_name: str
    unit: int
    starts_at: datetime
    ends_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class ClientInfo:
    """`may` and `reach`: its interfaces, and how far they reach, in words."""

    id: int
    name: str
    token_head: str
    scopes: tuple[str, ...]
    may: str
    reach: str
    unit: int | None
    region: str
    per_minute: int
    expires_at: datetime | None
    revoked_at: datetime | None


def grants_of(staff: int, at: datetime) -> list[GrantInfo]:
    """Every grant someone ever had, running ones first."""
    made = []
    for row in GrantRow.objects.filter(staff_id=staff).order_by("-starts_at", "-id"):
        over = row.ends_at is not None and row.ends_at <= max(at, row.starts_at)
        on, scope = row.starts_at <= at and not over, scope_text(grant_of(row))
        label = ROLES[row.role].label
        made.append(GrantInfo(row.id, staff, row.role, label, scope, row.starts_at, row.ends_at, on, over))
    return sorted(made, key=lambda grant: not grant.running)


def absences_from(at: datetime) -> list[AbsenceInfo]:
    """Absences that run or are to come, the nearest first."""
    rows = Absence.objects.filter(ends_at__gt=at).select_related("staff", "stand_in").order_by("starts_at", "id")
    return [
        AbsenceInfo(
            a.id,
            a.staff_id,
            a.staff.name,
            a.stand_in_id,
            a.stand_in.name,
            a.staff.unit_id,
            a.starts_at,
            a.ends_at,
            a.reason,
        )
        for a in rows
    ]


def reaches(by: Actor, right: str, unit_id: int | None, region: str, kinds: frozenset[str] | None) -> bool:
    """Whether a grant over these lies within the actor's own; one bound to a unit reaches no further than where that lies."""
    place = max(region, unit(unit_id).region if unit_id is not None else "", key=len)
    return any(
        (own.units is None or unit_id in own.units)
        and (own.kinds is None or (kinds is not None and kinds <= own.kinds))
        and place.startswith(own.region)
        for own in scopes(by, right)
    )


def api_clients() -> list[ClientInfo]:
    """Every calling system, admitted ones first."""
    rows = sorted(ApiClient.objects.order_by("id"), key=lambda row: row.revoked_at is not None)
    return [
        ClientInfo(
            row.id,
            row.name,
            row.token_head,
            tuple(row.scopes.split(",")),
            "、".join(str(ROLES[scope].label) for scope in row.scopes.split(",")),
            scope_text(Grant("", None if row.unit_id is None else units_under(row.unit_id), row.region)),
            row.unit_id,
            row.region,
            row.per_minute,
            row.expires_at,
            row.revoked_at,
        )
        for row in rows
    ]


def accounts_of(ids: Iterable[int]) -> dict[int, str]:
    """The account names of staff, for those who manage them."""
    return dict(Account.objects.filter(pk__in=list(ids)).values_list("pk", "username"))


def account_named(username: str) -> int | None:
    """The id behind an account name, closed ones too."""
    return Account.objects.filter(username=username).values_list("pk", flat=True).first()


def staff_counts() -> dict[int, int]:
    """How many work in each unit now."""
    counts: dict[int, int] = {}
    for here in Staff.objects.filter(left_at=None).values_list("unit_id", flat=True):
        counts[here] = counts.get(here, 0) + 1
    return counts
