"""What others may ask of applications. Whoever asks has been let in to the case by `cases.queries` first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count

from mashang.ledger import queries as ledger

from .models import Application, Material, Refusal, SiteCheck
from .store import Folder, Held, folder, held_by

__all__ = [
    "Folder",
    "Held",
    "Opinion",
    "answers_before",
    "folder",
    "held_by",
    "opinions",
    "places_of",
    "refusals",
    "relied_on",
    "running_by_version",
    "site_checks",
]


def answers_before(person: int, entry: str) -> dict[str, Any]:
    """What the person answered when they last applied for the same entry themselves; nothing of what was erased."""
    last = Application.objects.filter(entry=entry, applicant=person, case__persons__contains=[person])
    row = last.filter(case__erased_at=None).order_by("-case").values_list("case", flat=True).first()
    return folder(row).answers if row is not None else {}


def refusals(case_id: int) -> Sequence[Refusal]:
    """Every report of a "no" on the case, the confirmed and the returned ones too."""
    return list(Refusal.objects.filter(case_id=case_id).order_by("id"))


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a unit found in its review of a case: `step` as the definition calls it."""

    step: str
    unit: int
    passed: bool
    words: str
    at: datetime


def opinions(number: str) -> Sequence[Opinion]:
    """The opinions of the units on a case, in the order given; one that was erased says so."""
    reviews = (e for e in ledger.history(number) if e.verb == "application.review")
    return [
        Opinion(e.facts["step"], e.facts["unit"], e.facts["passed"], e.private.get("opinion", ""), e.at)
        for e in reviews
    ]


def places_of(case_ids: Collection[int]) -> dict[int, str]:
    """Where applications want something done: the first address in their public answers, by case."""
    rows = Application.objects.filter(case__in=list(case_ids)).values_list("case", "public")
    found = {
        case: [v["address"] for v in public.values() if isinstance(v, dict) and v.get("address")]
        for case, public in rows
    }
    return {case: addresses[0] for case, addresses in found.items() if addresses}


def relied_on(case_id: int) -> frozenset[int]:
    """Files of earlier cases that stand for materials of this one."""
    held = Material.objects.filter(case_id=case_id, state="held").values_list("document", flat=True)
    return frozenset(document for document in held if document is not None)


def site_checks(case_id: int) -> Sequence[SiteCheck]:
    """Findings on site in the order made."""
    return list(SiteCheck.objects.filter(case_id=case_id).order_by("id"))


def running_by_version(entry: str) -> dict[int, int]:
    """How many applications under way stand on each version of an item or package."""
    running = Application.objects.filter(entry=entry, case__settled_at__isnull=True)
    return dict(running.values_list("version").annotate(Count("pk")).order_by())
