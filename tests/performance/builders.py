"""Schemes and tables for tests, as plain functions."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np

from mashang.performance.rules.parse import parse
from mashang.performance.rules.scheme import Scheme
from mashang.performance.rules.table import Table

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "mashang" / "performance" / "data"
SHARED = ROOT.parent / "shared" / "data" / "scoring" / "asem"

BASE: dict[str, Any] = {
    "scheme": {"code": "test"},
    "nodes": {"total": {}, "a": {"parent": "total", "weight": 60}, "b": {"parent": "total", "weight": 40}},
    "indicators": {
        "x": {"parent": "a", "weight": 40, "method": "min-max"},
        "y": {"parent": "a", "weight": 20, "method": "min-max", "direction": "lower"},
        "z": {"parent": "b", "weight": 40, "method": {"kind": "completion", "target": 100}},
    },
}


def raw_scheme(**changes: dict[str, Any]) -> dict[str, Any]:
    """The base scheme as tables, each change merged into the top-level table of its name (None takes a key away)."""
    raw = copy.deepcopy(BASE)
    for name, change in changes.items():
        table = raw.setdefault(name, {})
        for key, value in change.items():
            if value is None:
                table.pop(key, None)
            else:
                table[key] = value
    return raw


def make_scheme(**changes: dict[str, Any]) -> Scheme:
    return parse(raw_scheme(**changes))


def one_indicator(method: Any, **more: Any) -> Scheme:
    """A scheme of a single indicator `x` worth 100."""
    leaf = {"parent": "total", "method": method, "missing": "redistribute", **more}
    attributes = {"group": {}, "own": {"type": "number"}}
    return parse(
        {"scheme": {"code": "one"}, "nodes": {"total": {}}, "indicators": {"x": leaf}, "attributes": attributes}
    )


def make_table(columns: dict[str, list[float]], texts: dict[str, list[str]] | None = None) -> Table:
    count = len(next(iter(columns.values())))
    numbers = {name: np.array(values, dtype=float) for name, values in columns.items()}
    held = {name: tuple(values) for name, values in (texts or {}).items()}
    return Table(tuple(f"u{n}" for n in range(count)), ("",) * count, numbers, held)
