"""Denominators, gaps, outliers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mashang.kernel.refused import Refused
from mashang.performance.rules.engine import evaluate
from mashang.performance.rules.prepare import imputed, treated
from mashang.performance.rules.scheme import Impute, Treat
from mashang.performance.rules.statistics import digits, kurtosis, skew

from .builders import make_table, one_indicator

NAN = math.nan


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        (Impute("none"), [1, NAN, 5, NAN]),
        (Impute("constant", value=7), [1, 7, 5, 7]),
        (Impute("mean"), [1, 3, 5, 3]),
        (Impute("median"), [1, 3, 5, 3]),
        (Impute("group-mean", "group"), [1, 1, 5, 5]),
        (Impute("group-median", "group"), [1, 1, 5, 5]),
    ],
)
def test_gaps_are_filled_by_rule(how: Impute, expected: list[float]) -> None:
    out = imputed(np.array([1, NAN, 5, NAN]), how, ["a", "a", "b", "b"])
    np.testing.assert_array_equal(out, expected)


def test_a_group_without_any_figure_stays_a_gap() -> None:
    out = imputed(np.array([1, NAN]), Impute("group-mean", "group"), ["a", "b"])
    np.testing.assert_array_equal(out, [1, NAN])


def test_outliers_are_brought_in_one_at_a_time_until_the_shape_is_right() -> None:
    x = np.array([*range(1, 21), 100.0, 200.0])
    one = treated(x, Treat(winsorise=1, log="none"))
    assert one.points == 1
    assert sorted(one.values)[-2:] == [100, 100]
    two = treated(x, Treat(winsorise=5))
    assert (two.points, max(two.values), two.log) == (2, 20, "")


def test_the_low_end_is_brought_in_when_the_column_leans_low() -> None:
    out = treated(np.array([-100.0, *range(1, 11)]), Treat())
    assert (out.points, min(out.values)) == (1, 1)


def test_each_step_brings_in_the_end_to_which_the_column_leans_by_then() -> None:
    out = treated(np.array([-400.0, *range(1, 25), 700.0]), Treat())
    assert out.values.tolist() == [1, *range(1, 25), 24]
    assert (out.points, out.log) == (2, "")


def test_a_column_of_hardly_any_spread_has_no_skew() -> None:
    x = np.array([1e-200, 2e-200, 3e-200, 9e-200])
    assert (skew(x), kurtosis(x)) == (0, 0)


def test_when_winsorising_is_not_enough_the_log_of_the_untouched_column_is_taken() -> None:
    x = np.array([*range(1, 21), 100.0, 200.0])
    natural = treated(x, Treat(winsorise=1, log="natural"))
    np.testing.assert_allclose(natural.values, np.log(x))
    tool = treated(x, Treat(winsorise=1, log="CT"))
    np.testing.assert_allclose(tool.values, np.log(x - 1 + 0.01 * 199))
    mirrored = treated(-x, Treat(winsorise=1, log="CT-signed"))
    np.testing.assert_allclose(mirrored.values, -tool.values)
    assert (natural.log, tool.points) == ("natural", 0)


def test_a_column_within_limits_is_left_alone() -> None:
    x = np.arange(10.0)
    assert treated(x, Treat()).values is x


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        ([1, 2, 3, 4, 10], (1.6970562748477143, 3.152)),  # Excel: SKEW, KURT
        ([2, 2, 2, 2], (0, 0)),  # no spread
        ([1, 2], (0, 0)),  # too few
    ],
)
def test_skew_and_kurtosis_are_those_of_a_sample(x: list[float], expected: tuple[float, float]) -> None:
    assert (skew(np.array(x, float)), kurtosis(np.array(x, float))) == pytest.approx(expected, abs=1e-3)


def test_figures_are_denominated_and_clipped_before_they_are_scored() -> None:
    scheme = one_indicator("as-is", per="own", per_times=1000, clip=[0, 40])
    result = evaluate(scheme, make_table({"x": [1, 3], "own": [50, 50]}, {"group": ["a", "a"]}))
    assert result.stages["denominated"]["x"].tolist() == [20, 60]
    assert result.scores["x"].tolist() == [20, 40]


def test_a_denominator_of_zero_is_a_fault_and_a_missing_one_makes_a_gap() -> None:
    scheme = one_indicator("as-is", per="own")
    groups = {"group": ["a", "a"]}
    with pytest.raises(Refused) as no:
        evaluate(scheme, make_table({"x": [1, 3], "own": [0, 50]}, groups))
    assert no.value.code == "values.denominator"
    result = evaluate(scheme, make_table({"x": [1, 3], "own": [NAN, 50]}, groups))
    np.testing.assert_array_equal(result.scores["x"], [NAN, 0.06])


def test_figures_taken_as_published_keep_ten_digits() -> None:
    x = np.array([390.799991147468, 0.8872137794532686, -17.05384434, 123456789012.3, NAN, 0.0])
    np.testing.assert_array_equal(digits(x, 10), [390.7999911, 0.887213779, -17.05384434, 123456789012, NAN, 0])
