"""What must hold whatever the figures: invariances, monotony, parts adding up, and the fast roads agreeing with the whole."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mashang.kernel.refused import Refused
from mashang.performance.rules import methods
from mashang.performance.rules.dense import Dense
from mashang.performance.rules.engine import Result, evaluate
from mashang.performance.rules.explain import FACTS, as_text, explain
from mashang.performance.rules.frozen import fingerprint, freeze, thaw
from mashang.performance.rules.live import Live
from mashang.performance.rules.parse import load, parse
from mashang.performance.rules.sensitivity import rank_intervals, study
from mashang.performance.rules.table import Table, read_table

from .builders import BASE, SHIPPED, make_scheme, make_table, raw_scheme

SCHEME = make_scheme()
figure = st.floats(-1e6, 1e6, allow_nan=False).map(lambda v: round(v, 3))


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Three to twelve units whose columns have at least two different figures."""
    count = draw(st.integers(3, 12))
    columns = {}
    for name in "xyz":
        column = draw(st.lists(figure, min_size=count, max_size=count))
        column[0], column[1] = min(column) - 1, max(column) + 1
        columns[name] = draw(st.permutations(column))
    return make_table(columns)


def permuted(table: Table, order: list[int]) -> Table:
    units = tuple(table.units[n] for n in order)
    return Table(units, ("",) * len(order), {k: v[order] for k, v in table.numbers.items()}, table.texts)


def shipped(name: str) -> Result:
    scheme = load(SHIPPED / name / "scheme.toml")
    return evaluate(scheme, read_table(SHIPPED / name / "values.csv", scheme))


@settings(deadline=None)
@given(tables(), st.randoms())
def test_the_order_of_units_changes_nothing_to_the_last_digit(table: Table, random: Any) -> None:
    order = list(range(len(table)))
    random.shuffle(order)
    one, two = evaluate(SCHEME, table), evaluate(SCHEME, permuted(table, order))
    for key in SCHEME.items:
        assert one.scores[key][order].tolist() == two.scores[key].tolist()
        assert one.ranks[key][order].tolist() == two.ranks[key].tolist()


@settings(deadline=None)
@given(tables())
def test_the_order_of_the_scheme_changes_nothing_to_the_last_digit(table: Table) -> None:
    turned = parse({**BASE, "indicators": dict(reversed(BASE["indicators"].items()))})
    assert evaluate(SCHEME, table).scores["total"].tolist() == evaluate(turned, table).scores["total"].tolist()


@settings(deadline=None)
@given(tables(), st.floats(0.1, 100), st.floats(-100, 100))
def test_min_max_does_not_care_for_the_unit_of_measure(table: Table, times: float, plus: float) -> None:
    other = replace(table, numbers={**table.numbers, "x": table.numbers["x"] * times + plus})
    one, two = evaluate(SCHEME, table), evaluate(SCHEME, other)
    np.testing.assert_allclose(one.scores["x"], two.scores["x"], atol=1e-6)


@settings(deadline=None)
@given(tables(), st.floats(0.01, 1000))
def test_scaling_all_weights_changes_nothing(table: Table, times: float) -> None:
    leaves = {k: {**v, "weight": v["weight"] * times} for k, v in BASE["indicators"].items()}
    scaled = parse(raw_scheme(scheme={"weights": "relative"}, indicators=leaves))
    one, two = evaluate(SCHEME, table), evaluate(scaled, table)
    np.testing.assert_allclose(one.scores["total"], two.scores["total"], atol=1e-9)


FIXED: list[Any] = [
    {"kind": "completion", "target": 50, "cap": 1.2},
    {"kind": "interval", "points": [[-10, 0], [0, 60], [40, 100]]},
    {"kind": "baseline", "base": -5, "target": 60},
    {"kind": "steps", "target": 20, "up": 0.5, "down": 2},
    {"kind": "goalposts", "low": -40, "high": 80},
    {"kind": "efficacy", "worst": -10, "best": 90},
    {"kind": "all-or-nothing", "target": 10},
    {"kind": "combined", "parts": [{"kind": "all-or-nothing", "target": 6, "share": 0.4}, {"kind": "rank", "share": 0.6}]},
    "rank", "min-max", "z-score",
]  # fmt: skip
BY_POINTS = {"kind": "combined", "parts": [{"kind": "deduction", "each": 1, "share": 1}]}


@pytest.mark.parametrize("compare", ["all", "class"])
@pytest.mark.parametrize("method", [*FIXED, {"kind": "deduction", "each": 1}, BY_POINTS], ids=str)
@settings(deadline=None, max_examples=10)
@given(table=tables(), own=st.lists(st.booleans(), min_size=12, max_size=12))
def test_the_order_of_units_changes_nothing_for_any_method_and_class(
    method: Any, compare: str, table: Table, own: list[bool]
) -> None:
    clip = [0, 9] if "deduction" in str(method) else [-1e6, 1e6]
    leaf = {"parent": "a", "weight": 40, "method": method, "clip": clip}
    other: dict[str, Any] = {"y": {"parent": "a", "weight": 20, "method": "as-is"}}
    rule = {"by": "class", "compare": compare, "own": {"weights": {"x": 12, "y": 48}}}
    scheme = make_scheme(attributes={"class": {}}, indicators={"x": leaf, **other}, classes=rule)
    groups = ["own" if is_own else "" for is_own in own[: len(table)]]
    given = replace(table, texts={"class": tuple(groups)})
    order = sorted(range(len(table)), key=lambda n: (groups[n] == groups[0], -n))
    turned = replace(permuted(table, order), texts={"class": tuple(groups[n] for n in order)})
    try:
        one = evaluate(scheme, given)
    except Refused:  # a class of one figure has no scale
        with pytest.raises(Refused):
            evaluate(scheme, turned)
        return
    two = evaluate(scheme, turned)
    for key in scheme.items:
        np.testing.assert_array_equal(one.scores[key][order], two.scores[key])
        assert one.ranks[key][order].tolist() == two.ranks[key].tolist()


@settings(deadline=None, max_examples=40)
@given(
    table=tables(), row=st.integers(0, 2), more=st.floats(0, 100), method=st.sampled_from(FIXED), lower=st.booleans()
)
def test_a_better_figure_never_lowers_the_unit_s_own_rank(
    table: Table, row: int, more: float, method: Any, lower: bool
) -> None:
    """The unit's score may sink with the scale it has moved itself, but nobody behind it comes to stand before it."""
    lower = lower and not (isinstance(method, dict) and method["kind"] in ("interval", "baseline", "efficacy"))
    leaf = {"parent": "a", "weight": 40, "method": method, "direction": "lower" if lower else "higher"}
    scheme = make_scheme(indicators={"x": leaf, "y": {"parent": "a", "weight": 20, "method": {"kind": "as-is"}}})
    column = table.numbers["x"].copy()
    column[row] += -more if lower else more
    try:
        before = evaluate(scheme, table)
        after = evaluate(scheme, replace(table, numbers={**table.numbers, "x": column}))
    except Refused:
        return  # the change made all figures one value
    assert after.ranks["x"][row] <= before.ranks["x"][row]


@pytest.mark.parametrize("name", ["asem", "county-demo"])
def test_what_the_leaves_add_makes_up_the_total(name: str) -> None:
    result = shipped(name)
    for row in range(len(result.table)):
        lines = explain(result, row)
        assert sum(line.adds for line in lines if line.leaf) == pytest.approx(lines[0].score, abs=1e-9)
        for line in lines:
            assert line.leaf or line.score == pytest.approx(result.scores[line.id][row], abs=0)


def test_an_explanation_names_figure_denominator_gap_treatment_and_limits() -> None:
    result = shipped("asem")
    text = as_text(explain(result, result.table.units.index("LAO")))
    assert "除以Population得" in text
    assert "按规则补为" in text
    assert "极差法" in text
    assert "极端值处理为" in as_text(explain(result, result.table.units.index("BEL")))


def test_every_statistic_that_a_method_uses_has_a_word() -> None:
    used = re.findall(r"Scored\(.*\{([^{}]*)\}\)", Path(methods.__file__).read_text("utf-8"))
    assert {name for facts in used for name in re.findall(r'"(\w+)":', facts)} | {"score"} == set(FACTS)
    result = shipped("county-demo")
    text = as_text(explain(result, 0))
    assert "目标完成率（目标 60）" in text and "第2部分目标 100" in text


@pytest.mark.row("E7")
@pytest.mark.parametrize("name", ["asem", "county-demo", "egdi", "hdi"])
def test_frozen_inputs_give_the_same_scores_to_the_last_digit(name: str) -> None:
    result = shipped(name)
    text = freeze(result.scheme, result.table)
    scheme, table = thaw(text)
    again = evaluate(scheme, table)
    assert freeze(scheme, table) == text
    place = [table.units.index(u) for u in result.table.units]
    for key in result.scheme.items:
        np.testing.assert_array_equal(again.scores[key][place], result.scores[key])
    assert len(fingerprint(text)) == 64


@settings(deadline=None, max_examples=20)
@given(tables(), st.randoms())
def test_the_fingerprint_knows_figures_and_not_their_order(table: Table, random: Any) -> None:
    order = list(range(len(table)))
    random.shuffle(order)
    mark = fingerprint(freeze(SCHEME, table))
    assert fingerprint(freeze(SCHEME, permuted(table, order))) == mark
    changed = {**table.numbers, "x": table.numbers["x"] + np.eye(len(table))[0] * 1e-3}
    assert fingerprint(freeze(SCHEME, replace(table, numbers=changed))) != mark


def test_broken_frozen_inputs_are_refused() -> None:
    for text in ("", "{}", '{"form": "mashang-score-inputs/1"}', "[1]"):
        with pytest.raises(Refused):
            thaw(text)


@pytest.mark.parametrize("name", ["asem", "county-demo"])
def test_one_changed_figure_or_weight_gives_what_the_whole_run_gives(name: str) -> None:
    result = shipped(name)
    leaf = next(i for i in result.scheme.indicators.values() if result.table.numbers[i.id][1] > 0)
    live = Live(result)
    live.set_figure(1, leaf.id, 0.5)
    live.set_weight(leaf.id, 7.5)
    column = result.table.numbers[leaf.id].copy()
    column[1] = 0.5
    raw = {**result.scheme.raw, "scheme": {**result.scheme.raw["scheme"], "weights": "relative"}}
    raw["indicators"] = {**raw["indicators"], leaf.id: {**raw["indicators"][leaf.id], "weight": 7.5}}
    raw["classes"] = dict(raw.get("classes", {}))
    for rule in [k for k in raw["classes"] if k not in ("by", "compare")]:
        weights = {k: v for k, v in raw["classes"][rule].get("weights", {}).items() if k != leaf.id}
        raw["classes"][rule] = {**raw["classes"][rule], "weights": weights}
    whole = evaluate(parse(raw), replace(result.table, numbers={**result.table.numbers, leaf.id: column}))
    assert live.score.tolist() == whole.scores[result.scheme.root].tolist()
    assert live.ranks().tolist() == whole.ranks[result.scheme.root].tolist()
    assert live.grades() == whole.grades


def test_a_refused_change_leaves_everything_as_it_was() -> None:
    result = evaluate(SCHEME, make_table({"x": [1, 2], "y": [1, 2], "z": [1, 2]}))
    live = Live(result)
    for change in (
        lambda: live.set_figure(0, "x", 2.0),  # all one value
        lambda: live.set_figure(0, "x", np.nan),  # a gap without rule
        lambda: live.set_weight("x", -1.0),
        lambda: live.set_weight("total", 1.0),
    ):
        with pytest.raises(Refused):
            change()
    assert live.score.tolist() == result.scores["total"].tolist()
    live.set_figure(0, "z", 2.0)
    assert live.scores["x"].tolist() == result.scores["x"].tolist()


def dense_scheme(grades: dict[str, Any]) -> Any:
    leaves: dict[str, Any] = {
        "x": {"parent": "a", "weight": 40, "method": "min-max"},
        "y": {"parent": "a", "weight": 20, "method": "efficacy", "direction": "lower"},
        "z": {"parent": "b", "weight": 40, "method": {"kind": "as-is", "times": 2}},
    }
    classes = {"by": "class", "compare": "all", "c1": {"weights": {"x": 10, "y": 50}}, "c2": {"without": ["z"]}}
    return make_scheme(
        scheme={"weights": "relative", "rank_within": "class"},
        attributes={"class": {}},
        indicators=leaves,
        classes=classes,
        grades=grades,
    )


@pytest.mark.parametrize(
    "grades",
    [
        {"names": ["A", "B", "C"], "from": [60, 40]},
        {"by": "quota", "names": ["A", "B", "C"], "shares": [0.3, 0.4]},
        {"by": "quota", "names": ["A", "B", "C"], "shares": [0.3, 0.4], "strict": False},
    ],
)
@pytest.mark.parametrize("units", [7, 8, 95])
def test_many_counties_at_once_give_what_each_gives_alone(grades: dict[str, Any], units: int) -> None:
    scheme = dense_scheme(grades)
    figures = np.round(np.random.default_rng(units).random((5, units, 3)) * 20)  # with ties
    figures[:, 0], figures[:, 1] = -1, 21
    klass = np.arange(units) % 3
    done = Dense(scheme, ["", "c1", "c2"], ["a"]).run(figures, klass, chunk=2)
    for block in range(5):
        columns = {k: figures[block, :, n].tolist() for n, k in enumerate("xyz")}
        alone = evaluate(scheme, make_table(columns, {"class": [["none", "c1", "c2"][k] for k in klass]}))
        np.testing.assert_allclose(done.scores["total"][block], alone.scores["total"], atol=1e-9)
        np.testing.assert_allclose(done.scores["a"][block], alone.scores["a"], atol=1e-9)
        np.testing.assert_array_equal(done.ranks[block], alone.ranks["total"])
        assert scheme.grades is not None
        assert tuple(scheme.grades.names[p] for p in done.places[block]) == alone.grades


def test_the_fast_road_refuses_gaps_one_value_and_methods_that_bend() -> None:
    road = Dense(dense_scheme({"names": ["A", "B"], "from": [60]}), ["", "c1", "c2"])
    figures = np.random.default_rng(1).random((2, 5, 3))
    with pytest.raises(Refused, match="空缺"):
        road.run(np.where(figures == figures[0, 0, 0], np.nan, figures), np.zeros(5, int))
    figures[1, :, 0] = 3
    with pytest.raises(Refused, match="x"):
        road.run(figures, np.zeros(5, int))
    with pytest.raises(Refused) as no:
        Dense(SCHEME)
    assert [f.field for f in no.value.faults] == ["z"]


@pytest.mark.slow
def test_a_study_is_repeatable_and_its_effects_lie_where_they_must() -> None:
    scheme = load(SHIPPED / "asem" / "scheme.toml")
    table = read_table(SHIPPED / "asem" / "values.csv", scheme)
    one, two = study(scheme, table, replicates=200, seed=7), study(scheme, table, replicates=200, seed=7)
    assert one.effects == two.effects
    assert [e.factor for e in one.effects] == ["weights", "normalise", "impute", "treat", "means", "leave_out"]
    for effect in one.effects:
        assert effect.first <= effect.total + 4 * (effect.first_error + effect.total_error)
        assert -4 * effect.first_error <= effect.first <= 1 + 4 * effect.first_error
        assert effect.total >= 0
    assert sum(e.first for e in one.effects) <= 1 + 4 * sum(e.first_error for e in one.effects)
    assert (one.low <= one.median).all() and (one.median <= one.high).all()
    assert one.left_out["CostImpEx"][1] >= 0


def test_leaving_an_indicator_out_of_a_sum_takes_its_points_away() -> None:
    nodes = {"total": {"mean": "sum"}, "a": None, "b": None}
    leaves = {"x": {"parent": "total", "method": "as-is"}, "y": {"parent": "total", "method": "as-is"}, "z": None}
    scheme = make_scheme(nodes=nodes, indicators=leaves, sensitivity={"weights": 0, "leave_out": True})
    done = study(scheme, make_table({"x": [80, 70, 10], "y": [1, 60, 65]}), replicates=20)
    assert done.result.ranks["total"].tolist() == [2, 1, 3]
    assert done.left_out == {"x": (4 / 3, 2), "y": (2 / 3, 1)}
    assert done.shift > 0
    live = Live(done.result)
    live.set_weight("x", 0)
    assert live.score.tolist() == [1, 60, 65]


def test_sobol_indices_find_the_one_choice_that_matters() -> None:
    """Weights vary by nothing to speak of; the mean decides all: its effect is 1, alone and in total."""
    sensitivity = {"weights": 1e-12, "means": ["arithmetic", "harmonic"]}
    scheme = make_scheme(
        sensitivity=sensitivity,
        indicators={
            k: {"parent": p, "weight": w, "method": "as-is"}
            for k, p, w in [("x", "a", 40), ("y", "a", 20), ("z", "b", 40)]
        },
    )
    table = make_table({"x": [10, 50, 90], "y": [90, 52, 10], "z": [60, 50, 55]})
    effects = {e.factor: e for e in study(scheme, table, replicates=400).effects}
    assert effects["means"].total == pytest.approx(1, abs=0.1)
    assert effects["means"].first == pytest.approx(1, abs=4 * effects["means"].first_error + 0.01)
    assert effects["weights"].total == pytest.approx(0, abs=0.01)


def test_an_undefined_combination_of_methods_is_refused() -> None:
    scheme = make_scheme(sensitivity={"normalise": ["z-score"], "means": ["geometric"]})
    with pytest.raises(Refused, match="to ="):
        study(scheme, make_table({"x": [1, 2, 3], "y": [1, 2, 3], "z": [1, 2, 3]}), replicates=10)


def test_ranks_from_few_cases_are_less_sure_than_from_many() -> None:
    scheme = make_scheme()
    table = make_table({"x": [90, 95, 80], "y": [1, 2, 3], "z": [99, 50, 10]})
    result = evaluate(scheme, table)
    share = np.array([0.90, 0.95, 0.80])
    few = rank_intervals(result, {"x": (share * 10, [10, 10, 10])})
    many = rank_intervals(result, {"x": (share * 1e6, [1e6, 1e6, 1e6])})
    assert ((few[1] - few[0]) >= (many[1] - many[0])).all()
    assert (few[1] - few[0]).sum() > 0
    np.testing.assert_array_equal(many[0], result.ranks["total"])
    np.testing.assert_array_equal(many[1], result.ranks["total"])
