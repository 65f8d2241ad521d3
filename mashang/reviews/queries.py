"""What others may ask of ratings: never who rated, but for the lead who has to speak with them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from mashang.cases import queries as cases
from mashang.cases.queries import CaseView
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused
from mashang.ledger import queries as ledger
from mashang.org import queries as org
from mashang.org.rules import Facts

from . import rules
from .events import SENTENCES as SENTENCES
from .models import Grade, Rating, Source
from .procedure import OFFICE, S, redress

CONTACT = "contact"
_RIGHTS = {CONTACT: "reviews.check", OFFICE: "reviews.check_instead"}


@dataclass(frozen=True, slots=True)
class Said:
    """A rating as its own person, and whoever may see the case that it became, read it. `second`: the one after redress."""

    grade: str
    tags: tuple[str, ...]
    words: str
    at: datetime
    second: bool


def ratings_of(case_id: int) -> list[Said]:
    """What the case's own person said of it, the first rating and the second. For that person's page alone."""
    return [_said(row) for row in _explicit(case_id)]


def _said(row: Rating) -> Said:
    return Said(str(Grade(row.grade).label), tuple(row.tags), row.words, row.at, row.second)


def _explicit(case_id: int) -> list[Rating]:
    return list(Rating.objects.filter(case=case_id, source=Source.EXPLICIT).order_by("round"))


@dataclass(frozen=True, slots=True)
class Redressed:
    """What came of a bad rating: `state` in words, and what the rated unit says it put right or why it stands."""

    state: str
    words: str
    at: datetime


def redressed(case_id: int) -> Redressed | None:
    """What came of the bad rating of a case, once it is settled. For the page of whoever rated alone."""
    first = next((r for r in _explicit(case_id) if not r.second and r.redress), None)
    if first is None or not righted(first):
        return None
    settled = [e for e in ledger.history(first.redress) if e.verb in ("bad_rating.put_right", "bad_rating.explain")]
    return Redressed(str(S(settled[-1].facts["state"]).label), settled[-1].facts["words"], settled[-1].at)


def may_rate(view: CaseView, by: Actor) -> rules.Turn | None:
    """Whether the button is shown, and for which rating: the service is over and theirs; the first is not given yet, or was
    bad and is put right, and the second is not."""
    if by.kind != "person" or not org.may_act(by, "reviews.rate", view.facts):
        return None
    if rules.not_yet(view.case.kind, view.case.state):
        return None
    try:
        return turn_of(view.case.pk)
    except Refused:
        return None


def closed_to(view: CaseView) -> str:
    """Why this service can't be rated now, in a sentence; empty where it can."""
    if no := rules.not_yet(view.case.kind, view.case.state):
        return no.text
    try:
        turn_of(view.case.pk)
    except Refused as no:
        return no.text
    return ""


def turn_of(case_id: int) -> rules.Turn:
    """Which rating of this service is next. Refuses when none is."""
    given = _explicit(case_id)
    first = given[0] if given else None
    return rules.turn(first.grade if first else None, first is not None and righted(first), len(given) > 1)


def righted(rating: Rating) -> bool:
    """Whether what a bad rating complained of was put right or explained: the case it became is settled."""
    return bool(rating.redress) and rating.redress in cases.settled_among([rating.redress])


@dataclass(frozen=True, slots=True)
class Checker:
    """The unit that checks a bad rating, and the kind of the step with which it does."""

    unit: org.UnitInfo
    step: str


def checker(rated: org.UnitInfo, worked: Collection[int], now: datetime) -> Checker:
    """Who checks a bad rating: the nearest unit above the rated one that has a lead who had no part in the service; else the
    rated one, if its own lead had none; else the region's effectiveness office, the nearest that has somebody. Where nobody
    can, it waits with the first office there is, or with the rated unit, until `pass_check` finds somebody."""
    above = rated.parent
    while above is not None:
        unit = org.unit(above)
        if has_checker(unit, CONTACT, rated.region, worked, now):
            return Checker(unit, CONTACT)
        above = unit.parent
    if has_checker(rated, CONTACT, rated.region, worked, now):
        return Checker(rated, CONTACT)
    offices = org.offices_over(rated, clock.local(now).date())
    staffed = [one for one in offices if has_checker(one, OFFICE, rated.region, worked, now)]
    office = next(iter([*staffed, *offices]), None)
    return Checker(office, OFFICE) if office else Checker(rated, CONTACT)


def has_checker(unit: org.UnitInfo, step: str, region: str, worked: Collection[int], now: datetime) -> bool:
    """Whether somebody of the unit itself may do this kind of checking step in the region and had no part in the service."""
    facts = Facts.of((unit.id,), region=region, kind=redress.kind)
    return any(one.unit == unit.id and one.id not in worked for one in org.who_may(_RIGHTS[step], facts, now))


def worked_on(number: str) -> frozenset[int]:
    """Staff who have or had a step of a case in hand."""
    return _hands_of(cases.case_for(Actor.system("reviews"), number))


def _hands_of(view: CaseView) -> frozenset[int]:
    return frozenset(staff for s in view.steps for staff in (s.staff, s.done_by) if staff is not None)


def unchecked(now: datetime) -> list[tuple[str, int, int]]:
    """(number, step, rating) of bad ratings that wait for a check by a unit in which nobody can do it any more, though
    somebody else can."""
    by, found, after = Actor.system("reviews"), [], ""
    while True:
        page = cases.page(by, cases.Filter(kind=redress.kind, state=S.OPEN), after=after, limit=200)
        for row in page.rows:
            step = next((s for s in cases.case_for(by, row.number).open_steps if s.code == CONTACT), None)
            rating = Rating.objects.filter(redress=row.number, second=False).select_related("case").first()
            if step is None or rating is None:
                continue
            worked = worked_on(rating.case.number)
            if has_checker(org.unit(step.unit_id), step.kind, row.region, worked, now):
                continue
            checks = checker(org.unit(rating.unit_id), worked, now)
            if (checks.unit.id, checks.step) != (step.unit_id, step.kind):
                found.append((row.number, step.pk, rating.pk))
        if not page.after:
            return found
        after = page.after


@dataclass(frozen=True, slots=True)
class Complaint:
    """The bad rating that a case came of; `again` is what was said once it was put right. `about` is the number of the rated
    case and `persons` whom to contact, (id, masked name): both empty for those who may not know."""

    grade: str
    tags: tuple[str, ...]
    words: str
    at: datetime
    again: Said | None = None
    about: str = ""
    persons: tuple[tuple[int, str], ...] = ()


def complaint_of(view: CaseView, by: Actor) -> Complaint | None:
    """What was complained of in a case of this room, and to the lead who checks and was not part of it, by whom (masked)."""
    rows = list(Rating.objects.filter(redress=view.case.number).select_related("case").order_by("second"))
    if not rows:
        return None
    row, again = rows[0], _said(rows[1]) if len(rows) > 1 else None
    told = (str(Grade(row.grade).label), tuple(row.tags), row.words, row.at, again)
    rated = cases.case_for(Actor.system("reviews"), row.case.number)
    if by.id in _hands_of(rated) or not any(_may_check(s, view, by) for s in view.steps):
        return Complaint(*told)
    return Complaint(*told, rated.case.number, tuple((p.person_id, p.shown) for p in rated.participants))


def _may_check(step: cases.Step, view: CaseView, by: Actor) -> bool:
    right = _RIGHTS.get(step.kind)
    return right is not None and org.may(by, right, units=[step.unit_id], region=view.case.region, kind=view.case.kind)


@dataclass(frozen=True, slots=True)
class Unsatisfied:
    """A bad second rating: the case that the first became, the unit that was rated, and the grade in words. Never who rated."""

    about: str
    title: str
    unit: int
    grade: str


def unsatisfied() -> list[Unsatisfied]:
    """Bad second ratings, the oldest first: what was put right has not satisfied whoever rated."""
    rows = Rating.objects.filter(second=True, grade__lte=rules.BAD).order_by("id")
    known = {row.redress: row for row in rows}
    titles = cases.by_numbers(Actor.system("reviews"), list(known))
    return [
        Unsatisfied(number, titles[number].title, row.unit_id, str(Grade(row.grade).label))
        for number, row in known.items()
        if number in titles
    ]
