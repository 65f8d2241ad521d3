"""What of a scheme is reported rather than measured, and what a figure that is reported must be like."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mashang.kernel.refused import Fault
from mashang.kernel.said import said
from mashang.kernel.sheet import number_in
from mashang.performance.rules.scheme import Indicator, Scheme
from mashang.performance.rules.statistics import LARGEST

LONGEST = 300


@dataclass(frozen=True, slots=True)
class Wanted:
    """A column that units report: of which indicator (none for a number about the unit itself), and which of how many marks.

    `needed`: every unit has it; a bonus, a deduction or a veto is reported only where there is one.
    `office`: units do not report it of themselves, the office does. `unit` as in the scheme; marks lie between 0 and `most`. `collected` says by when, `lead` who collects, in the scheme's words.
    """

    column: str
    name: str
    indicator: str = ""
    mark: int = 0
    marks: int = 0
    unit: str = ""
    most: float = math.inf
    collected: str = ""
    lead: str = ""
    basis: str = ""
    needed: bool = True
    office: bool = False

    @property
    def title(self) -> str:
        """The indicator's name, with the place among its marks: 领导和服务对象评议（2/5）."""
        return (
            said("{name}（{mark}/{marks}）", name=self.name, mark=self.mark, marks=self.marks)
            if self.marks
            else self.name
        )


def scored(rule: Scheme, group: str) -> bool:
    """Whether units of a class are scored by the scheme: any class if it names none, never one without a class."""
    return bool(group) and (not rule.classes or group in rule.classes)


def wanted(rule: Scheme, group: str = "") -> list[Wanted]:
    """What a unit of a class reports, in the order of the file: what its class is freed from is left out. Without a class,
    what units of any class report."""
    own = rule.for_class(group) if group else rule
    found = [one for leaf in own.indicators.values() if leaf.source == "reported" for one in _columns(leaf)]
    names = rule.raw.get("attributes", {})
    numbers = [Wanted(a.id, str(names.get(a.id, {}).get("name", a.id))) for a in rule.attributes.values() if a.number]
    return [*numbers, *found]


def _columns(leaf: Indicator) -> list[Wanted]:
    one = Wanted(
        leaf.id, leaf.name, leaf.id, unit=leaf.unit, collected=leaf.facts.get("collected", ""),
        lead=leaf.facts.get("lead", ""), basis=leaf.facts.get("basis", ""), needed=leaf.role == "part",
        office=leaf.reporter == "office",
    )  # fmt: skip
    if leaf.inputs == (leaf.id,):
        return [one]
    most, marks = float(leaf.method.options["out_of"]), len(leaf.inputs)
    return [replace(one, column=c, mark=n, marks=marks, most=most) for n, c in enumerate(leaf.inputs, 1)]


def number_of(text: str, unit: str = "") -> float:
    """The number somebody typed: spaces, full-width digits, thousands' commas and a per cent sign are understood. NaN if it is none."""
    return number_in("".join(text.split()), unit == "share")


def value_faults(one: Wanted, value: float, field: str = "value") -> list[Fault]:
    """Everything wrong with a figure as such: a share lies between 0 and 1, a count is whole, a mark within its scale."""
    if not math.isfinite(value):
        return [Fault("figure.value", "数据应当是一个数。", field)]
    if abs(value) > LARGEST:
        return [Fault("figure.value", said("“{name}”的数太大，请核对。", name=one.name), field)]
    if one.unit == "share" and not 0 <= value <= 1:
        return [Fault("figure.value", said("“{name}”是比例，应当在 0 到 1 之间。", name=one.name), field)]
    if one.unit == "count" and (value < 0 or value != math.floor(value)):
        return [Fault("figure.value", said("“{name}”是个数，应当是不小于 0 的整数。", name=one.name), field)]
    if one.marks and not 0 <= value <= one.most:
        return [Fault("figure.value", said("评分应当在 0 到 {most:g} 之间。", most=one.most), field)]
    return []


def evidence_faults(evidence: str) -> list[Fault]:
    """What is wrong with the evidence of a figure: none given, or more than 300 characters."""
    if not evidence.strip() or len(evidence) > LONGEST:
        return [Fault("figure.evidence", "请写明佐证（300 字以内），例如文件名称和文号。", "evidence")]
    return []


def reason_faults(reason: str) -> list[Fault]:
    """What is wrong with the reason of a correction: none given, or more than 300 characters."""
    if not reason.strip() or len(reason) > LONGEST:
        return [Fault("figure.reason", "请写明更正的理由（300 字以内）。", "reason")]
    return []


def heading(names: Sequence[str]) -> str:
    """Of the names a column may have, the one that people read: the first in Chinese, else the first."""
    return next((name for name in names if not name.isascii()), names[0])
