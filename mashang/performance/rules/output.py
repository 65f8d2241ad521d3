"""Results as text tables: scores at every node, stages, studies. What is written is exact; `shown` is rounded for people."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence

from mashang.performance.rules.engine import Result
from mashang.performance.rules.frozen import fingerprint, freeze
from mashang.performance.rules.sensitivity import Study
from mashang.performance.rules.statistics import Array, half_up


def as_csv(rows: Iterable[Sequence[object]]) -> str:
    """CSV text with line feeds and no mark: to the byte the same on any machine, for files that are hashed and compared."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def exact(value: float) -> str:
    """The shortest decimal that reads back as the same number; "" when missing."""
    return "" if math.isnan(value) else repr(float(value))


def _periods(result: Result) -> bool:
    return any(result.table.periods)


def scores_long(result: Result) -> list[list[object]]:
    """One row for each unit and node, the total first: unit, (period), node, name, score, rank, of, shown, grade, inputs."""
    scheme, table = result.scheme, result.table
    items = scheme.items
    keys = [scheme.root, *(k for k in items if k != scheme.root)]
    of = _peer_counts(result)
    mark = fingerprint(freeze(scheme, table))
    when = ["period"] if _periods(result) else []
    rows: list[list[object]] = [["unit", *when, "node", "name", "score", "rank", "of", "shown", "grade", "inputs"]]
    for row, unit in enumerate(table.units):
        period = [table.periods[row]] if when else []
        for key in keys:
            score = float(result.scores[key][row])
            if math.isnan(score) and result.weights[key][row] == 0 and key != scheme.root:
                continue
            grade = result.grades[row] if key == scheme.root else ""
            rank = int(result.ranks[key][row]) or ""
            shown = half_up(score, scheme.decimals)
            rows.append([unit, *period, key, items[key].name, exact(score), rank, of[row], shown, grade, mark])
    return rows


def scores_wide(result: Result) -> list[list[object]]:
    """One row for each unit: for every node its score and rank side by side, grade last."""
    scheme, table = result.scheme, result.table
    keys = [*scheme.nodes, *scheme.indicators]
    when = ["period"] if _periods(result) else []
    rows: list[list[object]] = [["unit", *when, *(c for k in keys for c in (k, f"{k}.rank")), "grade", "inputs"]]
    mark = fingerprint(freeze(scheme, table))
    for row, unit in enumerate(table.units):
        cells = [c for k in keys for c in (exact(result.scores[k][row]), int(result.ranks[k][row]) or "")]
        rows.append([unit, *([table.periods[row]] if when else []), *cells, result.grades[row], mark])
    return rows


def _peer_counts(result: Result) -> list[int]:
    counts = [0] * len(result.table)
    for rows in result.peers.rows:
        for row in rows:
            counts[row] = len(rows)
    return counts


def stages(result: Result) -> dict[str, list[list[object]]]:
    """Each stage as a table, unit by indicator; the last, "aggregated", unit by node."""
    out = {name: _matrix(result, columns) for name, columns in result.stages.items()}
    out["aggregated"] = _matrix(result, {k: result.scores[k] for k in result.scheme.nodes})
    return out


def _matrix(result: Result, columns: Mapping[str, Array]) -> list[list[object]]:
    table = result.table
    when = ["period"] if _periods(result) else []
    rows: list[list[object]] = [["unit", *when, *columns]]
    for row, unit in enumerate(table.units):
        rows.append([unit, *([table.periods[row]] if when else []), *(exact(c[row]) for c in columns.values())])
    return rows


def study_rows(study: Study) -> list[list[object]]:
    """One row for each unit: nominal rank and the interval that holds 90 % of the replicates."""
    result = study.result
    when = ["period"] if _periods(result) else []
    rows: list[list[object]] = [["unit", *when, "score", "rank", "rank_5", "rank_50", "rank_95"]]
    for row, unit in enumerate(result.table.units):
        ranks = (int(study.ranks[row]), int(study.low[row]), int(study.median[row]), int(study.high[row]))
        score = exact(result.scores[result.scheme.root][row])
        rows.append([unit, *([result.table.periods[row]] if when else []), score, *ranks])
    return rows
