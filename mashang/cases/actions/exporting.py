"""That a list of cases was taken away."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from mashang.kernel.actor import Actor
from mashang.kernel.refused import Forbidden
from mashang.ledger import actions as ledger
from mashang.ledger.rules import Entry
from mashang.org import queries as org


def exported(rows: int, *, by: Actor, now: datetime) -> None:
    """Record that so many cases were exported. Refuses who may not export."""
    if not org.holds(by, "cases.export"):
        raise Forbidden()
    with transaction.atomic():
        ledger.record([Entry("cases/export", "cases.exported", by.ref, now, {"rows": rows})])
