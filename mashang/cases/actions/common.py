"""Verbs that every kind of case knows: 分派、移交、催办. A procedure takes them in with `join`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from django.utils.translation import gettext_lazy as _
from pydantic import Field, StringConstraints

from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused
from mashang.org import queries as org

from ..casefile import CaseFile, Message
from ..procedure import Body, Form, Id, Label, Procedure

SENTENCES = {
    "assign": _("{step}分派给{to}"),
    "hand_over": _("{step}移交给{to}：{reason}"),
    "urge": _("催办：{words}"),
    "remind": _("到期提醒：{step}{clock}应于 {due} 前办结"),
    "long_pause": _("停表提醒：{clock}停表过长，请核对是否应当恢复"),
    "moved": _("放假安排调整，{clock}由 {old} 改为 {new}"),
    "supervised": _("转为督办件 {matter}"),
    "released": _("督办件 {matter} 已销号"),
    "overdue": _("超期：{step}{clock}应于 {due} 前办结"),
}


class Assign(Form):
    staff: Id = Field(title="承办人", json_schema_extra={"widget": "staff"})


class HandOver(Form):
    unit: Id = Field(title="移交给", json_schema_extra={"widget": "unit"})
    reason: str = Field(title="移交理由", min_length=4, max_length=500, json_schema_extra={"widget": "textarea"})


class Urge(Form):
    words: str = Field(title="催办意见", min_length=2, max_length=500, json_schema_extra={"widget": "textarea"})


class Supervised(Form):
    matter: str


class Moved(Form):
    clock: str
    old: str
    new: str


class Expired(Form):
    """What ran out, or soon will: `step` leads in the clock's name (审查 · 承诺时限)."""

    clock: str
    due: str = ""
    step: Annotated[str, StringConstraints(strip_whitespace=False)] = ""
    unit: int = 0


def assign(case: CaseFile, form: Assign, *, by: Actor, now: datetime) -> None:
    """Give the open step to a colleague of its unit. Refuses someone of another unit."""
    assert case.step is not None
    found = org.staff([form.staff]).get(form.staff)
    if found is None or not found.working or found.unit != case.step.unit_id:
        raise Refused("assign.other-unit", "只能分派给本单位的人员；要交给别的单位请用“移交”。", "staff")
    case.step.staff = form.staff
    case.fact(to=found.name)
    case.tell(Message(f"{case.number} 的“{case.step.label}”分派给您办理。", staff=form.staff))


def hand_over(case: CaseFile, form: HandOver, *, by: Actor, now: datetime) -> None:
    """Pass the open step to another unit; its clock runs on, against that unit (首问负责: responsibility ends when the other
    has it). Refuses a unit that is closed: nobody works there."""
    assert case.step is not None
    if form.unit == case.step.unit_id:
        raise Refused("hand_over.same-unit", "这个环节已经在该单位，不用移交。", "unit")
    unit = org.unit(form.unit)
    if not unit.open_on(clock.local(now).date()):
        raise Refused("hand_over.closed", "这个单位已经撤销，请移交给别的单位。", "unit")
    case.fact(to=unit.name, reason=form.reason, was=case.step.unit_id)
    case.step.unit_id, case.step.staff = unit.id, None
    case.pass_clocks(unit.id)
    case.units = sorted({*case.units, unit.id})
    case.tell(Message(f"{case.number} 的“{case.step.label}”移交给贵单位办理：{form.reason}", unit=unit.id))


def urge(case: CaseFile, form: Urge, *, by: Actor, now: datetime) -> None:
    """Press for progress: everyone who takes part as a unit is told, and the record shows it."""
    case.fact(words=form.words)
    for unit in case.units:
        case.tell(Message(f"{case.number} 被催办：{form.words}", unit=unit))


def remind(case: CaseFile, form: Expired, *, by: Actor, now: datetime) -> None:
    """The clock soon runs out: the unit in charge is told, and with it whoever has the step in hand."""
    case.fact(clock=form.clock, due=form.due, step=form.step)
    case.tell(Message(f"{case.number} {form.step}{form.clock}临近到期（{form.due}），请抓紧办理。", unit=form.unit))


def long_pause(case: CaseFile, form: Expired, *, by: Actor, now: datetime) -> None:
    """A clock has been suspended past the end that was told, or for very long: the unit checks whether it should go on."""
    case.fact(clock=form.clock, step=form.step)
    case.tell(Message(f"{case.number} {form.clock}停表过长，请核对是否应当恢复。", unit=form.unit))


def overdue(case: CaseFile, form: Expired, *, by: Actor, now: datetime) -> None:
    """The clock ran out: the case is late from now on, whatever happens later."""
    case.late = True
    case.fact(clock=form.clock, due=form.due, step=form.step, overdue_unit=form.unit)
    case.tell(Message(f"{case.number} {form.step}{form.clock}已超期（应于 {form.due} 前办结）。", unit=form.unit))


def supervised(case: CaseFile, form: Supervised, *, by: Actor, now: datetime) -> None:
    """A supervised matter was opened about this case."""
    case.supervised = True
    case.fact(matter=form.matter)


def released(case: CaseFile, form: Supervised, *, by: Actor, now: datetime) -> None:
    """The matter about this case was struck off."""
    case.supervised = False
    case.fact(matter=form.matter)


def moved(case: CaseFile, form: Moved, *, by: Actor, now: datetime) -> None:
    """A revised calendar moved a due time: the page shows the new one, and everyone concerned is told of both."""
    case.fact(clock=form.clock, old=form.old, new=form.new)
    text = f"{case.number} {form.clock}的到期时间因放假安排调整，由 {form.old} 改为 {form.new}。"
    case.tell_persons(text, channel="sms")
    case.tell(Message(text, unit=case.step.unit_id if case.step else case.lead_unit_id))


def join(procedure: Procedure, *, running: Iterable[str], steps: Iterable[str]) -> None:
    """Let a procedure know the common verbs in its `running` states and for its kinds of `steps`."""
    running, steps = tuple(running), tuple(steps)

    def on_steps(code: str, label: Label, form: type[Form], body: Body, right: str) -> None:
        procedure.action(code, label=label, right=right, form=form, leaves=running, on="step", steps=steps)(body)

    def by_rule(code: str, label: Label, form: type[Form], body: Body, leaves: tuple[str, ...]) -> None:
        procedure.action(code, label=label, right="cases.expire", form=form, leaves=leaves, by_rule=True)(body)

    on_steps("assign", _("分派"), Assign, assign, "cases.assign")
    on_steps("hand_over", _("移交"), HandOver, hand_over, "cases.hand_over")
    by_rule("remind", _("到期提醒"), Expired, remind, running)
    by_rule("long_pause", _("停表提醒"), Expired, long_pause, running)
    by_rule("overdue", _("超期"), Expired, overdue, running)
    by_rule("moved", _("时限重算"), Moved, moved, running)
    by_rule("supervised", _("转督办"), Supervised, supervised, tuple(procedure.states))
    by_rule("released", _("督办销号"), Supervised, released, tuple(procedure.states))
    procedure.action("urge", label=_("催办"), right="cases.urge", form=Urge, leaves=running)(urge)
