"""From a scheme file (TOML) to a `Scheme`, or to every fault in it at once. The format: docs/scheme-format.md."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import Any

from mashang.kernel.refused import Fault, Refused
from mashang.kernel.said import said
from mashang.kernel.toml import toml_place
from mashang.performance.rules.aggregate import MEANS
from mashang.performance.rules.check import structure_faults
from mashang.performance.rules.fields import Fields
from mashang.performance.rules.options import read_impute, read_method, read_treat
from mashang.performance.rules.scheme import (
    Attribute,
    ClassRule,
    Grades,
    Impute,
    Indicator,
    Method,
    Node,
    Role,
    Scheme,
    Sensitivity,
)
from mashang.performance.rules.statistics import NOISE

ROLES = ("part", "bonus", "deduction", "veto")
MISSING = ("refuse", "redistribute", "zero", "full")
DOTS = 1000  # in a line; a key of thousands of parts takes the reader of TOML minutes
UNITS = ("", "percent", "share", "count", "number")
FACTS = ("lead", "collected", "basis", "note", "target_text", "type")
"""What is told of an indicator but does not enter the sum: who leads, when collected, what it rests on."""


def load(path: Path) -> Scheme:
    """Read and check a scheme file; refuses with all faults."""
    return parse(toml(path.read_bytes()))


@lru_cache(maxsize=32)
def read_scheme(text: str) -> Scheme:
    """The scheme of a file's text; the last few are kept, for a text never means anything else."""
    return parse(toml(text.encode()))


def toml(data: bytes) -> dict[str, Any]:
    """TOML as plain values; refuses what is not UTF-8 or not TOML, naming the line."""
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.count(b".") > DOTS:
            text = said("第 {line} 行有 {n} 个点，不是方案的写法，请改正。", line=number, n=line.count(b"."))
            raise Refused("scheme.toml", text)
    try:
        content = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused("scheme.encoding", "方案文件不是 UTF-8 编码，请另存为 UTF-8。") from error
    try:
        return {key: _plain(value) for key, value in tomllib.loads(content).items()}
    except tomllib.TOMLDecodeError as error:
        at, column, hint = toml_place(error, content)
        told = said("方案文件第 {line} 行第 {column} 个字：{hint}。", line=at, column=column, hint=hint)
        raise Refused("scheme.toml", told) from error
    except (ValueError, RecursionError) as error:  # a number without end, brackets without end
        raise Refused("scheme.toml", "方案文件看不懂：括号套得太深，或者有不合写法的数字。") from error


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime | date | time) else value


def parse(raw: Mapping[str, Any]) -> Scheme:
    """The scheme written in these tables; refuses with all faults of form and of structure."""
    faults: list[Fault] = []
    scheme = _scheme(raw, faults)
    faults += structure_faults(scheme)
    if faults:
        raise Refused.of(faults)
    return scheme


def _scheme(raw: Mapping[str, Any], faults: list[Fault]) -> Scheme:
    top = Fields(raw, "", faults)
    head = Fields(top.table("scheme"), "scheme", faults)
    values = Fields(top.table("values"), "values", faults)
    classes = Fields(top.table("classes"), "classes", faults)
    defaults = top.table("defaults")
    plain_leaves = {key: {**defaults, **dict(_row(value))} for key, value in top.table("indicators").items()}
    leaves = {key: read_indicator(key, value, f"indicators.{key}", faults) for key, value in plain_leaves.items()}
    nodes = {key: read_node(key, value, faults) for key, value in top.table("nodes").items()}
    roots = [n.id for n in nodes.values() if not n.parent]
    tasks = top.texts("tasks")
    scheme = Scheme(
        code=head.text("code"),
        name=head.text("name"),
        version=head.text("version", "1"),
        root=head.text("root", roots[0] if roots else ""),
        indicators=leaves,
        nodes=nodes,
        attributes={key: _attribute(key, value, faults) for key, value in top.table("attributes").items()},
        raw=raw,
        weights=head.choice("weights", ("strict", "relative"), "strict"),  # type: ignore[arg-type]  # checked choice
        decimals=head.whole("decimals", 2, NOISE),
        digits=values.whole("digits", 0),
        unit_columns=values.texts("unit", ("unit", "单位")),
        period_columns=values.texts("period", ("period", "期间")),
        missing_marks=values.texts("missing", ("NA",)),
        class_by=classes.text("by"),
        classes=_classes(classes, plain_leaves, faults),
        compare_all=classes.choice("compare", ("class", "all"), "class") == "all",
        rank_within=head.text("rank_within"),
        grades=_grades(top, faults),
        sensitivity=_sensitivity(top.table("sensitivity"), faults),
    )
    for key in ("source", "period", "note", "licence", "issued"):
        head.text(key)
    for reader in (head, values, top):
        reader.close()
    _task_faults(tasks, leaves, faults)
    return _with_roles(scheme, raw)


def _with_roles(scheme: Scheme, raw: Mapping[str, Any]) -> Scheme:
    """What hangs under a bonus or deduction node is bonus or deduction itself, added up unless a mean is named."""

    known: dict[str, Role] = {}  # of the nodes gone through

    def role(own: Role, at: str) -> Role:
        way: dict[str, None] = {}
        while own == "part" and at in scheme.nodes and at not in known and at not in way:
            way[at] = None
            own, at = scheme.nodes[at].role, scheme.nodes[at].parent
        if own == "part":
            own = known.get(at, "part")
        known.update(dict.fromkeys(way, own))
        return own

    def leaves(of: Mapping[str, Indicator]) -> dict[str, Indicator]:
        return {key: replace(leaf, role=role(leaf.role, leaf.parent)) for key, leaf in of.items()}

    nodes = {}
    for key, node in scheme.nodes.items():
        under = role(node.role, node.parent)
        named = "mean" in _row(raw["nodes"][key])
        nodes[key] = replace(node, role=under, mean="sum" if under != "part" and not named else node.mean)
    classes = {name: replace(rule, indicators=leaves(rule.indicators)) for name, rule in scheme.classes.items()}
    return replace(scheme, nodes=nodes, indicators=leaves(scheme.indicators), classes=classes)


def _row(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {"parent": value}


def read_indicator(key: str, raw: Any, where: str, faults: list[Fault]) -> Indicator:
    """An indicator from its table at `where` in the file; what is wrong goes to the faults, and something harmless stands there."""
    f = Fields(raw, where, faults)
    role = f.choice("role", ROLES, "part")
    method = read_method(f.get("method"), f"{where}.method", faults) if f.has("method") else None
    if method is None and not f.has("method") and role != "veto":
        f.fault("scheme.no-method", said("指标“{key}”没有写计分方法（method）。", key=key), "method")
    clip = f.numbers("clip")
    if clip and (len(clip) != 2 or clip[0] >= clip[1]):
        f.fault("scheme.pair", said("“{where}.clip”应当是由小到大的两个数。", where=where), "clip")
    found = Indicator(
        id=key,
        name=f.text("name", key),
        parent=f.text("parent"),
        weight=_optional(f, "weight"),
        method=method or Method("as-is", {"times": 1.0, "out_of": 100.0}),
        role=role,  # type: ignore[arg-type]  # checked choice
        higher=f.choice("direction", ("higher", "lower"), "higher") == "higher",
        columns=f.texts("columns"),
        unit=f.choice("unit", UNITS, ""),
        source=f.text("source", "reported"),
        reporter=f.choice("reporter", ("unit", "office"), "unit"),
        per=f.text("per"),
        per_times=f.number("per_times", 1.0),
        clip=(clip[0], clip[1]) if len(clip) == 2 else None,
        impute=read_impute(f.get("impute"), f"{where}.impute", faults) if f.has("impute") else Impute(),
        treat=read_treat(f.get("treat"), f"{where}.treat", faults) if f.has("treat") else None,
        missing=f.choice("missing", MISSING, "refuse"),  # type: ignore[arg-type]  # checked choice
        within=f.text("within"),
        above=f.number("above", 0.0),
        grade_at_most=f.text("grade_at_most"),
        covers=f.texts("covers"),
        facts={name: f.text(name) for name in FACTS if f.has(name)},
    )
    f.close()
    return found


def read_node(key: str, raw: Any, faults: list[Fault]) -> Node:
    """A node from its table; what is wrong goes to the faults."""
    where = f"nodes.{key}"
    f = Fields(raw, where, faults)
    role = f.choice("role", ("part", "bonus", "deduction"), "part")
    found = Node(
        id=key,
        name=f.text("name", key),
        parent=f.text("parent"),
        weight=_optional(f, "weight"),
        role=role,  # type: ignore[arg-type]  # checked choice
        mean=f.choice("mean", MEANS, "arithmetic" if role == "part" else "sum"),
        known=f.number("known", 0.0),
        cap=_optional(f, "cap"),
        floor=_optional(f, "floor"),
        ceiling=_optional(f, "ceiling"),
        method=read_method(f.get("method"), f"{where}.method", faults) if f.has("method") else None,
    )
    f.text("note")
    f.close()
    return found


def _optional(f: Fields, key: str) -> float | None:
    return f.number(key) if f.has(key) else None


def _attribute(key: str, raw: Any, faults: list[Fault]) -> Attribute:
    f = Fields(raw, f"attributes.{key}", faults)
    found = Attribute(key, f.texts("columns"), f.choice("type", ("text", "number"), "text") == "number")
    f.text("name")
    f.close()
    return found


def _classes(f: Fields, leaves: Mapping[str, Mapping[str, Any]], faults: list[Fault]) -> dict[str, ClassRule]:
    rules = {}
    for name in f.raw:
        if name in ("by", "compare"):
            continue
        row = Fields(f.get(name), f"classes.{name}", faults)
        changed = {}
        for key, change in row.table("indicators").items():
            if key not in leaves:
                row.fault(
                    "scheme.unknown-indicator",
                    said("“{where}”改动的指标“{key}”不在方案里。", where=row.where, key=key),
                    "indicators",
                )
                continue
            merged = {**leaves[key], **dict(_row(change))}
            changed[key] = read_indicator(key, merged, f"classes.{name}.indicators.{key}", faults)
        weights = Fields(row.table("weights"), f"{row.where}.weights", faults)
        rules[name] = ClassRule(frozenset(row.texts("without")), {k: weights.number(k) for k in weights.raw}, changed)
        row.text("note")
        row.close()
    return rules


def _grades(top: Fields, faults: list[Fault]) -> Grades | None:
    if not top.has("grades"):
        return None
    f = Fields(top.table("grades"), "grades", faults)
    by = f.choice("by", ("thresholds", "quota"), "thresholds")
    found = Grades(f.texts("names"), f.numbers("from" if by == "thresholds" else "shares"), by, f.flag("strict", True))  # type: ignore[arg-type]  # checked choice
    f.close()
    if len(found.names) != len(found.bounds) + 1:
        f.fault("scheme.grades", said("等次的名称（names）应当比界限多一个，最后一个等次不设界限。"))
    if len(set(found.names)) < len(found.names):
        f.fault("scheme.grades", said("等次的名称（names）不能重复。"), "names")
    falling = all(a > b for a, b in zip(found.bounds, found.bounds[1:], strict=False))
    if by == "thresholds" and not falling:
        f.fault("scheme.grades", said("等次的分数线（from）应当由高到低。"), "from")
    if by == "quota" and (any(b <= 0 for b in found.bounds) or sum(found.bounds) > 1):
        f.fault("scheme.grades", said("等次的比例（shares）应当都大于 0，合计不超过 1。"), "shares")
    return found


def _sensitivity(raw: Mapping[str, Any], faults: list[Fault]) -> Sensitivity:
    f = Fields(raw, "sensitivity", faults)
    methods = f.items("normalise")
    imputes = f.items("impute")
    found = Sensitivity(
        weights=f.number("weights", 0.25),
        normalise=tuple(
            m for n, r in enumerate(methods, 1) if (m := read_method(r, f"sensitivity.normalise[{n}]", faults))
        ),
        means=f.texts("means"),
        impute=tuple(read_impute(r, f"sensitivity.impute[{n}]", faults) for n, r in enumerate(imputes, 1)),
        treat=f.flag("treat", False),
        leave_out=f.flag("leave_out", False),
    )
    f.close()
    if not 0 <= found.weights < 1:
        f.fault(
            "scheme.sensitivity", said("“sensitivity.weights”是权重上下浮动的比例，应当在 0 与 1 之间。"), "weights"
        )
    for mean in found.means:
        if mean not in MEANS:
            f.fault(
                "scheme.choice",
                said("“sensitivity.means”不认识“{mean}”，可用：{names}。", mean=mean, names=[*MEANS]),
                "means",
            )
    return found


def _task_faults(tasks: tuple[str, ...], leaves: Mapping[str, Indicator], faults: list[Fault]) -> None:
    covered = {task for leaf in leaves.values() for task in leaf.covers}
    for task in tasks:
        if task not in covered:
            faults.append(
                Fault("scheme.task-uncovered", said("重点任务“{task}”没有指标覆盖（covers）。", task=task), "tasks")
            )
    for leaf in leaves.values():
        for task in leaf.covers:
            if task not in tasks:
                text = said("指标“{id}”覆盖的任务“{task}”不在 tasks 里。", id=leaf.id, task=task)
                faults.append(Fault("scheme.unknown-task", text, f"indicators.{leaf.id}.covers"))
