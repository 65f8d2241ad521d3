"""A scheme in words: its tree line by line, each method as a sentence."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mashang.kernel.said import said, strung
from mashang.performance.rules.aggregate import MEAN_LABELS
from mashang.performance.rules.methods import KINDS
from mashang.performance.rules.scheme import ClassRule, Indicator, Method, Node, Scheme

ROLES = {"part": "", "bonus": said("加分项"), "deduction": said("扣分项"), "veto": said("一票否决")}
MISSING = {
    "refuse": said("缺数不能计分"),
    "redistribute": said("缺数不计，权重由其余指标分担"),
    "zero": said("缺数按零分"),
    "full": said("缺数按满分"),
}
UNITS = {
    "percent": said("百分数，如 95.5"),
    "share": said("0 到 1 之间的比例"),
    "count": said("个数"),
    "number": said("数值"),
    "": said("数值"),
}
"""What a figure is written in."""


@dataclass(frozen=True, slots=True)
class Described:
    """A node or an indicator. `how` is a sentence; `source` the measure's name, "" when figures are reported; `collected` by
    when, `lead` by whom, `basis` on what ground, in the scheme's own words."""

    id: str
    name: str
    depth: int
    leaf: bool
    role: str
    weight: float | None
    how: str
    reported: bool = False
    measure: str = ""
    missing: str = ""
    collected: str = ""
    lead: str = ""
    basis: str = ""
    covers: tuple[str, ...] = ()


def described(scheme: Scheme) -> list[Described]:
    """Every line of the tree, top down, in the order of the file."""
    return list(_below(scheme, scheme.nodes[scheme.root], 0))


def _below(scheme: Scheme, node: Node, depth: int) -> Iterator[Described]:
    yield Described(node.id, node.name, depth, False, ROLES[node.role], node.weight, node_words(node))
    for child in scheme.children(node.id):
        if isinstance(child, Node):
            yield from _below(scheme, child, depth + 1)
        else:
            yield _leaf(child, depth + 1)


def _leaf(leaf: Indicator, depth: int) -> Described:
    measure = leaf.source.removeprefix("measure:")
    told = {name: leaf.facts.get(name, "") for name in ("collected", "lead", "basis")}
    return Described(
        leaf.id, leaf.name, depth, True, ROLES[leaf.role], leaf.weight, leaf_words(leaf), measure == leaf.source,
        "" if measure == leaf.source else measure, MISSING[leaf.missing] if leaf.role in ("part", "veto") else "",
        told["collected"], told["lead"], told["basis"], leaf.covers,
    )  # fmt: skip


def node_words(node: Node) -> str:
    """How a node comes about from what hangs under it."""
    parts = [MEAN_LABELS[node.mean]]
    if node.method:
        parts.append(said("再按{method}折算", method=KINDS[node.method.kind].label))
    if node.cap is not None:
        parts.append(said("最多 {limit:g} 分", limit=node.cap))
    if node.floor is not None:
        parts.append(said("不低于 {limit:g}", limit=node.floor))
    if node.ceiling is not None:
        parts.append(said("不高于 {limit:g}", limit=node.ceiling))
    return strung(parts)


def leaf_words(leaf: Indicator) -> str:
    """How an indicator's figure becomes its score, or what it strikes."""
    if leaf.role == "veto":
        return said("大于 {above:g} 即触发，等次不高于{grade}", above=leaf.above, grade=leaf.grade_at_most)
    parts = [method_words(leaf.method, leaf.higher)]
    if leaf.per:
        parts.append(said("数值先除以{by}", by=leaf.per))
    if leaf.clip is not None:
        parts.append(said("超出 {low:g} 到 {high:g} 的按两端算", low=leaf.clip[0], high=leaf.clip[1]))
    if leaf.treat is not None:
        parts.append(said("极端值先处理"))
    if leaf.impute.kind != "none":
        parts.append(said("缺数先按规则补"))
    return strung(parts, "{one}；{other}")


def method_words(method: Method, higher: bool = True) -> str:
    """A method with its options as a sentence."""
    label = KINDS[method.kind].label
    return said("{method}：{words}", method=label, words=_SENTENCES[method.kind](method.options, higher))


def _target(value: Any) -> str:
    return said("各单位的“{name}”", name=value) if isinstance(value, str) else f"{value:g}"


def _all_or_nothing(o: Mapping[str, Any], higher: bool) -> str:
    target = _target(o["target"])
    if higher:
        return said("达到 {target} 得满分，否则不得分", target=target)
    return said("不超过 {target} 得满分，否则不得分", target=target)


def _completion(o: Mapping[str, Any], higher: bool) -> str:
    target, most = _target(o["target"]), 100 * o["cap"]
    if higher:
        return said("数值占目标 {target} 的百分比，最高 {most:g}", target=target, most=most)
    if o["lower"] == "mirror":
        return said("越低越好，目标 {target}，每高出百分之一少一分，最高 {most:g}", target=target, most=most)
    return said("越低越好，目标 {target} 占数值的百分比，最高 {most:g}", target=target, most=most)


def _efficacy(o: Mapping[str, Any], higher: bool) -> str:
    if math.isnan(o["worst"]) or math.isnan(o["best"]):
        return said("同类中最差得 {base:g}，最好得 100，其间按比例{way}", base=o["base"], way=_way(higher))
    worst, best = o["worst"], o["best"]
    return said("{worst:g} 得 {base:g}，{best:g} 得 100，其间按比例", worst=worst, best=best, base=o["base"])


def _rank(o: Mapping[str, Any], higher: bool) -> str:
    if o["spread"] == "even":
        low, high = o["to"]
        return said("按同类名次，从第一名 {high:g} 均匀降到末名 {low:g}{way}", low=low, high=high, way=_way(higher))
    return said(
        "同类第一名得 {first:g}，每后一名少 {step:g}，不低于 {floor:g}{way}",
        first=o["first"], step=o["step"], floor=o["floor"], way=_way(higher),
    )  # fmt: skip


def _steps(o: Mapping[str, Any], higher: bool) -> str:
    return said(
        "达到 {target} 得 {basic:g}，每好百分之一加 {up:g}，最高 {cap:g}，每差百分之一减 {down:g}{way}",
        target=_target(o["target"]), basic=o["basic"], up=o["up"], down=o["down"], cap=o["cap"], way=_way(higher),
    )  # fmt: skip


def _interval(o: Mapping[str, Any], higher: bool) -> str:
    points = [said("{figure:g} 得 {score:g}", figure=figure, score=score) for figure, score in o["points"]]
    return said("{points}，每段一个分数", points=points) if o["jump"] else said("{points}，其间按直线", points=points)


def _baseline(o: Mapping[str, Any], higher: bool) -> str:
    return said(
        "{base} 得 {score:g}，{target} 得 100，其间和之外按直线，最低 0，最高 {cap:g}",
        base=_target(o["base"]), target=_target(o["target"]), score=o["score"], cap=o["cap"],
    )  # fmt: skip


def _deduction(o: Mapping[str, Any], higher: bool) -> str:
    if math.isnan(o["full"]):
        return said("每发生一次从本指标的分值里扣 {each:g}，扣完为止", each=o["each"])
    return said("每发生一次从 {full:g} 分里扣 {each:g}，扣完为止", each=o["each"], full=o["full"])


def _points(o: Mapping[str, Any], higher: bool) -> str:
    if math.isinf(o["cap"]):
        return said("每一个 {each:g} 分", each=o["each"])
    return said("每一个 {each:g} 分，最多 {cap:g} 分", each=o["each"], cap=o["cap"])


def _lookup(o: Mapping[str, Any], higher: bool) -> str:
    points = [said("{figure:g} 得 {score:g}", figure=figure, score=score) for figure, score in o["points"]]
    return said("{points}，其他得 {otherwise:g}", points=points, otherwise=o["otherwise"])


def _expert_mean(o: Mapping[str, Any], higher: bool) -> str:
    whole = said("{count} 份评分（满分 {out_of:g}）的平均", count=len(o["inputs"]), out_of=o["out_of"])
    return said("{mean}，去掉 {drop} 个最高分和 {drop} 个最低分", mean=whole, drop=o["drop"]) if o["drop"] else whole


def _combined(o: Mapping[str, Any], higher: bool) -> str:
    parts = [
        said("{share:.10g}% 按{method}", share=round(100 * part.options["share"], 9), method=method_words(part, higher))
        for part in o["parts"]
    ]
    return strung(parts, "{one}；{other}")


def _min_max(o: Mapping[str, Any], higher: bool) -> str:
    low, high = o["to"]
    return said("同类中最差得 {low:g}，最好得 {high:g}，其间按比例{way}", low=low, high=high, way=_way(higher))


def _z_score(o: Mapping[str, Any], higher: bool) -> str:
    return said(
        "与同类平均差几个标准差，平均得 {mean:g}，每个标准差 {sd:g}{way}", mean=o["mean"], sd=o["sd"], way=_way(higher)
    )


def _goalposts(o: Mapping[str, Any], higher: bool) -> str:
    low, high = (_target(o[key]) for key in ("low", "high"))
    first, last = o["to"] if higher else reversed(o["to"])
    points = said("{low} 得 {first:g}，{high} 得 {last:g}", low=low, high=high, first=first, last=last)
    return said("{points}，其间按对数", points=points) if o["log"] else said("{points}，其间按直线", points=points)


def _distance(o: Mapping[str, Any], higher: bool) -> str:
    low, high = o["to"]
    target = _target(o["target"])
    return said("同类中最差得 {low:g}，达到 {target} 得 {high:g}，其间按比例", low=low, high=high, target=target)


def _as_is(o: Mapping[str, Any], higher: bool) -> str:
    if not higher:
        return said("{out_of:g} 减去数值，乘以 {times:g}", out_of=o["out_of"], times=o["times"])
    return said("数值就是得分") if o["times"] == 1 else said("数值乘以 {times:g}", times=o["times"])


def _way(higher: bool) -> str:
    return "" if higher else said("（越低越好）")


_SENTENCES: Mapping[str, Callable[[Mapping[str, Any], bool], str]] = {
    "all-or-nothing": _all_or_nothing, "completion": _completion, "efficacy": _efficacy, "rank": _rank, "steps": _steps,
    "interval": _interval, "baseline": _baseline, "deduction": _deduction, "points": _points, "lookup": _lookup,
    "expert-mean": _expert_mean, "combined": _combined, "min-max": _min_max, "z-score": _z_score,
    "goalposts": _goalposts, "distance": _distance, "as-is": _as_is,
}  # fmt: skip


def class_words(scheme: Scheme, rule: ClassRule) -> list[str]:
    """What is different for one class of unit, a sentence each: indicators left out, weights, rules of its own."""
    items = scheme.items
    found = []
    if rule.without:
        found.append(said("不考{names}", names=[items[i].name for i in scheme.indicators if i in rule.without]))
    if rule.weights:
        weights = [
            said("“{name}”{weight:g}", name=items[k].name, weight=w) for k, w in rule.weights.items() if k in items
        ]
        found.append(said("权重改为{weights}", weights=weights))
    for leaf in rule.indicators.values():
        found.append(said("“{name}”按{how}", name=leaf.name, how=leaf_words(leaf)))
    return found or [said("与总的规定相同")]


def grade_words(scheme: Scheme) -> str:
    """Where each grade begins; empty when the scheme gives none."""
    if scheme.grades is None:
        return ""
    names, bounds = scheme.grades.names, scheme.grades.bounds
    if scheme.grades.by == "quota":
        parts = [
            said("{name}占 {share:.10g}%", name=n, share=round(100 * b, 9)) for n, b in zip(names, bounds, strict=False)
        ]
    else:
        parts = [said("{name} {bound:g} 分起", name=n, bound=b) for n, b in zip(names, bounds, strict=False)]
    return said("{parts}，其余{last}", parts=parts, last=names[-1])
