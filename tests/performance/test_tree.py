"""Aggregation, the four parts in one, classes of unit, grades, missing figures, ranks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from mashang.kernel.refused import Refused
from mashang.performance.rules.dense import Dense
from mashang.performance.rules.engine import evaluate
from mashang.performance.rules.explain import explain
from mashang.performance.rules.live import Live
from mashang.performance.rules.statistics import Groups, half_up, ranks, wilson

from .builders import make_scheme, make_table

AS_IS = {"method": "as-is", "missing": "redistribute"}


def tree(nodes: dict[str, Any], leaves: dict[str, Any], **more: Any) -> Any:
    return make_scheme(
        scheme={"weights": "relative"},
        nodes={"a": None, "b": None, "total": {}, **nodes},
        indicators={
            "x": None,
            "y": None,
            "z": None,
            **{k: {**AS_IS, "parent": "total", **v} for k, v in leaves.items()},
        },
        **more,
    )


@pytest.mark.parametrize(
    ("mean", "expected"),
    [
        ("arithmetic", (3 * 20 + 80) / 4),  # full compensation
        ("geometric", math.exp((3 * math.log(20) + math.log(80)) / 4)),  # imbalance costs
        ("harmonic", 4 / (3 / 20 + 1 / 80)),  # and more so
    ],
)
def test_means_are_weighted(mean: str, expected: float) -> None:
    scheme = tree({"total": {"mean": mean}}, {"p": {"weight": 3}, "q": {"weight": 1}})
    assert evaluate(scheme, make_table({"p": [20], "q": [80]})).scores["total"][0] == pytest.approx(expected, abs=1e-12)


def test_mazziotta_pareto_takes_a_penalty_for_imbalance() -> None:
    scheme = tree({"total": {"mean": "mazziotta-pareto"}}, {"p": {}, "q": {}})
    result = evaluate(scheme, make_table({"p": [90, 100], "q": [110, 100]}))
    # mean 100, deviation 10: 100 - 10 · 10/100 = 99
    assert result.scores["total"].tolist() == [99, 100]


@pytest.mark.parametrize("mean", ["geometric", "harmonic"])
def test_a_zero_under_a_geometric_or_harmonic_mean_gives_zero(mean: str) -> None:
    scheme = tree({"total": {"mean": mean}}, {"p": {}, "q": {}})
    assert evaluate(scheme, make_table({"p": [0], "q": [80]})).scores["total"][0] == 0


@pytest.mark.parametrize("mean", ["geometric", "harmonic", "mazziotta-pareto"])
def test_a_negative_part_under_a_mean_of_positive_parts_is_a_fault(mean: str) -> None:
    scheme = tree({"total": {"mean": mean}}, {"p": {}, "q": {}})
    with pytest.raises(Refused, match="u1"):
        evaluate(scheme, make_table({"p": [5, -5], "q": [80, 5]}))


@pytest.mark.parametrize("mean", ["geometric", "harmonic"])
def test_what_is_no_part_of_the_mean_may_be_negative(mean: str) -> None:
    veto = {"role": "veto", "grade_at_most": "B", "basis": "文件"}
    bonus = {"role": "bonus", "method": "as-is"}
    scheme = tree(
        {"total": {"mean": mean}}, {"p": {}, "v": veto, "b": bonus}, grades={"names": ["A", "B"], "from": [60]}
    )
    result = evaluate(scheme, make_table({"p": [80, 70], "v": [-1, 0], "b": [-2, 1]}))
    np.testing.assert_allclose(result.scores["total"], [78, 71])


def test_mazziotta_pareto_of_zeros_is_zero_and_ranks_last() -> None:
    scheme = tree(
        {"n": {"parent": "total", "mean": "mazziotta-pareto"}}, {"p": {}, "q": {"parent": "n"}, "r": {"parent": "n"}}
    )
    result = evaluate(scheme, make_table({"p": [60, 60], "q": [0, 10], "r": [0, 20]}))
    assert result.scores["total"][0] == 30
    assert result.ranks["total"].tolist() == [2, 1]


def test_a_sum_of_nothing_known_is_no_score() -> None:
    scheme = tree({"n": {"parent": "total", "mean": "sum"}}, {"p": {}, "q": {"parent": "n"}, "r": {"parent": "n"}})
    result = evaluate(scheme, make_table({"p": [60, 60], "q": [math.nan, 10], "r": [math.nan, math.nan]}))
    np.testing.assert_array_equal(result.scores["n"], [math.nan, 10])
    assert result.scores["total"].tolist() == [60, 35]


def test_the_limits_of_a_node_hold_after_its_own_method() -> None:
    method = {"kind": "min-max", "to": [0, 100]}
    scheme = tree({"total": {"method": method, "floor": 20, "ceiling": 90}}, {"p": {}})
    assert evaluate(scheme, make_table({"p": [1, 2, 3]})).scores["total"].tolist() == [20, 50, 90]


@pytest.mark.row("E2")
def test_four_parts_in_one_with_caps_floor_and_veto() -> None:
    scheme = tree(
        {
            "total": {"floor": 0, "ceiling": 103},
            "bonus": {"parent": "total", "role": "bonus", "cap": 5},
            "found": {"parent": "total", "role": "deduction", "cap": 10},
        },
        {
            "p": {"weight": 60},
            "q": {"weight": 40},
            "award": {"parent": "bonus", "method": "points"},
            "rank": {"parent": "bonus", "method": {"kind": "lookup", "points": [[1, 0.5], [2, 0.3], [3, 0.1]]}},
            "case": {"parent": "found", "method": {"kind": "points", "each": 2}},
            "accident": {"role": "veto", "grade_at_most": "一般", "basis": "上级规定", "missing": "zero"},
        },
        grades={"names": ["优秀", "良好", "一般", "较差"], "from": [90, 80, 60]},
    )
    table = make_table({
        "p": [90, 90, 100, 20, 95], "q": [80, 80, 100, 20, 95], "award": [2, 9, 9, 0, 0], "rank": [1, 4, 1, 9, 9],
        "case": [1, 0, 0, 30, 0], "accident": [0, 0, 0, 0, 1],
    })  # fmt: skip
    result = evaluate(scheme, table)
    # 86 + 2.5 - 2; the bonus ends at 5; the total ends at 103; the deduction ends at 10; the veto leaves the score
    assert result.scores["total"].tolist() == [86.5, 91, 103, 10, 95]
    assert result.grades == ("良好", "优秀", "优秀", "较差", "一般")
    assert result.vetoed == ((), (), (), (), ("accident",))


def test_a_missing_figure_is_a_fault_unless_a_rule_says_what_it_counts_as() -> None:
    figures = {"p": [50, 70], "q": [math.nan, 90]}
    for rule, expected in [("redistribute", 50), ("zero", 25), ("full", 75)]:
        scheme = tree({}, {"p": {}, "q": {"missing": rule}})
        assert evaluate(scheme, make_table(figures)).scores["total"].tolist() == [expected, 80]
    with pytest.raises(Refused) as no:
        evaluate(tree({}, {"p": {}, "q": {"missing": "refuse"}}), make_table(figures))
    assert [f.code for f in no.value.faults] == ["values.missing"]


def test_what_is_not_known_is_not_told_as_a_number() -> None:
    parts = [
        {"kind": "all-or-nothing", "target": 6, "share": 0.4},
        {"kind": "baseline", "base": 5, "target": 9, "share": 0.6},
    ]
    scheme = tree({}, {"p": {}, "q": {"missing": "zero", "method": {"kind": "combined", "parts": parts}}})
    result = evaluate(scheme, make_table({"p": [50, 70], "q": [math.nan, 8]}))
    missing, known = (next(line.how for line in explain(result, row) if line.id == "q") for row in (0, 1))
    assert "缺数" in missing and "nan" not in missing
    assert "第2部分得分" in known


def test_a_node_of_which_too_little_is_known_has_no_score_and_no_rank() -> None:
    scheme = tree({"total": {"known": 0.6}}, {"p": {}, "q": {}})
    result = evaluate(scheme, make_table({"p": [50, 70, 60], "q": [math.nan, 90, 60]}))
    assert math.isnan(result.scores["total"][0])
    assert result.ranks["total"].tolist() == [0, 1, 2]


@pytest.mark.row("E3")
def test_classes_of_unit_have_their_own_indicators_weights_and_ranking() -> None:
    scheme = make_scheme(
        attributes={"class": {}},
        classes={
            "by": "class",
            "street": {"without": ["x"], "weights": {"y": 60}},
            "scenic": {"indicators": {"z": {"method": {"kind": "completion", "target": 200}}}},
        },
    )
    table = make_table(
        {"x": [1, 2, 9, 9, 1, 2], "y": [5, 1, 5, 1, 5, 1], "z": [100, 50, 50, 100, 100, 100]},
        {"class": ["town", "town", "street", "street", "scenic", "scenic"]},
    )
    result = evaluate(scheme, table)
    assert result.scores["total"][2:4].tolist() == [0 * 0.6 + 50 * 0.4, 100 * 0.6 + 100 * 0.4]
    assert np.isnan(result.scores["x"][2:4]).all()
    assert result.scores["z"][4:].tolist() == [50, 50]
    assert result.ranks["total"].tolist() == [2, 1, 2, 1, 2, 1]


def test_classes_may_share_the_scale_of_all_units() -> None:
    changes: dict[str, Any] = {"attributes": {"class": {}}}
    scheme = make_scheme(**changes, classes={"by": "class", "compare": "all", "b": {"weights": {"x": 20, "y": 40}}})
    table = make_table({"x": [0, 5, 10], "y": [0, 5, 10], "z": [100, 100, 100]}, {"class": ["a", "b", "a"]})
    result = evaluate(scheme, table)
    assert result.scores["x"].tolist() == [0, 50, 100]
    assert result.scores["total"][1] == 0.6 * 50 + 40


@pytest.mark.parametrize("classes", [["A", "B"], ["B", "A"]])
def test_a_deduction_in_parts_is_taken_from_the_points_of_the_unit_s_own_class(classes: list[str]) -> None:
    parts = [{"share": 1, "kind": "deduction", "each": 1}]
    leaves: dict[str, Any] = {
        "x": {"parent": "total", "weight": 50, "method": {"kind": "combined", "parts": parts}},
        "y": {"parent": "total", "weight": 50, "method": "as-is"},
    }
    rule = {"by": "class", "compare": "all", "A": {"weights": {"x": 10, "y": 90}}, "B": {}}
    scheme = make_scheme(
        nodes={"a": None, "b": None}, attributes={"class": {}}, indicators={"z": None, **leaves}, classes=rule
    )
    result = evaluate(scheme, make_table({"x": [5, 5], "y": [0, 0]}, {"class": classes}))
    assert dict(zip(classes, result.scores["x"].tolist(), strict=True)) == {"A": 50, "B": 90}


@pytest.mark.parametrize("compare", ["all", "class"])
def test_what_a_class_is_freed_from_is_not_asked_of_it_and_sets_no_scale(compare: str) -> None:
    changes: dict[str, Any] = {"attributes": {"class": {}}}
    leaf = {"parent": "a", "weight": 40, "method": "min-max", "impute": {"kind": "constant", "value": 50}}
    rule = {"without": ["x", "y"], "weights": {"b": 100, "z": 100}}
    scheme = make_scheme(**changes, indicators={"x": leaf}, classes={"by": "class", "compare": compare, "free": rule})
    figures = {"x": [0, 10, 99, math.nan], "y": [0, 10, math.nan, -7], "z": [90, 100, 80, 70]}
    table = make_table(figures, {"class": ["a", "a", "free", "free"]})
    result = evaluate(scheme, table)
    np.testing.assert_array_equal(result.scores["x"], [0, 100, math.nan, math.nan])
    np.testing.assert_array_equal(result.scores["y"], [100, 0, math.nan, math.nan])
    assert result.scores["total"][2:].tolist() == [80, 70]
    live = Live(result)
    live.set_figure(1, "x", 20.0)
    live.set_figure(2, "x", 500.0)
    np.testing.assert_array_equal(live.scores["x"], [0, 100, math.nan, math.nan])


def test_the_fast_road_refuses_a_scale_that_not_all_units_set() -> None:
    leaves: dict[str, Any] = {"z": {"parent": "b", "weight": 40, "method": "min-max"}}
    rule: dict[str, Any] = {"by": "class", "compare": "all", "free": {"without": ["x"], "weights": {"y": 60}}}
    with pytest.raises(Refused) as no:
        Dense(make_scheme(attributes={"class": {}}, indicators=leaves, classes=rule), ["", "free"])
    assert [f.field for f in no.value.faults] == ["x"]


def test_periods_are_scored_apart() -> None:
    scheme = make_scheme()
    one = make_table({"x": [1, 2, 10, 30], "y": [1, 2, 1, 2], "z": [1, 1, 1, 1]})
    table = type(one)(("a", "b", "a", "b"), ("01", "01", "02", "02"), one.numbers)
    assert evaluate(scheme, table).scores["x"].tolist() == [0, 100, 0, 100]


@pytest.mark.parametrize(
    ("strict", "expected"),
    [
        (True, ("优秀", "良好", "良好", "一般")),  # two tie across the line of a half: neither gets in
        (False, ("优秀", "优秀", "优秀", "一般")),  # or both do
    ],
)
def test_quota_grades_at_a_tie(strict: bool, expected: tuple[str, ...]) -> None:
    grades = {"by": "quota", "names": ["优秀", "良好", "一般"], "shares": [0.5, 0.25], "strict": strict}
    scheme = tree({}, {"p": {}}, grades=grades)
    assert evaluate(scheme, make_table({"p": [90, 80, 80, 10]})).grades == expected


@pytest.mark.parametrize(
    ("score", "decimals", "shown"),
    [
        (2.675, 2, "2.68"),  # binary 2.67499999…, but the number written is 2.675
        (95.27499999999999, 2, "95.28"),  # noise of computing under 95.275
        (0.125, 2, "0.13"),  # half goes up, not to even
        (-0.125, 2, "-0.13"),  # away from zero
        (-0.001, 2, "0.00"),  # and nothing has no sign
        (math.nan, 2, ""),
        (5.0, 0, "5"),
        (1e27, 2, "1" + "0" * 27 + ".00"),  # more digits than a decimal has by itself
    ],
)
def test_rounding_for_show_is_half_up(score: float, decimals: int, shown: str) -> None:
    assert half_up(score, decimals) == shown


def test_ranks_are_on_unrounded_scores_and_ties_share_the_better() -> None:
    assert ranks(np.array([80.001, 80.004, 80.004, 80.0])).tolist() == [3, 1, 1, 4]
    assert Groups([0] * 4).ranks(np.array([1.0, 2, 2, 3]), worst=True).tolist() == [4, 3, 3, 1]
    assert Groups([0] * 2).ranks(np.array([0.1 + 0.2, 0.3])).tolist() == [1, 1]  # computing noise is a tie


@pytest.mark.parametrize("times", [1.0, 1e-12, 1e12, -1e-12])
def test_figures_of_any_size_are_ranked_and_noise_is_a_tie(times: float) -> None:
    figures = np.array([37.0, 12, math.nan, 45, 0.1 + 0.2, 0.3]) * times
    places = [2, 3, math.nan, 1, 4, 4]
    np.testing.assert_array_equal(ranks(figures, higher=times > 0), places)
    assert ranks(np.array([0.1 + 0.2 - 0.3, 0, 1]) * times, higher=times > 0).tolist() == [2, 2, 1]


@pytest.mark.parametrize("worst", [False, True])
def test_groups_of_very_unequal_size_are_ranked_as_others_are(worst: bool) -> None:
    keys = ["many"] * 40 + [f"alone {n}" for n in range(60)]
    scores = np.random.default_rng(1).integers(0, 9, (3, 100)).astype(float)
    scores[:, ::7] = math.nan
    unequal = Groups(keys)
    assert unequal.members.size == 0
    found = unequal.ranks(scores, worst=worst)
    np.testing.assert_array_equal(found[:, :40], Groups(keys[:40]).ranks(scores[:, :40], worst=worst))
    np.testing.assert_array_equal(found[:, 40:], ~np.isnan(scores[:, 40:]))
    np.testing.assert_array_equal(unequal.ranks(scores[1], worst=worst), found[1])


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [
        (0, 10, 0.0, 0.27753),  # nothing hit is not nothing possible
        (10, 10, 0.72247, 1.0),
        (90, 100, 0.82563, 0.94477),  # Wilson's interval leans to the middle
        (0, 0, 0.0, 1.0),  # nothing counted, nothing known
    ],
)
def test_wilson_intervals(hits: float, total: float, low: float, high: float) -> None:
    assert wilson(hits, total) == pytest.approx((low, high), abs=1e-5)
