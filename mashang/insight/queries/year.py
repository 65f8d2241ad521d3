"""A year by months and the last thirty days by units: how much, how punctual, how content. Three statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mashang.kernel import sql
from mashang.kernel.actor import Actor

from ..rules import Lens, Month, Rate, What, added, months_before
from . import parts

RECENT = timedelta(days=30)
_MONTH = "date_trunc('month', at AT TIME ZONE 'Asia/Shanghai')"
Key = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Year:
    """`months` oldest first, the last one up to now; the other figures are of the last thirty days."""

    since: datetime
    months: list[Month]
    pace: Rate
    said: Rate
    rated: Rate
    by_unit: Mapping[int, Rate]


def year(by: Actor, place: str = "", unit: int = 0, *, now: datetime) -> Year:
    """The figures of a place, or of one unit in it."""
    spans = months_before(now)
    since = now - RECENT
    begin = min(spans[0][0], since)
    pace, recent_pace = _sums(_rates(parts.paced(by, place, begin, now), "paced", "hit", "true", unit, since))
    rates = _rates(parts.rated(by, place, begin, now), "rated", "grade >= 3", "said", unit, since)
    said, recent_said = _sums([row for row in rates if row[2]])
    all_, recent_all = _sums(rates)
    flow = _flow(parts.taken(by, place, spans[0][0], now), unit)
    months = []
    for start, end in spans:
        key, span = (start.year, start.month), (place, unit, start, end)
        months.append(
            Month(
                start, end, flow.get((*key, False), 0), flow.get((*key, True), 0),
                _lensed(pace.get(key, Rate()), "counted", "missed", *span),
                _lensed(said.get(key, Rate()), "said", "unhappy", *span),
                _lensed(all_.get(key, Rate()), "rated", "unhappy", *span),
            )
        )  # fmt: skip
    span = (place, unit, since, now)
    units = {u: _lensed(rate, "counted", "missed", place, u, since, now) for u, rate in recent_pace.items()}
    return Year(
        since, months, _lensed(added([*recent_pace.values()]), "counted", "missed", *span),
        _lensed(added([*recent_said.values()]), "said", "unhappy", *span),
        _lensed(added([*recent_all.values()]), "rated", "unhappy", *span), units,
    )  # fmt: skip


def _lensed(rate: Rate, all_: What, against: What, place: str, unit: int, start: datetime, end: datetime) -> Rate:
    lens = (place, unit, start, end)
    return Rate(rate.hits, rate.total, Lens(all_, *lens), Lens(against, *lens))


def _rates(part: parts.Part, name: str, hit: str, flag: str, unit: int, since: datetime) -> list[tuple[Any, ...]]:
    """Rows of (month or None, unit, flag, hits, all): by month of the year, and by unit since an instant."""
    text, values = part
    return sql.run(
        f"""WITH {text}, own AS MATERIALIZED (SELECT {_MONTH} AS month, unit, {flag} AS flag, at >= %s AS recent,
            count(*) FILTER (WHERE {hit}) AS hits, count(*) AS total
          FROM {name} WHERE unit = %s OR %s = 0 GROUP BY 1, 2, 3, 4)
        SELECT month, 0, flag, sum(hits)::int, sum(total)::int FROM own GROUP BY month, flag
        UNION ALL SELECT NULL, unit, flag, sum(hits)::int, sum(total)::int FROM own WHERE recent GROUP BY unit, flag""",
        [*values, since, unit, unit],
    ).fetchall()


def _sums(rows: Iterable[tuple[Any, ...]]) -> tuple[dict[Key, Rate], dict[int, Rate]]:
    """Rates by month, and by unit."""
    months: dict[Key, Rate] = {}
    units: dict[int, Rate] = {}
    for month, unit, _, hits, total in rows:
        new = Rate(hits, total)
        if month is None:
            units[unit] = added([units.get(unit, Rate()), new])
        else:
            months[month.year, month.month] = added([months.get((month.year, month.month), Rate()), new])
    return months, units


def _flow(part: parts.Part, unit: int) -> dict[tuple[int, int, bool], int]:
    text, values = part
    rows = sql.run(
        f"WITH {text} SELECT {_MONTH}, settled, count(*) FROM taken WHERE unit = %s OR %s = 0 GROUP BY 1, 2",
        [*values, unit, unit],
    ).fetchall()
    return {(m.year, m.month, settled): count for m, settled, count in rows}
