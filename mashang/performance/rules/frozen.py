"""Inputs frozen in one canonical form, so that anyone can check their hash and compute the scores again to the last digit.

The form is JSON: no spaces, UTF-8, every number in its shortest exact form, columns sorted by name and rows by period and
unit; the scheme keeps the order of its file, which is the order it is shown in. The SHA-256 doesn't depend on the order of
rows or columns, nor on how the file was written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from mashang.kernel.refused import Refused
from mashang.performance.rules.parse import parse
from mashang.performance.rules.scheme import Scheme
from mashang.performance.rules.table import Table

FORM = "mashang-score-inputs/1"


def freeze(scheme: Scheme, table: Table) -> str:
    """The canonical text of a scheme and the figures it reads."""
    order = sorted(range(len(table)), key=lambda row: (table.periods[row], table.units[row]))
    used = {name for leaf in scheme.indicators.values() for name in leaf.inputs} | set(scheme.attributes)
    numbers = {k: [_plain(v[row]) for row in order] for k, v in table.numbers.items() if k in used}
    body = {
        "form": FORM,
        "numbers": dict(sorted(numbers.items())),
        "periods": [table.periods[row] for row in order],
        "scheme": scheme.raw,
        "texts": {k: [v[row] for row in order] for k, v in sorted(table.texts.items())},
        "units": [table.units[row] for row in order],
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value) + 0.0


def fingerprint(text: str) -> str:
    """SHA-256 of the canonical text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def thaw(text: str) -> tuple[Scheme, Table]:
    """Scheme and table back from the canonical text; refuses what is not that, and columns that are not as long as the rows."""
    try:
        body = json.loads(text, parse_constant=_no_number)
        if body["form"] != FORM:
            raise KeyError("form")
        scheme = parse(body["scheme"])
        return scheme, _table(body, scheme)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise Refused("frozen.form", "这不是一份封存的评分输入，或内容已经损坏。") from error


def _no_number(name: str) -> float:
    raise ValueError(name)


def _table(body: Mapping[str, Any], scheme: Scheme) -> Table:
    numbers = {k: np.array([np.nan if x is None else x for x in v], dtype=float) for k, v in body["numbers"].items()}
    texts = {k: tuple(v) for k, v in body["texts"].items()}
    table = Table(tuple(body["units"]), tuple(body["periods"]), numbers, texts)
    if not table.units or any(len(one) != len(table) for one in (table.periods, *numbers.values(), *texts.values())):
        raise ValueError("columns of another length")
    if not all(isinstance(word, str) for one in (table.units, table.periods, *texts.values()) for word in one):
        raise TypeError("a name is no text")
    for attribute in scheme.attributes.values():
        (numbers if attribute.number else texts)[attribute.id]
    return table
