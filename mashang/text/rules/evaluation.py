"""How well texts were sorted: F1, confusion, what routing only the surest would bring, and whether confidence is honest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
SHARES = (0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 1.0)
BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0)


def report(
    labels: Sequence[str],
    true: Ints,
    told: Ints,
    confidence: NDArray[np.floating[Any]],
    sureness: NDArray[np.floating[Any]],
) -> dict[str, Any]:
    """All figures of one evaluation, ready for JSON.

    true, told: class numbers; a true class the model does not know has a number of its own, which it always misses.
    sureness orders the texts from sure to unsure where confidence ties.
    """
    count = len(labels)
    confusion = np.zeros((count, count), dtype=np.int64)
    np.add.at(confusion, (true, told), 1)
    classes = [_of_class(label, confusion, place) for place, label in enumerate(labels)]
    present = [row for row in classes if row["support"] or row["told"]]
    order = np.lexsort((np.arange(len(true)), -sureness, -confidence))
    right = (true == told)[order]
    return {
        "count": len(true),
        "macro_f1": _rounded(np.mean([row["f1"] for row in present])),
        "micro_f1": _rounded(right.mean()),
        "classes": classes,
        "labels": list(labels),
        "confusion": confusion.tolist(),
        "routed": [_routed(right, confidence[order], share) for share in SHARES],
        "reliability": reliability(true == told, confidence),
        "calibration_error": _rounded(calibration_error(true == told, confidence)),
    }


def _of_class(label: str, confusion: Ints, place: int) -> dict[str, Any]:
    hit, told, support = int(confusion[place, place]), int(confusion[:, place].sum()), int(confusion[place].sum())
    return {
        "label": label,
        "precision": _rounded(hit / max(told, 1)),
        "recall": _rounded(hit / max(support, 1)),
        "f1": _rounded(2 * hit / max(told + support, 1)),
        "support": support,
        "told": told,
    }


def _routed(right: NDArray[np.bool_], confidence: NDArray[np.floating[Any]], share: float) -> dict[str, float]:
    """Accuracy when only this share, the surest, is routed, and the confidence that draws the line."""
    some = max(int(round(share * len(right))), 1)
    return {"share": share, "accuracy": _rounded(right[:some].mean()), "threshold": _rounded(confidence[some - 1])}


def reliability(right: NDArray[np.bool_], confidence: NDArray[np.floating[Any]]) -> list[dict[str, float]]:
    """For each span of confidence: how many, how sure, how often right."""
    place = np.clip(np.searchsorted(BINS, confidence, "right") - 1, 0, len(BINS) - 2)
    rows = []
    for number in range(len(BINS) - 1):
        here = place == number
        if here.any():
            rows.append(
                {
                    "from": BINS[number],
                    "to": BINS[number + 1],
                    "count": int(here.sum()),
                    "confidence": _rounded(confidence[here].mean()),
                    "accuracy": _rounded(right[here].mean()),
                }
            )
    return rows


def calibration_error(right: NDArray[np.bool_], confidence: NDArray[np.floating[Any]]) -> float:
    """Expected calibration error over the spans of `reliability`: mean distance of confidence and accuracy."""
    rows = reliability(right, confidence)
    return sum(row["count"] * abs(row["confidence"] - row["accuracy"]) for row in rows) / max(len(right), 1)


def _rounded(value: float) -> float:
    return round(float(value), 4)
