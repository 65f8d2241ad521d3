"""Who reaches what, decided from values alone; and how personal data is masked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from stdnum.cn import ric, uscc

from mashang.kernel.actor import Actor, Grant
from mashang.kernel.refused import Fault

CLOSED_KINDS: frozenset[str] = frozenset({"conduct", "secret_visit"})
"""Kinds that a grant over "all kinds" does not reach: it must name them (效能投诉, 暗访; 信访工作条例 art. 30, 46)."""

PERSON_ROLES: frozenset[str] = frozenset({"citizen", "helper"})
"""Roles that reach the cases of named persons only."""


@dataclass(frozen=True, slots=True)
class PersonGrant(Grant):
    """A role over the cases of some persons: one's own (citizen), or those who gave a mandate (helper)."""

    persons: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides who may see a case: units and persons taking part, place, kind."""

    units: frozenset[int] = frozenset()
    persons: frozenset[int] = frozenset()
    region: str = ""
    kind: str = ""

    @classmethod
    def of(cls, units: Iterable[int] = (), persons: Iterable[int] = (), region: str = "", kind: str = "") -> Facts:
        return cls(frozenset(units), frozenset(persons), region, kind)


def bound(actor: Actor, grant: Grant) -> Grant:
    """A bare citizen's or helper's grant means the actor's own cases: unbound it would reach everyone's."""
    if grant.role not in PERSON_ROLES or isinstance(grant, PersonGrant):
        return grant
    own = frozenset({actor.person_id} if actor.kind == "person" and actor.person_id else ())
    return PersonGrant(grant.role, grant.units, grant.region, grant.kinds, own)


def persons_of(grant: Grant) -> frozenset[int] | None:
    """The persons a grant is bound to; None when it is not bound to persons."""
    return grant.persons if isinstance(grant, PersonGrant) else None


def covers(grant: Grant, facts: Facts) -> bool:
    """Whether the grant reaches the case: each of its bounds must hold."""
    persons = persons_of(grant)
    if persons is not None and persons.isdisjoint(facts.persons):
        return False
    if grant.units is not None and grant.units.isdisjoint(facts.units):
        return False
    if not facts.region.startswith(grant.region):
        return False
    if grant.kinds is not None:
        return facts.kind in grant.kinds
    return persons is not None or grant.role == "system" or facts.kind not in CLOSED_KINDS


Fragment = tuple[str, list[object]]


def covers_sql(grant: Grant, alias: str) -> Fragment:
    """`covers` as SQL over a row with columns units int[], persons int[], region text, kind text."""
    persons = persons_of(grant)
    parts: list[str] = []
    params: list[object] = []
    if persons is not None:
        parts.append(f"{alias}.persons && %s::int[]")
        params.append(sorted(persons))
    if grant.units is not None:
        parts.append(f"{alias}.units && %s::int[]")
        params.append(sorted(grant.units))
    if grant.region:
        parts.append(f"{alias}.region ^@ %s::text")
        params.append(grant.region)
    if grant.kinds is not None:
        parts.append(f"{alias}.kind = any(%s::text[])")
        params.append(sorted(grant.kinds))
    elif persons is None and grant.role != "system":
        parts.append(f"{alias}.kind <> all(%s::text[])")
        params.append(sorted(CLOSED_KINDS))
    return " and ".join(parts) or "true", params


@dataclass(frozen=True, slots=True)
class Reach:
    """Which cases someone may see by one right: asked in Python about one, in SQL about many. The two are equal."""

    grants: tuple[Grant, ...]

    def covers(self, facts: Facts) -> bool:
        return any(covers(grant, facts) for grant in self.grants)

    def sql(self, alias: str) -> Fragment:
        """A condition on rows of `alias`, "true" or "false" when there is nothing to ask."""
        fragments = [covers_sql(grant, alias) for grant in merged(self.grants)]
        if not fragments:
            return "false", []
        if any(sql == "true" for sql, _ in fragments):
            return "true", []
        text = ") or (".join(sql for sql, _ in fragments)
        return f"(({text}))" if len(fragments) > 1 else f"({text})", [
            param for _, params in fragments for param in params
        ]


def merged(grants: Sequence[Grant]) -> list[Grant]:
    """The same reach in as few grants as possible: unit sets, or person sets, of otherwise equal grants are united."""
    united: dict[object, Grant] = {}
    for grant in grants:
        persons = persons_of(grant)
        system = grant.role == "system"
        key = (
            grant.region,
            grant.kinds,
            system,
            persons is None,
            grant.units is None if persons is None else grant.units,
        )
        known = united.get(key)
        united[key] = grant if known is None else _union(known, grant)
    return list(united.values())


def _union(one: Grant, other: Grant) -> Grant:
    if isinstance(one, PersonGrant) and isinstance(other, PersonGrant):
        return replace(one, persons=one.persons | other.persons)
    if one.units is None or other.units is None:
        return one
    return replace(one, units=one.units | other.units)


# ── stand-ins (AB 岗) ──


@dataclass(frozen=True, slots=True)
class Away:
    """One is away from `start` until `end`, the other stands in."""

    staff: int
    stand_in: int
    start: datetime
    end: datetime

    def at(self, instant: datetime) -> bool:
        return self.start <= instant < self.end

    def meets(self, start: datetime, end: datetime) -> bool:
        return self.start < end and start < self.end


def acting_for(staff: int, at: datetime, away: Sequence[Away]) -> int:
    """Who acts for someone at an instant: the one themself, or the end of the chain of stand-ins."""
    now_away = {a.staff: a.stand_in for a in away if a.at(at)}
    seen = {staff}
    while staff in now_away:
        staff = now_away[staff]
        if staff in seen:
            break
        seen.add(staff)
    return staff


def absence_faults(new: Away, known: Sequence[Away]) -> list[Fault]:
    """Why a post would stand empty: the stand-in is away too, or stands in for whom this one already stands in."""
    faults = []
    if new.start >= new.end:
        faults.append(Fault("absence.period", "离岗的结束时间必须晚于开始时间。", "ends_at"))
    if new.staff == new.stand_in:
        faults.append(Fault("absence.self", "代岗人不能是本人，请选择另一位同事。", "stand_in"))
    overlapping = [a for a in known if a.meets(new.start, new.end)]
    if any(a.staff == new.staff for a in overlapping):
        faults.append(Fault("absence.overlap", "这段时间已登记过离岗，请先结束原来的登记。", "starts_at"))
    if any(a.staff == new.stand_in for a in overlapping):
        faults.append(
            Fault("absence.stand_in_away", "代岗人这段时间也不在岗，请另选代岗人，岗位不能空缺。", "stand_in")
        )
    if any(a.stand_in == new.staff for a in overlapping):
        faults.append(Fault("absence.stands_in", "本人这段时间正在为他人代岗，请先为对方另选代岗人。", "starts_at"))
    return faults


# ── personal data: form and mask (law: 个人信息保护法 art. 51, 73) ──

PHONE = re.compile(r"1[3-9]\d{9}", re.ASCII)
LANDLINE = re.compile(r"0\d{2,3}-?\d{7,8}", re.ASCII)


def plain_phone(text: str) -> str:
    """The digits of a phone number: no blanks, hyphens or +86."""
    digits = re.sub(r"[\s()（）-]", "", text)
    return re.sub(r"^(\+|00)86", "", digits)


def is_mobile(phone: str) -> bool:
    return PHONE.fullmatch(phone) is not None


def is_identity_number(number: str) -> bool:
    """18 characters with a date and a right check digit (GB 11643). The place is not judged: divisions change."""
    if not re.fullmatch(r"[1-9]\d{16}[\dX]", number, re.ASCII):
        return False
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    return bool(ric.calc_check_digit(number) == number[-1])


def is_credit_code(code: str) -> bool:
    """A unified social credit code with a right check character (GB 32100)."""
    return bool(uscc.is_valid(code))


def is_person_number(number: str) -> bool:
    """An identity number, or the number of another paper that shows who someone is (passport, permit): 6 to 17 of A-Z, 0-9."""
    return is_identity_number(number) or bool(re.fullmatch(r"[A-Z0-9]{6,17}", number, re.ASCII))


def person_kind(number: str) -> str:
    """Whether a number is a firm's credit code or a person's: firms apply too."""
    return "natural" if is_person_number(number) or not is_credit_code(number) else "legal"


def plain_name(name: str, kind: str = "natural") -> str:
    """What a person's name is compared by: without spaces around it and without a note behind it, as （演示）. A firm's is whole."""
    return name.strip() if kind == "legal" else re.sub(r"(?<=.)[（(][^（）()]+[）)]$", "", name.strip())


def mask_name(name: str, kind: str = "natural") -> str:
    """陈某某 for a person; a firm's name is public and stays, and so do notes behind the name, as （演示）."""
    if kind == "legal" or not name:
        return name
    if notes := re.search(r"(?:（[^（）]+）)+$", name):
        return mask_name(name[: notes.start()], kind) + notes[0]
    if re.fullmatch(r"[A-Za-z .·'-]+", name):
        return name[0] + "**"
    surname = name[:2] if name[:2] in COMPOUND and len(name) > 2 else name[:1]
    return surname + "某" * max(1, min(len(name) - len(surname), 2))


def mask_phone(phone: str) -> str:
    """Three, stars, four; a short one keeps its last two."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 11 else "*" * max(0, len(phone) - 2) + phone[-2:]


def mask_id(number: str) -> str:
    """Six, stars, four of an identity number; a credit code is public and is masked by nobody."""
    return f"{number[:6]}{'*' * (len(number) - 10)}{number[-4:]}" if len(number) >= 15 else "*" * len(number)


COMPOUND = frozenset(
    re.findall("..", "欧阳司马上官诸葛东方皇甫尉迟公孙慕容令狐司徒司空夏侯宇文长孙端木百里东郭南宫独孤")
)
"""Surnames of two characters."""
