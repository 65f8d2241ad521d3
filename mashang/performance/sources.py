"""Where indicators get their figures: the measures that lower rooms count over their own cases, by name.

A measure is a plain function `measure(units, period)` giving, for each unit id it knows something of, a `Measured`: a
numerator, a denominator and the numbers of the cases counted. Both add up over units, so that a unit answers for those
below it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mashang.approvals import measures as approvals
from mashang.cases.measures import MOST, Measured
from mashang.kernel.refused import Refused
from mashang.kernel.said import said
from mashang.reviews import measures as reviews
from mashang.supervision import measures as supervision

from .rules.periods import Period

Measure = Callable[[Sequence[int], Period], Mapping[int, Measured]]


class Sort(StrEnum):
    """What a measure's figure is: hits out of a total, the mean of a share over cases, or a sum."""

    RATE = auto()
    MEAN = auto()
    SUM = auto()


@dataclass(frozen=True, slots=True)
class Source:
    """A measure: its label, its function, and what its figure is."""

    label: str | Promise
    count: Measure
    sort: Sort = Sort.RATE


MEASURES: dict[str, Source] = {
    "on_time_rate": Source(_("按时办结率"), approvals.on_time_rate),
    "promise_cut": Source(_("承诺时限压缩率"), approvals.promise_cut, Sort.MEAN),
    "site_violations": Source(_("到场检查不符率"), approvals.site_violations),
    "satisfaction": Source(_("满意度（主动评价）"), reviews.satisfaction),
    "satisfaction_with_default": Source(_("满意度（含默认好评）"), reviews.satisfaction_with_default),
    "supervised_deductions": Source(_("督查扣分"), supervision.supervised_deductions, Sort.SUM),
}


def source(name: str) -> Source:
    """The measure of this name; refuses one that is not in the table."""
    if name not in MEASURES:
        text = said("没有名为“{name}”的实测指标，可用：{names}。", name=name, names=[*MEASURES])
        raise Refused("score.no-measure", text, "source")
    return MEASURES[name]


def figure_of(name: str, measured: Measured, unit: str) -> float | None:
    """A rate or mean as the share or per cent that the indicator's unit asks for, a sum as it stands; None if nothing was
    counted."""
    if source(name).sort is Sort.SUM:
        return float(measured.numerator)
    if not measured.denominator:
        return None
    return (100.0 if unit == "percent" else 1.0) * measured.numerator / measured.denominator


def whole(parts: Mapping[int, Measured]) -> Measured:
    """What units below one another measured as one; `cases["units"]` says which unit brought what."""
    cases = {key: _united(one.cases.get(key) or () for one in parts.values()) for key in ("counted", "against")}
    of = {str(unit): [one.numerator, one.denominator] for unit, one in parts.items()}
    return Measured(
        sum(one.numerator for one in parts.values()),
        sum(one.denominator for one in parts.values()),
        {**cases, "units": of},
    )


def _united(lists: Iterable[Iterable[str]]) -> list[str]:
    """Numbers of cases, each once however many units worked on it."""
    return list(dict.fromkeys(number for numbers in lists for number in numbers))[:MOST]
