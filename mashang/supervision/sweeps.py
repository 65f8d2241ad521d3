"""Overdue cases and bad second ratings become supervised matters; struck-off matters release their cases."""

from __future__ import annotations

from datetime import datetime

from mashang.cases import actions, queries
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused
from mashang.reviews import queries as reviews

from . import actions as verbs
from .models import Matter

BY = Actor.system("supervision")
BATCH = 200
__all__ = ["release", "supervise", "verbs"]


def supervise(now: datetime) -> int:
    """Every open case that is late and not yet supervised gets one matter, for the unit in whose hands it lies.

    Once answered for, it gets another only when something is overdue again.
    """
    filter = queries.Filter(late=True, supervised=False, state="open")
    count, after = 0, ""
    while True:
        page = queries.page(BY, filter, after=after, limit=BATCH)
        count += sum(_supervise(row, now) for row in page.rows if row.kind != "supervision")
        if not page.after:
            return count
        after = page.after


def _supervise(row: queries.Row, now: datetime) -> bool:
    view = queries.case_for(BY, row.number)
    late = [s for s in view.open_steps if s.due_at is not None and s.due_at <= now]
    before = Matter.objects.filter(about=row.number).count()
    if before and not late and (row.due_at is None or row.due_at > now):
        return False
    step = late[0] if late else view.open_steps[0] if view.open_steps else None
    unit = step.unit_id if step else row.lead_unit_id
    due = min((s.due_at for s in late if s.due_at), default=row.due_at)
    told = f"，应于 {clock.in_words(due)} 前办结" if due else ""
    cause = f"{row.title}{'（' + step.label + '）' if step else ''}超期{told}"
    data = {"about": row.number, "unit": unit, "cause": cause[:500]}
    try:
        matter = (
            _untold(row.number)
            or actions.begin(
                "supervision",
                "assign_overdue",
                data,
                by=BY,
                now=now,
                key=f"overdue:{row.number}:{before}",
                parent=row.number,
            ).number
        )
    except Refused as no:
        if no.code != "supervision.no-office":
            raise
        return False
    actions.act(row.number, "supervised", {"matter": matter}, by=BY, now=now, key=f"supervised:{matter}")
    return True


def _untold(number: str) -> str:
    """The open matter that an earlier run, killed before it marked the case, made for it."""
    row = Matter.objects.filter(about=number, source="overdue", closed_at=None).select_related("case").first()
    return str(row.case.number) if row else ""


def supervise_ratings(now: datetime) -> int:
    """Each bad second rating becomes one matter about the case that the first became: there is no third rating."""
    found = reviews.unsatisfied()
    rows = Matter.objects.filter(source="rating", about__in=[one.about for one in found])
    known = {matter.about: matter for matter in rows.select_related("case__parent")}
    return sum(_rated(one, known.get(one.about), now) for one in found)


def _rated(one: reviews.Unsatisfied, before: Matter | None, now: datetime) -> bool:
    """Begin the matter and mark the case; only mark it, when an earlier run was killed in between."""
    about = before.case.parent if before else None
    if before and (before.closed_at is not None or (about and about.supervised)):
        return False
    cause = f"{one.title}（{one.about}）：整改后，评价人第二次评价为{one.grade}"
    data = {"about": one.about, "unit": one.unit, "cause": cause[:500]}
    try:
        key = f"rating:{one.about}"
        matter = actions.begin("supervision", "assign_rating", data, by=BY, now=now, key=key, parent=one.about).number
    except Refused as no:
        if no.code != "supervision.no-office":
            raise
        return False
    actions.act(one.about, "supervised", {"matter": matter}, by=BY, now=now, key=f"supervised:{matter}")
    return True


def release(now: datetime) -> int:
    """A case whose matter was struck off is no longer shown as supervised."""
    closed = Matter.objects.filter(closed_at__isnull=False).exclude(about="").values_list("about", "case__number")
    count = 0
    for about, number in closed.filter(case__parent__supervised=True):
        if not Matter.objects.filter(about=about, closed_at=None).exists():
            actions.act(about, "released", {"matter": number}, by=BY, now=now, key=f"released:{number}")
            count += 1
    return count
