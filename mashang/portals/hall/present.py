"""What the hall shows of rooms' answers: cards, guides, a citizen's view of a case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mashang.approvals import queries as approvals
from mashang.cases import queries as cases
from mashang.catalogue import queries as catalogue
from mashang.catalogue.rules import Figures, after, answer_rows, before, parts_before, parts_of
from mashang.documents import queries as documents
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused
from mashang.kernel.said import listed, said, told
from mashang.ledger import queries as ledger
from mashang.org import queries as org
from mashang.portals.shared import pressing
from mashang.portals.shared.casepage import CasePage, row_remaining
from mashang.portals.shared.parts import LampState, Remaining
from mashang.portals.shared.present import MATERIAL_LAMPS, follows_by
from mashang.portals.shared.words import date_words

FOR = "acting_for"
"""Names in an address, or in a form, for whom a helper applies."""


@dataclass(frozen=True, slots=True)
class Card:
    """A thing that can be done here, in one line of figures."""

    code: str
    name: str
    line: str
    group: str = ""


def figures_line(figures: Figures) -> str:
    """2 次申请 · 5 份材料 · 跑 1 趟 · 3个工作日, computed from the definition."""
    applications = ngettext("%(a)d 次申请", "%(a)d 次申请", figures.applications) % {"a": figures.applications}
    materials = ngettext("%(m)d 份材料", "%(m)d 份材料", figures.materials) % {"m": figures.materials}
    trips = (
        ngettext("跑 %(n)d 趟", "跑 %(n)d 趟", figures.trips) % {"n": figures.trips} if figures.trips else _("不用跑")
    )
    return " · ".join([applications, materials, trips, told(figures.limit, _)])


def card(version: catalogue.Version) -> Card:
    spec = version.spec
    return Card(version.code, spec.name, figures_line(after(spec)), spec.group)


def hit(found: catalogue.Hit) -> Card:
    if found.detail == "name":
        return Card(found.code, found.name, _("%(organ)s · 以实施单位公布为准") % {"organ": found.organ}, found.source)
    return card(catalogue.version(found.version_id))


def today(now: datetime) -> dict[str, int]:
    """How much was promised for today and how much of it is done: counted, never typed."""
    start = now.replace(hour=0, minute=0, second=0, microsecond=0)
    system = Actor.system("hall")
    opened = cases.count(system, cases.Filter(kind="application", opened_from=start))
    settled = cases.count(
        system, cases.Filter(kind="application", settled_from=start, settled_to=start + timedelta(days=1))
    )
    running = cases.count(system, cases.Filter(kind="application", state="open"))
    return {"opened": opened, "settled": settled, "running": running}


def standing(row: cases.Row, now: datetime) -> tuple[cases.Row, Remaining | None, tuple[LampState, str] | None]:
    """A case in the list of one's own: (row, clock, state), where either the clock or the state may say it alone."""
    left = row_remaining(row, now)
    if left.kind == "done":
        return row, left, None
    if row.state == "supplement":
        return row, None, ("hold", _("等您补正"))
    if left.kind == "none":
        return row, None, ("ok", row.state_label)
    return row, left, ("none", row.state_label)


def case(page: CasePage, by: Actor) -> dict[str, Any]:
    """The citizen's view: materials and how they stand, results, the buttons that are theirs."""
    row = page.view.case
    shown: dict[str, Any] = {"acting_for": acting_for(page.view, by)}
    if row.kind == "application":
        folder = approvals.folder(row.pk)
        shown["materials"] = [
            (m["name"], *MATERIAL_LAMPS[m["state"]], follows_by(m), m["state"] == "filled") for m in folder.materials
        ]
        shown["next"] = _next(page, folder, by) if by.kind == "person" else []
        given = documents.of_case(row.number)
        shown["results"] = [g for g in given if g.root in folder.row["results"]]
        shown["papers"] = [g for g in given if g.root not in folder.row["results"]]
        shown["card"] = card(catalogue.version(folder.row["version"]))
        figures = before(folder.spec), after(folder.spec)
        if figures[0] != figures[1]:
            shown["saved"] = _("原 %(was)s → 现 %(now)s") % {
                "was": figures_line(figures[0]), "now": figures_line(figures[1]),
            }  # fmt: skip
    shown["presses"] = (
        [pressing.button("hall", page.view, p) for p in cases.available(page.view, by)] if by.kind == "person" else []
    )
    shown["asked"] = any(p["first"] for p in shown["presses"])
    return shown


def _next(page: CasePage, folder: approvals.Folder, by: Actor) -> list[tuple[str, str]]:
    """(what, address) of the package's applications that follow this one once it is granted, until one was made; for
    helpers with the person for whom this one was made."""
    part, spec, applicant = folder.row["part"], folder.spec, folder.row["applicant"]
    if page.view.case.state not in ("granted", "completed") or page.view.children:
        return []
    people = [p.id for p in helped_by(by)]
    if applicant not in (by.person_id, *people):
        return []
    whom = f"?{FOR}={0 if applicant == by.person_id else applicant}" if people else ""
    following = [(code, label) for code, label in parts_of(spec) if part in parts_before(spec, code)]
    return [(label, reverse("hall:apply_part", args=[spec.code, code]) + whom) for code, label in following]


def helped_by(by: Actor) -> list[org.PersonInfo]:
    """For whom one may apply."""
    return [p for p in org.helped_by(by) if org.may(by, "approvals.hand_in", persons=[p.id], kind="application")]


def filed(view: cases.CaseView, by: Actor) -> list[tuple[str, str]]:
    """What was filed, for whoever filed it or let a helper do so: (label, words), persons masked."""
    if view.case.kind != "application" or by.kind != "person":
        return []
    folder = approvals.folder(view.case.pk)
    rows = answer_rows(folder.spec, folder.answers, folder.row["part"], private="masked", day=date_words)
    return [(label, words) for _group, label, words in rows]


def draft_of(page: CasePage, by: Actor) -> str:
    """The name of the draft that an application was written in, so that the browser can forget it."""
    if page.view.case.kind != "application":
        return ""
    folder = approvals.folder(page.view.case.pk)
    applicant = folder.row["applicant"]
    helped = applicant in {p.id for p in org.helped_by(by)}
    return draft_name(folder.spec.code, folder.row["part"], applicant if helped else 0)


def draft_name(code: str, part: str, helped: int = 0) -> str:
    """`helped`: for whom a helper writes, so that one person's answers are never offered for another."""
    return f"apply-{code}-{part}" + (f"-for-{helped}" if helped else "")


def acting_for(view: cases.CaseView, by: Actor) -> str:
    """Whose case a helper has before them, masked; "" for one's own, and for staff who work it."""
    if by.kind == "person" and by.person_id in view.case.persons:
        return ""
    helped = {p.id for p in org.helped_by(by)}
    return "、".join(p.shown for p in view.participants if p.person_id in helped)


def checked(content: bytes) -> Any:
    """A receipt's verdict. Refuses an empty or unreadable file."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused("receipt.encoding", "这不是回执文件，请选择下载的 JSON 回执。", "receipt") from None
    if not text.strip():
        raise Refused("receipt.empty", "请选择下载的 JSON 回执。", "receipt")
    try:
        return ledger.check(text)
    except Refused as no:
        raise Refused(no.code, no.text, "receipt") from None


def progress_sentence(page: CasePage, by: Actor) -> str:
    """Where it is now, in plain words: with whom, or that it waits for the reader."""
    steps = page.view.open_steps
    if settled := page.view.case.settled_at:
        return _("%(state)s，%(at)s。") % {
            "state": page.state[1],
            "at": clock.local(settled).strftime("%Y-%m-%d %H:%M"),
        }
    if not steps:
        return _("正在等待下一环节开始。")
    offered = cases.available(page.view, by) if by.kind == "person" else []
    if asked := "、".join(str(p.action.label) for p in offered if p.action.first):
        return _("现在等您：%(asked)s。") % {"asked": asked}
    waiting = {p.step.pk: str(p.action.label) for p in offered if p.step and p.action.untimed}
    theirs = _listed((s.label, page.units.get(s.unit_id, "")) for s in steps if s.pk not in waiting)
    yours = _waiting(page, waiting) if waiting else ""
    return (_("正在办理：%(names)s。") % {"names": theirs} if theirs else "") + yours


def _waiting(page: CasePage, asked: Mapping[int, str]) -> str:
    """What waits until the applicant asks for it; one that failed, until it was put right."""
    failed = {c.step for c in approvals.site_checks(page.view.case.pk) if c.finding == "bad"}
    asks = _listed((s.label, asked[s.pk]) for s in page.view.open_steps if s.pk in asked)
    if failed & asked.keys():
        return _("现在等您：按现场情况改正后，请在本页提出：%(asked)s。") % {"asked": asks}
    return _("现在等您：到了下一个节点，请在本页提出：%(asked)s。") % {"asked": asks}


def _listed(pairs: Iterable[tuple[str, str]]) -> str:
    """Steps, each with what is said of it behind."""
    return told(listed([said("{step}（{more}）", step=step, more=more) for step, more in pairs]), _)
