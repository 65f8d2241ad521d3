"""Before a figure is scored: denominate, impute, treat outliers. Each step gives a new column and touches no other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mashang.kernel.refused import Refused
from mashang.performance.rules.scheme import Impute, Indicator, Treat
from mashang.performance.rules.statistics import Array, known, kurtosis, mean, skew


def denominated(x: Array, leaf: Indicator, numbers: Mapping[str, Array]) -> Array:
    """The figure per unit of an attribute (population, GDP), times `per_times`; where that is missing, or not positive, so is
    the figure."""
    if not leaf.per:
        return x
    by = numbers[leaf.per]
    share = x / np.where(by > 0, by, np.nan)
    return share if leaf.per_times == 1.0 else share * leaf.per_times


def imputed(x: Array, how: Impute, groups: Sequence[str]) -> Array:
    """Gaps filled by rule; a group without any figure stays a gap."""
    gaps = np.isnan(x)
    if how.kind == "none" or not gaps.any():
        return x
    out = x.copy()
    if how.kind == "constant":
        out[gaps] = how.value
        return out
    middle = mean if how.kind.endswith("mean") else _median
    keys = np.array(groups if how.kind.startswith("group-") else [""] * len(x))
    for key in np.unique(keys[gaps]):
        out[gaps & (keys == key)] = middle(x[keys == key])
    return out


def _median(x: Array) -> float:
    k = known(x)
    return float(np.median(k)) if len(k) else float("nan")


@dataclass(frozen=True, slots=True)
class Treated:
    """A treated column, how many points were winsorised, whether the log was taken, skew and kurtosis before and after."""

    values: Array
    points: int = 0
    log: str = ""
    before: tuple[float, float] = (0.0, 0.0)
    after: tuple[float, float] = (0.0, 0.0)


def treated(x: Array, how: Treat | None) -> Treated:
    """Outliers brought in, one point at a time, at the end to which the column leans at that time, until skew or kurtosis is
    within its limit; if `winsorise` points don't suffice, the untouched column's log instead (as COINr's qTreat does)."""
    if how is None:
        return Treated(x)
    before = (skew(x), kurtosis(x))
    if not _off(before, how):
        return Treated(x, before=before, after=before)
    y, low, high, now = x, 0, 0, before
    ordered = np.sort(known(x))
    while _off(now, how) and low + high < min(how.winsorise, len(ordered) - 1):
        low, high = (low, high + 1) if now[0] > 0 else (low + 1, high)
        y = np.clip(x, ordered[low], ordered[-1 - high])
        now = (skew(y), kurtosis(y))
    if _off(now, how) and how.log != "none":
        y = LOGS[how.log](x)
        return Treated(y, 0, how.log, before, (skew(y), kurtosis(y)))
    return Treated(y, low + high, "", before, now)


def _off(shape: tuple[float, float], how: Treat) -> bool:
    return abs(shape[0]) > how.skew and shape[1] > how.kurtosis


def _log_ct(x: Array) -> Array:
    """The COIN Tool's log: ln(x - min + 1 % of the range); for a column that leans high."""
    low, high = float(known(x).min()), float(known(x).max())
    return np.asarray(np.log(x - low + 0.01 * (high - low)))


def _log_ct_signed(x: Array) -> Array:
    """The same, mirrored for a column that leans low, so that the order of units stays."""
    return -_log_ct(-x) if skew(x) < 0 else _log_ct(x)


def _log_natural(x: Array) -> Array:
    if np.any(known(x) <= 0):
        raise Refused("values.log", "有数值不大于 0，不能取自然对数；请改用 CT。")
    return np.asarray(np.log(x))


LOGS: Mapping[str, Callable[[Array], Array]] = {"CT": _log_ct, "CT-signed": _log_ct_signed, "natural": _log_natural}
