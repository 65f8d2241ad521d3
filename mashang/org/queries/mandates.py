"""Mandates as both sides and the counter see them: names masked, nothing else personal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import Q
from django.utils.functional import Promise

from mashang.kernel import vault
from mashang.kernel.actor import Actor
from mashang.kernel.refused import NotFound

from ..models import Mandate, Person
from ..rules import plain_name
from .decide import persons_of
from .people import PersonInfo, StaffInfo, people, staff, staff_of
from .places import units_in
from .spread import kinds_of

MandateState = Literal["running", "coming", "ended", "revoked"]
AGENTS = ("village", "township")
"""Kinds of units whose staff act for villagers (村级代办员、乡镇帮办员)."""


@dataclass(frozen=True, slots=True)
class MandateInfo:
    """`person_name` and a citizen's `helper_name` are masked; a staff member's stands with the unit. `kinds` None: all."""

    id: int
    person: int
    person_name: str
    helper_person: int | None
    helper_staff: int | None
    helper_name: str
    kinds: frozenset[str] | None
    starts_at: datetime
    ends_at: datetime
    evidence: str
    evidence_label: str | Promise
    recorded_by: str
    recorded_at: datetime
    revoked_at: datetime | None

    def state(self, now: datetime) -> MandateState:
        if self.revoked_at is not None:
            return "revoked"
        return "ended" if self.ends_at <= now else "coming" if self.starts_at > now else "running"


def _shown(rows: Iterable[Mandate]) -> list[MandateInfo]:
    listed = list(rows)
    persons = people({id_ for m in listed for id_ in (m.person_id, m.helper_person_id) if id_ is not None})
    members = staff({m.helper_staff_id for m in listed if m.helper_staff_id is not None})
    return [
        MandateInfo(
            m.pk, m.person_id, persons[m.person_id].name, m.helper_person_id, m.helper_staff_id,
            _helper_name(m, persons, members), kinds_of(m.kinds), m.starts_at, m.ends_at, m.evidence,
            m.get_evidence_display(), m.recorded_by, m.recorded_at, m.revoked_at,
        )
        for m in listed
    ]  # fmt: skip


def _helper_name(row: Mandate, persons: dict[int, PersonInfo], members: dict[int, StaffInfo]) -> str:
    if row.helper_person_id is not None:
        return persons[row.helper_person_id].name
    member = members[row.helper_staff_id or 0]
    return f"{member.name}（{member.unit_name}）"


def mandates_given(person: int) -> list[MandateInfo]:
    """Whom this person lets or let act, newest first."""
    return _shown(Mandate.objects.filter(person_id=person).order_by("-id"))


def mandates_held(actor: Actor) -> list[MandateInfo]:
    """For whom the actor may or might act, newest first."""
    held = Q(helper_person=actor.person_id) if actor.kind == "person" else Q(helper_staff=actor.id)
    return _shown(Mandate.objects.filter(held).order_by("-id"))


def mandates_recorded_in(unit: int, *, only: int | None = None, limit: int = 100) -> list[MandateInfo]:
    """What was recorded at a unit's counter, newest first; or `only` the one with this id."""
    rows = Mandate.objects.filter(recorded_in_id=unit)
    return _shown((rows if only is None else rows.filter(pk=only)).order_by("-id")[:limit])


def mandate(id_: int) -> MandateInfo:
    found = _shown(Mandate.objects.filter(pk=id_))
    if not found:
        raise NotFound("没有找到这项委托，可能已经结束。")
    return found[0]


def helped_by(actor: Actor) -> list[PersonInfo]:
    """Those for whom the actor may act now, without the actor, by name; no statement when there is nobody."""
    others = persons_of(actor) - {actor.person_id if actor.kind == "person" else 0}
    return sorted(people(others).values(), key=lambda p: (p.name, p.id)) if others else []


def agents_in(place: str) -> list[StaffInfo]:
    """Who acts for villagers in a place: the staff of its townships and villages."""
    return staff_of(u.id for kind in AGENTS for u in units_in(place, kind=kind) if u.valid_to is None)


def is_person(id_: int, *, name: str, number: str) -> bool:
    """Whether these are the person's: the name, and the identity number where one is on record."""
    row = Person.objects.filter(pk=id_).first()
    if row is None or bytes(row.name_blind) != vault.blind(plain_name(name, row.kind), "name"):
        return False
    return row.number_blind is None or bytes(row.number_blind) == vault.blind(number.strip().upper(), "number")
