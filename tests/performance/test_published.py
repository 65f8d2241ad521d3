"""Indices published by others, written down as schemes without code, come out as published."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from mashang.performance.rules.engine import Result, evaluate
from mashang.performance.rules.parse import load
from mashang.performance.rules.sensitivity import study
from mashang.performance.rules.statistics import ranks
from mashang.performance.rules.table import read_table

from .builders import SHARED, SHIPPED

STAGES = ("denominated", "imputed", "treated", "normalised")
needs_shared = pytest.mark.skipif(not SHARED.exists(), reason="../shared/data/scoring/asem is not here")


def scored(name: str, values: Path | None = None) -> Result:
    scheme = load(SHIPPED / name / "scheme.toml")
    return evaluate(scheme, read_table(values or SHIPPED / name / "values.csv", scheme))


def published(path: Path, key: str) -> dict[str, dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return {row[key]: row for row in csv.DictReader(file)}


def test_asem_aggregates_and_ranks_are_the_published_ones() -> None:
    result = scored("asem")
    rows = published(SHIPPED / "asem" / "published.csv", "unit")
    for node in result.scheme.nodes:
        wanted = np.array([float(rows[u][node]) for u in result.table.units])
        np.testing.assert_allclose(result.scores[node], wanted, rtol=0, atol=1e-9)
        np.testing.assert_array_equal(result.ranks[node], ranks(wanted))
    best = [result.table.units[n] for n in np.argsort(result.ranks["Index"])[:3]]
    assert best == ["CHE", "NLD", "DNK"]


@needs_shared
@pytest.mark.parametrize("source", ["shipped figures", "ASEM_iData.csv"])
def test_every_published_stage_of_asem_comes_out(source: str) -> None:
    """From the ten-digit figures shipped, and from the original file in full precision, cut to what was published."""
    result = scored("asem", None if source == "shipped figures" else SHARED / source)
    for stage in STAGES:
        rows = published(SHARED / f"ASEM_COIN_Data_{stage.capitalize()}.csv", "UnitCode")
        for leaf in result.scheme.indicators:
            cells = [rows[u][leaf] for u in result.table.units]
            wanted = np.array([np.nan if c in ("", "NA") else float(c) for c in cells])
            np.testing.assert_allclose(
                result.stages[stage][leaf], wanted, rtol=1e-12, atol=0, err_msg=f"{stage} {leaf}"
            )
    rows = published(SHARED / "ASEM_COIN_Data_Aggregated.csv", "UnitCode")
    for node in result.scheme.nodes:
        wanted = np.array([float(rows[u][node]) for u in result.table.units])
        np.testing.assert_allclose(result.scores[node], wanted, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("country", "hdi"),
    [
        ("Switzerland", 0.962), ("Norway", 0.961), ("Iceland", 0.959), ("Australia", 0.951),
        ("Denmark", 0.948), ("Sweden", 0.947), ("Ireland", 0.945), ("Germany", 0.942),
    ],
)  # fmt: skip
def test_hdi_agrees_with_the_report_to_what_rounded_inputs_allow(country: str, hdi: float) -> None:
    result = scored("hdi")
    assert result.scores["HDI"][result.table.units.index(country)] == pytest.approx(hdi, abs=0.0012)


def test_egdi_follows_its_method_step_by_step() -> None:
    """Worked out here by hand with numpy: z-scores, averages, rescaling, mean of three."""
    result = scored("egdi")
    x = result.table.numbers

    def z(name: str, top: float = np.inf) -> np.ndarray:
        column = np.minimum(x[name], top)
        return (column - column.mean()) / column.std(ddof=1)

    def rescaled(column: np.ndarray) -> np.ndarray:
        return (column - column.min()) / (column.max() - column.min())

    tii = rescaled((z("internet_users") + z("mobile", 120) + z("wireless", 120) + z("fixed")) / 4)
    human = z("literacy") / 3 + 2 / 9 * (z("enrolment", 100) + z("expected_schooling") + z("mean_schooling"))
    egdi = (rescaled(x["OSI"]) + tii + rescaled(human)) / 3
    np.testing.assert_allclose(result.scores["EGDI"], egdi, rtol=0, atol=1e-12)


@pytest.mark.row("E2")
def test_the_shipped_county_scheme_joins_four_parts_for_three_classes() -> None:
    result = scored("county-demo")
    assert set(result.table.texts["class"]) == {"department", "inner", "township"}
    assert [n.role for n in result.scheme.nodes.values()].count("part") == 3
    assert all(result.grades)


def test_a_thousand_replicates_of_asem_leave_the_rank_within_its_bounds() -> None:
    scheme = load(SHIPPED / "asem" / "scheme.toml")
    table = read_table(SHIPPED / "asem" / "values.csv", scheme)
    done = study(scheme, table, replicates=1000)
    top = result_rows(done.result, "CHE")
    assert done.low[top] <= done.ranks[top] <= done.high[top]


def result_rows(result: Result, unit: str) -> int:
    return result.table.units.index(unit)
