"""Is the scheme sound as a whole: one tree without cycles, weights that add up, names that exist."""

from __future__ import annotations

import math
from collections.abc import Iterator

from mashang.kernel.refused import Fault
from mashang.kernel.said import said
from mashang.performance.rules.limits import own_limits
from mashang.performance.rules.methods import KINDS
from mashang.performance.rules.names import name_faults, rules_of
from mashang.performance.rules.scheme import Method, Node, Scheme

LEVELS = 100  # of nodes below each other, the root the first


def structure_faults(scheme: Scheme) -> list[Fault]:
    """Every fault of structure, in the order of the file; empty when the scheme can be used."""
    faults = [
        *_head(scheme),
        *_tree(scheme),
        *_leaves(scheme),
        *name_faults(scheme),
        *_vetoes(scheme),
        *_classes(scheme),
    ]
    faults += [*_scales(scheme), *_weights(scheme, "")]
    for name in scheme.classes:
        faults += _weights(scheme.for_class(name), name)
    return list(dict.fromkeys(faults))


def _head(scheme: Scheme) -> Iterator[Fault]:
    if not scheme.code:
        yield Fault("scheme.no-code", "方案没有写代码（scheme.code）。", "scheme.code")
    if not scheme.nodes:
        yield Fault("scheme.no-nodes", "方案没有任何节点（nodes），至少要有一个总分节点。", "nodes")
    if not scheme.indicators:
        yield Fault("scheme.no-indicators", "方案没有任何指标（indicators）。", "indicators")
    if scheme.root and scheme.root not in scheme.nodes:
        yield Fault("scheme.root", said("总分节点“{root}”不在 nodes 里。", root=scheme.root), "scheme.root")
    for key in scheme.nodes.keys() & scheme.indicators.keys():
        yield Fault("scheme.duplicate", said("“{key}”既是节点又是指标，请改名。", key=key), f"nodes.{key}")


def _tree(scheme: Scheme) -> Iterator[Fault]:
    levels, families = scheme.levels(), scheme.families()
    for node in scheme.nodes.values():
        where = f"nodes.{node.id}"
        if node.parent and node.parent not in scheme.nodes:
            yield Fault(
                "scheme.unknown-parent",
                said("节点“{id}”的上级“{parent}”不存在。", id=node.id, parent=node.parent),
                f"{where}.parent",
            )
        elif node.id != scheme.root and not node.parent:
            yield Fault(
                "scheme.two-roots",
                said("节点“{id}”没有上级，但总分节点是“{root}”。", id=node.id, root=scheme.root),
                f"{where}.parent",
            )
        elif (level := levels[node.id]) == 0:
            yield Fault("scheme.cycle", said("节点“{id}”的上级绕回了自己，成了环。", id=node.id), f"{where}.parent")
        elif level == LEVELS + 1:
            text = said("节点“{id}”在第 {level} 层，方案最多 {most} 层。", id=node.id, level=level, most=LEVELS)
            yield Fault("scheme.deep", text, f"{where}.parent")
        yield from _limits(node, where)
        if not any(c.role == "part" or node.role != "part" for c in families[node.id]):
            yield Fault("scheme.empty-node", said("节点“{id}”下没有计入平均的指标或节点。", id=node.id), where)


def _limits(node: Node, where: str) -> Iterator[Fault]:
    """A node's limits leave something between them, and its method needs nothing but the scores."""
    most = min((limit for limit in (node.ceiling, node.cap) if limit is not None), default=math.inf)
    if node.floor is not None and node.floor > most:
        text = said("节点“{id}”的下限 {floor:g} 高于上限 {most:g}。", id=node.id, floor=node.floor, most=most)
        yield Fault("scheme.limits", text, f"{where}.floor")
    if not 0 <= node.known <= 1:
        text = said("节点“{id}”的 known 是已知权重的比例，应当在 0 与 1 之间。", id=node.id)
        yield Fault("scheme.known", text, f"{where}.known")
    if node.method and (node.method.kind in ("points", "expert-mean") or any(own_limits(node.method))):
        text = said("节点“{id}”的方法只能用节点的得分，不能用各单位自己的目标或评分。", id=node.id)
        yield Fault("scheme.node-method", text, f"{where}.method")


def _leaves(scheme: Scheme) -> Iterator[Fault]:
    for leaf in scheme.indicators.values():
        where = f"indicators.{leaf.id}"
        if leaf.parent not in scheme.nodes:
            yield Fault(
                "scheme.unknown-parent",
                said("指标“{id}”的上级“{parent}”不存在。", id=leaf.id, parent=leaf.parent),
                f"{where}.parent",
            )
            continue
        role = leaf.role
        allowed = KINDS[leaf.method.kind].gives
        if role != "veto" and role not in allowed:
            text = said(
                "指标“{id}”{role}，不能用 {kind}；可用：{names}。",
                id=leaf.id,
                role=ROLE_LABELS[role],
                kind=leaf.method.kind,
                names=_kinds(role),
            )
            yield Fault("scheme.role-method", text, f"{where}.method")
        if role != "part" and leaf.weight is not None:
            yield Fault(
                "scheme.role-weight",
                said("指标“{id}”{role}，不设权重。", id=leaf.id, role=ROLE_LABELS[role]),
                f"{where}.weight",
            )
        if _turned(leaf.method) == leaf.higher:
            better = said("越高越好") if leaf.higher else said("越低越好")
            text = said(
                "指标“{id}”写的是{better}（direction），计分的点或目标却相反，请改成一致。", id=leaf.id, better=better
            )
            yield Fault("scheme.direction", text, f"{where}.direction")
        if not leaf.higher and leaf.method.kind in ONE_WAY and role != "veto":
            text = said(
                "指标“{id}”用{method}，没有方向可言，请删去 direction。",
                id=leaf.id,
                method=KINDS[leaf.method.kind].label,
            )
            yield Fault("scheme.direction", text, f"{where}.direction")


def _scales(scheme: Scheme) -> Iterator[Fault]:
    """Gaps count as nothing or all only on a scale that has ends: standard scores have none."""
    ends = {"zero", "full"}
    for where, leaf in rules_of(scheme):
        if leaf.missing in ends and leaf.role == "part" and _endless(leaf.method):
            text = said(
                "指标“{id}”用标准分，没有零分和满分，缺数不能按 {missing} 算。", id=leaf.id, missing=leaf.missing
            )
            yield Fault("scheme.missing-scale", text, f"{where}.missing")
    filled = [leaf.id for leaf in scheme.indicators.values() if leaf.missing in ends and leaf.role == "part"]
    if filled and any(_endless(method) for method in scheme.sensitivity.normalise):
        text = said("标准分没有零分和满分，这些指标缺数时却要按零分或满分算：{names}。", names=filled)
        yield Fault("scheme.missing-scale", text, "sensitivity.normalise")


def _endless(method: Method) -> bool:
    return method.kind == "z-score" or any(_endless(part) for part in method.options.get("parts", ()))


def _turned(method: Method) -> bool | None:
    """True when the method's own numbers say that lower is better, False when higher; None when they don't tell."""
    if method.kind == "baseline" and not any(isinstance(method.options[k], str) for k in ("base", "target")):
        return bool(method.options["target"] < method.options["base"])
    if method.kind == "efficacy" and not math.isnan(method.options["worst"] - method.options["best"]):
        return bool(method.options["best"] < method.options["worst"])
    if method.kind == "interval":
        scores = [score for _, score in method.options["points"]]
        rising, falling = scores == sorted(scores), scores == sorted(scores, reverse=True)
        return falling if rising != falling else None
    return None


ONE_WAY = frozenset({"deduction", "lookup", "expert-mean", "points"})
"""Methods whose own numbers say what is better."""
ROLE_LABELS = {
    "part": said("计入平均分"), "bonus": said("是加分项"), "deduction": said("是扣分项"), "veto": said("是一票否决项"),
}  # fmt: skip


def _kinds(role: str) -> list[str]:
    return [name for name, kind in KINDS.items() if role in kind.gives]


def _vetoes(scheme: Scheme) -> Iterator[Fault]:
    names = scheme.grades.names if scheme.grades else ()
    for leaf in scheme.indicators.values():
        if leaf.role != "veto":
            continue
        where = f"indicators.{leaf.id}"
        if leaf.grade_at_most not in names:
            text = said(
                "一票否决项“{id}”的 grade_at_most 应当是等次之一：{grades}。",
                id=leaf.id,
                grades=names or said("（方案没有等次）"),
            )
            yield Fault("scheme.veto-grade", text, f"{where}.grade_at_most")
        if not leaf.facts.get("basis"):
            text = said("一票否决项“{id}”必须写明上级依据（basis），不得自行设置。", id=leaf.id)
            yield Fault("scheme.veto-basis", text, f"{where}.basis")


def _classes(scheme: Scheme) -> Iterator[Fault]:
    if scheme.classes and not scheme.class_by:
        yield Fault("scheme.class-by", "有分类方案，但没有写按哪个属性分类（classes.by）。", "classes.by")
    for name, rule in scheme.classes.items():
        for key in sorted(rule.without - scheme.indicators.keys()):
            yield Fault(
                "scheme.unknown-indicator",
                said("类别“{name}”免去的指标“{key}”不在方案里。", name=name, key=key),
                f"classes.{name}.without",
            )
        for key in rule.weights.keys() - scheme.indicators.keys() - scheme.nodes.keys():
            yield Fault(
                "scheme.unknown-indicator",
                said("类别“{name}”给“{key}”定了权重，但方案里没有它。", name=name, key=key),
                f"classes.{name}.weights",
            )
        if scheme.root in scheme.nodes and not any(
            c.role == "part" for c in scheme.for_class(name).children(scheme.root)
        ):
            text = said("类别“{name}”免去了计入总分的全部指标，没有分数可计。", name=name)
            yield Fault("scheme.class-empty", text, f"classes.{name}.without")
        for key, leaf in rule.indicators.items():
            if leaf.parent != scheme.indicators[key].parent:
                yield Fault(
                    "scheme.class-parent",
                    said("类别“{name}”不能把指标“{key}”移到别的节点下。", name=name, key=key),
                    f"classes.{name}.indicators.{key}",
                )


def _weights(scheme: Scheme, klass: str) -> Iterator[Fault]:
    """Under each node: no negative weight, all or none given, and in strict schemes they add up to 1, 100 or the node's own."""
    prefix = said("类别“{klass}”中，", klass=klass) if klass else ""
    families = scheme.families()
    for node in scheme.nodes.values():
        if node.role != "part":
            continue
        parts = [c for c in families[node.id] if c.role == "part"]
        given = [c.weight for c in parts if c.weight is not None]
        for child in parts:
            kind = "nodes" if child.id in scheme.nodes else "indicators"
            if child.weight is not None and child.weight <= 0:
                text = said(
                    "{prefix}“{id}”的权重 {weight:g} 应当大于 0。", prefix=prefix, id=child.id, weight=child.weight
                )
                yield Fault("scheme.weight", text, f"{kind}.{child.id}.weight")
            elif child.weight is None and given:
                text = said(
                    "{prefix}“{id}”没有写权重，而“{node}”下别的都写了。", prefix=prefix, id=child.id, node=node.id
                )
                yield Fault("scheme.weight-missing", text, f"{kind}.{child.id}.weight")
        total = math.fsum(given)
        wanted = {1.0, 100.0} | ({node.weight} if node.weight else set())
        if (
            given
            and len(given) == len(parts)
            and scheme.weights == "strict"
            and not math.isnan(total)  # told where it was read
            and not any(abs(total - w) <= 1e-9 * w for w in wanted)
        ):
            text = said(
                "{prefix}“{id}”下各项权重之和是 {total:g}，应当是 {names}。",
                prefix=prefix,
                id=node.id,
                total=total,
                names=[f"{w:g}" for w in sorted(wanted)],
            )
            yield Fault("scheme.weights", text, f"nodes.{node.id}")
