"""Where it burns now: lamps by county and by unit, what falls due today, what is supervised. One statement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mashang.kernel import sql
from mashang.kernel.actor import Actor

from ..rules import LAMPS, Lamp, Lamps
from . import parts


@dataclass(frozen=True, slots=True)
class Board:
    """`whole` counts each case once; a case in two units' hands stands under both."""

    whole: Lamps
    supervised: Lamps
    counties: Mapping[str, Lamps]
    units: Mapping[int, Lamps]


def board(by: Actor, place: str = "", *, now: datetime) -> Board:
    """The lamps of all open cases in a place that the actor leads."""
    text, values = parts.graded(by, place, now)
    rows = sql.run(
        f"""WITH {text},
        hand AS (SELECT id, kind, county, unit, max(level) AS level, bool_or(today) AS today FROM graded GROUP BY 1, 2, 3, 4),
        one AS (SELECT id, kind, county, max(level) AS level, bool_or(today) AS today FROM hand GROUP BY 1, 2, 3)
        SELECT 'unit', unit::text, level, count(*), count(*) FILTER (WHERE today) FROM hand GROUP BY unit, level
        UNION ALL SELECT 'county', county, level, count(*), count(*) FILTER (WHERE today) FROM one GROUP BY county, level
        UNION ALL SELECT 'supervised', '', level, count(*), count(*) FILTER (WHERE today) FROM one
          WHERE kind = 'supervision' GROUP BY level""",
        values,
    ).fetchall()
    found: dict[str, dict[str, list[Any]]] = {"unit": {}, "county": {}, "supervised": {}}
    for of, key, *counts in rows:
        found[of].setdefault(key, []).append(counts)
    counties = {code: _lamps(counts, code) for code, counts in found["county"].items()}
    units = {int(unit): _lamps(counts, place, int(unit)) for unit, counts in found["unit"].items()}
    everything = [one for counts in found["county"].values() for one in counts]
    return Board(_lamps(everything, place), _lamps(found["supervised"].get("", ()), place), counties, units)


def _lamps(counts: Iterable[tuple[int, int, int]], place: str, unit: int = 0) -> Lamps:
    summed: dict[Lamp, int] = {}
    today = 0
    for level, count, due in counts:
        summed[LAMPS[level]] = summed.get(LAMPS[level], 0) + count
        today += due
    return Lamps(place, unit, summed, today)
