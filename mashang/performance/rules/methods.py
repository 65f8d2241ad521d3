"""From figure to score: one function for each method, and the table that names them with their options.

Scores are per cent of what the indicator is worth (0-100) unless `to`, `times` or points say otherwise. Every method
keeps NaN where the figure is missing, and hands back what it used, so that a score can explain itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mashang.kernel.refused import Refused
from mashang.kernel.said import said
from mashang.performance.rules.statistics import Array, deviation, known, mean, ranks

REQUIRED: Any = object()
LIMITS = ("target", "low", "high", "base")
"""Options that may name an attribute which holds each unit's own number."""
Options = Mapping[str, Any]
Fact = float | Array


@dataclass(frozen=True, slots=True)
class Column:
    """What a method knows beside the figures: the better direction, the points at stake, numbers about the units."""

    higher: bool = True
    full: float = 100.0
    attributes: Mapping[str, Array] = field(default_factory=dict)

    def target(self, value: float | str) -> Fact:
        """A target is one number for all, or the name of an attribute that holds each unit's own."""
        return self.attributes[value] if isinstance(value, str) else float(value)


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores and the statistics they were made with (one number for the column, or one for each unit)."""

    scores: Array
    facts: Mapping[str, Fact] = field(default_factory=dict)


Run = Callable[[Array, Options, Column], Scored]


def _better(x: Array, limit: Fact, higher: bool) -> Any:
    return (x >= limit) if higher else (x <= limit)


def _keep(x: Array, scores: Any, limit: Fact = 0.0) -> Array:
    """The scores, but where the figure is missing, or the unit's own limit."""
    return np.where(np.isnan(x) | np.isnan(limit), np.nan, scores)


def _limits(x: Array) -> tuple[float, float]:
    k = known(x)
    return (float(k.min()), float(k.max())) if len(k) else (math.nan, math.nan)


def _flat(x: Array, o: Options, low: float, high: float) -> Scored | None:
    """What to do when all units have the same figure: refuse unless the scheme says full, zero or middle."""
    if low != high:
        return None
    if o["flat"] == "refuse":
        raise Refused(
            "values.one-value",
            said("所有单位的数值都是 {low:g}，无法拉开差距；请核对数据，或在方法中写明 flat。", low=low),
        )
    a, b = o.get("to", (0.0, 100.0))
    return Scored(_keep(x, {"full": b, "zero": a, "middle": (a + b) / 2}[o["flat"]]), {"min": low, "max": high})


def all_or_nothing(x: Array, o: Options, c: Column) -> Scored:
    """目标完成计分法: everything when the target is reached, else nothing."""
    t = c.target(o["target"])
    return Scored(_keep(x, np.where(_better(x, t, c.higher), 100.0, 0.0), t), {"target": t})


def completion(x: Array, o: Options, c: Column) -> Scored:
    """目标完成率: 100·min(x/t, cap). Lower is better: 100·min(t/x, cap), or 100·(2 - x/t) when lower = "mirror".

    A target of 0 is either reached (full, or the cap if lower) or not (0); a negative target has no rate and is refused.
    """
    t = np.broadcast_to(np.asarray(c.target(o["target"]), dtype=float), x.shape)
    if np.any((t < 0) & ~np.isnan(x)):
        raise Refused("values.negative-target", "目标值为负，完成率没有意义；请改用基准法、区间法或功效系数法。")
    cap = o["cap"]
    with np.errstate(divide="ignore", invalid="ignore"):
        if c.higher:
            share = np.where(t == 0, np.where(x >= 0, 1.0, 0.0), x / t)
        elif o["lower"] == "mirror":
            share = np.where(t == 0, np.where(x <= 0, 1.0, 0.0), 2 - x / t)
        else:
            share = np.where(x <= 0, cap, t / x)
    return Scored(_keep(x, 100 * np.clip(share, 0, cap), t), {"target": t})


def efficacy(x: Array, o: Options, c: Column) -> Scored:
    """功效系数法: base + (100 - base)·(x - worst)/(best - worst), within 0 and 100; worst and best from the peers, or fixed.

    Refuses one fixed end that the other, out of the peers' figures, has passed: the scale would run backwards.
    """
    low, high = _limits(x)
    worst, best = (low, high) if c.higher else (high, low)
    worst, best = (
        (o["worst"] if not math.isnan(o["worst"]) else worst),
        (o["best"] if not math.isnan(o["best"]) else best),
    )
    if flat := _flat(x, o, worst, best):
        return flat
    if (best < worst) if c.higher else (best > worst):
        raise Refused(
            "values.turned",
            said("最差 {worst:g} 不比最好 {best:g} 差，请在方法中同时写明 worst 和 best。", worst=worst, best=best),
        )
    score = o["base"] + (100 - o["base"]) * (x - worst) / (best - worst)
    return Scored(np.clip(score, 0, 100), {"worst": worst, "best": best})


def rank(x: Array, o: Options, c: Column) -> Scored:
    """比较法: the first has everything, each place after it `step` less; spread = "even" runs down to 0 at the last."""
    place = ranks(x, higher=c.higher)
    if o["spread"] == "even":
        count = len(known(x))
        a, b = o["to"]
        score = b - (b - a) * (place - 1) / (count - 1) if count > 1 else _keep(x, b)
    else:
        score = np.maximum(o["floor"], o["first"] - o["step"] * (place - 1))
    return Scored(_keep(x, score), {"rank": place})


def steps(x: Array, o: Options, c: Column) -> Scored:
    """基本分加减法: `basic` at the target; each 1 % of it beyond adds `up` to `cap`, each 1 % short takes `down`, to 0."""
    t = np.broadcast_to(np.asarray(c.target(o["target"]), dtype=float), x.shape)
    if np.any((t == 0) & ~np.isnan(x)):
        raise Refused("values.zero-target", "目标值为 0，无法按百分比加减分；请改用区间法或扣分法。")
    beyond = (x - t) / np.abs(t) * 100 * (1 if c.higher else -1)
    if o["whole"]:
        beyond = np.round(beyond, 9)
        beyond = np.where(beyond >= 0, np.floor(beyond), np.ceil(beyond))
    score = np.where(beyond >= 0, np.minimum(o["cap"], o["basic"] + o["up"] * beyond), o["basic"] + o["down"] * beyond)
    return Scored(_keep(x, np.maximum(0, score)), {"target": t, "percent": beyond})


def interval(x: Array, o: Options, c: Column) -> Scored:
    """区间法: straight lines through (figure, score) points, flat outside; jump = true gives each band one score."""
    at, score = np.array(o["points"], dtype=float).T
    if o["jump"]:
        place = np.clip(np.searchsorted(at, x, side="right") - 1, 0, len(at) - 1)
        return Scored(_keep(x, score[place]))
    return Scored(_keep(x, np.interp(x, at, score)))


def baseline(x: Array, o: Options, c: Column) -> Scored:
    """基准法: `score` at the base figure, 100 at the target, straight between and beyond, clipped to 0 and `cap`."""
    base, t = np.asarray(c.target(o["base"]), dtype=float), np.asarray(c.target(o["target"]), dtype=float)
    if np.any((base == t) & ~np.isnan(x)):
        raise Refused("values.base-is-target", "基准值与目标值相同，基准法无法计分。")
    share = (x - base) / (t - base)
    return Scored(np.clip(o["score"] + (100 - o["score"]) * share, 0, o["cap"]), {"base": base, "target": t})


def deduction(x: Array, o: Options, c: Column) -> Scored:
    """扣分法: each event takes `each` of the points the indicator is worth (`full`, else its weight), down to 0."""
    full = c.full if math.isnan(o["full"]) else o["full"]
    return Scored(100 * np.maximum(0, 1 - x * o["each"] / full), {"full": full})


def points(x: Array, o: Options, c: Column) -> Scored:
    """加分、扣分: `each` points for each event, up to `cap`; on the scale of the node it hangs under."""
    return Scored(np.minimum(o["cap"], x * o["each"]))


def lookup(x: Array, o: Options, c: Column) -> Scored:
    """对照表: the score written beside the figure (such as +0.5, +0.3, +0.1 for ranks 1 to 3), else `otherwise`."""
    score = np.full(x.shape, float(o["otherwise"]))
    for figure, value in o["points"]:
        score[x == figure] = value
    return Scored(_keep(x, score))


def expert_mean(x: Array, o: Options, c: Column) -> Scored:
    """评议: the mean of the raters' marks after dropping the `drop` highest and lowest, as per cent of `out_of`."""
    return Scored(x * (100 / o["out_of"]))


def trimmed(marks: Array, drop: int) -> Array:
    """Mean over raters (first axis) of what is left when the `drop` highest and lowest go; NaN where none are left."""
    lines = []
    for unit in marks.T:
        kept = np.sort(known(unit))
        kept = kept[drop : len(kept) - drop]
        lines.append(mean(kept))
    return np.array(lines, dtype=float)


def combined(x: Array, o: Options, c: Column) -> Scored:
    """Several methods on one figure, each for a share: 目标 + 位次 is all-or-nothing and rank together."""
    total = np.zeros(x.shape)
    facts: dict[str, Fact] = {}
    for number, part in enumerate(o["parts"], 1):
        done = KINDS[part.kind].run(x, part.options, c)
        total = total + part.options["share"] * done.scores
        facts |= {f"{number}.{key}": value for key, value in done.facts.items()} | {f"{number}.score": done.scores}
    return Scored(total, facts)


def min_max(x: Array, o: Options, c: Column) -> Scored:
    """极差法: the worst figure at `to[0]`, the best at `to[1]`."""
    low, high = _limits(x)
    if flat := _flat(x, o, low, high):
        return flat
    a, b = o["to"]
    share = (x - low) / (high - low) if c.higher else (high - x) / (high - low)
    return Scored(share * (b - a) + a, {"min": low, "max": high})


def z_score(x: Array, o: Options, c: Column) -> Scored:
    """标准分: `mean` + `sd`·(x - mean)/deviation, the sign turned where lower is better."""
    low, high = _limits(x)
    if low == high and (flat := _flat(x, dict(o, to=(o["mean"], o["mean"])), low, high)):
        return flat
    middle, spread = mean(x), deviation(x, sample=o["deviation"] == "sample")
    z = (x - middle) / spread * (1 if c.higher else -1)
    return Scored(o["mean"] + o["sd"] * z, {"mean": middle, "deviation": spread})


def goalposts(x: Array, o: Options, c: Column) -> Scored:
    """阈值法 (as in the HDI): from `low` to `high`, on logs if `log`, cut at both ends unless `cut` is false."""
    low, high = c.target(o["low"]), c.target(o["high"])
    if o["log"]:
        if np.any(known(x) <= 0):
            raise Refused("values.log", "有数值不大于 0，不能取对数。")
        share = (np.log(x) - np.log(low)) / (np.log(high) - np.log(low))
    else:
        share = (x - low) / np.asarray(np.subtract(high, low), dtype=float)
    share = share if c.higher else 1 - share
    a, b = o["to"]
    return Scored((np.clip(share, 0, 1) if o["cut"] else share) * (b - a) + a, {"low": low, "high": high})


def distance(x: Array, o: Options, c: Column) -> Scored:
    """目标差距: the share of the way from the worst figure to the target that is behind the unit, cut at 1 if `cut`; all of it
    where even the worst figure has passed the target."""
    low, high = _limits(x)
    worst, t = (low if c.higher else high), np.asarray(c.target(o["target"]), dtype=float)
    if np.any((t == worst) & ~np.isnan(x)):
        raise Refused("values.one-value", said("最差的数值 {worst:g} 就是目标值，无法计算与目标的差距。", worst=worst))
    passed = (t < worst) if c.higher else (t > worst)
    share = np.where(passed, _keep(x, 1.0), (x - worst) / (t - worst))
    a, b = o["to"]
    return Scored((np.clip(share, 0, 1) if o["cut"] else share) * (b - a) + a, {"worst": worst, "target": t})


def as_is(x: Array, o: Options, c: Column) -> Scored:
    """直接计分: the figure itself times `times`; with `out_of`, lower figures count from there down."""
    return Scored(x * o["times"] if c.higher else (o["out_of"] - x) * o["times"])


@dataclass(frozen=True, slots=True)
class Kind:
    """A method: its Chinese name, its options (name → default, or REQUIRED), and whether it gives points or a score."""

    label: str
    run: Run
    options: Mapping[str, Any] = field(default_factory=dict)
    gives: tuple[str, ...] = ("part",)


def best(kind: str, options: Options) -> float:
    """The score that a method gives for all there is to get, on its own scale: what a missing figure counts as under "full"."""
    if kind == "combined":
        return math.fsum(part.options["share"] * best(part.kind, part.options) for part in options["parts"])
    if kind in ("interval", "lookup"):
        return float(max(*(score for _figure, score in options["points"]), options.get("otherwise", -math.inf)))
    if kind == "rank" and options["spread"] == "steps":
        return float(options["first"])
    if kind == "as-is":
        return float(options["times"] * options["out_of"])
    return float(options.get("to", (0.0, 100.0))[1])


_TO = {"to": (0.0, 100.0)}
_FLAT = {"flat": "refuse"}
_EXTRA = ("bonus", "deduction")
KINDS: Mapping[str, Kind] = {
    "all-or-nothing": Kind(said("目标完成计分法"), all_or_nothing, {"target": REQUIRED}),
    "completion": Kind(said("目标完成率"), completion, {"target": REQUIRED, "cap": 1.0, "lower": "ratio"}),
    "efficacy": Kind(said("功效系数法"), efficacy, {"base": 60.0, "worst": math.nan, "best": math.nan, "flat": "full"}),
    "rank": Kind(said("比较法"), rank, {"first": 100.0, "step": 5.0, "floor": 0.0, "spread": "steps", **_TO}),
    "steps": Kind(
        said("基本分加减法"),
        steps,
        {"target": REQUIRED, "basic": 80.0, "up": 1.0, "down": 1.0, "cap": 100.0, "whole": True},
    ),
    "interval": Kind(said("区间法"), interval, {"points": REQUIRED, "jump": False}),
    "baseline": Kind(said("基准法"), baseline, {"base": REQUIRED, "target": REQUIRED, "score": 80.0, "cap": 100.0}),
    "deduction": Kind(said("扣分法"), deduction, {"each": REQUIRED, "full": math.nan}),
    "points": Kind(said("加减分"), points, {"each": 1.0, "cap": math.inf}, _EXTRA),
    "lookup": Kind(said("对照表"), lookup, {"points": REQUIRED, "otherwise": 0.0}, ("part", *_EXTRA)),
    "expert-mean": Kind(said("评议平均"), expert_mean, {"inputs": REQUIRED, "drop": 1, "out_of": 100.0}),
    "combined": Kind(said("组合计分"), combined, {"parts": REQUIRED}),
    "min-max": Kind(said("极差法"), min_max, {**_TO, **_FLAT}),
    "z-score": Kind(said("标准分"), z_score, {"mean": 0.0, "sd": 1.0, "deviation": "sample", **_FLAT}),
    "goalposts": Kind(said("阈值法"), goalposts, {"low": REQUIRED, "high": REQUIRED, "log": False, "cut": True, **_TO}),
    "distance": Kind(said("目标差距"), distance, {"target": REQUIRED, "cut": True, **_TO}),
    "as-is": Kind(said("直接计分"), as_is, {"times": 1.0, "out_of": 100.0}, ("part", *_EXTRA)),
}
