"""What others may ask of applications. Whoever asks has been let in to the case by `cases.queries` first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count

from mashang.catalogue.rules import Answers, Spec
from mashang.kernel.refused import Refused
from mashang.ledger import queries as ledger
from mashang.org import queries as org

from . import rules
from .models import Application, Material, Refusal, SiteCheck
from .store import Folder, Held, folder, followed, held_by, running_of

__all__ = [
    "Folder",
    "Held",
    "Opinion",
    "answers_before",
    "barring",
    "folder",
    "followed",
    "has_units",
    "held_by",
    "opinions",
    "places_of",
    "refusals",
    "relied_on",
    "running_by_version",
    "running_of",
    "site_checks",
]


def answers_before(person: int, entry: str) -> dict[str, Any]:
    """What the person answered when they last applied for the same entry themselves; nothing of what was erased."""
    last = Application.objects.filter(entry=entry, applicant=person, case__persons__contains=[person])
    row = last.filter(case__erased_at=None).order_by("-case").values_list("case", flat=True).first()
    return folder(row).answers if row is not None else {}


def barring(folder: Folder) -> list[str]:
    """Names of the materials without which the application cannot be accepted; what may follow later is not among them."""
    barred, _later = rules.must_follow(rules.gaps(folder.spec, folder.answers, folder.row["part"], folder.handed(), ()))
    return [need.material.name for need in barred]


def has_units(spec: Spec, answers: Answers, part: str, place: str, day: date) -> bool:
    """Whether every unit that these answers call for serves the place: only there can it be applied for."""
    try:
        return bool(rules.plan(spec, answers, part, org.units_around(place, day)))
    except Refused:
        return False


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
