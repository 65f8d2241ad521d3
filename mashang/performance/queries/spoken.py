"""What the ledger names by codes and numbers, as readers of its sentences know it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mashang.org import queries as org

from ..models import Scheme
from ..rules.parse import read_scheme
from ..rules.periods import in_words
from ..rules.reporting import wanted


@dataclass(frozen=True, slots=True)
class Spoken:
    """Names of schemes by (code, region), titles of reported columns by (column, unit)."""

    schemes: Mapping[tuple[str, str], str] = field(default_factory=dict)
    columns: Mapping[tuple[str, int], str] = field(default_factory=dict)

    def facts(self, facts: Mapping[str, Any]) -> dict[str, str]:
        """Those facts of an entry that have a name, by it; one that no scheme knows keeps its code."""
        period = {"period": in_words(facts["period"])} if "period" in facts else {}
        if "indicator" in facts:
            unit = next(iter(org.units_of([facts["unit"]])), None)
            title = self.columns.get((facts["indicator"], facts["unit"]), facts["indicator"])
            return {"indicator": title, "unit": unit.name if unit else "—", **period}
        if "code" in facts and "version" in facts:
            return {"code": self.schemes.get((facts["code"], facts.get("region", "")), facts["code"]), **period}
        return period


def spoken(facts: Iterable[Mapping[str, Any]]) -> Spoken:
    """The names for what the room's entries say, in one statement; none where there are no such entries."""
    given = list(facts)
    asked = {(one["indicator"], one["unit"]) for one in given if "indicator" in one}
    if not given:
        return Spoken()
    rows = list(Scheme.objects.order_by("id"))
    regions = {unit.id: unit.region for unit in org.units_of({unit for _column, unit in asked})}
    columns = {
        (one.column, unit): one.title
        for row in (rows if asked else ())
        for unit, region in regions.items()
        if row.frozen_at and region.startswith(row.region_id)
        for one in wanted(read_scheme(row.text))
        if (one.column, unit) in asked
    }
    return Spoken({(row.code, row.region_id): row.name for row in rows}, columns)
