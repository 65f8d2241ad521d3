"""评一评: the person whom a service was for rates it, and once more after a bad rating was put right."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from pydantic import Field

from mashang.cases import actions
from mashang.cases import queries as cases
from mashang.cases import rules as case_rules
from mashang.cases.procedure import Form
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Forbidden, Refused
from mashang.ledger import actions as ledger
from mashang.ledger.rules import Entry
from mashang.org import queries as org

from .. import rules
from ..models import Grade, Rating, Source
from ..queries import turn_of


class Rate(Form):
    grade: Grade = Field(title="您的评价", json_schema_extra={"widget": "grade"})
    tags: tuple[str, ...] = Field(
        default=(), title="好在哪里、差在哪里", max_length=8, json_schema_extra={"widget": "tags"}
    )
    words: str = Field(default="", title="想说的话", max_length=500, json_schema_extra={"widget": "textarea"})
    channel: str = Field(default="web", max_length=20)
    second: bool | None = Field(default=None, title="第二次评价")


def rate(number: str, data: Mapping[str, Any] | Rate, *, by: Actor, now: datetime) -> Rating:
    """Rate a finished service, and once more after a bad rating was put right. Refuses whom it was not for, an unfinished
    one, and any other rating of the same service. A calling system hands on what such a person said."""
    view = cases.case_for(by, number)
    form = case_rules.parse(Rate, data)
    assert isinstance(form, Rate)
    if not org.may_act(by, "reviews.rate", view.facts) or by.kind not in ("person", "client"):
        raise Forbidden("只有办事人本人可以评价。")
    if fault := rules.not_yet(view.case.kind, view.case.state):
        raise fault
    return _keep(view, form, Source.EXPLICIT, by, now)


def rate_by_default(number: str, *, by: Actor, now: datetime) -> Rating:
    """Seven natural days of silence count as satisfied (福建省政务服务“好差评”管理办法), kept apart from what people said."""
    view = cases.case_for(by, number)
    return _keep(view, Rate(grade=Grade.GOOD, channel="default"), Source.DEFAULT, by, now)


def _keep(view: cases.CaseView, form: Rate, source: Source, by: Actor, now: datetime) -> Rating:
    turn = turn_of(view.case.pk)
    rules.meant(turn, form.second)
    rows = Rating.objects.filter(case=view.case).order_by("round")
    round_, second = len(rows) + 1, turn is rules.Turn.SECOND
    became = next((r.redress for r in rows if r.redress), "") if second else ""
    try:
        with transaction.atomic():
            if source is Source.EXPLICIT:  # a default says nothing of anybody
                actions.hold(view.case.pk)
            row = Rating.objects.create(
                case=view.case, round=round_, unit_id=view.case.lead_unit_id, entry=view.case.definition,
                grade=form.grade, source=source, tags=list(form.tags), words=form.words, channel=form.channel, at=now,
                second=second, redress=became,
            )  # fmt: skip
            facts = {"grade": int(form.grade), "source": source.value, "unit": view.case.lead_unit_id, "round": round_}
            who = "person" if by.kind == "person" else by.ref
            verb = "rating.given_again" if second else "rating.given"
            ledger.record([Entry(f"rating/{row.pk}", verb, who, now, facts, {"case": view.case.number})])
    except IntegrityError as fault:
        if "rating_once" not in str(fault) and "rating_second_once" not in str(fault):
            raise
        raise Refused("rating.twice", "这次服务已经评价过了，谢谢您。") from fault
    return row
