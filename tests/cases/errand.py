"""A small procedure to try the engine on: hand in, look at it side by side, decide."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from pydantic import Field

from mashang.cases.actions import common
from mashang.cases.casefile import CaseFile, Message, Party, StepPlan
from mashang.cases.procedure import Form, Procedure
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused


class S(models.TextChoices):
    OPEN = "open", "在办"
    GRANTED = "granted", "已准予"
    REFUSED = "refused", "不予办理"


errand = Procedure(
    kind="errand",
    label="差事",
    mark="试",
    states=S,
    final=frozenset({S.GRANTED, S.REFUSED}),
    step_kinds={"look": "审查", "decide": "决定"},
    sentences={
        **common.SENTENCES,
        "hand_in": "提交：{what}",
        "look": "{step}：{opinion}",
        "pause": "停表：{ground}",
        "go_on": "停表结束",
        "decide": "{result}",
        "fail": "出错",
        "lapse": "逾期视为撤回",
    },
)


class HandIn(Form):
    what: str = Field(title="什么事", min_length=1, max_length=200)
    unit: int
    looks: int = Field(default=2, ge=1, le=200)
    region: str = "350824"
    documents: dict[int, str] = {}
    person: int = 0


class Look(Form):
    opinion: str = Field(title="意见", min_length=2)


class Pause(Form):
    ground: str = Field(title="事由")


class Decide(Form):
    grant: bool = Field(title="准予")


@errand.action("hand_in", label="提交", right="cases.begin", form=HandIn, on="new", reaches=S.OPEN)
def hand_in(case: CaseFile, form: HandIn, *, by: Actor, now: datetime) -> None:
    case.title, case.lead_unit_id, case.region = form.what, form.unit, form.region
    looks = [StepPlan(f"look{i}", f"审查{i}", "look", form.unit, clocks=(("XK-20", ""),)) for i in range(form.looks)]
    case.plan([*looks, StepPlan("decide", "决定", "decide", form.unit, after=tuple(p.code for p in looks))])
    case.start_clock("XK-20")
    if form.person:
        case.join(Party(form.person, "applicant", "陈某某"))
    case.attach(form.documents)
    case.fact(what=form.what)
    case.tell(Message("收到一件", unit=form.unit))


@errand.action(
    "look",
    label="审查",
    right="cases.act",
    form=Look,
    leaves=[S.OPEN],
    on="step",
    steps=["look"],
    finishes=True,
    first=True,
)
def look(case: CaseFile, form: Look, *, by: Actor, now: datetime) -> None:
    case.confide(opinion=form.opinion)
    case.finish("seen")


@errand.action("pause", label="停表", right="cases.act", form=Pause, leaves=[S.OPEN], suspends=["XK-20"])
def pause(case: CaseFile, form: Pause, *, by: Actor, now: datetime) -> None:
    case.suspend_clock("XK-20", form.ground)
    case.fact(ground=form.ground)


@errand.action("go_on", label="停表结束", right="cases.act", leaves=[S.OPEN], resumes=["XK-20"])
def go_on(case: CaseFile, form: Form, *, by: Actor, now: datetime) -> None:
    case.resume_clock("XK-20")


@errand.action(
    "decide", label="决定", right="cases.act", form=Decide, leaves=[S.OPEN], reaches=[S.GRANTED, S.REFUSED], on="step",
    steps=["decide"], finishes=True,
)  # fmt: skip
def decide(case: CaseFile, form: Decide, *, by: Actor, now: datetime) -> None:
    case.state = S.GRANTED if form.grant else S.REFUSED
    case.fact(result=str(S(case.state).label))
    case.finish(case.state)


@errand.action("fail", label="出错", right="cases.act", leaves=[S.OPEN])
def fail(case: CaseFile, form: Form, *, by: Actor, now: datetime) -> None:
    case.fact(what="不会留下")
    raise Refused("errand.no", "这件差事不能办。")


@errand.action("lapse", label="视为撤回", right="cases.act", leaves=[S.OPEN], reaches=S.REFUSED, by_rule=True)
def lapse(case: CaseFile, form: Form, *, by: Actor, now: datetime) -> None:
    pass


common.join(errand, running=[S.OPEN], steps=["look", "decide"])
