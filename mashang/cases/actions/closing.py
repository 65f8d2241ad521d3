"""撤销单位: only one that has nothing left to do, so that no case is left lying with nobody."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused
from mashang.kernel.said import said
from mashang.org import actions as org_actions

from ..models import Case, Step, StepState


def close_unit(unit: int, *, by: Actor, now: datetime) -> None:
    """Close a unit from today on. Refuses while cases it leads, or steps in its hands, are unfinished; and what
    `org.actions.close_unit` refuses."""
    with transaction.atomic():
        org_actions.close_unit(unit, by=by, now=now)
        waiting = Step.objects.filter(unit_id=unit, state__in=(StepState.WAITING, StepState.OPEN)).values("case_id")
        left = Case.objects.filter(Q(lead_unit_id=unit) | Q(pk__in=waiting), settled_at=None).count()
        if left:
            raise Refused("unit.has_cases", said("这个单位还有{count}件没有办结，办结后才能撤销。", count=left), "unit")
