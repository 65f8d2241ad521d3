"""Reading a method, an imputation or a treatment out of a scheme file, each option checked for type and range."""

from __future__ import annotations

import math
from typing import Any

from mashang.kernel.said import said
from mashang.performance.rules.fields import Fields, is_number
from mashang.performance.rules.methods import KINDS, REQUIRED
from mashang.performance.rules.scheme import Impute, Method, Treat

CHOICES = {
    "flat": ("refuse", "full", "zero", "middle"),
    "lower": ("ratio", "mirror"),
    "spread": ("steps", "even"),
    "deviation": ("sample", "population"),
}
POSITIVE = frozenset({"cap", "sd", "out_of", "full", "each"})
TARGETS = frozenset({"target", "low", "high"})
IMPUTES = ("none", "constant", "mean", "median", "group-mean", "group-median")
LOGS = ("none", "CT", "CT-signed", "natural")


def read_method(raw: Any, where: str, faults: list[Any], *, part: bool = False) -> Method | None:
    """A method such as `{ kind = "min-max", to = [0, 100] }`, or its bare name when it needs no options; None, with the fault,
    when one that it cannot do without is missing."""
    f = Fields({"kind": raw} if isinstance(raw, str) else raw, where, faults)
    name = f.text("kind")
    kind = KINDS.get(name)
    if kind is None:
        f.fault(
            "scheme.unknown-method",
            said("“{where}”不认识计分方法“{name}”，可用：{names}。", where=where, name=name, names=[*KINDS]),
            "kind",
        )
        return None
    options = {key: _option(f, name, key, default) for key, default in kind.options.items()}
    if part:
        options["share"] = f.number("share", math.nan)
        if not 0 < options["share"] <= 1:
            f.fault("scheme.share", said("“{where}.share”应当在 0 与 1 之间。", where=where), "share")
    f.close()
    if None in options.values():
        return None
    _sense(f, name, options)
    return Method(name, options)


def _option(f: Fields, method: str, key: str, default: Any) -> Any:
    if default is REQUIRED and not f.has(key):
        f.known.add(key)
        f.fault(
            "scheme.missing-option",
            said(
                "“{where}”用了{label}（{method}），必须写明 {key}。",
                where=f.where,
                label=KINDS[method].label,
                method=method,
                key=key,
            ),
            key,
        )
        return None
    if key == "parts":
        return _parts(f)
    if key == "points":
        return _pairs(f, key)
    if key == "to":
        return _pair(f, key, default)
    if key == "inputs":
        return f.texts(key)
    if key == "drop":
        return f.whole(key, default)
    if key in CHOICES:
        return f.choice(key, CHOICES[key], default)
    if key in TARGETS or default is REQUIRED and key == "base":
        return _target(f, key)
    if isinstance(default, bool):
        return f.flag(key, default)
    return f.number(key, math.nan if default is REQUIRED else default)


def _target(f: Fields, key: str) -> float | str | None:
    value = f.get(key)
    if is_number(value):
        return float(value)
    if isinstance(value, str):
        return value
    f.fault("scheme.type", said("“{where}.{key}”应当是数，或存放各单位目标的属性名。", where=f.where, key=key), key)
    return None


def _pair(f: Fields, key: str, default: Any) -> tuple[float, float]:
    pair = f.numbers(key, default)
    if len(pair) != 2 or pair[0] >= pair[1]:
        f.fault("scheme.pair", said("“{where}.{key}”应当是由小到大的两个数。", where=f.where, key=key), key)
        return (0.0, 100.0)
    return (pair[0], pair[1])


def _pairs(f: Fields, key: str) -> tuple[tuple[float, float], ...]:
    value = f.get(key)
    good = (
        isinstance(value, list)
        and value
        and all(isinstance(p, list) and len(p) == 2 and all(map(is_number, p)) for p in value)
    )
    if not good:
        f.fault("scheme.points", said("“{where}.{key}”应当是 [数值, 得分] 的列表。", where=f.where, key=key), key)
        return ((0.0, 0.0),)
    pairs = tuple((float(a), float(b)) for a, b in value)
    if any(a[0] >= b[0] for a, b in zip(pairs, pairs[1:], strict=False)):
        f.fault("scheme.points", said("“{where}.{key}”的数值应当由小到大，不得重复。", where=f.where, key=key), key)
    return pairs


def _parts(f: Fields) -> tuple[Method, ...]:
    value = f.get("parts")
    if not isinstance(value, list) or not value:
        f.fault("scheme.parts", said("“{where}.parts”应当是方法的列表，每个带 share。", where=f.where), "parts")
        return ()
    read = [read_method(raw, f"{f.where}.parts[{n}]", f.faults, part=True) for n, raw in enumerate(value, 1)]
    parts = tuple(m for m in read if m)
    for m in parts:
        if m.kind in ("combined", "expert-mean", "points"):
            f.fault("scheme.parts", said("“{where}.parts”里不能再用 {kind}。", where=f.where, kind=m.kind), "parts")
    total = math.fsum(m.options["share"] for m in parts)
    if len(parts) == len(value) and abs(total - 1) > 1e-9:
        f.fault(
            "scheme.share",
            said("“{where}.parts”的 share 之和是 {total:g}，应当是 1。", where=f.where, total=total),
            "parts",
        )
    return parts


def _sense(f: Fields, kind: str, o: dict[str, Any]) -> None:
    """What types alone do not catch."""
    for key in POSITIVE & o.keys():
        if isinstance(o[key], float) and o[key] <= 0:
            f.fault("scheme.positive", said("“{where}.{key}”应当大于 0。", where=f.where, key=key), key)
    if kind == "goalposts" and is_number(o["low"]) and is_number(o["high"]):
        if o["low"] >= o["high"]:
            f.fault("scheme.pair", said("“{where}”的 low 应当小于 high。", where=f.where), "low")
        elif o["log"] and o["low"] <= 0:
            f.fault("scheme.log", said("“{where}”取对数时 low 应当大于 0。", where=f.where), "low")
    if kind == "expert-mean" and o["inputs"] is not None and len(o["inputs"]) <= 2 * o["drop"]:
        f.fault(
            "scheme.drop",
            said("“{where}”去掉 {count} 个最高分和最低分后没有评分剩下。", where=f.where, count=o["drop"]),
            "drop",
        )
    if kind == "baseline" and is_number(o["base"]) and o["base"] == o["target"]:
        f.fault("scheme.base", said("“{where}”的 base 与 target 相同，基准法无法计分。", where=f.where), "base")
    if kind == "efficacy" and o["worst"] == o["best"]:
        f.fault("scheme.pair", said("“{where}”的 worst 与 best 相同，功效系数法无法计分。", where=f.where), "worst")
    if kind == "steps" and o["target"] == 0:
        f.fault("scheme.target", said("“{where}”的 target 为 0，无法按百分比加减分。", where=f.where), "target")


def read_impute(raw: Any, where: str, faults: list[Any]) -> Impute:
    """`"mean"`, or `{ kind = "group-mean", by = "region" }`."""
    f = Fields({"kind": raw} if isinstance(raw, str) else raw, where, faults)
    found = Impute(f.choice("kind", IMPUTES, "none"), f.text("by"), f.number("value", math.nan))
    f.close()
    if found.kind.startswith("group-") and not found.by:
        f.fault("scheme.missing-option", said("“{where}”按组插补，必须写明 by（哪个属性分组）。", where=where), "by")
    if found.kind == "constant" and math.isnan(found.value):
        f.fault("scheme.missing-option", said("“{where}”用固定值插补，必须写明 value。", where=where), "value")
    return found


def read_treat(raw: Any, where: str, faults: list[Any]) -> Treat:
    """`{ skew = 2, kurtosis = 3.5, winsorise = 5, log = "CT" }`."""
    f = Fields(raw, where, faults)
    found = Treat(
        f.number("skew", 2.0), f.number("kurtosis", 3.5), f.whole("winsorise", 5), f.choice("log", LOGS, "CT")
    )
    f.close()
    return found
