"""Silence becomes a default rating, a bad rating becomes a case, what came of it is told, and a check finds its checker."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from mashang.cases import actions, queries
from mashang.cases.casefile import Message
from mashang.catalogue import queries as catalogue
from mashang.kernel.actor import Actor
from mashang.kernel.refused import NotFound, Refused

from . import rules
from .actions.rating import rate_by_default
from .models import Grade, Rating, Source
from .queries import unchecked

BY = Actor.system("reviews")
BATCH = 200


def fill(now: datetime) -> int:
    """Services over for seven natural days without a word get their default, marked as such."""
    until = now - timedelta(days=rules.SILENCE_DAYS)
    filter = queries.Filter(kind="application", settled_from=until - timedelta(days=30), settled_to=until)
    count, after = 0, ""
    while True:
        page = queries.page(BY, filter, after=after, limit=BATCH)
        rated = set(Rating.objects.filter(case_id__in=[r.id for r in page.rows]).values_list("case_id", flat=True))
        for row in page.rows:
            if row.id not in rated and row.state in rules.FINISHED["application"]:
                rate_by_default(row.number, by=BY, now=now)
                count += 1
        if not page.after:
            return count
        after = page.after


def redress(now: datetime) -> int:
    """Each bad first rating becomes a case of the unit that was rated, once."""
    bad = Rating.objects.filter(grade__lte=rules.BAD, redress="", source=Source.EXPLICIT, second=False)
    count = 0
    for rating in bad.order_by("id")[:BATCH]:
        item = catalogue.version(rating.entry).spec.name if rating.entry else "服务"
        data = {"rating": rating.pk, "item": item}
        actions.begin("bad_rating", "open", data, by=BY, now=now, key=f"rating:{rating.pk}")
        count += 1
    return count


def pass_on(now: datetime) -> int:
    """A check that nobody in its unit can do any more passes to whoever can."""
    count = 0
    for number, step, rating in unchecked(now):
        key = f"pass:{step}:{now.isoformat()}"
        try:
            actions.act(number, "pass_check", {"rating": rating}, by=BY, now=now, key=key, step=step)
        except Refused:  # checked at this moment
            continue
        count += 1
    return count


def follow(now: datetime) -> int:
    """Whoever rated badly is told what came of it, and that they may rate once more; a second rating is written into the
    history of the case that the first became."""
    waiting = Rating.objects.filter(followed_at=None).exclude(redress="").order_by("id")
    settled = queries.settled_among(waiting.values_list("redress", flat=True))
    rows = list(waiting.filter(redress__in=settled).select_related("case")[:BATCH])
    for row in rows:
        if row.second:
            data = {"grade": str(Grade(row.grade).label)}
            actions.act(row.redress, "rated_again", data, by=BY, now=now, key=f"again:{row.pk}")
        else:
            _invite(row, now)
        Rating.objects.filter(pk=row.pk).update(followed_at=now)
    return len(rows)


@transaction.atomic
def _invite(rating: Rating, now: datetime) -> None:
    """In the app in full; by SMS not a word of the rating, for a message that can't be delivered is shown at the desk."""
    try:
        actions.hold(rating.case_id)
    except NotFound:  # nobody's any more
        return
    title = rating.case.title
    full = f"您对“{title}”（{rating.case.number}）的评价已经核实处理，结果请在这一件的页面查看；您可以再评价一次。"
    for person in rating.case.persons:
        actions.tell(Message(full, person=person), now=now, case=rating.case_id)
        sms = f"“{title}”有新的消息，请登录“我的件”查看。"
        actions.tell(Message(sms, person=person, channel="sms"), now=now, case=rating.case_id)
