"""Is the scheme sound as a whole: one tree without cycles, weights that add up, names that exist."""

from __future__ import annotations

import math
from collections.abc import Iterator

from mashang.kernel.refused import Fault
from mashang.kernel.said import said
from mashang.performance.rules.methods import KINDS
from mashang.performance.rules.scheme import Method, Node, Scheme


def structure_faults(scheme: Scheme) -> list[Fault]:
    """Every fault of structure, in the order of the file; empty when the scheme can be used."""
    faults = [*_head(scheme), *_tree(scheme), *_leaves(scheme), *_names(scheme), *_vetoes(scheme), *_classes(scheme)]
    if any(f.code in ("scheme.cycle", "scheme.no-nodes") for f in faults):
        return faults
    faults += _weights(scheme, "")
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
        elif _circles(scheme, node):
            yield Fault("scheme.cycle", said("节点“{id}”的上级绕回了自己，成了环。", id=node.id), f"{where}.parent")
        if not any(c.role == "part" or node.role != "part" for c in scheme.children(node.id)):
            yield Fault("scheme.empty-node", said("节点“{id}”下没有计入平均的指标或节点。", id=node.id), where)


def _circles(scheme: Scheme, node: Node) -> bool:
    seen, at = {node.id}, node.parent
    while at in scheme.nodes:
        if at in seen:
            return True
        seen.add(at)
        at = scheme.nodes[at].parent
    return False


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
        if not (leaf.source == "reported" or leaf.source.startswith("measure:")):
            yield Fault(
                "scheme.source",
                said("指标“{id}”的来源应当是 reported 或 measure:名称。", id=leaf.id),
                f"{where}.source",
            )


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


ROLE_LABELS = {
    "part": said("计入平均分"), "bonus": said("是加分项"), "deduction": said("是扣分项"), "veto": said("是一票否决项"),
}  # fmt: skip


def _kinds(role: str) -> list[str]:
    return [name for name, kind in KINDS.items() if role in kind.gives]


def _names(scheme: Scheme) -> Iterator[Fault]:
    """Attributes that indicators refer to exist, and hold numbers where numbers are meant."""
    for leaf in [*scheme.indicators.values(), *(i for c in scheme.classes.values() for i in c.indicators.values())]:
        where = f"indicators.{leaf.id}"
        for key, name, number in [
            ("per", leaf.per, True),
            ("impute.by", leaf.impute.by, False),
            ("within", leaf.within, False),
        ]:
            yield from _attribute(scheme, name, number, f"{where}.{key}")
        for name in _targets(leaf.method):
            yield from _attribute(scheme, name, True, f"{where}.method")
    yield from _attribute(scheme, scheme.class_by, False, "classes.by")
    yield from _attribute(scheme, scheme.rank_within, False, "scheme.rank_within")
    for impute in scheme.sensitivity.impute:
        yield from _attribute(scheme, impute.by, False, "sensitivity.impute")


def _targets(method: Method) -> Iterator[str]:
    for key in ("target", "low", "high", "base"):
        if isinstance(method.options.get(key), str):
            yield method.options[key]
    for part in method.options.get("parts", ()):
        yield from _targets(part)


def _attribute(scheme: Scheme, name: str, number: bool, field: str) -> Iterator[Fault]:
    if not name:
        return
    if name not in scheme.attributes:
        yield Fault(
            "scheme.unknown-attribute",
            said("“{field}”提到的属性“{name}”没有在 attributes 里声明。", field=field, name=name),
            field,
        )
    elif scheme.attributes[name].number != number:
        wanted = said('数（type = "number"）') if number else said("文字")
        yield Fault(
            "scheme.attribute-type",
            said("“{field}”提到的属性“{name}”应当是{wanted}。", field=field, name=name, wanted=wanted),
            field,
        )


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
    for node in scheme.nodes.values():
        if node.role != "part":
            continue
        parts = [c for c in scheme.children(node.id) if c.role == "part"]
        given = [c.weight for c in parts if c.weight is not None]
        for child in parts:
            kind = "nodes" if child.id in scheme.nodes else "indicators"
            if child.weight is not None and not child.weight > 0:
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
