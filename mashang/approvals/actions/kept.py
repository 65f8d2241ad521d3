"""Materials on file from outside a case: issued by an authority, or brought by a register."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from mashang.kernel.actor import Actor
from mashang.kernel.refused import Forbidden
from mashang.ledger import actions as ledger
from mashang.ledger.rules import Entry
from mashang.org import queries as org

from ..models import KeptMaterial


def keep_material(
    person: int, code: str, name: str, document: int, source: str, *, by: Actor, now: datetime
) -> KeptMaterial:
    """Put a checked material on file for a person, over what was there under the same code."""
    if not org.may(by, "approvals.accept"):
        raise Forbidden
    values = {"name": name, "document": document, "source": source, "kept_at": now}
    with transaction.atomic():
        row, _ = KeptMaterial.objects.update_or_create(person_id=person, code=code, defaults=values)
        ledger.record([Entry("", "material.kept", by.ref, now, {"code": code, "source": source, "person": person})])
    return row
