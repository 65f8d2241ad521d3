"""Where indicators get their figures: the measures that lower rooms count over their own cases, by name.

A measure is a plain function `measure(units, period)` giving, for each unit id it knows something of, a `Measured`. The
table holds dotted paths, so that a scheme, the command and the docs can name a measure without loading the rooms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from mashang.kernel.refused import Refused
from mashang.performance.rules.periods import Period


class Measured(Protocol):
    """What a room hands back for one unit: hits, out of how many, and the filter that finds the cases counted."""

    @property
    def numerator(self) -> float: ...
    @property
    def denominator(self) -> float: ...
    @property
    def cases(self) -> Mapping[str, Any]: ...


Measure = Callable[[Sequence[int], Period], Mapping[int, Measured]]


@dataclass(frozen=True, slots=True)
class Source:
    """A measure: its label, its function, and whether it is a rate (hits of a total) or a plain sum."""

    label: str | Promise
    path: str
    rate: bool = True


MEASURES: dict[str, Source] = {
    "on_time_rate": Source(_("按时办结率"), "mashang.approvals.measures.on_time_rate"),
    "promise_cut": Source(_("承诺时限压缩率"), "mashang.approvals.measures.promise_cut", rate=False),
    "satisfaction": Source(_("满意度（主动评价）"), "mashang.reviews.measures.satisfaction"),
    "satisfaction_with_default": Source(
        _("满意度（含默认好评）"), "mashang.reviews.measures.satisfaction_with_default"
    ),
    "supervised_deductions": Source(_("督查扣分"), "mashang.supervision.measures.supervised_deductions", rate=False),
}


def source(name: str) -> Source:
    """The measure of this name; refuses one that is not in the table."""
    if name not in MEASURES:
        raise Refused("score.no-measure", f"没有名为“{name}”的实测指标，可用：{'、'.join(MEASURES)}。", "source")
    return MEASURES[name]


def measure(name: str, units: Sequence[int], period: Period) -> Mapping[int, Measured]:
    """Count for these units over this period."""
    function: Measure = import_string(source(name).path)
    return function(units, period)


def figure_of(measured: Measured, unit: str) -> float | None:
    """The measured figure in the unit the scheme wants: per cent, share, or the plain sum; None if nothing was counted."""
    if unit in ("percent", "share"):
        if not measured.denominator:
            return None
        return (100.0 if unit == "percent" else 1.0) * measured.numerator / measured.denominator
    return float(measured.numerator)
