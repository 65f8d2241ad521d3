"""交办、反馈、退回、销号."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from pydantic import Field, JsonValue

from mashang.cases import queries as cases
from mashang.cases.casefile import CaseFile, Message
from mashang.cases.procedure import Form
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused
from mashang.kernel.said import said
from mashang.org import queries as org

from .. import rules
from ..procedure import S, supervision

AREA: dict[str, JsonValue] = {"widget": "textarea"}
LIMIT = "DB-x"
_NEW = """
INSERT INTO supervision_matter (case_id, unit_id, source, about, cause, required, answer, measures, round, deduction, ground,
  opened_at)
VALUES (%s, %s, %s, %s, %s, %s, '', '', 1, 0, '', %s)"""
_ANSWER = "UPDATE supervision_matter SET answer = %s, measures = %s WHERE case_id = %s"
_AGAIN = "UPDATE supervision_matter SET round = round + 1 WHERE case_id = %s"
_CLOSE = "UPDATE supervision_matter SET deduction = %s, ground = %s, closed_at = %s WHERE case_id = %s"


class Overdue(Form):
    about: str = Field(title="有关的件")
    unit: int = Field(title="责任单位")
    cause: str = Field(title="事由", max_length=500)


class Assign(Form):
    unit: int = Field(title="责任单位", json_schema_extra={"widget": "unit"})
    cause: str = Field(title="事由", min_length=4, max_length=1000, json_schema_extra=AREA)
    required: str = Field(title="办理要求", min_length=4, max_length=1000, json_schema_extra=AREA)
    days: int = Field(default=5, title="反馈期限（工作日）", ge=1, le=60)
    about: str = Field(default="", title="有关的件", max_length=60)


class Report(Form):
    answer: str = Field(title="办理情况", min_length=6, max_length=4000, json_schema_extra=AREA)
    measures: str = Field(default="", title="整改措施", max_length=4000, json_schema_extra=AREA)


class SendBack(Form):
    words: str = Field(title="退回意见", min_length=4, max_length=1000, json_schema_extra=AREA)
    days: int = Field(default=3, title="重新反馈期限（工作日）", ge=1, le=30)


class Close(Form):
    deduction: Decimal = Field(default=Decimal(0), title="扣分", ge=0, le=20, max_digits=5, decimal_places=2)
    ground: str = Field(default="", title="扣分依据", max_length=500)


@supervision.action(
    "assign_overdue", label=_("超期转督办"), right="supervision.assign", form=Overdue, on="new", reaches=S.ASSIGNED,
    by_rule=True,
)  # fmt: skip
def assign_overdue(case: CaseFile, form: Overdue, *, by: Actor, now: datetime) -> None:
    """What the sweep finds: an overdue case is answered for by the unit in whose hands it lies."""
    _assign(case, form.unit, "overdue", form.about, form.cause, rules.REQUIRED_OF_OVERDUE, rules.OVERDUE_DAYS)


@supervision.action(
    "assign_rating", label=_("二次评价转督办"), right="supervision.assign", form=Overdue, on="new", reaches=S.ASSIGNED,
    by_rule=True,
)  # fmt: skip
def assign_rating(case: CaseFile, form: Overdue, *, by: Actor, now: datetime) -> None:
    """What was put right after a bad rating was rated badly again: the unit answers once more, and the office checks."""
    _assign(case, form.unit, "rating", form.about, form.cause, rules.REQUIRED_OF_RATING, rules.RATING_DAYS)


@supervision.action(
    "assign_matter", label=_("交办"), right="supervision.assign", form=Assign, on="new", reaches=S.ASSIGNED
)
def assign_matter(case: CaseFile, form: Assign, *, by: Actor, now: datetime) -> None:
    """The office or a leader gives a unit a matter to answer by a date. Refuses the number of a case that they can't see."""
    if form.about and not cases.sees(by, form.about):
        raise Refused("matter.about", said("没有找到编号为“{about}”的件，请核对。", about=form.about), "about")
    _assign(
        case, form.unit, "inspection" if form.about else "instruction", form.about, form.cause, form.required, form.days
    )


def _assign(case: CaseFile, unit_id: int, source: str, about: str, cause: str, required: str, days: int) -> None:
    unit = org.unit(unit_id)
    office = rules.office_of(org.offices_over(unit, clock.local(case.now).date()))
    case.title, case.about = f"督办：{cause}"[:120], about
    case.lead_unit_id, case.region = unit_id, unit.region
    case.words = f"{about} {unit.name}"
    case.plan(rules.round_of(1, unit_id, office, days))
    case.write_also(lambda made: (_NEW, [made.id, unit_id, source, about, cause, required, made.now]))
    case.fact(about=about, unit_name=unit.name, cause=cause, required=required)
    case.tell(Message(f"收到督办件：{cause}。请在 {days} 个工作日内反馈。", unit=unit_id))


@supervision.action(
    "report", label=_("反馈"), right="supervision.report", form=Report, leaves=[S.ASSIGNED], reaches=S.REPORTED, on="step",
    steps=["answer"], finishes=True, first=True,
)  # fmt: skip
def report(case: CaseFile, form: Report, *, by: Actor, now: datetime) -> None:
    """The unit says what it did and what it changed."""
    assert case.step is not None
    case.write_also(lambda made: (_ANSWER, [form.answer, form.measures, made.id]))
    case.fact(unit_name=org.unit(case.step.unit_id).name, answer=form.answer)
    case.finish("reported")


@supervision.action(
    "send_back", label=_("退回重办"), right="supervision.confirm", form=SendBack, leaves=[S.REPORTED],
    reaches=S.ASSIGNED, on="step", steps=["check"], finishes=True,
)  # fmt: skip
def send_back(case: CaseFile, form: SendBack, *, by: Actor, now: datetime) -> None:
    """The answer does not stand: a new round begins with its own date."""
    assert case.step is not None
    number = rules.next_round(case.step.code)
    case.plan(rules.round_of(number, case.lead_unit_id, case.step.unit_id, form.days))
    case.write_also(lambda made: (_AGAIN, [made.id]))
    case.fact(words=form.words)
    case.finish("sent-back")
    case.tell(Message(f"督办件 {case.number} 的反馈被退回：{form.words}", unit=case.lead_unit_id))


@supervision.action(
    "close", label=_("核实销号"), right="supervision.confirm", form=Close, leaves=[S.REPORTED], reaches=S.CLOSED,
    on="step", steps=["check"], finishes=True, first=True,
)  # fmt: skip
def close(case: CaseFile, form: Close, *, by: Actor, now: datetime) -> None:
    """Struck off on evidence by someone other than who answered. A deduction needs its ground."""
    if form.deduction and not form.ground:
        raise Refused("close.ground", "扣分须写明依据的条款或规定。", "ground")
    values: list[Any] = [form.deduction, form.ground, now]
    case.write_also(lambda made: (_CLOSE, [*values, made.id]))
    case.fact(deduction=f"扣 {form.deduction} 分（{form.ground}）" if form.deduction else "不扣分")
    case.finish("closed")
    case.tell(Message(f"督办件 {case.number} 已销号。", unit=case.lead_unit_id))
