"""Numbers about a column of figures. Missing figures are NaN and left out.

Sums are exact (`math.fsum`), so that no statistic depends on the order of the rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
NOISE = 10
"""Decimal places at which two scores count as equal when ranked: what differs beyond them is computing noise."""
LARGEST = 1e15
"""No figure and no number of a scheme is larger: beyond it a sum of squares would not be a number any more."""
PADDING = 4
"""Groups are ranked side by side, filled up to the largest, as long as that takes at most so many places a row."""
DIGITS = 12
"""Digits at which two figures count as equal when ranked, whatever their size."""
_EXACT = Context(prec=400)  # more digits than any float has before the point


def known(x: Array) -> Array:
    """The figures that are there, in their order."""
    return x[~np.isnan(x)]


def mean(x: Array) -> float:
    """Arithmetic mean of what is known; NaN when nothing is."""
    k = known(x)
    return math.fsum(k.tolist()) / len(k) if len(k) else math.nan


def deviation(x: Array, *, sample: bool) -> float:
    """Standard deviation, divided by n - 1 (`sample`) or n."""
    k = known(x)
    free = len(k) - 1 if sample else len(k)
    if free < 1:
        return math.nan
    return math.sqrt(math.fsum(((k - mean(k)) ** 2).tolist()) / free)


def _moments(x: Array) -> tuple[int, float, float, float]:
    k = known(x)
    if not len(k):
        return 0, 0.0, 0.0, 0.0
    z = k - mean(k)
    return len(k), *(math.fsum((z**p).tolist()) / len(k) for p in (2, 3, 4))  # type: ignore[return-value]  # three floats


def skew(x: Array) -> float:
    """Sample skewness G1, as in Excel, SAS and COINr; 0 where it is not defined (fewer than 3 values, or all equal)."""
    n, m2, m3, _ = _moments(x)
    return math.sqrt(n * (n - 1)) / (n - 2) * m3 / m2**1.5 if n > 2 and m2**1.5 > 0 else 0.0


def kurtosis(x: Array) -> float:
    """Sample excess kurtosis G2; 0 where it is not defined (fewer than 4 values, or all equal)."""
    n, m2, _, m4 = _moments(x)
    if n < 4 or m2**2 == 0:
        return 0.0
    return (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (m4 / m2**2 - 3) + 6)


def half_up(x: float, decimals: int = 2) -> str:
    """The number for show, rounded half up as people do (2.675 becomes 2.68); "" when missing.

    Computing noise goes first: 95.27499999999999 stands for 95.275 and is shown as 95.28.
    """
    if math.isnan(x):
        return ""
    shown = Decimal(repr(round(float(x), NOISE))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, _EXACT)
    return str(shown.copy_abs() if shown.is_zero() else shown)


def digits(x: Array, places: int) -> Array:
    """Figures as a ten-digit display would print them: at most `places` digits, a zero before the point counted."""
    with np.errstate(divide="ignore", invalid="ignore"):
        front = np.where(np.abs(x) >= 1, np.floor(np.log10(np.abs(x))) + 1, 1)
    return np.array(
        [v if math.isnan(v) else round(v, max(0, places - int(f))) for v, f in zip(x.tolist(), front, strict=True)]
    )


class Groups:
    """Rows put into groups, for ranking inside each: `members[g]` are row numbers, padded where `held` is false; `number[row]` is
    the row's group. Groups so unequal that padding would be most of it have no members."""

    def __init__(self, keys: Sequence[object]) -> None:
        order: dict[object, list[int]] = {}
        for row, key in enumerate(keys):
            order.setdefault(key, []).append(row)
        self.keys = tuple(order)
        self.rows = [np.array(rows, dtype=np.intp) for rows in order.values()]
        self.number = np.zeros(len(keys), dtype=np.intp)
        for g, own in enumerate(self.rows):
            self.number[own] = g
        width = max(map(len, order.values()), default=0)
        self.padded = len(order) * width <= PADDING * len(keys)
        shape = (len(order), width) if self.padded else (0, 0)
        self.members = np.zeros(shape, dtype=np.intp)
        self.held = np.zeros(shape, dtype=bool)
        for g, rows in enumerate(order.values() if self.padded else ()):
            self.members[g, : len(rows)] = rows
            self.held[g, : len(rows)] = True

    def ranks(self, scores: Array, *, worst: bool = False) -> NDArray[np.int64]:
        """Ranks along the last axis, 1 the highest score, inside each group; ties share the better rank (`worst`: the
        worse one); 0 where there is no score."""
        if not self.padded:
            lines = [_ranked(line, self.number, worst) for line in scores.reshape(-1, scores.shape[-1])]
            return np.array(lines, dtype=np.int64).reshape(scores.shape)
        lanes = np.where(self.held & ~np.isnan(scores[..., self.members]), -scores[..., self.members], np.inf)
        found = _ranks(np.asarray(np.round(lanes, NOISE), dtype=np.float64), worst)
        found[np.isinf(lanes)] = 0
        out = np.zeros(scores.shape, dtype=np.int64)
        out[..., self.members[self.held]] = found[..., self.held]
        return out


def _ranked(scores: Array, groups: NDArray[np.intp], worst: bool) -> NDArray[np.int64]:
    """Ranks of one line of scores inside groups of any sizes: sorted by group and score, counted from each group's first."""
    lane = np.round(np.where(np.isnan(scores), np.inf, -scores), NOISE)
    order = np.lexsort((lane, groups))
    lane, groups, place = lane[order], groups[order], np.arange(len(order))
    begins = np.concatenate([[True], groups[1:] != groups[:-1]])
    first = begins | np.concatenate([[True], lane[1:] != lane[:-1]])
    shared = np.maximum.accumulate(np.where(first, place, 0))
    if worst:
        last = np.concatenate([first[1:], [True]])
        shared = np.minimum.accumulate(np.where(last, place, len(order))[::-1])[::-1]
    out = np.zeros(len(order), dtype=np.int64)
    out[order] = np.where(np.isinf(lane), 0, shared - np.maximum.accumulate(np.where(begins, place, 0)) + 1)
    return out


def _ranks(lanes: Array, worst: bool) -> NDArray[np.int64]:
    order = np.argsort(lanes, axis=-1)
    ordered = np.take_along_axis(lanes, order, axis=-1)
    place = np.arange(1, lanes.shape[-1] + 1)
    if worst:
        last = np.concatenate([ordered[..., 1:] != ordered[..., :-1], np.ones((*lanes.shape[:-1], 1), bool)], axis=-1)
        shared = np.minimum.accumulate(np.where(last, place, place[-1])[..., ::-1], axis=-1)[..., ::-1]
    else:
        first = np.concatenate([np.ones((*lanes.shape[:-1], 1), bool), ordered[..., 1:] != ordered[..., :-1]], axis=-1)
        shared = np.maximum.accumulate(np.where(first, place, 1), axis=-1)
    out = np.empty(lanes.shape, dtype=np.int64)
    np.put_along_axis(out, order, shared, axis=-1)
    return out


def ranks(x: Array, *, higher: bool = True) -> Array:
    """Ranks of one column of figures as floats, 1 the best; ties share the better rank; NaN stays NaN.

    Figures that agree in twelve digits tie, and so does with 0 what is computing noise beside the largest.
    """
    noise = 4 * np.finfo(float).eps * np.max(np.abs(known(x)), initial=0.0)
    plain = np.array([0.0 if abs(v) <= noise else float(f"{v:.{DIGITS}g}") for v in x.tolist()])
    values, place = np.unique(plain, return_inverse=True)  # NaN comes last
    found = Groups([0] * len(x)).ranks(np.where(np.isnan(x), np.nan, place if higher else len(values) - place))
    return np.where(np.isnan(x), np.nan, found)


def wilson(hits: float, total: float, z: float = 1.959963984540054) -> tuple[float, float]:
    """Wilson's interval for a rate (95 % by default); from 0 to 1 when nothing was counted."""
    if total <= 0:
        return 0.0, 1.0
    rate, scale = hits / total, 1 + z * z / total
    middle = (rate + z * z / (2 * total)) / scale
    half = z / scale * math.sqrt(max(0.0, rate * (1 - rate)) / total + z * z / (4 * total * total))
    return max(0.0, middle - half), min(1.0, middle + half)
