"""What a method asks of each unit's own numbers: denominators, marks, counts, and limits such as a target of its own.

Whole columns at a time; what is wrong is told by unit and column, so that every one of them can be put right at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mashang.kernel.said import said
from mashang.performance.rules.methods import LIMITS
from mashang.performance.rules.scheme import Indicator, Method
from mashang.performance.rules.statistics import LARGEST, Array

Numbers = Mapping[str, Array]
Mask = NDArray[np.bool_]
COUNTED = frozenset({"deduction", "points"})


@dataclass(frozen=True, slots=True)
class Wrong:
    """What keeps a unit from being scored: its place among those compared, the column, and a sentence about it."""

    row: int
    column: str
    code: str
    text: str


Rule = tuple[Mask, str, str, str]
"""Which units it strikes, the column, the code, the sentence."""


def wrong_denominators(leaf: Indicator, raw: Array, numbers: Numbers) -> list[Wrong]:
    """Units that have a figure and a denominator that is not positive; a missing one makes the figure missing."""
    if not leaf.per:
        return []
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        share = np.abs(raw / numbers[leaf.per])
        huge = (share > LARGEST) | (share * abs(leaf.per_times) > LARGEST)
    low = numbers[leaf.per] <= 0
    return _struck(
        raw,
        [
            (low, leaf.per, "values.denominator", said("“{per}”要作分母，应当大于 0。", per=leaf.per)),
            (huge & ~low, leaf.per, "values.too-large", said("除以“{per}”得出的数太大，请核对。", per=leaf.per)),
        ],
    )


def wrong_figures(leaf: Indicator, x: Array, numbers: Numbers) -> list[Wrong]:
    """Units whose figure, as prepared for the method, or whose own limits the method cannot use."""
    if leaf.role == "veto":
        return []
    rules = list(_limits(leaf, leaf.method, x, numbers))
    if leaf.method.kind in COUNTED or leaf.role == "deduction" and leaf.method.kind == "as-is":
        rules.append((x < 0, leaf.id, "values.negative", said("“{name}”不能是负数。", name=leaf.id)))
    return _struck(x, rules) + [w for name in _marks(leaf, numbers) for w in _wrong_marks(leaf, name, numbers[name])]


def missing_columns(leaf: Indicator, row: int, raw: Array, numbers: Numbers) -> list[str]:
    """Which columns a unit without a score on this indicator has left empty."""
    asked = [*(leaf.inputs if np.isnan(raw[row]) else ()), *([leaf.per] if leaf.per else ()), *own_limits(leaf.method)]
    empty = [name for name in dict.fromkeys(asked) if name not in numbers or np.isnan(numbers[name][row])]
    return empty or [leaf.id]


def columns_of(leaf: Indicator) -> set[str]:
    """Every column of numbers that an indicator reads."""
    return {*leaf.inputs, *([leaf.per] if leaf.per else ()), *own_limits(leaf.method)}


def own_limits(method: Method) -> Iterator[str]:
    """The attributes that hold each unit's own limits, also of a method in parts."""
    for key in LIMITS:
        if isinstance(method.options.get(key), str):
            yield method.options[key]
    for part in method.options.get("parts", ()):
        yield from own_limits(part)


def _struck(x: Array, rules: list[Rule]) -> list[Wrong]:
    if not rules:
        return []
    known = ~np.isnan(x)
    return [
        Wrong(int(row), column, code, text)
        for mask, column, code, text in rules
        for row in np.flatnonzero(mask & known)
    ]


def _marks(leaf: Indicator, numbers: Numbers) -> list[str]:
    return [name for name in leaf.inputs if name in numbers] if leaf.method.kind == "expert-mean" else []


def _wrong_marks(leaf: Indicator, name: str, marks: Array) -> list[Wrong]:
    most = leaf.method.options["out_of"]
    text = said("“{name}”应当在 0 到 {most:g} 之间。", name=name, most=most)
    return _struck(marks, [((marks < 0) | (marks > most), name, "values.mark", text)])


def _limits(leaf: Indicator, method: Method, x: Array, numbers: Numbers) -> Iterator[Rule]:
    if method.kind in _RULES:
        held = {key: _Limit(method.options[key], numbers) for key in LIMITS if key in method.options}
        if method.kind == "goalposts" and method.options["log"]:
            yield x <= 0, leaf.id, "values.log", said("“{name}”要取对数，应当大于 0。", name=leaf.id)
            yield from _above_zero(held["low"])
        yield from _RULES[method.kind](leaf, held)
    for part in method.options.get("parts", ()):
        yield from _limits(leaf, part, x, numbers)


class _Limit:
    """A limit of a method: one number for all, or each unit's own out of a column."""

    def __init__(self, value: float | str, numbers: Numbers) -> None:
        self.column = value if isinstance(value, str) else ""
        self.values: Array = numbers[value] if isinstance(value, str) else np.float64(value) * np.ones(1)
        self.shown = value if isinstance(value, str) else f"{value:g}"


def _completion(leaf: Indicator, held: Mapping[str, _Limit]) -> Iterator[Rule]:
    if column := held["target"].column:
        text = said("“{name}”是负数，完成率没有意义，请改用基准法、区间法或功效系数法。", name=column)
        yield held["target"].values < 0, column, "values.negative-target", text


def _steps(leaf: Indicator, held: Mapping[str, _Limit]) -> Iterator[Rule]:
    if column := held["target"].column:
        text = said("“{name}”是 0，无法按百分比加减分，请改用区间法或扣分法。", name=column)
        yield held["target"].values == 0, column, "values.zero-target", text


def _baseline(leaf: Indicator, held: Mapping[str, _Limit]) -> Iterator[Rule]:
    low, high = (held["base"], held["target"]) if leaf.higher else (held["target"], held["base"])
    yield from _rising(low, high, "values.base")


def _goalposts(leaf: Indicator, held: Mapping[str, _Limit]) -> Iterator[Rule]:
    yield from _rising(held["low"], held["high"], "values.goalposts")


def _rising(low: _Limit, high: _Limit, code: str) -> Iterator[Rule]:
    if column := high.column or low.column:
        text = said("“{low}”应当小于“{high}”。", low=low.shown, high=high.shown)
        yield low.values >= high.values, column, code, text


def _above_zero(low: _Limit) -> Iterator[Rule]:
    if low.column:
        yield low.values <= 0, low.column, "values.log", said("“{name}”要取对数，应当大于 0。", name=low.column)


_RULES: Mapping[str, Callable[[Indicator, Mapping[str, _Limit]], Iterator[Rule]]] = {
    "completion": _completion,
    "steps": _steps,
    "baseline": _baseline,
    "goalposts": _goalposts,
}
