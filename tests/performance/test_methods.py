"""Each method as a table: what it gives for which figures, one comment a row."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mashang.kernel.refused import Refused
from mashang.performance.rules.engine import evaluate

from .builders import make_table, one_indicator

NAN = math.nan
LOWER = {"direction": "lower"}

CASES: list[tuple[str, Any, dict[str, Any], list[float], list[float]]] = [
    ("target just reached and just missed", {"kind": "all-or-nothing", "target": 10}, {}, [10, 9.99], [100, 0]),
    ("lower is better: at or below the target", {"kind": "all-or-nothing", "target": 10}, LOWER, [10, 10.01], [100, 0]),
    ("share of the target, never over it", {"kind": "completion", "target": 50}, {}, [25, 50, 60], [50, 100, 100]),
    ("a cap of 1.2 pays for more than the target", {"kind": "completion", "target": 50, "cap": 1.2}, {}, [60, 90], [120, 120]),
    ("a negative figure has completed nothing", {"kind": "completion", "target": 50}, {}, [-5], [0]),
    ("a target of 0 is reached by 0 or more", {"kind": "completion", "target": 0}, {}, [0, -1, 3], [100, 0, 100]),
    ("lower: target over figure", {"kind": "completion", "target": 10}, LOWER, [10, 20, 5], [100, 50, 100]),
    ("lower: a figure of 0 reaches any target", {"kind": "completion", "target": 10}, LOWER, [0], [100]),
    ("lower, mirrored: 2 less the share", {"kind": "completion", "target": 10, "lower": "mirror"}, LOWER, [10, 15, 30], [100, 50, 0]),
    ("lower, target 0: only 0 reaches it", {"kind": "completion", "target": 0, "lower": "mirror"}, LOWER, [0, 2], [100, 0]),
    ("60 for the worst, 100 for the best", "efficacy", {}, [1, 3, 5], [60, 80, 100]),
    ("lower turns the scale", "efficacy", LOWER, [1, 3, 5], [100, 80, 60]),
    ("all the same: nobody is worse", "efficacy", {}, [3, 3], [100, 100]),
    ("one end fixed, the other out of the figures", {"kind": "efficacy", "best": 9}, {}, [1, 5, 9], [60, 80, 100]),
    ("beyond a fixed best no more than 100, far below a fixed worst no less than 0", {"kind": "efficacy", "worst": 10, "best": 20}, {}, [30, -50], [100, 0]),
    ("fixed worst and best; below the worst less than 60", {"kind": "efficacy", "worst": 10, "best": 20}, {}, [10, 20, 5, 25], [60, 100, 40, 100]),
    ("5 less a place, ties share the better rank", "rank", {}, [9, 7, 7, 5], [100, 95, 95, 85]),
    ("lower figures rank first", "rank", LOWER, [9, 7, 5], [90, 95, 100]),
    ("steps end at the floor", {"kind": "rank", "step": 60, "floor": 10}, {}, [3, 2, 1], [100, 40, 10]),
    ("spread evenly down to 0", {"kind": "rank", "spread": "even"}, {}, [3, 2, 1], [100, 50, 0]),
    ("even spread for one unit alone", {"kind": "rank", "spread": "even"}, {}, [3], [100]),
    ("80 at the target, +1 for each whole per cent", {"kind": "steps", "target": 200}, {}, [200, 202, 203.9, 190], [80, 81, 81, 75]),
    ("down to 0 and up to the cap", {"kind": "steps", "target": 100, "down": 2, "up": 3, "cap": 95}, {}, [0, 150], [0, 95]),
    ("not whole: every bit counts", {"kind": "steps", "target": 200, "whole": False}, {}, [203], [81.5]),
    ("not whole: nothing is rounded", {"kind": "steps", "target": 3, "whole": False}, {}, [3.0000000001], [80 + 1e-8 / 3]),
    ("lower: less than the target is beyond it", {"kind": "steps", "target": 100}, LOWER, [98, 103], [82, 77]),
    ("a negative target: per cent of its size", {"kind": "steps", "target": -50}, {}, [-49, -51], [82, 78]),
    ("an exact per cent is not lost to floating point", {"kind": "steps", "target": 0.7}, {}, [0.721], [83]),
    ("straight between the points, flat outside", {"kind": "interval", "points": [[0, 0], [60, 60], [80, 85], [100, 100]]}, {}, [-1, 30, 70, 120], [0, 30, 72.5, 100]),
    ("bands: the score of the point passed last", {"kind": "interval", "points": [[0, 0], [60, 60], [80, 85]], "jump": True}, {}, [59.9, 60, 80], [0, 60, 85]),
    ("80 at the base, 100 at the target, clipped", {"kind": "baseline", "base": 10, "target": 20}, {}, [10, 15, 20, 30, -40], [80, 90, 100, 100, 0]),
    ("a target below the base turns the direction", {"kind": "baseline", "base": 20, "target": 10}, LOWER, [15, 25], [90, 70]),
    ("half a point of five for each event", {"kind": "deduction", "each": 0.5, "full": 5}, {}, [0, 2, 20], [100, 80, 0]),
    ("without `full` the points are the weight", {"kind": "deduction", "each": 10}, {"weight": 100}, [1, 11], [90, 0]),
    ("the mark beside the figure, else `otherwise`", {"kind": "lookup", "points": [[1, 100], [2, 80]], "otherwise": 30}, {}, [1, 2, 3], [100, 80, 30]),
    ("both parts of target and rank", {"kind": "combined", "parts": [{"share": 0.4, "kind": "all-or-nothing", "target": 6}, {"share": 0.6, "kind": "rank"}]}, {}, [8, 6, 5], [100, 97, 54]),
    ("least at 0, greatest at 100", "min-max", {}, [2, 4, 6], [0, 50, 100]),
    ("onto another range, lower better", {"kind": "min-max", "to": [1, 10]}, LOWER, [2, 4, 6], [10, 5.5, 1]),
    ("one value for all, if the scheme says what then", {"kind": "min-max", "flat": "middle"}, {}, [2, 2], [50, 50]),
    ("mean 0, sample deviation 1", "z-score", {}, [1, 2, 3], [-1, 0, 1]),
    ("mean 100, deviation 10, of the population", {"kind": "z-score", "mean": 100, "sd": 10, "deviation": "population"}, {}, [1, 3], [90, 110]),
    ("lower turns the sign", "z-score", LOWER, [1, 2, 3], [1, 0, -1]),
    ("goalposts cut at both ends", {"kind": "goalposts", "low": 20, "high": 85}, {}, [20, 52.5, 90, 10], [0, 50, 100, 0]),
    ("goalposts on logs", {"kind": "goalposts", "low": 1, "high": 10000, "log": True}, {}, [100], [50]),
    ("goalposts not cut", {"kind": "goalposts", "low": 0, "high": 10, "cut": False}, {}, [12], [120]),
    ("goalposts, lower better", {"kind": "goalposts", "low": 0, "high": 10}, LOWER, [2], [80]),
    ("share of the way from the worst to the target", {"kind": "distance", "target": 10}, {}, [2, 6, 12], [0, 50, 100]),
    ("distance not cut at the target", {"kind": "distance", "target": 10, "cut": False}, {}, [2, 12], [0, 125]),
    ("all are past the target", {"kind": "distance", "target": 80}, {}, [85, 90, NAN], [100, 100, NAN]),
    ("all are past the target, not cut", {"kind": "distance", "target": 80, "cut": False}, {}, [85, 95], [100, 100]),
    ("all are past the target, lower better", {"kind": "distance", "target": 8}, LOWER, [5, 7], [100, 100]),
    ("the figure itself", {"kind": "as-is", "times": 100}, {}, [0.5], [50]),
    ("the figure itself, lower better", {"kind": "as-is", "out_of": 1, "times": 100}, LOWER, [0.25], [75]),
    ("a gap stays a gap", "min-max", {}, [1, NAN, 3], [0, NAN, 100]),
]  # fmt: skip


@pytest.mark.parametrize(("why", "method", "more", "figures", "scores"), CASES, ids=[c[0] for c in CASES])
def test_a_method_gives_what_its_formula_says(
    why: str, method: Any, more: dict[str, Any], figures: list[float], scores: list[float]
) -> None:
    result = evaluate(one_indicator(method, **more), make_table({"x": figures}))
    np.testing.assert_allclose(result.scores["x"], scores, rtol=0, atol=1e-9)


BEST: list[tuple[Any, float]] = [
    ({"kind": "interval", "points": [[0, 0], [10, 1]]}, 1),
    ({"kind": "lookup", "points": [[1, 0.2], [10, 5]], "otherwise": 7}, 7),
    ({"kind": "rank", "first": 10, "step": 1}, 10),
    ({"kind": "rank", "spread": "even", "to": [0, 1]}, 1),
    ({"kind": "as-is", "times": 0.1}, 10),
    ({"kind": "as-is", "out_of": 5}, 5),
    ({"kind": "goalposts", "low": 0, "high": 10, "to": [0, 1]}, 1),
    ({"kind": "baseline", "base": 1, "target": 9}, 100),
    ({"kind": "combined", "parts": [
        {"share": 0.4, "kind": "goalposts", "low": 0, "high": 10, "to": [0, 1]}, {"share": 0.6, "kind": "rank", "first": 5},
    ]}, 3.4),
]  # fmt: skip


@pytest.mark.parametrize(("method", "full"), BEST, ids=str)
def test_a_missing_figure_in_full_is_the_best_of_the_methods_own_scale(method: Any, full: float) -> None:
    result = evaluate(one_indicator(method, missing="full"), make_table({"x": [10, NAN, 1]}, {"group": ["a"] * 3}))
    assert result.scores["x"][1] == pytest.approx(full)


REFUSED: list[tuple[str, Any, dict[str, Any], list[float], str]] = [
    ("one value for all under min-max", "min-max", {}, [3, 3], "values.one-value"),
    ("one value for all under z-score", "z-score", {}, [3, 3], "values.one-value"),
    ("a negative target has no completion rate", {"kind": "completion", "target": -1}, {}, [3], "values.negative-target"),
    ("no figure as bad as the worst, which is fixed beyond the best", {"kind": "efficacy", "worst": 90}, {}, [70, 85], "values.turned"),
    ("no figure short of a fixed best", {"kind": "efficacy", "best": 60}, {}, [70, 85], "values.turned"),
    ("a negative count of events", {"kind": "deduction", "each": 2}, {}, [-3, 1], "values.negative"),
    ("more than a sum of squares bears", "min-max", {}, [1e16, -1e300], "values.too-large"),
    ("a score without end", {"kind": "goalposts", "low": 0, "high": 1e-300, "cut": False}, {}, [1e10], "values.too-large"),
    ("logs of nothing", {"kind": "goalposts", "low": 1, "high": 9, "log": True}, {}, [0, 3], "values.log"),
    ("no distance when the worst is at the target", {"kind": "distance", "target": 2}, {}, [2, 3], "values.one-value"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "method", "more", "figures", "code"), REFUSED, ids=[c[0] for c in REFUSED])
def test_a_method_refuses_what_it_cannot_score(
    why: str, method: Any, more: dict[str, Any], figures: list[float], code: str
) -> None:
    with pytest.raises(Refused) as no:
        evaluate(one_indicator(method, **more), make_table({"x": figures}))
    assert no.value.code == code


def test_each_unit_may_have_its_own_target() -> None:
    scheme = one_indicator({"kind": "completion", "target": "own"})
    result = evaluate(scheme, make_table({"x": [10, 10], "own": [10, 20]}, {"group": ["a", "a"]}))
    assert result.scores["x"].tolist() == [100, 50]


def test_a_unit_without_a_target_of_its_own_has_a_gap_under_every_method_that_needs_one() -> None:
    groups = {"group": ["a", "a"]}
    for method in (
        {"kind": "all-or-nothing", "target": "own"},
        {"kind": "completion", "target": "own"},
        {"kind": "steps", "target": "own"},
        {"kind": "baseline", "base": 1, "target": "own"},
        {"kind": "distance", "target": "own"},
        {"kind": "goalposts", "low": 1, "high": "own"},
        {"kind": "combined", "parts": [{"share": 1, "kind": "all-or-nothing", "target": "own"}]},
    ):
        table = make_table({"x": [5, 7], "own": [NAN, 9]}, groups)
        assert np.isnan(evaluate(one_indicator(method), table).scores["x"]).tolist() == [True, False], method
        with pytest.raises(Refused) as no:
            evaluate(one_indicator(method, missing="refuse"), table)
        assert [(f.code, f.field) for f in no.value.faults] == [("values.missing", "u0 own")], method
    lower = one_indicator({"kind": "completion", "target": "own"}, direction="lower")
    assert math.isnan(evaluate(lower, make_table({"x": [0, 7], "own": [NAN, 9]}, groups)).scores["x"][0])


OWN: list[tuple[str, Any, dict[str, Any], list[float], str, list[str]]] = [
    ("goalposts of one point", {"kind": "goalposts", "low": 10, "high": "own"}, {}, [10, 20], "values.goalposts", ["u0 own"]),
    ("goalposts upside down", {"kind": "goalposts", "low": "own", "high": 15}, {}, [10, 20], "values.goalposts", ["u1 own"]),
    ("goalposts on logs from zero", {"kind": "goalposts", "low": "own", "high": 30, "log": True}, {}, [0, 1], "values.log", ["u0 own"]),
    ("a base at or beyond the target", {"kind": "baseline", "base": "own", "target": 20}, {}, [20, 25], "values.base", ["u0 own", "u1 own"]),
    ("lower: a target above the base", {"kind": "baseline", "base": 8, "target": "own"}, LOWER, [9, 7], "values.base", ["u0 own"]),
    ("a negative target", {"kind": "completion", "target": "own"}, {}, [-1, 7], "values.negative-target", ["u0 own"]),
    ("a target of 0", {"kind": "steps", "target": "own"}, {}, [5, 0], "values.zero-target", ["u1 own"]),
    ("in one of several parts", {"kind": "combined", "parts": [{"share": 1, "kind": "steps", "target": "own"}]}, {}, [5, 0], "values.zero-target", ["u1 own"]),
    ("a denominator of 0", "as-is", {"per": "own"}, [0, 1], "values.denominator", ["u0 own"]),
    ("a denominator too near to 0", "as-is", {"per": "own"}, [1e-300, 1], "values.too-large", ["u0 own"]),
]  # fmt: skip


@pytest.mark.parametrize(("why", "method", "more", "own", "code", "places"), OWN, ids=[c[0] for c in OWN])
def test_limits_of_single_units_are_checked_as_those_of_all_are(
    why: str, method: Any, more: dict[str, Any], own: list[float], code: str, places: list[str]
) -> None:
    """Each by its unit and column, beside the unit that has none, and none of them told as missing too."""
    scheme = one_indicator(method, **{**more, "missing": "refuse"})
    with pytest.raises(Refused) as no:
        evaluate(scheme, make_table({"x": [12, 13, 14], "own": [*own, NAN]}, {"group": ["a", "a", "b"]}))
    found = [(f.code, f.field) for f in no.value.faults]
    assert found == [*((code, place) for place in places), ("values.missing", "u2 own")]


def test_what_single_units_lack_is_told_before_what_the_rest_come_to() -> None:
    """Of what is left all have one figure, which may only come of those that could not be counted."""
    scheme = one_indicator("min-max", per="own", missing="refuse")
    figures = {"x": [5, 6, NAN, 7, 1], "own": [0, NAN, 2, -2, 7]}
    with pytest.raises(Refused) as no:
        evaluate(scheme, make_table(figures, {"group": ["a"] * 5}))
    assert [(f.code, f.field) for f in no.value.faults] == [
        ("values.denominator", "u0 own"), ("values.denominator", "u3 own"), ("values.missing", "u1 own"), ("values.missing", "u2 x"),
    ]  # fmt: skip


def test_marks_beyond_the_scale_are_refused_by_rater() -> None:
    scheme = one_indicator({"kind": "expert-mean", "inputs": ["r1", "r2"], "drop": 0, "out_of": 10}, missing="refuse")
    with pytest.raises(Refused) as no:
        evaluate(scheme, make_table({"r1": [18, 10, NAN], "r2": [5, -1, NAN]}))
    assert [(f.code, f.field) for f in no.value.faults] == [
        ("values.mark", "u0 r1"), ("values.mark", "u1 r2"), ("values.missing", "u2 r1"), ("values.missing", "u2 r2"),
    ]  # fmt: skip


def test_one_value_for_all_is_told_with_period_class_and_group() -> None:
    scheme = one_indicator("min-max", within="group")
    table = make_table({"x": [1, 1, 5, 5]}, {"group": ["east", "east", "west", "west"]})
    with pytest.raises(Refused) as no:
        evaluate(scheme, replace(table, periods=("2026",) * 4))
    assert [f.text.partition("所有")[0] for f in no.value.faults] == [
        "指标“x”（2026）：east：", "指标“x”（2026）：west：",
    ]  # fmt: skip


def test_marks_of_raters_are_averaged_without_the_highest_and_lowest() -> None:
    scheme = one_indicator({"kind": "expert-mean", "inputs": ["r1", "r2", "r3", "r4"], "drop": 1})
    # the second unit has two marks only: nothing is left after dropping
    table = make_table({"r1": [60, 90], "r2": [100, 80], "r3": [80, NAN], "r4": [70, NAN]})
    result = evaluate(scheme, table)
    assert result.scores["x"][0] == 75
    assert math.isnan(result.scores["x"][1])


def test_scales_may_be_set_inside_a_group() -> None:
    scheme = one_indicator("min-max", within="group")
    result = evaluate(scheme, make_table({"x": [1, 3, 10, 30]}, {"group": ["a", "a", "b", "b"]}))
    assert result.scores["x"].tolist() == [0, 100, 0, 100]
