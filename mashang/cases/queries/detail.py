"""One case, whole, for whoever may see it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext

from mashang.clocks import queries as clocks
from mashang.clocks.rules import ClockRow
from mashang.kernel import vault
from mashang.kernel.actor import ANONYMOUS, Actor
from mashang.kernel.refused import NotFound, Refused
from mashang.ledger import queries as ledger
from mashang.ledger.rules import ERASURE
from mashang.org import queries as org
from mashang.org.rights import RIGHTS
from mashang.org.rules import PERSON_ROLES, Facts

from .. import rules
from ..actions.documents import place
from ..casefile import StepInHand
from ..events import Line, sentence
from ..models import Case, Document, Draft, Notice, NoticeState, Participant, Request, Step
from ..procedure import Action, Procedure, registry

_NO_FILE = "没有找到这份文件，或您无权查看。"


@dataclass(frozen=True, slots=True)
class Press:
    """A button: the action, and the open step it works on (None for the case itself)."""

    action: Action
    step: Step | None


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case the actor may see, with all that hangs on it."""

    case: Case
    procedure: Procedure
    steps: Sequence[Step]
    participants: Sequence[Participant]
    documents: Sequence[Document]
    children: Sequence[Case]

    @property
    def state_label(self) -> str:
        return self.procedure.state_label(self.case.state)

    @property
    def facts(self) -> Facts:
        return facts_of(self.case)

    @property
    def open_steps(self) -> list[Step]:
        return [s for s in self.steps if s.state == "open"]


def facts_of(case: Case) -> Facts:
    """What decides who may see or act on this case."""
    return Facts(frozenset(case.units), frozenset(case.persons), case.region, case.kind)


def facts_by_number(numbers: Collection[str]) -> dict[str, Facts]:
    """What decides who may see these cases, by number; numbers of none are left out. For lists of other rooms."""
    rows = Case.objects.filter(number__in=list(numbers)).only("number", "units", "persons", "region", "kind")
    return {case.number: facts_of(case) for case in rows}


def settled_among(numbers: Collection[str]) -> frozenset[str]:
    """Those of these cases that are settled."""
    done = Case.objects.filter(number__in=list(numbers)).exclude(settled_at=None)
    return frozenset(done.values_list("number", flat=True))


def erased_among(numbers: Collection[str]) -> frozenset[str]:
    """Those of these cases that say of nobody any more whose they were."""
    gone = Case.objects.filter(number__in=list(numbers)).exclude(erased_at=None)
    return frozenset(gone.values_list("number", flat=True))


def _whole(case: Case, by: Actor) -> CaseView:
    """What came of the case is shown to those who may see that too."""
    children = [c for c in Case.objects.filter(parent=case).order_by("id") if org.may_see(by, facts_of(c))]
    return CaseView(
        case,
        registry[case.kind],
        list(case.steps.order_by("id")),
        list(case.participants.order_by("id")),
        list(case.documents.order_by("id")),
        children,
    )


def case_for(by: Actor, number: str, *, right: str = "cases.view") -> CaseView:
    """The case with this number. Refuses (NotFound) when there is none or it is not the actor's to see: no difference."""
    case = Case.objects.filter(number=number).first() if "\x00" not in number else None
    if case is None or not org.may_see(by, facts_of(case), right):
        raise NotFound("没有找到这一件，请核对编号。")
    return _whole(case, by)


def sees(by: Actor, number: str) -> bool:
    """Whether there is a case with this number that the actor may see: before a page leads there."""
    case = Case.objects.filter(number=number).first() if number and "\x00" not in number else None
    return case is not None and org.may_see(by, facts_of(case))


def track(number: str, phone_tail: str) -> CaseView:
    """A case found without an account, by its number and the last four digits of a participant's phone. Full-width digits,
    other dashes and spaces are put right; the prefix may be left out where the rest is one case's alone.

    Refuses (NotFound) in the same words whether the number or the digits are wrong.
    """
    number, phone_tail = rules.typed_number(number), rules.typed_number(phone_tail)
    if faults := rules.track_faults(number, phone_tail):
        raise Refused.of(faults)
    numbers = [number]
    if rules.bare_number(number):
        marks = {procedure.mark for procedure in registry.values()}
        numbers = [f"{short}-{mark}-{number}" for short in org.region_shorts() for mark in marks]
    digest = org.phone_tail(phone_tail)
    found = Participant.objects.filter(case__number__in=numbers, phone_tail=digest).select_related("case")
    cases = {one.case_id: one.case for one in found}
    if len(cases) != 1:
        raise NotFound("没有找到这一件，请核对编号和手机后四位。")
    return _whole(next(iter(cases.values())), ANONYMOUS)


def available(view: CaseView, by: Actor) -> list[Press]:
    """The buttons this actor may press now, the first one first."""
    presses = []
    for verb in view.procedure.actions.values():
        if verb.on == "new" or view.case.state not in verb.leaves:
            continue
        steps = [s for s in view.open_steps if s.kind in verb.steps] if verb.on == "step" else [None]
        waiting = [s for s in steps if not (verb.untimed and s and s.due_at)]
        presses += [Press(verb, s) for s in waiting if may_press(view, verb, s, by) and _offered(view, verb, s)]
    return sorted(presses, key=lambda p: not p.action.first)


def _offered(view: CaseView, verb: Action, step: Step | None) -> bool:
    return verb.offered is None or verb.offered(view.case.pk, step.pk if step else 0)


def may_press(view: CaseView, verb: Action, step: Step | None, by: Actor) -> bool:
    hand = step and StepInHand(step.id, step.code, step.label, step.kind, step.unit_id, step.state, 0, [], [])
    return rules.may_press(verb, by, view.facts, view.case.lead_unit_id, hand or None)


def too_late(view: CaseView, verb: Action, step: Step | None) -> Refused | None:
    """Why this action is no longer, or not yet, for this case or step; None while it may be pressed."""
    kind, state, label = (step.kind, step.state, step.label) if step else ("", "", "")
    return rules.too_late(view.procedure, verb, view.case.state, kind, state, label)


def timeline(view: CaseView, by: Actor) -> list[Line]:
    """The case told in sentences, from the ledger, in order of time. Citizens read which unit acted; colleagues read who."""
    entries = sorted(ledger.history(view.case.number), key=lambda e: e.at)
    names = {ref: _shown_name(view, ref, by) for ref in {e.by for e in entries}}
    return [Line(e.at, sentence(e.verb, {**e.facts, **e.private}), names[e.by], e.verb, e.id, e.facts) for e in entries]


def _shown_name(view: CaseView, ref: str, by: Actor) -> str:
    """After an erasure nothing says any more which person acted."""
    nameless = view.case.erased_at is not None and ref.startswith("person:")
    return gettext("申请人") if nameless else org.shown_name(ref, to=by)


def erased_from(view: CaseView) -> Mapping[str, Any]:
    """The facts of the entry by which persons were taken out of the case: ground, reference, what went. Empty before."""
    if view.case.erased_at is None:
        return {}
    found = [e.facts for e in ledger.history(view.case.number) if e.verb == ERASURE and "files" in e.facts]
    return found[-1] if found else {}


def clocks_of(view: CaseView) -> list[ClockRow]:
    """Every clock of the case, running or stopped."""
    return clocks.clocks_of(view.case.id)


def document_for(by: Actor, document_id: int) -> tuple[Document, bytes]:
    """A file and its bytes, for those who may see its case; one that no case took yet, for who uploaded it.

    Refuses (NotFound) everyone else, also an uploader who may no longer see the case.
    """
    document = Document.objects.select_related("case").filter(pk=document_id).first()
    if document is None:
        raise NotFound(_NO_FILE)
    owner = (
        document.case is None and document.mandate_id is None and document.owner == by.ref and by.kind != "anonymous"
    )
    if not owner and (document.case is None or not org.may_see(by, facts_of(document.case))):
        raise NotFound(_NO_FILE)
    return document, _bytes(document)


def file_of(view: CaseView, document_id: int, also: Collection[int] = ()) -> tuple[Document, bytes]:
    """A file of the case that the asker was let in to; `also` are files of earlier cases that this one relies on."""
    document = next((d for d in view.documents if d.pk == document_id), None)
    if document is None and document_id in also:
        document = Document.objects.filter(pk=document_id).first()
    if document is None:
        raise NotFound(_NO_FILE)
    return document, _bytes(document)


def paper_of(by: Actor, mandate: int) -> tuple[Document, bytes]:
    """The signed paper of a mandate that the actor's own unit recorded. Refuses (NotFound) everyone else."""
    document = Document.objects.filter(mandate=mandate).first()
    own = org.holds(by, "org.mandate") and org.mandates_recorded_in(by.unit_id, only=mandate)
    if document is None or not own:
        raise NotFound(_NO_FILE)
    return document, _bytes(document)


def kinds() -> dict[str, str]:
    """Every kind of case: code → label."""
    return {kind: str(procedure.label) for kind, procedure in registry.items()}


def kinds_for_persons() -> list[tuple[str, str]]:
    """(kind, label) of the kinds of case in which persons act for themselves, or through a helper."""
    return [
        (kind, str(procedure.label))
        for kind, procedure in registry.items()
        if any(RIGHTS[verb.right].roles & PERSON_ROLES for verb in procedure.actions.values())
    ]


def _bytes(document: Document) -> bytes:
    if document.erased_at is not None:
        raise NotFound("这份文件已按规定删除。")
    path: Path = place(document.digest)
    return vault.open_bytes(path.read_bytes())


def draft(form: str, by: Actor) -> dict[str, Any]:
    """What the actor typed last in this form, or nothing."""
    row = Draft.objects.filter(owner=by.ref, form=form).first()
    return dict(json.loads(vault.open_(row.content))) if row else {}


def answered(key: str, by: Actor) -> str:
    """The number of the case that this key was answered with before, empty if it was not: a form sent twice leads there."""
    row = Request.objects.filter(actor=by.ref, key=key).first() if key and "\x00" not in key else None
    return str(row.answer["number"]) if row else ""


def undelivered(view: CaseView) -> list[Notice]:
    """Messages about the case that were given up: somebody must call."""
    return list(Notice.objects.filter(case=view.case, state=NoticeState.FAILED).order_by("at"))
