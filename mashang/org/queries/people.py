"""Staff, posts and persons. Personal data comes out masked; the clear text only through `actions.reveal`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from mashang.kernel import clock, vault
from mashang.kernel.actor import Actor
from mashang.kernel.refused import NotFound

from ..kept import Kept
from ..models import Absence, GrantRow, Person, Post, Staff, running
from ..rights import RIGHTS, ROLES
from ..rules import Away, Facts, acting_for, covers, is_credit_code, is_person_number, plain_name, plain_phone
from .places import unit_table
from .spread import grant_of


@dataclass(frozen=True, slots=True)
class StaffInfo:
    """`id` is the account's, as in `Actor.id`."""

    id: int
    name: str
    unit: int
    unit_name: str
    phone: str
    working: bool


@dataclass(frozen=True, slots=True)
class PersonInfo:
    """`name`, `phone`, `number` are masked."""

    id: int
    kind: str
    name: str
    phone: str
    number: str
    account: int | None
    is_demo: bool


@dataclass(frozen=True, slots=True)
class PostInfo:
    id: int
    unit: int
    title: str
    duties: str
    secret: bool
    holder: StaffInfo | None
    stand_in: StaffInfo | None


def _staff_info(row: Staff) -> StaffInfo:
    known = unit_table().get(row.unit_id)
    name = known.name if known else ""
    return StaffInfo(row.pk, row.name, row.unit_id, name, row.phone_masked, row.left_at is None)


def staff(ids: Iterable[int]) -> dict[int, StaffInfo]:
    """Staff by id, those who left too."""
    return {row.pk: _staff_info(row) for row in Staff.objects.filter(pk__in=list(ids))}


def staff_of(units: Iterable[int], *, left: bool = False) -> list[StaffInfo]:
    """Who works in these units now, by unit and name; with `left`, those too who no longer do."""
    rows = Staff.objects.filter(unit_id__in=list(units)).order_by("unit_id", "pk")
    rows = rows if left else rows.filter(left_at=None)
    return [_staff_info(row) for row in rows]


_away: Kept[list[Away]] = Kept()


def away_at(instant: datetime) -> list[Away]:
    """The absences that hold an instant."""
    day = clock.local(instant).replace(hour=0, minute=0, second=0, microsecond=0)

    def load() -> list[Away]:
        rows = Absence.objects.filter(starts_at__lt=day + timedelta(days=1), ends_at__gt=day)
        return [Away(a.staff_id, a.stand_in_id, a.starts_at, a.ends_at) for a in rows]

    return [away for away in _away.get(day, load) if away.at(instant)]


def staff_member(id_: int) -> StaffInfo:
    found = staff([id_])
    if id_ not in found:
        raise NotFound("没有找到这位工作人员，请从名单中选择。")
    return found[id_]


def staff_name(id_: int) -> str:
    return staff_member(id_).name


def unit_of_staff(id_: int) -> int:
    return staff_member(id_).unit


def who_may(right: str, facts: Facts, at: datetime) -> list[StaffInfo]:
    """Staff whose own grants reach these facts at an instant; one who is away is replaced by the stand-in."""
    roles = RIGHTS[right].roles
    rows = GrantRow.objects.filter(running(at), role__in=roles, staff__left_at=None).select_related("staff")
    away = away_at(at)
    found: dict[int, None] = {}
    for row in rows.order_by("staff_id"):
        if covers(grant_of(row), facts):
            acting = acting_for(row.staff_id, at, away) if ROLES[row.role].hands_over else row.staff_id
            found[acting] = None
    known = staff(found)
    return [known[i] for i in found if i in known and known[i].working]


def posts_of(units: Iterable[int], *, secret: bool = False) -> list[PostInfo]:
    """Open posts with duties, holder and stand-in, to be published; secret posts only when asked for."""
    rows = Post.objects.filter(Q(secret=False) | Q(secret=secret), unit_id__in=list(units), closed_at=None)
    posts = list(rows.select_related("holder", "stand_in").order_by("unit_id", "id"))
    return [
        PostInfo(
            p.id,
            p.unit_id,
            p.title,
            p.duties,
            p.secret,
            _staff_info(p.holder) if p.holder else None,
            _staff_info(p.stand_in) if p.stand_in else None,
        )
        for p in posts
    ]


_SHOWN = ("id", "kind", "name_masked", "phone_masked", "number_masked", "account_id", "is_demo")


def people(ids: Iterable[int]) -> dict[int, PersonInfo]:
    """Persons by id, masked, in one statement."""
    return {row[0]: PersonInfo(*row) for row in Person.objects.filter(id__in=list(ids)).values_list(*_SHOWN)}


def person(id_: int) -> PersonInfo:
    found = people([id_])
    if id_ not in found:
        raise NotFound("没有找到这位申请人。")
    return found[id_]


@dataclass(frozen=True, slots=True)
class OwnDetails:
    """What whoever signed in is registered with, for their own forms: in clear, and as it is `shown` (number and phone
    masked); "" for what is not known."""

    kind: str
    clear: Mapping[str, str]
    shown: Mapping[str, str]


def own_details(by: Actor) -> OwnDetails:
    """The signed-in person's own `name`, `id_number` and `phone`. Nobody else's: those are read through `actions.reveal`."""
    row = Person.objects.get(pk=by.person_id)
    sealed = {"name": row.name_sealed, "id_number": row.number_sealed, "phone": row.phone_sealed}
    clear = {name: vault.open_(data) if data else "" for name, data in sealed.items()}
    return OwnDetails(row.kind, clear, {**clear, "id_number": row.number_masked, "phone": row.phone_masked})


def find_person(*, number: str = "", phone: str = "") -> list[PersonInfo]:
    """Persons by exact identity number (or credit code), or by exact phone; never by part of either."""
    asked = Q(pk__in=())
    if number:
        asked |= Q(number_blind=vault.blind(number.strip().upper(), "number"))
    if phone:
        asked |= Q(phone_blind=vault.blind(plain_phone(phone), "phone"))
    return [PersonInfo(*row) for row in Person.objects.filter(asked).order_by("id").values_list(*_SHOWN)]


def persons_by_exact(words: str) -> list[int]:
    """Ids of persons whose name, phone or number is exactly this; for search, which then shows only what may be seen."""
    forms = _exact_forms(words)
    asked = Q(pk__in=())
    for field, text in forms:
        asked |= Q(**{f"{field}_blind": vault.blind(text, field)})
    return list(Person.objects.filter(asked).order_by("id").values_list("id", flat=True)[:500]) if forms else []


def _exact_forms(words: str) -> set[tuple[str, str]]:
    """(field, text) of all that the words may be; a name as a person's, without a note behind it, and as a firm's."""
    words = words.strip()
    if not words or "\x00" in words:
        return set()
    phone, number = plain_phone(words), words.upper()
    dialled = phone.isdigit() and 7 <= len(phone) <= 12
    forms = {("phone", phone)} if dialled else {("name", plain_name(words)), ("name", words)}
    return forms | {("number", number)} if is_person_number(number) or is_credit_code(number) else forms


def address_of(*, person: int | None = None, staff: int | None = None, channel: str = "sms") -> str:
    """Where a notice goes: the clear phone for "sms"; empty when none is known. For senders only."""
    if channel != "sms":
        return ""
    row = Person.objects.filter(pk=person).values_list("phone_sealed", flat=True).first() if person else None
    if staff:
        row = Staff.objects.filter(pk=staff).values_list("phone_sealed", flat=True).first()
    return vault.open_(row) if row else ""


def phone_tail(phone_or_tail: str) -> bytes:
    """The keyed digest of a phone's last four digits, as kept with persons and participants."""
    return vault.blind(plain_phone(phone_or_tail)[-4:], "tail")
