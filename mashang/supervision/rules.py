"""Who answers, who checks, and by when."""

from __future__ import annotations

from collections.abc import Sequence

from mashang.cases.casefile import StepPlan
from mashang.kernel.refused import Refused
from mashang.org.queries import UnitInfo

OVERDUE_DAYS = 3
RATING_DAYS = 5
REQUIRED_OF_RATING = "重新核实评价人反映的问题，整改到位，并反馈整改措施。"
REQUIRED_OF_OVERDUE = "立即办结，向申请人说明原因，并反馈整改措施。"


def office_of(offices: Sequence[UnitInfo]) -> int:
    """The effectiveness office that supervises: the first of those over a unit. Refuses when there is none."""
    if not offices:
        raise Refused("supervision.no-office", "这个地区还没有设置效能办，不能交办。", "unit")
    return offices[0].id


def round_of(number: int, unit: int, office: int, days: int) -> list[StepPlan]:
    """One round: the unit answers within `days` working days, then the office checks."""
    answer, check = f"answer-{number}", f"check-{number}"
    return [
        StepPlan(
            answer, "反馈" if number == 1 else f"第 {number} 次反馈", "answer", unit, clocks=(("DB-x", f"{days}wd"),)
        ),
        StepPlan(check, "核实", "check", office, after=(answer,)),
    ]


def next_round(check: str) -> int:
    """The number of the round after the one whose checking step has this code."""
    return int(check.rpartition("-")[2]) + 1
