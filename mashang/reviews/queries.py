"""What others may ask of ratings: never who rated."""

from __future__ import annotations

from mashang.cases import queries as cases
from mashang.cases.queries import CaseView
from mashang.kernel.actor import Actor
from mashang.org import queries as org

from . import rules
from .events import SENTENCES as SENTENCES
from .models import Grade, Rating, Source


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
