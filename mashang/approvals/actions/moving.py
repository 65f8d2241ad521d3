"""Where a case stands when a step of it is done: whichever comes last, the case does not stay open."""

from __future__ import annotations

from mashang.cases.casefile import CaseFile

from .. import rules, store
from ..procedure import S

FORWARD = (S.ACCEPTED, S.GRANTED, S.COMPLETED)
"""What an act that finishes a step may reach."""
_DECIDES = ("decision", "issue")


def move_on(case: CaseFile) -> None:
    """After a step: settled when none is left, granted when only checks on site are; the promise is kept by then. Nothing
    moves on before the decision."""
    assert case.step is not None
    decided, left = store.stands(case)
    if not left <= {"site_check"} or not (decided or case.step.kind in _DECIDES):
        return
    if left:
        case.state = S.GRANTED
        case.stop_clock(rules.PROMISED)
        return
    case.state, case.outcome = S.COMPLETED, "granted"
    if "results" not in case.facts:
        case.tell_persons(f"“{case.title}”已全部办结，欢迎评价。")
