"""Who answers, who checks, and by when."""

from __future__ import annotations

from collections.abc import Iterable

from mashang.cases.casefile import StepPlan
from mashang.kernel.refused import Refused
from mashang.org.queries import UnitInfo

OVERDUE_DAYS = 3
REQUIRED_OF_OVERDUE = "立即办结，向申请人说明原因，并反馈整改措施。"


def office_for(unit: UnitInfo, units: Iterable[UnitInfo]) -> int:
    """The effectiveness office that supervises a unit: the nearest one upward of its region. Refuses when there is none."""
    offices = [u for u in units if u.kind == "office" and unit.region.startswith(u.region)]
    if not offices:
        raise Refused("supervision.no-office", "这个地区还没有设置效能办，不能交办。", "unit")
    return max(offices, key=lambda u: (len(u.region), -u.id)).id


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
