"""A scheme is checked whole: every fault has its code, and all are named at once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from mashang.kernel.refused import Refused
from mashang.performance import sources
from mashang.performance.rules import names
from mashang.performance.rules.parse import parse, toml
from tests.growth import linear

from .builders import SHIPPED, raw_scheme

LEAF = {"parent": "b", "weight": 40, "method": "min-max"}

FAULTS: list[tuple[str, dict[str, Any], str]] = [
    ("weights that do not add up", {"indicators": {"x": {**LEAF, "parent": "a", "weight": 30}}}, "scheme.weights"),
    ("a weight of zero", {"indicators": {"z": {**LEAF, "weight": 0}}}, "scheme.weight"),
    ("a negative weight", {"nodes": {"b": {"parent": "total", "weight": -40}}}, "scheme.weight"),
    ("one weight left out", {"indicators": {"y": {"parent": "a", "method": "min-max"}}}, "scheme.weight-missing"),
    ("nodes in a circle", {"nodes": {"a": {"parent": "b", "weight": 60}, "b": {"parent": "a", "weight": 40}}}, "scheme.cycle"),
    ("a parent that is not there", {"nodes": {"a": {"parent": "c", "weight": 60}}}, "scheme.unknown-parent"),
    ("an indicator under nothing", {"indicators": {"z": {**LEAF, "parent": "nowhere"}}}, "scheme.unknown-parent"),
    ("a second root", {"nodes": {"c": {}}}, "scheme.two-roots"),
    ("a node with nothing under it", {"nodes": {"c": {"parent": "a", "weight": 1}}}, "scheme.empty-node"),
    ("an unknown method", {"indicators": {"z": {**LEAF, "method": "magic"}}}, "scheme.unknown-method"),
    ("no method", {"indicators": {"z": {"parent": "b", "weight": 40}}}, "scheme.no-method"),
    ("an option that the method lacks", {"indicators": {"z": {**LEAF, "method": {"kind": "completion"}}}}, "scheme.missing-option"),
    ("one method where a list of them belongs", {"sensitivity": {"normalise": 5}}, "scheme.type"),
    ("one rule where a list of them belongs", {"sensitivity": {"impute": "mean"}}, "scheme.type"),
    ("raters that are not named", {"indicators": {"z": {**LEAF, "method": "expert-mean"}}}, "scheme.missing-option"),
    ("points that are not given", {"indicators": {"z": {**LEAF, "method": "interval"}}}, "scheme.missing-option"),
    ("a base alone", {"indicators": {"z": {**LEAF, "method": {"kind": "baseline", "base": 5}}}}, "scheme.missing-option"),
    ("a target that is a list", {"indicators": {"z": {**LEAF, "method": {"kind": "baseline", "base": 5, "target": [1]}}}}, "scheme.type"),
    ("parts of which one has none", {"indicators": {"z": {**LEAF, "method": {"kind": "combined", "parts": [{"kind": "combined", "share": 1}]}}}}, "scheme.missing-option"),
    ("a misspelt option", {"indicators": {"z": {**LEAF, "method": {"kind": "min-max", "too": [0, 1]}}}}, "scheme.unknown-key"),
    ("a misspelt key", {"indicators": {"z": {**LEAF, "wieght": 3}}}, "scheme.unknown-key"),
    ("text where a number belongs", {"indicators": {"z": {**LEAF, "weight": "forty"}}}, "scheme.type"),
    ("a truth value where a number belongs", {"indicators": {"z": {**LEAF, "weight": True}}}, "scheme.type"),
    ("a range upside down", {"indicators": {"z": {**LEAF, "method": {"kind": "min-max", "to": [100, 0]}}}}, "scheme.pair"),
    ("a direction that is neither", {"indicators": {"z": {**LEAF, "direction": "up"}}}, "scheme.choice"),
    ("a direction against the points", {"indicators": {"z": {**LEAF, "direction": "lower", "method": {"kind": "interval", "points": [[1, 0], [9, 100]]}}}}, "scheme.direction"),
    ("a direction against the worst and best", {"indicators": {"z": {**LEAF, "direction": "lower", "method": {"kind": "efficacy", "worst": -10, "best": 90}}}}, "scheme.direction"),
    ("points out of order", {"indicators": {"z": {**LEAF, "method": {"kind": "interval", "points": [[5, 1], [2, 0]]}}}}, "scheme.points"),
    ("shares that do not add up", {"indicators": {"z": {**LEAF, "method": {"kind": "combined", "parts": [{"kind": "rank", "share": 0.5}]}}}}, "scheme.share"),
    ("all raters dropped", {"indicators": {"z": {**LEAF, "method": {"kind": "expert-mean", "inputs": ["r"], "drop": 1}}}}, "scheme.drop"),
    ("goalposts on logs from zero", {"indicators": {"z": {**LEAF, "method": {"kind": "goalposts", "low": 0, "high": 9, "log": True}}}}, "scheme.log"),
    ("a group that is not declared", {"indicators": {"z": {**LEAF, "impute": {"kind": "group-mean", "by": "region"}}}}, "scheme.unknown-attribute"),
    ("a text as denominator", {"attributes": {"pop": {}}, "indicators": {"z": {**LEAF, "per": "pop"}}}, "scheme.attribute-type"),
    ("bonus scored as a part", {"indicators": {"w": {"parent": "total", "role": "bonus", "method": "min-max"}}}, "scheme.role-method"),
    ("a part that gives points", {"indicators": {"z": {**LEAF, "method": "points"}}}, "scheme.role-method"),
    ("a bonus with a weight", {"indicators": {"w": {"parent": "total", "role": "bonus", "method": "points", "weight": 3}}}, "scheme.role-weight"),
    ("a veto without a higher rule", {"indicators": {"w": {"parent": "total", "role": "veto", "grade_at_most": "c"}}, "grades": {"names": ["a", "c"], "from": [60]}}, "scheme.veto-basis"),
    ("a veto to a grade that is not there", {"indicators": {"w": {"parent": "total", "role": "veto", "grade_at_most": "z", "basis": "r"}}}, "scheme.veto-grade"),
    ("grades out of order", {"grades": {"names": ["a", "b", "c"], "from": [60, 80]}}, "scheme.grades"),
    ("a quota over the whole", {"grades": {"by": "quota", "names": ["a", "b", "c"], "shares": [0.8, 0.3]}}, "scheme.grades"),
    ("classes without the attribute that tells them", {"classes": {"town": {}}}, "scheme.class-by"),
    ("weights of a class that do not add up", {"attributes": {"k": {}}, "classes": {"by": "k", "town": {"without": ["x"]}}}, "scheme.weights"),
    ("a class freed from an unknown indicator", {"attributes": {"k": {}}, "classes": {"by": "k", "town": {"without": ["nothing"]}}}, "scheme.unknown-indicator"),
    ("a node and an indicator of one name", {"nodes": {"z": {"parent": "b"}}}, "scheme.duplicate"),
    ("no code", {"scheme": {"code": ""}}, "scheme.no-code"),
    ("an unknown source", {"indicators": {"z": {**LEAF, "source": "hearsay"}}}, "scheme.source"),
    ("a measure that nobody counts", {"indicators": {"z": {**LEAF, "source": "measure:nope"}}}, "score.no-measure"),
    ("a class with a measure that nobody counts", {"attributes": {"k": {}}, "classes": {"by": "k", "c": {"indicators": {"z": {"source": "measure:nope"}}}}}, "score.no-measure"),
    ("marks that the platform would have to count", {"indicators": {"z": {**LEAF, "source": "measure:satisfaction", "method": {"kind": "expert-mean", "inputs": ["r", "s"], "drop": 0}}}}, "scheme.source-marks"),
    ("more known than all", {"nodes": {"total": {"known": 5}}}, "scheme.known"),
    ("a floor above the ceiling", {"nodes": {"total": {"floor": 50, "ceiling": 10}}}, "scheme.limits"),
    ("a floor above the cap", {"nodes": {"c": {"parent": "total", "role": "bonus", "floor": 3, "cap": 2}}}, "scheme.limits"),
    ("a node with targets of units", {"attributes": {"own": {"type": "number"}}, "nodes": {"total": {"method": {"kind": "completion", "target": "own"}}}}, "scheme.node-method"),
    ("a class freed from everything", {"attributes": {"k": {}}, "classes": {"by": "k", "c": {"without": ["x", "y", "z"]}}}, "scheme.class-empty"),
    ("a grade twice", {"grades": {"names": ["a", "b", "a"], "from": [60, 40]}}, "scheme.grades"),
    ("an attribute and an indicator of one name", {"attributes": {"z": {"type": "number"}}}, "scheme.column-twice"),
    ("two indicators under one heading", {"indicators": {"z": {**LEAF, "name": "y"}}}, "scheme.column-twice"),
    ("two indicators that share a column", {"indicators": {"x": {"parent": "a", "weight": 40, "method": "min-max", "columns": ["c"]}, "z": {**LEAF, "columns": ["c"]}}}, "scheme.column-twice"),
    ("an indicator called as the units are", {"indicators": {"z": {**LEAF, "name": "单位"}}}, "scheme.column-twice"),
    ("a rater called as an attribute", {"attributes": {"r": {}}, "indicators": {"z": {**LEAF, "method": {"kind": "expert-mean", "inputs": ["r"], "drop": 0}}}}, "scheme.column-twice"),
    ("a full score where the scale has no end", {"indicators": {"z": {**LEAF, "method": "z-score", "missing": "full"}}}, "scheme.missing-scale"),
    ("a nought where the scale has no end, in parts", {"indicators": {"z": {**LEAF, "missing": "zero", "method": {"kind": "combined", "parts": [{"share": 1, "kind": "z-score"}]}}}}, "scheme.missing-scale"),
    ("scales exchanged for one without end", {"indicators": {"z": {**LEAF, "missing": "zero"}}, "sensitivity": {"normalise": ["min-max", "z-score"]}}, "scheme.missing-scale"),
    ("a direction for deductions", {"indicators": {"z": {**LEAF, "direction": "lower", "method": {"kind": "deduction", "each": 1}}}}, "scheme.direction"),
    ("a direction for what is looked up", {"indicators": {"z": {**LEAF, "direction": "lower", "method": {"kind": "lookup", "points": [[1, 2]]}}}}, "scheme.direction"),
    ("a direction for marks", {"indicators": {"z": {**LEAF, "direction": "lower", "method": {"kind": "expert-mean", "inputs": ["r"], "drop": 0}}}}, "scheme.direction"),
    ("a deduction that adds", {"indicators": {"z": {**LEAF, "method": {"kind": "deduction", "each": -1}}}}, "scheme.positive"),
    ("a worst that is the best", {"indicators": {"z": {**LEAF, "method": {"kind": "efficacy", "worst": 5, "best": 5}}}}, "scheme.pair"),
    ("more decimals than are ranked by", {"scheme": {"decimals": 400}}, "scheme.type"),
    ("a weight without end", {"indicators": {"z": {**LEAF, "weight": 10**400}}}, "scheme.type"),
    ("a number nobody can add up", {"indicators": {"z": {**LEAF, "weight": 1e308}}}, "scheme.type"),
    ("an unknown mean", {"nodes": {"total": {"mean": "median"}}}, "scheme.choice"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "changes", "code"), FAULTS, ids=[f[0] for f in FAULTS])
def test_a_faulty_scheme_is_refused_with_the_fault_named(why: str, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as no:
        parse(raw_scheme(**changes))
    assert code in {fault.code for fault in no.value.faults}
    assert all(fault.text.endswith("。") for fault in no.value.faults)


def test_all_faults_are_named_at_once_with_their_places() -> None:
    raw = raw_scheme(
        indicators={"x": {**LEAF, "parent": "a", "weight": 30, "method": "magic"}, "z": {**LEAF, "direction": "up"}},
        nodes={"b": {"parent": "total", "weight": 41, "colour": "red"}},
    )
    with pytest.raises(Refused) as no:
        parse(raw)
    assert {f.field for f in no.value.faults} >= {
        "indicators.x.method.kind",
        "indicators.z.direction",
        "nodes.b.colour",
        "nodes.total",
        "nodes.a",
    }


@pytest.mark.parametrize("levels", [100, 101, 3000])
def test_a_tree_too_deep_to_read_is_refused_once(levels: int) -> None:
    nodes = {"n1": {}} | {f"n{n}": {"parent": f"n{n - 1}"} for n in range(2, levels + 1)}
    raw = {"scheme": {"code": "x"}, "nodes": nodes}
    raw["indicators"] = {"x": {"parent": f"n{levels}", "method": {"kind": "as-is"}}}
    if levels <= 100:
        assert len(parse(raw).bottom_up()) == levels
        return
    with pytest.raises(Refused) as no:
        parse(raw)
    assert [(f.code, f.field) for f in no.value.faults] == [("scheme.deep", "nodes.n101.parent")]


def test_the_size_of_a_scheme_is_all_it_costs_to_read() -> None:
    def work(nodes: int, below: Callable[[int], str]) -> None:
        tree: dict[str, Any] = {"n1": {}} | {f"n{n}": {"parent": below(n)} for n in range(2, nodes + 1)}
        leaves = {f"x{n}": {"parent": f"n{n}", "method": {"kind": "as-is"}} for n in range(1, nodes + 1)}
        classes = {"by": "k", "a": {"without": ["x1"]}}
        with suppress(Refused):
            parse(
                {
                    "scheme": {"code": "x"},
                    "nodes": tree,
                    "indicators": leaves,
                    "attributes": {"k": {}},
                    "classes": classes,
                }
            )

    assert linear(partial(work, below=lambda n: f"n{n - 1}"), 4_000), "one below the other"
    assert linear(partial(work, below=lambda n: "n1"), 4_000), "side by side"


def test_a_circle_hides_no_other_fault() -> None:
    nodes = {"a": {"parent": "b", "weight": -1}, "b": {"parent": "a", "weight": 40}}
    with pytest.raises(Refused) as no:
        parse(raw_scheme(nodes=nodes, indicators={"x": {**LEAF, "parent": "a", "weight": 30}}))
    found = {(f.code, f.field) for f in no.value.faults}
    assert found >= {("scheme.cycle", "nodes.a.parent"), ("scheme.weight", "nodes.a.weight")}
    assert "scheme.weights" in {code for code, _ in found}


def test_the_measures_that_a_scheme_may_name_are_those_the_platform_counts() -> None:
    assert set(names.MEASURES) == sources.MEASURES.keys()


def test_a_weight_that_is_no_number_is_told_once() -> None:
    with pytest.raises(Refused) as no:
        parse(raw_scheme(indicators={"x": {**LEAF, "parent": "a", "weight": 1e308}}))
    assert [(f.code, f.field) for f in no.value.faults] == [("scheme.type", "indicators.x.weight")]


@pytest.mark.row("E1")
def test_every_key_task_must_be_covered_by_an_indicator() -> None:
    raw = raw_scheme(indicators={"z": {**LEAF, "covers": ["roads", "typo"]}}) | {"tasks": ["roads", "schools"]}
    with pytest.raises(Refused) as no:
        parse(raw)
    assert [f.code for f in no.value.faults] == ["scheme.task-uncovered", "scheme.unknown-task"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"[scheme\n", "scheme.toml"),
        (b"a." * 100_000 + b"a = 1", "scheme.toml"),
        ("[scheme]\nname = '漳州'".encode("gb18030"), "scheme.encoding"),
    ],
    ids=["cut off", "a key of thousands of parts", "GB 18030"],
)
def test_what_is_not_toml_in_utf8_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(Refused) as no:
        toml(data)
    assert no.value.code == code


def test_weights_may_be_shares_points_of_the_node_or_relative() -> None:
    leaves = {
        "x": {"parent": "a", "weight": 0.75, "method": "min-max"},
        "y": {"parent": "a", "weight": 0.25, "method": "min-max"},
    }
    parse(raw_scheme(indicators=leaves))
    parse(
        raw_scheme(indicators={"x": {"parent": "a", "weight": 7, "method": "min-max"}}, scheme={"weights": "relative"})
    )


@pytest.mark.parametrize("name", sorted(p.name for p in SHIPPED.iterdir()))
def test_shipped_schemes_have_no_fault(name: str) -> None:
    assert parse(toml((SHIPPED / name / "scheme.toml").read_bytes())).code
