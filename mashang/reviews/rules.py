"""When a service may be rated, and how often."""

from __future__ import annotations

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


def round_after(grade: int | None, source: str | None, righted: bool, last: int | None) -> int:
    """Which round this rating is. Refuses a second one, except over a default, or after a bad one was put right."""
    if last is None or grade is None:
        return 1
    if source == "default" or (grade <= BAD and righted):
        return last + 1
    raise Refused("rating.twice", "这次服务已经评价过了，谢谢您。")
