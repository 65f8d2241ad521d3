"""What a case is about, for those who judge it: on its page and beside the form of every action."""

from __future__ import annotations

from typing import Any

from mashang.approvals import queries as approvals
from mashang.cases import queries as cases
from mashang.catalogue.rules import answer_rows
from mashang.kernel.actor import Actor
from mashang.org import queries as org
from mashang.portals.shared.present import MATERIAL_LAMPS
from mashang.reviews import queries as reviews
from mashang.supervision import queries as supervision


def of(view: cases.CaseView, by: Actor) -> dict[str, Any]:
    """What the rooms add for their own kind of case; empty when there is nothing to judge by."""
    case = view.case
    if case.kind == "application":
        return _application(view, by)
    if case.kind == "supervision":
        matter = supervision.matter_of(case.pk)
        return {"matter": matter, "about_open": matter is not None and cases.sees(by, matter.about)}
    if case.kind == "bad_rating":
        complaint = reviews.complaint_of(view, by)
        return {"complaint": complaint, "about_open": complaint is not None and cases.sees(by, complaint.about)}
    return {}


def _application(view: cases.CaseView, by: Actor) -> dict[str, Any]:
    case = view.case
    folder = approvals.folder(case.pk)
    rows = answer_rows(folder.spec, folder.answers, folder.row["part"], private=_works(view, by))
    given = approvals.opinions(case.number)
    units = {u.id: u.short_name for u in org.units_of({o.unit for o in given})}
    return {
        "materials": [(m["name"], *MATERIAL_LAMPS[m["state"]], m["due"], m["document"]) for m in folder.materials],
        "answers": [(label, words) for _group, label, words in rows],
        "opinions": [(o, units.get(o.unit, "")) for o in given],
        "refusal": folder.refusal,
        "checks": approvals.site_checks(case.pk),
    }


def results(view: cases.CaseView) -> frozenset[str]:
    """Numbers of the documents that the application was for."""
    return frozenset(approvals.folder(view.case.pk).row["results"]) if view.case.kind == "application" else frozenset()


def _works(view: cases.CaseView, by: Actor) -> bool:
    """Whether the reader's unit has a step in the case or leads it: these read all that was answered, persons masked."""
    return by.unit_id in {view.case.lead_unit_id, *(s.unit_id for s in view.steps)}
