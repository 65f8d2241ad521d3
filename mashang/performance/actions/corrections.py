"""更正: somebody asks with a reason, somebody else approves or refuses. The figure that was reported stays where it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop

from mashang.cases import actions as cases
from mashang.cases.casefile import Message
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Fault, Forbidden, NotFound, Refused
from mashang.kernel.said import said
from mashang.org import queries as org

from ..gathering import column_of, reports
from ..models import Correction, Figure
from ..rules.periods import in_words
from ..rules.reporting import LONGEST, evidence_faults, reason_faults, value_faults
from .common import note
from .figures import facts_of

State = Correction.State
APPROVED, REFUSED = (
    gettext_noop("{unit}{period}的“{name}”已按您的申请更正为 {value:.10g}。"),
    gettext_noop("{unit}{period}的“{name}”未同意更正：{answer}"),
)


@dataclass(frozen=True, slots=True)
class NewCorrection:
    """What a figure should have been, what shows it, and why it was reported otherwise."""

    figure: int
    value: float
    evidence: str
    reason: str


def ask_correction(form: NewCorrection, *, by: Actor, now: datetime) -> int:
    """Ask for a correction of a figure that stands; it waits for somebody else. Refuses with all faults, one that changes
    nothing, and a second one while another waits. The same asked again by the same person is the same correction."""
    with transaction.atomic():
        figure = _figure(form.figure, by)
        unit = org.unit(figure.unit_id)
        about = column_of(figure.scheme_code, figure.indicator, unit.region)
        if not reports(by, unit, about):
            raise Refused("figure.office", said("“{name}”由效能办填报，单位不自报。", name=about.name), "value")
        faults = [
            *value_faults(about, form.value),
            *evidence_faults(form.evidence),
            *reason_faults(form.reason),
        ]
        if form.value == figure.value:
            faults.append(Fault("correction.same", "更正后的数据与原来的一样，请核对。", "value"))
        if faults:
            raise Refused.of(faults)
        if Figure.objects.filter(corrects=figure).exists():
            raise Refused("conflict.figure", "这一数据已经更正过，请在更正后的数据上提出。", "value")
        asked = (form.value, form.evidence.strip(), form.reason.strip(), by.ref)
        waiting = Correction.objects.filter(figure=figure, state=State.ASKED).first()
        if waiting is not None:
            if (waiting.value, waiting.evidence, waiting.reason, waiting.asked_by) == asked:
                return waiting.pk
            raise Refused("conflict.correction", "这一数据已有一项更正待批，批复之后才能再提。", "value")
        value, evidence, reason, ref = asked
        row = Correction.objects.create(
            figure=figure, value=value, evidence=evidence, reason=reason, asked_at=now, asked_by=ref
        )
        facts = facts_of(figure) | {"value": value, "was": figure.value}
        note("correction.asked", by, now, private={"evidence": evidence, "reason": reason}, **facts)
    return row.pk


def approve_correction(correction: int, *, by: Actor, now: datetime) -> int:
    """Approve: the figure that was asked for is made beside the old one, and stands from now on; the asker is told. Refuses
    the one who asked, and a correction that is decided otherwise."""
    with transaction.atomic():
        row = _waiting(correction, by)
        if row.state == State.APPROVED and row.decided_by == by.ref and row.made_id is not None:
            return row.made_id
        _decidable(row, by)
        old = row.figure
        made = Figure.objects.create(
            scheme_code=old.scheme_code, indicator=old.indicator, unit_id=old.unit_id, period=old.period, value=row.value,
            evidence=row.evidence, reported_at=now, reported_by=row.asked_by, corrects=old, reason=row.reason,
            approved_by=by.ref,
        )  # fmt: skip
        row.state, row.decided_at, row.decided_by, row.made = State.APPROVED, now, by.ref, made
        row.save(update_fields=["state", "decided_at", "decided_by", "made"])
        private = {"evidence": row.evidence, "reason": row.reason}
        note("figure.corrected", by, now, private, was=old.value, asked_by=row.asked_by, **facts_of(made))
        _tell(row, APPROVED, now)
    return made.pk


def refuse_correction(correction: int, answer: str, *, by: Actor, now: datetime) -> None:
    """Refuse, with a reason that the asker is told: the figure stays as it is."""
    with transaction.atomic():
        row = _waiting(correction, by)
        if (row.state, row.decided_by, row.answer) == (State.REFUSED, by.ref, answer.strip()):
            return
        _decidable(row, by)
        if not answer.strip() or len(answer) > LONGEST:
            raise Refused("correction.answer", "请写明不同意的理由（300 字以内），提出人会看到。", "answer")
        row.state, row.decided_at, row.decided_by, row.answer = State.REFUSED, now, by.ref, answer.strip()
        row.save(update_fields=["state", "decided_at", "decided_by", "answer"])
        facts = facts_of(row.figure) | {"asked_by": row.asked_by}
        note("correction.refused", by, now, private={"answer": row.answer, "reason": row.reason}, **facts)
        _tell(row, REFUSED, now)


def _figure(id_: int, by: Actor) -> Figure:
    """The figure, held for this act; not found for those who do not report for its unit."""
    row = Figure.objects.select_for_update().filter(pk=id_).first()
    if row is None or not _reaches(by, "performance.report", row):
        raise NotFound("没有找到这一数据。")
    return row


def _waiting(id_: int, by: Actor) -> Correction:
    row = Correction.objects.select_for_update(of=("self",)).select_related("figure").filter(pk=id_).first()
    if row is None or not _reaches(by, "performance.report", row.figure):
        raise NotFound("没有找到这项更正。")
    if not _reaches(by, "performance.correct", row.figure):
        raise Forbidden("更正由效能办批准。")
    return row


def _decidable(row: Correction, by: Actor) -> None:
    if row.state != State.ASKED:
        label = str(State(row.state).label)
        raise Refused("conflict.decided", said("这项更正已经办过（{state}），不用再办。", state=label))
    if row.asked_by == by.ref:
        raise Refused("correction.own", "更正由别人批准：提出更正的人不能自己批准，也不能自己驳回。")


def _reaches(by: Actor, right: str, figure: Figure) -> bool:
    unit = org.unit(figure.unit_id)
    return org.may(by, right, units=[unit.id], region=unit.region)


def _tell(row: Correction, template: str, now: datetime) -> None:
    """A notice to the one who asked, if that is a member of staff."""
    kind, _, key = row.asked_by.partition(":")
    if kind == "staff" and key.isdigit():
        figure = row.figure
        unit = org.unit(figure.unit_id)
        name = column_of(figure.scheme_code, figure.indicator, unit.region).title
        told = said(
            template,
            unit=unit.short_name,
            period=in_words(figure.period),
            name=name,
            value=row.value,
            answer=row.answer,
        )
        cases.tell(Message(told, staff=int(key)), now=now)
