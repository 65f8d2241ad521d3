"""What cases count for scoring and cockpit: by unit, over a span, with the numbers of the cases behind each figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from mashang.kernel import sql

MOST = 500


class Span(Protocol):
    """A half-open stretch of time."""

    @property
    def start(self) -> datetime: ...
    @property
    def end(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Measured:
    """Hits out of how many; `cases` names those counted and those that count against the unit (at most 500 of each)."""

    numerator: float
    denominator: float
    cases: Mapping[str, Any] = field(default_factory=dict)


def counted(rows: Sequence[tuple[Any, ...]]) -> dict[int, Measured]:
    """Rows of (unit, hits, all, numbers counted, numbers against) as figures by unit."""
    return {
        unit: Measured(float(hits), float(total), {"counted": (all_ or [])[:MOST], "against": (against or [])[:MOST]})
        for unit, hits, total, all_, against in rows
    }


def on_time_steps(kind: str, units: Sequence[int], span: Span) -> dict[int, Measured]:
    """Steps done in the span, and those still open that fell due in it: in time, out of all; by the unit that worked them.

    A step without a due time is in time when done. One that waits while its clock stands still is not late, and what was left
    undone when its case ended is not counted.
    """
    rows = sql.run(
        """SELECT s.unit_id, count(*) FILTER (WHERE s.state = 'done' AND s.done_at <= coalesce(s.due_at, s.done_at)),
          count(*), array_agg(DISTINCT c.number),
          array_agg(DISTINCT c.number) FILTER (WHERE s.state <> 'done' OR s.done_at > s.due_at)
        FROM cases_step s JOIN cases_case c ON c.id = s.case_id
        WHERE c.kind = %s AND s.unit_id = ANY (%s::bigint[])
          AND ((s.state = 'done' AND s.done_at >= %s AND s.done_at < %s)
            OR (s.state = 'open' AND NOT s.held AND s.due_at >= %s AND s.due_at < %s))
        GROUP BY s.unit_id""",
        [kind, list(units), span.start, span.end, span.start, span.end],
    ).fetchall()
    return counted(rows)
