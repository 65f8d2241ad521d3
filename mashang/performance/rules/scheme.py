"""What a scoring scheme is: a tree of nodes over indicators, each with its way from a figure to a score.

Plain values, made by `parse`; nothing here computes. Scores of parts are on one scale within a tree (0-100 unless the
methods say otherwise); bonus and deduction are points on the scale of the node they hang under.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Role = Literal["part", "bonus", "deduction", "veto"]
Missing = Literal["refuse", "redistribute", "zero", "full"]


@dataclass(frozen=True, slots=True)
class Method:
    """How a figure becomes a score: a kind of `methods.KINDS` with its options, defaults filled in."""

    kind: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Impute:
    """What stands in for a missing figure: none, constant, mean, median, group-mean, group-median (by an attribute)."""

    kind: str = "none"
    by: str = ""
    value: float = 0.0


@dataclass(frozen=True, slots=True)
class Treat:
    """Outliers: while |skew| and kurtosis both pass their limits, winsorise up to `winsorise` points; else take the log."""

    skew: float = 2.0
    kurtosis: float = 3.5
    winsorise: int = 5
    log: str = "CT"


@dataclass(frozen=True, slots=True)
class Indicator:
    """A leaf. `columns` are the names its figures may have in a table; `source` is "reported" or "measure:NAME"; `reporter`
    says who reports: the unit itself, or the office alone."""

    id: str
    name: str
    parent: str
    weight: float | None
    method: Method
    role: Role = "part"
    higher: bool = True
    columns: tuple[str, ...] = ()
    unit: str = ""
    source: str = "reported"
    reporter: str = "unit"
    per: str = ""
    per_times: float = 1.0
    clip: tuple[float, float] | None = None
    impute: Impute = Impute()
    treat: Treat | None = None
    missing: Missing = "refuse"
    within: str = ""
    above: float = 0.0
    grade_at_most: str = ""
    covers: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns it reads: one, or one for each rater."""
        return tuple(self.method.options.get("inputs", ())) or (self.id,)


@dataclass(frozen=True, slots=True)
class Node:
    """An inner node: the mean of its parts, plus bonus, less deductions, rescaled by its method, between floor and ceiling."""

    id: str
    name: str
    parent: str
    weight: float | None
    role: Role = "part"
    mean: str = "arithmetic"
    known: float = 0.0
    cap: float | None = None
    floor: float | None = None
    ceiling: float | None = None
    method: Method | None = None


@dataclass(frozen=True, slots=True)
class Attribute:
    """A column about the unit itself: a group (text) or a number such as population or the unit's own target."""

    id: str
    columns: tuple[str, ...]
    number: bool = False


@dataclass(frozen=True, slots=True)
class Grades:
    """Names from best to worst; `bounds` are thresholds (one fewer) or shares of the peer group (quota)."""

    names: tuple[str, ...]
    bounds: tuple[float, ...]
    by: Literal["thresholds", "quota"] = "thresholds"
    strict: bool = True


@dataclass(frozen=True, slots=True)
class ClassRule:
    """What is different for one class of unit: indicators it is freed from, its own weights, its own indicators' rules."""

    without: frozenset[str] = frozenset()
    weights: Mapping[str, float] = field(default_factory=dict)
    indicators: Mapping[str, Indicator] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What a sensitivity run varies: weights by a share, methods, means, imputation, treatment, indicators left out."""

    weights: float = 0.25
    normalise: tuple[Method, ...] = ()
    means: tuple[str, ...] = ()
    impute: tuple[Impute, ...] = ()
    treat: bool = False
    leave_out: bool = False


@dataclass(frozen=True, slots=True)
class Scheme:
    """A whole scheme. `raw` is the file as parsed, the form in which it is frozen and hashed."""

    code: str
    name: str
    version: str
    root: str
    indicators: Mapping[str, Indicator]
    nodes: Mapping[str, Node]
    attributes: Mapping[str, Attribute]
    raw: Mapping[str, Any]
    weights: Literal["strict", "relative"] = "strict"
    decimals: int = 2
    digits: int = 0
    unit_columns: tuple[str, ...] = ("unit", "单位")
    period_columns: tuple[str, ...] = ("period", "期间")
    missing_marks: tuple[str, ...] = ("NA",)
    class_by: str = ""
    classes: Mapping[str, ClassRule] = field(default_factory=dict)
    compare_all: bool = False
    rank_within: str = ""
    grades: Grades | None = None
    sensitivity: Sensitivity = Sensitivity()

    @property
    def items(self) -> dict[str, Indicator | Node]:
        """All nodes and indicators by id, nodes first."""
        return {**self.nodes, **self.indicators}

    def children(self, node: str) -> list[Indicator | Node]:
        """The children of a node in the order of the file: inner nodes, then indicators."""
        return [n for n in self.nodes.values() if n.parent == node] + [
            i for i in self.indicators.values() if i.parent == node
        ]

    def families(self) -> dict[str, list[Indicator | Node]]:
        """The children of all nodes at once, as `children` gives them for one; a node without any has an empty list."""
        found: dict[str, list[Indicator | Node]] = {key: [] for key in self.nodes}
        items: list[Indicator | Node] = [*self.nodes.values(), *self.indicators.values()]
        for item in items:
            if item.parent in found:
                found[item.parent].append(item)
        return found

    def bottom_up(self) -> list[Node]:
        """Inner nodes, each after all nodes under it. Needs a tree without cycles, which `check` makes sure of."""
        order: list[Node] = []
        families = self.families()

        def visit(node: Node) -> None:
            for child in families[node.id]:
                if isinstance(child, Node):
                    visit(child)
            order.append(node)

        visit(self.nodes[self.root])
        return order

    def for_class(self, name: str) -> Scheme:
        """The scheme as it holds for one class of unit (差异化考核); nodes left without indicators fall away."""
        rule = self.classes.get(name)
        if rule is None:
            return self
        leaves = {
            i.id: replace(
                rule.indicators.get(i.id, i), weight=rule.weights.get(i.id, rule.indicators.get(i.id, i).weight)
            )
            for i in self.indicators.values()
            if i.id not in rule.without
        }
        used: set[str] = set()
        for leaf in leaves.values():
            at = leaf.parent
            while at in self.nodes and at not in used:
                used.add(at)
                at = self.nodes[at].parent
        nodes = {n.id: replace(n, weight=rule.weights.get(n.id, n.weight)) for n in self.nodes.values() if n.id in used}
        return replace(self, indicators=leaves, nodes=nodes, classes={})

    def path(self, node: str) -> list[str]:
        """From a node up to the root, both included; stops at what is unknown or seen before."""
        seen: dict[str, None] = {}
        while node in self.nodes and node not in seen:
            seen[node] = None
            node = self.nodes[node].parent
        return list(seen)

    def levels(self) -> dict[str, int]:
        """How many nodes lie from the top to each node, both counted; 0 where its parents go round in a ring."""
        found: dict[str, int] = {}
        for key in self.nodes:
            way: dict[str, None] = {}
            while key in self.nodes and key not in found and key not in way:
                way[key] = None
                key = self.nodes[key].parent
            ring = key in way or found.get(key) == 0
            for level, step in enumerate(reversed(way), found.get(key, 0) + 1):
                found[step] = 0 if ring else level
        return found
