"""When a service may be rated, and how often."""

from __future__ import annotations

from enum import Enum

from mashang.kernel.refused import Refused
from mashang.kernel.said import said

SILENCE_DAYS = 7
FINISHED = {"application": frozenset({"granted", "completed", "refused", "not_accepted"})}
"""States in which a service is over and may be rated, by kind of case."""
BAD = 2
"""This grade and the one below it are bad ratings (差评)."""
TAGS = (
    said("一次办好"),
    said("说得清楚"),
    said("速度快"),
    said("态度好"),
    said("材料要得多"),
    said("跑了多趟"),
    said("等得太久"),
    said("态度不好"),
    said("没有一次讲清"),
)


def not_yet(kind: str, state: str) -> Refused | None:
    """Why a case can't be rated now, or None."""
    if kind not in FINISHED:
        return Refused("rating.kind", "这一类件不评价。")
    if state not in FINISHED[kind]:
        return Refused("rating.early", "这件事还没有办结，办结后再请您评价。")
    return None


class Turn(Enum):
    """Which rating of a service: the first, or the one second rating (二次评价) once a bad first was put right or explained."""

    FIRST = "first"
    SECOND = "second"


def turn(first: int | None, settled: bool, second: bool) -> Turn:
    """Which rating is next, given the grade of the `first` (None: not given; a default is none), whether what came of it is
    `settled`, and whether the `second` is given. Refuses any other: both are kept and neither is changed, and a second one
    that is bad opens no third, but a supervised matter."""
    if first is None:
        return Turn.FIRST
    if first <= BAD and settled and not second:
        return Turn.SECOND
    if first <= BAD and not second:
        raise Refused("rating.twice", "这次服务已经评价过了，正在核实整改；整改完以后，您可以再评价一次。")
    raise Refused("rating.twice", "这次服务已经评价过了，谢谢您。")


def meant(turn: Turn, second: bool | None) -> None:
    """Refuses a rating that was meant for the other turn (`second`; None: whichever is next): a call sent again late must not
    become another rating."""
    if second is True and turn is Turn.FIRST:
        raise Refused("rating.first", "这次服务还没有评价过，请先评价。", "second")
    if second is False and turn is Turn.SECOND:
        raise Refused("rating.twice", "这次服务已经评价过了；要作二次评价的，请写明是第二次。", "second")
