"""What others may ask of ratings: never who rated, but for the lead who has to speak with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mashang.cases import queries as cases
from mashang.cases.queries import CaseView
from mashang.kernel.actor import Actor
from mashang.org import queries as org
from mashang.org.rules import Facts

from . import rules
from .events import SENTENCES as SENTENCES
from .models import Grade, Rating, Source
from .procedure import redress


def rating_of(case_id: int) -> str:
    """The grade that the case's own person gave, in words; empty when there is none. For that person's page alone."""
    row = Rating.objects.filter(case_id=case_id, source=Source.EXPLICIT).order_by("-round").first()
    return str(Grade(row.grade).label) if row else ""


def may_rate(view: CaseView, by: Actor) -> bool:
    """Whether the button is shown: finished, theirs, and not rated yet."""
    if by.kind != "person" or not org.may_act(by, "reviews.rate", view.facts):
        return False
    if rules.not_yet(view.case.kind, view.case.state):
        return False
    last = Rating.objects.filter(case_id=view.case.pk).order_by("-round").first()
    return last is None or last.source == Source.DEFAULT or (last.grade <= rules.BAD and righted(last))


def righted(rating: Rating) -> bool:
    """Whether what a bad rating complained of was put right or explained: the case it became is settled."""
    return bool(rating.redress) and rating.redress in cases.settled_among([rating.redress])


def checking_unit(rated: org.UnitInfo, now: datetime) -> org.UnitInfo:
    """Who checks a bad rating: the nearest unit above the rated one whose own people may; where there is none, the rated one."""
    above = rated.parent
    while above is not None:
        unit = org.unit(above)
        facts = Facts.of((unit.id,), region=rated.region, kind=redress.kind)
        if any(one.unit == unit.id for one in org.who_may("reviews.check", facts, now)):
            return unit
        above = unit.parent
    return rated


@dataclass(frozen=True, slots=True)
class Complaint:
    """The bad rating that a case came of. `about` is the number of the rated case and `persons` whom to contact, (id,
    masked name): both empty for those who may not know."""

    grade: str
    tags: tuple[str, ...]
    words: str
    at: datetime
    about: str = ""
    persons: tuple[tuple[int, str], ...] = ()


def complaint_of(view: CaseView, by: Actor) -> Complaint | None:
    """What was complained of in a case of this room, and to the lead who checks and was not part of it, by whom (masked)."""
    row = Rating.objects.filter(redress=view.case.number).select_related("case").first()
    if row is None:
        return None
    told = (str(Grade(row.grade).label), tuple(row.tags), row.words, row.at)
    rated = cases.case_for(Actor.system("reviews"), row.case.number)
    worked = {staff for s in rated.steps for staff in (s.staff, s.done_by)}
    checks = [s.unit_id for s in view.steps if s.code == "contact"]
    checking = org.may(by, "reviews.check", units=checks, region=view.case.region, kind=view.case.kind)
    if not checking or by.id in worked:
        return Complaint(*told)
    return Complaint(*told, rated.case.number, tuple((p.person_id, p.shown) for p in rated.participants))
