"""What is different between two versions of a scheme, a sentence for each difference."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from mashang.kernel.said import said, strung
from mashang.performance.rules.scheme import Indicator, Node, Scheme
from mashang.performance.rules.words import MISSING, ROLES, class_words, grade_words, leaf_words, node_words

Item = Indicator | Node


@dataclass(frozen=True, slots=True)
class Change:
    """`kind` is "added", "removed" or "changed"; `about` the name of the node, indicator or class it is about."""

    kind: str
    about: str
    text: str


def changes(old: Scheme, new: Scheme) -> list[Change]:
    """Everything that differs, in the order of the newer file: the whole first, then nodes, indicators, classes, grades. Empty
    when the two say the same, whatever their comments and order."""
    found = [
        *_whole(old, new),
        *_items(old, new, old.nodes, new.nodes),
        *_items(old, new, old.indicators, new.indicators),
    ]
    return [*found, *_classes(old, new), *_grades(old, new)]


def _whole(old: Scheme, new: Scheme) -> Iterator[Change]:
    for label, was, now in (
        (said("名称"), old.name, new.name),
        (said("小数位数"), str(old.decimals), str(new.decimals)),
        (said("总分节点"), old.root, new.root),
        (said("重点任务"), _tasks(old), _tasks(new)),
        (said("比较范围"), *(said("全体单位") if s.compare_all else said("同类单位") for s in (old, new))),
    ):
        if was != now:
            yield _changed(said("方案"), label, was, now)
    if _rest(old) != _rest(new):
        yield Change("changed", said("方案"), said("其他设置有改动，请看方案原文。"))


_TOLD = {
    "code",
    "version",
    "name",
    "decimals",
    "root",
    "compare_all",
    "raw",
    "nodes",
    "indicators",
    "classes",
    "grades",
}
"""Settings that have a sentence of their own, or that are no settings."""


def _rest(scheme: Scheme) -> list[object]:
    """All other settings."""
    period = scheme.raw.get("scheme", {}).get("period", "month")
    return [period, *(getattr(scheme, one.name) for one in fields(scheme) if one.name not in _TOLD)]


def _tasks(scheme: Scheme) -> str:
    tasks = scheme.raw.get("tasks") or ()
    return "、".join((tasks,) if isinstance(tasks, str) else tasks)


def _items(old: Scheme, new: Scheme, olds: Mapping[str, Item], news: Mapping[str, Item]) -> Iterator[Change]:
    for key, item in news.items():
        if key not in olds:
            yield Change("added", item.name, _added(new, item))
        elif olds[key] != item:
            yield from _differences(old, new, olds[key], item)
    for key, item in olds.items():
        if key not in news:
            yield Change("removed", item.name, said("删去，原来{words}", words=_place(old, item)))


def _added(scheme: Scheme, item: Item) -> str:
    how = node_words(item) if isinstance(item, Node) else leaf_words(item)
    return said("新增，{words}，{how}", words=_place(scheme, item), how=how)


def _place(scheme: Scheme, item: Item) -> str:
    above = scheme.nodes[item.parent].name if item.parent in scheme.nodes else said("总分")
    if item.weight is None:
        return said("在“{above}”之下", above=above)
    return said("在“{above}”之下占 {weight:g} 分", above=above, weight=item.weight)


def _differences(old: Scheme, new: Scheme, was: Item, now: Item) -> Iterator[Change]:
    told = False
    for label, words in _ASPECTS if isinstance(now, Indicator) and isinstance(was, Indicator) else _NODE_ASPECTS:
        before, after = words(old, was), words(new, now)
        if before != after:
            told = True
            yield _changed(now.name, label, before, after)
    if not told:
        yield Change("changed", now.name, said("其他设置有改动，请看方案原文。"))


def _changed(about: str, label: str, was: str, now: str) -> Change:
    return Change(
        "changed", about, said("{label}由“{was}”改为“{now}”", label=label, was=was or said("无"), now=now or said("无"))
    )


def _above(scheme: Scheme, item: Any) -> str:
    return scheme.nodes[item.parent].name if item.parent in scheme.nodes else ""


def _weight(scheme: Scheme, item: Any) -> str:
    return "" if item.weight is None else f"{item.weight:g}"


def _fact(name: str) -> Callable[[Scheme, Any], str]:
    return lambda _scheme, item: item.facts.get(name, "")


_COMMON: tuple[tuple[str, Callable[[Scheme, Any], str]], ...] = (
    (said("名称"), lambda _s, item: item.name),
    (said("上级"), _above),
    (said("权重"), _weight),
    (said("性质"), lambda _s, item: ROLES[item.role]),
)
_NODE_ASPECTS = (*_COMMON, (said("合成方法"), lambda _s, item: node_words(item)))
_ASPECTS = (
    *_COMMON,
    (said("计分方法"), lambda _s, item: leaf_words(item)),
    (said("数据来源"), lambda _s, item: said("上报数据") if item.source == "reported" else item.source),
    (said("数据列"), lambda _s, item: "、".join(item.inputs)),
    (said("缺数处理"), lambda _s, item: MISSING[item.missing]),
    (said("覆盖任务"), lambda _s, item: "、".join(item.covers)),
    (said("采集单位"), _fact("lead")),
    (said("采集时间"), _fact("collected")),
    (said("依据"), _fact("basis")),
    (said("说明"), _fact("note")),
)


def _classes(old: Scheme, new: Scheme) -> Iterator[Change]:
    for key, rule in new.classes.items():
        words = strung(class_words(new, rule), "{one}；{other}")
        if key not in old.classes:
            yield Change("added", key, said("新增类别：{words}", words=words))
        elif old.classes[key] != rule and _bare(old, key) != _bare(new, key):
            before = strung(class_words(old, old.classes[key]), "{one}；{other}")
            yield _changed(key, said("本类规定"), before, words)
    for key in (k for k in old.classes if k not in new.classes):
        yield Change("removed", key, said("删去这一类别"))


def _bare(scheme: Scheme, key: str) -> object:
    """What a class has of its own, apart from changes of the indicators themselves."""
    rule = scheme.classes[key]
    return rule.without, rule.weights, {i: replace(leaf, weight=None) for i, leaf in rule.indicators.items()}


def _grades(old: Scheme, new: Scheme) -> Iterator[Change]:
    if old.grades != new.grades:
        yield _changed(said("等次"), said("界限"), grade_words(old), grade_words(new))
