"""What a case is about, for those who judge it: on its page and beside the form of every action."""

from __future__ import annotations

from typing import Any

from mashang.approvals import queries as approvals
from mashang.cases import queries as cases
from mashang.catalogue.rules import Private, answer_rows
from mashang.kernel.actor import Actor
from mashang.org import queries as org
from mashang.portals.shared.present import MATERIAL_LAMPS, follows_by
from mashang.portals.shared.words import date_words
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
    rows = _answers(folder, view, by)
    given = approvals.opinions(case.number)
    units = {u.id: u.short_name for u in org.units_of({o.unit for o in given})}
    return {
        "folder": folder,
        "materials": [
            (m["name"], *MATERIAL_LAMPS[m["state"]], follows_by(m), m["document"], m["state"] == "filled")
            for m in folder.materials
        ],
        "answers": rows,
        "earlier": _earlier(view, by),
        "opinions": [(o, units.get(o.unit, "")) for o in given],
        "refusal": folder.refusal,
        "checks": approvals.site_checks(case.pk),
    }


def _answers(folder: approvals.Folder, view: cases.CaseView, by: Actor) -> list[tuple[str, str]]:
    rows = answer_rows(folder.spec, folder.answers, folder.row["part"], private=privately(view, by), day=date_words)
    return [(label, words) for _group, label, words in rows]


def _earlier(view: cases.CaseView, by: Actor) -> dict[str, Any]:
    """What was granted before, for an application of a package that follows it; empty for others."""
    parent = view.case.parent
    if parent is None or parent.kind != "application":
        return {}
    rows = _answers(approvals.folder(parent.pk), view, by)
    return {"number": parent.number, "title": parent.title, "open": cases.sees(by, parent.number), "answers": rows}


def privately(view: cases.CaseView, by: Actor) -> Private:
    """Whose unit has a step in the case or leads it reads all that was answered, persons masked; others what is public."""
    return "masked" if by.unit_id in {view.case.lead_unit_id, *(s.unit_id for s in view.steps)} else ""
