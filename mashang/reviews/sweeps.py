"""Silence becomes a default rating, a bad rating becomes a case."""

from __future__ import annotations

from datetime import datetime, timedelta

from mashang.cases import actions, queries
from mashang.catalogue import queries as catalogue
from mashang.kernel.actor import Actor

from . import rules
from .actions.rating import rate_by_default
from .models import Rating, Source

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
    """Each bad rating becomes a case of the unit that was rated, once."""
    bad = Rating.objects.filter(grade__lte=rules.BAD, redress="", source=Source.EXPLICIT)
    count = 0
    for rating in bad.order_by("id")[:BATCH]:
        item = catalogue.version(rating.entry).spec.name if rating.entry else "服务"
        data = {"rating": rating.pk, "item": item}
        actions.begin("bad_rating", "open", data, by=BY, now=now, key=f"rating:{rating.pk}")
        count += 1
    return count
