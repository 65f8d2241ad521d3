"""An act on a case with 95 steps side by side, beside one with 8: the same work, so nearly the same cost.

python -m benchmarks.cases --only wide
"""

from __future__ import annotations

import statistics
from datetime import datetime
from pathlib import Path
from time import process_time
from typing import Any

from django.db import connection, models

from mashang.cases import actions
from mashang.cases.casefile import CaseFile, StepPlan
from mashang.cases.models import Step
from mashang.cases.procedure import Form, Procedure
from mashang.kernel import clock
from mashang.kernel.actor import Actor

MOST = 1.2
WIDTHS = (8, 95)


class S(models.TextChoices):
    OPEN = "open", "在办"
    DONE = "done", "已办"


class Ask(Form):
    unit: int
    looks: int


wide = Procedure(
    "bench-wide", "基准", "测", S, frozenset({S.DONE}), {"ask": "征求意见", "look": "{step}：{opinion}"}, step_kinds={"look": "审查"}
)  # fmt: skip


class Look(Form):
    opinion: str


@wide.action("ask", label="征求意见", right="cases.begin", form=Ask, on="new", reaches=S.OPEN)
def ask(case: CaseFile, form: Ask, *, by: Actor, now: datetime) -> None:
    case.title, case.lead_unit_id, case.region = "征求意见", form.unit, "350824"
    looks = [StepPlan(f"look{i}", f"审查{i}", "look", form.unit, clocks=(("XK-20", ""),)) for i in range(form.looks)]
    case.plan([*looks, StepPlan("decide", "决定", "look", form.unit, after=tuple(p.code for p in looks))])


@wide.action(
    "look", label="审查", right="cases.act", form=Look, leaves=[S.OPEN], on="step", steps=["look"], finishes=True
)
def look(case: CaseFile, form: Look, *, by: Actor, now: datetime) -> None:
    case.confide(opinion=form.opinion)
    case.finish("seen")


def spent() -> float:
    """Processor time of this process and of its database session: what others do meanwhile doesn't count."""
    connection.ensure_connection()
    told = Path(f"/proc/{connection.connection.info.backend_pid}/stat").read_text("ascii")
    fields = told.rpartition(")")[2].split()
    return process_time() + (int(fields[11]) + int(fields[12])) / 100


def cost(by: Actor, looks: int, cases: int) -> float:
    """Seconds of processor time an act, over all first halves of so many cases' looks, in turns over the cases."""
    made = [
        actions.begin("bench-wide", "ask", {"unit": by.unit_id, "looks": looks}, by=by, now=clock.now())
        for _ in range(cases)
    ]
    steps = Step.objects.filter(case__number__in=[m.number for m in made], state="open").order_by("code", "case_id")
    rows: list[Any] = list(steps.values_list("case__number", "id"))[: len(made) * looks // 2]
    began = spent()
    for number, step in rows:
        actions.act(number, "look", {"opinion": "符合规划和用地要求"}, by=by, now=clock.now(), step=step)
    return (spent() - began) / len(rows)


def run(by: Actor, missed: list[str]) -> None:
    """Three rounds in turns; the median of each width."""
    found: dict[int, list[float]] = {width: [] for width in WIDTHS}
    cost(by, 8, 10)
    for _ in range(3):
        for width in WIDTHS:
            found[width].append(cost(by, width, 760 // width))
    narrow, broad = (statistics.median(found[width]) for width in WIDTHS)
    ratio = broad / narrow
    word = "" if ratio <= MOST else "  MISSED"
    print(
        f"act with 8 / 95 steps side by side   {1e6 * narrow:,.0f} / {1e6 * broad:,.0f} us of processor, ratio {ratio:.2f}  (at most {MOST}){word}"
    )
    if word:
        missed.append("wide")
