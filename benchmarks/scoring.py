"""Scoring beside Polars and pandas in the same run, and one county after one change.

    python -m benchmarks.scoring [--counties 300] [--rounds 3]

What is computed, the same by each: figures of counties × 12 months × 95 units × 60 indicators, min-max by county, month and
indicator with direction, weighted by the scheme of the unit's class (5), four group scores and a total, the rank inside the
class and a grade by quota. Peers get the long table they are made for, ours the dense array it stores.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mashang import performance
from mashang.performance.rules.dense import Dense
from mashang.performance.rules.engine import evaluate
from mashang.performance.rules.live import Live
from mashang.performance.rules.parse import load, parse
from mashang.performance.rules.scheme import Scheme
from mashang.performance.rules.sensitivity import study
from mashang.performance.rules.table import Table, read_table

UNITS, INDICATORS, MONTHS, CLASSES, GROUPS = 95, 60, 12, 5, 4
SHARES = (0.2, 0.4, 0.3)


def scheme_of() -> Scheme:
    """Sixty indicators in four groups, a third of them better when lower; five classes with weights of their own."""
    draws = np.random.default_rng(3)
    weights = draws.integers(1, 9, (CLASSES, INDICATORS)).astype(float)
    leaves = {
        f"i{k}": {
            "parent": f"g{k % GROUPS}",
            "weight": 1,
            "direction": "lower" if k % 3 == 0 else "higher",
            "method": "min-max",
        }
        for k in range(INDICATORS)
    }
    return parse(
        {
            "scheme": {"code": "benchmark", "weights": "relative", "rank_within": "class"},
            "attributes": {"class": {}},
            "nodes": {"total": {}} | {f"g{g}": {"parent": "total", "weight": 40 - 10 * g} for g in range(GROUPS)},
            "indicators": leaves,
            "classes": {"by": "class", "compare": "all"}
            | {f"c{c}": {"weights": {f"i{k}": weights[c, k] for k in range(INDICATORS)}} for c in range(CLASSES)},
            "grades": {"by": "quota", "names": ["优秀", "良好", "一般", "较差"], "shares": list(SHARES)},
        }
    )


def long_columns(figures: np.ndarray, scheme: Scheme) -> dict[str, np.ndarray]:
    """The same figures one row each, with what a join would have brought: direction, group, the class's weight."""
    blocks, units, leaves = figures.shape
    table = np.array([[c.weights[f"i{k}"] for k in range(leaves)] for c in scheme.classes.values()], dtype=np.float32)
    klass = np.arange(units) % CLASSES
    shares = np.empty((units, leaves), dtype=np.float32)
    for g in range(GROUPS):
        own = table[klass][:, g::GROUPS]
        shares[:, g::GROUPS] = own / own.sum(axis=1, keepdims=True)

    def spread(values: Any, shape: tuple[int, ...]) -> np.ndarray:
        return np.broadcast_to(np.asarray(values).reshape(shape), figures.shape).ravel()

    block = np.arange(blocks, dtype=np.int32).reshape(-1, 1, 1)
    unit = np.arange(units, dtype=np.int32).reshape(1, -1, 1)
    leaf = np.arange(leaves, dtype=np.int32)
    return {
        "scale": spread(block * leaves + leaf, (blocks, 1, leaves)),
        "part": (((block * units + unit) * GROUPS) + leaf % GROUPS).ravel(),
        "lower": spread(leaf % 3 == 0, (1, 1, leaves)),
        "weight": spread(shares, (1, units, leaves)),
        "value": figures.ravel(),
    }


def with_polars(columns: dict[str, np.ndarray]) -> Callable[[], np.ndarray]:
    """The quickest way found: whole-number keys made beforehand, windows for the scales, one grouping for the parts."""
    import polars as pl  # a peer, not a part of the product

    frame = pl.DataFrame(columns)

    def run() -> np.ndarray:
        value = pl.col("value")
        low, high = value.min().over("scale"), value.max().over("scale")
        share = (value - pl.col("low")) / (pl.col("high") - pl.col("low"))
        score = pl.when("lower").then(1 - share).otherwise(share) * 100 * pl.col("weight")
        group_weight = 40 - 10 * (pl.col("part") % GROUPS)
        rank = pl.col("total").rank("min", descending=True).over("block", "class")
        limit = [np.floor(s * UNITS / CLASSES + 1e-9) for s in np.cumsum(SHARES)]
        done = (
            frame.lazy()
            .with_columns(low=low, high=high)
            .group_by("part")
            .agg(score=score.sum())
            .group_by(unit=pl.col("part") // GROUPS)
            .agg(total=(pl.col("score") * group_weight).sum() / 100)
            .with_columns(block=pl.col("unit") // UNITS, **{"class": pl.col("unit") % UNITS % CLASSES})
            .with_columns(rank=rank)
            .with_columns(grade=pl.sum_horizontal([(pl.col("rank") > x).cast(pl.Int8) for x in limit]))
            .collect()
        )
        return done.sort("unit")["total"].to_numpy()

    return run


def with_pandas(columns: dict[str, np.ndarray]) -> Callable[[], np.ndarray]:
    """The same with groupby and transform on whole-number keys."""
    import pandas as pd  # a peer, not a part of the product

    frame = pd.DataFrame(columns)

    def run() -> np.ndarray:
        grouped = frame.groupby("scale", sort=False)["value"]
        low, high = grouped.transform("min"), grouped.transform("max")
        share = (frame["value"] - low) / (high - low)
        score = share.where(~frame["lower"], 1 - share) * (100 * frame["weight"])
        parts = score.groupby(frame["part"], sort=True).sum().to_numpy().reshape(-1, GROUPS)
        total = pd.Series(parts @ np.array([40 - 10 * g for g in range(GROUPS)]) / 100)
        unit = np.arange(len(total))
        rank = total.groupby([unit // UNITS, unit % UNITS % CLASSES]).rank(method="min", ascending=False)
        _grade = sum((rank > np.floor(s * UNITS / CLASSES + 1e-9)).astype(np.int8) for s in np.cumsum(SHARES))
        return total.to_numpy()

    return run


def best(run: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    """The shortest of a few runs: the machine may be shared."""
    times, answer = [], None
    for _ in range(rounds):
        start = time.perf_counter()
        answer = run()
        times.append(time.perf_counter() - start)
    return min(times), answer


def bulk(counties: int, rounds: int) -> None:
    scheme = scheme_of()
    figures = np.random.default_rng(1).random((counties * MONTHS, UNITS, INDICATORS), dtype=np.float32) * 100
    dense = Dense(scheme, [f"c{c}" for c in range(CLASSES)], [f"g{g}" for g in range(GROUPS)])
    klass = np.arange(UNITS) % CLASSES
    ours, answer = best(lambda: dense.run(figures, klass), 2 * rounds)
    tracemalloc.start()
    dense.run(figures, klass)
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"{figures.size / 1e6:.1f} million values, each normalised, aggregated, ranked, graded")
    print(f"  mashang (numpy)            {figures.size / ours / 1e6:7.1f} M values/s")
    print(f"    memory beyond the input: {used / figures.nbytes:.2f} times the input")
    columns = long_columns(figures, scheme)
    for name, peer in (("Polars", with_polars), ("pandas", with_pandas)):
        taken, total = best(peer(columns), rounds)
        worst = float(np.abs(total.reshape(answer.ranks.shape) - answer.scores["total"]).max())
        if worst > 1e-3:
            raise SystemExit(f"{name} disagrees by {worst}")
        print(f"  {name:26} {figures.size / taken / 1e6:7.1f} M values/s; ours {taken / ours:.1f} times as fast")


def county(rounds: int) -> None:
    """68,400 values, every stage, then one weight and one figure changed, ranks and grades included."""
    scheme = scheme_of()
    figures = np.random.default_rng(2).random((MONTHS, UNITS, INDICATORS)) * 100
    units = tuple(f"u{u}" for _ in range(MONTHS) for u in range(UNITS))
    periods = tuple(f"{m:02}" for m in range(MONTHS) for _ in range(UNITS))
    numbers = {f"i{k}": figures[:, :, k].ravel().copy() for k in range(INDICATORS)}
    table = Table(units, periods, numbers, {"class": tuple(f"c{int(u[1:]) % CLASSES}" for u in units)})
    whole, result = best(lambda: evaluate(scheme, table), 2)
    live = Live(result)

    def weight() -> None:
        live.set_weight("g1", 35.0)
        live.ranks()

    def leaf_weight() -> None:
        live.set_weight("i7", 5.5)
        live.ranks()

    def figure() -> None:
        live.set_figure(100, "i7", 55.5)
        live.ranks()

    print("one county, 68,400 values (whole run with every stage kept: %.0f ms)" % (whole * 1e3))
    for name, change in (("a group's weight", weight), ("an indicator's weight", leaf_weight), ("a figure", figure)):
        taken, _ = best(change, 20 * rounds)
        print(f"  after {name:22} {taken * 1e3:6.3f} ms")
    numbers["i7"] = numbers["i7"].copy()
    numbers["i7"][100] = 55.5
    again = evaluate(scheme, replace(table, numbers=numbers))
    kept = Live(result)
    kept.set_figure(100, "i7", 55.5)
    if not np.array_equal(kept.score, again.scores["total"]):
        raise SystemExit("the quick way and the whole way disagree")


def replicates() -> None:
    """1,000 replicates of the shipped ASEM index, and as many again for each factor's effect."""
    folder = Path(performance.__file__).parent / "data" / "asem"
    scheme = load(folder / "scheme.toml")
    table = read_table(folder / "values.csv", scheme)
    taken, done = best(lambda: study(scheme, table, replicates=1000), 1)
    print(f"1,000 replicates of ASEM with the effects of {len(done.effects)} factors: {taken:.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counties", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    replicates()
    county(asked.rounds)
    bulk(asked.counties, asked.rounds)


if __name__ == "__main__":
    main()
