"""The papers that the law wants in writing: each is numbered with its case and issued with the act that makes it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mashang.cases.casefile import CaseFile
from mashang.catalogue.rules import answer_rows
from mashang.clocks.rules import APPLICANT
from mashang.documents import actions as documents
from mashang.documents.rules import chinese_date
from mashang.kernel import clock
from mashang.kernel.actor import Actor

from . import rules
from .store import Folder

MARKS = {
    "acceptance": "受", "supplement": "补", "non-acceptance": "不受", "refusal": "不予", "extension": "延", "special": "停",
}  # fmt: skip


def notice(case: CaseFile, folder: Folder, kind: str, *, by: Actor, nth: int = 1, **facts: Any) -> None:
    """Issue a notice of this kind to the applicant (受理通知书, 补正告知书, 不予许可决定书, ...)."""
    _issue(
        case,
        folder,
        f"{case.number}-{MARKS[kind]}{nth if nth > 1 else ''}",
        kind,
        "",
        {"item": case.title, **facts},
        by,
    )


def results(case: CaseFile, folder: Folder, *, by: Actor) -> list[tuple[str, str]]:
    """Issue what the definition gives the applicant with the step in hand; gives (number, name) of each."""
    given = rules.given_with(folder.spec, folder.answers, folder.row["part"], case.step.code if case.step else "")
    rows = [(label, words) for _, label, words in answer_rows(folder.spec, folder.answers, folder.row["part"])]
    made = []
    for place, result in enumerate(given, start=len(folder.row["results"]) + 1):
        number = f"{case.number}-{place:02d}"
        facts = {"item": case.title, "about": case.about, "rows": rows}
        kind = result.document or result.code
        _issue(case, folder, number, kind, result.name, facts, by, result.valid_years)
        made.append((number, result.name))
    return made


def _issue(
    case: CaseFile, folder: Folder, number: str, kind: str, title: str, facts: dict[str, Any], by: Actor, years: int = 0
) -> None:
    documents.issue(
        number=number, kind=kind, title=title, holder=rules.applicant_of(folder.answers)["name"], case=case.number,
        unit_id=case.step.unit_id if case.step and kind in ("acceptance", "supplement") else case.lead_unit_id, facts=facts,
        valid_years=years, by=by, now=case.now, later=case.write_also,
    )  # fmt: skip


def moment(at: datetime) -> str:
    """2026年3月10日 11:30: a paper is read in other years too."""
    here = clock.local(at)
    return f"{chinese_date(here)} {here:%H:%M}"


def acceptance(case: CaseFile, folder: Folder, *, by: Actor, promised: str, deemed: bool, **follow: Any) -> str:
    """受理通知书: that it is accepted, or counts as such, and by when it is done as was `promised`, else as the law has it; gives
    the words of the latter for a message."""
    begun = [r for r in case.began if r.step_id is None and r.due_at and r.party != APPLICANT]
    due = min((r.due_at for r in begun if r.due_at and (r.kind == "promised" or not promised)), default=None)
    day = moment(due) if due else ""
    if promised:
        limit, words = ("promised", f"，承诺{promised}办结") if day else ("instant", f"，承诺{promised}办结")
    else:
        limit, words = ("statutory", f"，应于{day}前作出决定") if day else ("none", "")
    facts = {"due": day or promised or "没有规定", "limit": limit, **({"deemed": True} if deemed else {}), **follow}
    notice(case, folder, "acceptance", by=by, **facts)
    return words
