"""Why a unit has its score: the tree from the total down to the figures, each line with what it adds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mashang.kernel.said import said, strung
from mashang.performance.rules.engine import Result
from mashang.performance.rules.methods import KINDS
from mashang.performance.rules.scheme import Indicator, Node
from mashang.performance.rules.statistics import half_up
from mashang.performance.rules.words import node_words

FACTS = {
    "min": said("最小"), "max": said("最大"), "low": said("下限"), "high": said("上限"), "worst": said("最差"), "best": said("最好"),
    "target": said("目标"), "base": said("基数"), "full": said("满分"), "mean": said("平均"), "deviation": said("标准差"),
    "rank": said("名次"), "percent": said("相差百分点"), "score": said("得分"),
}  # fmt: skip
"""The statistics and settings that methods use, in words."""


@dataclass(frozen=True, slots=True)
class Line:
    """One node or indicator of one unit. `share` is its weight among the children that count, `adds` what it brings to
    the total (NaN below a mean that is not arithmetic), `facts` the statistics used, `figures` the value at each stage."""

    id: str
    name: str
    depth: int
    role: str
    score: float
    rank: int
    peers: int
    share: float
    adds: float
    how: str
    leaf: bool
    figures: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, float] = field(default_factory=dict)


def explain(result: Result, row: int) -> list[Line]:
    """All lines of one row of the table, top down; the `adds` of the leaves add up to the total if nothing was cut."""
    return list(_node(result, row, result.scheme.nodes[result.scheme.root], 0, 1.0, 1.0))


def _node(result: Result, row: int, node: Node, depth: int, share: float, reach: float) -> Iterator[Line]:
    score = float(result.scores[node.id][row])
    yield _line(result, row, node, depth, share, reach * score, node_words(node))
    children = [c for c in result.scheme.children(node.id) if result.weights[c.id][row] > 0]
    counted = [c for c in children if _counts(c, node) and not math.isnan(result.scores[c.id][row])]
    total = math.fsum(result.weights[c.id][row] for c in counted)
    through = reach if node.method is None else math.nan
    for child in children:
        part, onward = _shares(result, row, node, child, total, through)
        if isinstance(child, Node):
            yield from _node(result, row, child, depth + 1, part, onward)
        else:
            yield _leaf(result, row, child, depth + 1, part, onward)


def _counts(child: Indicator | Node, node: Node) -> bool:
    return child.role == "part" or node.role != "part"


def _shares(
    result: Result, row: int, node: Node, child: Indicator | Node, total: float, reach: float
) -> tuple[float, float]:
    """The child's share of its node, and the factor from its score to the total."""
    if child.role == "veto" or math.isnan(result.scores[child.id][row]):
        return 0.0, 0.0
    if not _counts(child, node):
        return 1.0, reach if child.role == "bonus" else -reach
    if node.mean == "sum":
        return 1.0, reach
    share = float(result.weights[child.id][row]) / total
    return share, reach * share if node.mean == "arithmetic" else math.nan


def _line(
    result: Result,
    row: int,
    item: Indicator | Node,
    depth: int,
    share: float,
    adds: float,
    how: str,
    **more: Mapping[str, float],
) -> Line:
    peers = next((len(rows) for rows in result.peers.rows if row in rows), 0)
    score, rank = float(result.scores[item.id][row]), int(result.ranks[item.id][row])
    leaf = isinstance(item, Indicator)
    return Line(item.id, item.name, depth, item.role, score, rank, peers, share, adds, how, leaf, **more)


def _leaf(result: Result, row: int, leaf: Indicator, depth: int, share: float, reach: float) -> Line:
    block, leaves, place = result.block_of(row)
    own, done = block.scheme.indicators[leaf.id], leaves[leaf.id]
    figures = {stage: float(column[place]) for stage, column in done.stages.items()}
    figures = (
        {"raw": float(result.table.numbers[leaf.id][row])} | figures if leaf.id in result.table.numbers else figures
    )
    for name in own.inputs if own.inputs != (own.id,) else ():
        figures[name] = float(result.table.numbers[name][row]) if name in result.table.numbers else math.nan
    score = float(result.scores[leaf.id][row])
    adds = 0.0 if math.isnan(score) or own.role == "veto" else reach * score
    line = _line(result, row, leaf, depth, share, adds, "", figures=figures, facts=result.fact(row, leaf.id))
    return Line(**{name: getattr(line, name) for name in Line.__slots__} | {"how": _leaf_how(result, row, own, line)})


def _leaf_how(result: Result, row: int, leaf: Indicator, line: Line) -> str:
    if leaf.role == "veto":
        struck = leaf.id in result.vetoed[row]
        veto = said("一票否决：触发，等次不高于{grade}", grade=leaf.grade_at_most)
        return veto if struck else said("一票否决：未触发")
    seen, words = line.figures, list[str]()
    if "raw" in seen:
        words.append(said("缺数") if math.isnan(seen["raw"]) else said("数值 {value:.10g}", value=_shown(seen["raw"])))
    if leaf.per and not math.isnan(seen["denominated"]):
        words.append(said("除以{by}得 {value:.10g}", by=leaf.per, value=_shown(seen["denominated"])))
    if math.isnan(seen["denominated"]) and not math.isnan(seen["imputed"]):
        words.append(said("按规则补为 {value:.10g}", value=_shown(seen["imputed"])))
    if seen["treated"] != seen["imputed"] and not math.isnan(seen["treated"]):
        words.append(said("极端值处理为 {value:.10g}", value=_shown(seen["treated"])))
    method = KINDS[leaf.method.kind].label
    method = method if leaf.higher else said("{method}（低者为优）", method=method)
    used = strung([_fact(name, value) for name, value in line.facts.items() if not math.isnan(value)])
    return strung([*words, said("{method}（{used}）", method=method, used=used) if used else method])


def _fact(name: str, value: float) -> str:
    """目标 100; of a method in parts 第1部分目标 100."""
    part, _, fact = name.rpartition(".")
    if part:
        return said("第{part}部分{fact} {value:.10g}", part=part, fact=FACTS[fact], value=_shown(value))
    return said("{fact} {value:.10g}", fact=FACTS[fact], value=_shown(value))


def _shown(value: float) -> float:
    """Four decimals, or four digits of what is less than 1: the exact figures stand in the inputs and in JSON."""
    return round(value, 4) if abs(value) >= 1 else float(f"{value:.4g}")


def as_text(lines: list[Line], decimals: int = 2) -> str:
    """The lines for a terminal: indented, with score, share and what each adds."""
    out = []
    for line in lines:
        adds = "" if math.isnan(line.adds) else f"  计入 {half_up(line.adds, decimals)}"
        rank = f"  第 {line.rank} 名／{line.peers}" if line.rank else ""
        share = f"  占 {half_up(100 * line.share, 2)}%" if line.depth and line.role == "part" else ""
        name = line.name if line.name == line.id else f"{line.name}（{line.id}）"
        out.append(
            f"{'  ' * line.depth}{name}  {half_up(line.score, decimals) or '不计'}{share}{adds}{rank}  {line.how}"
        )
    return "\n".join(out)
