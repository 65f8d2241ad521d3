"""What supervision costs a unit: points deducted on matters struck off in the span."""

from __future__ import annotations

from collections.abc import Sequence

from mashang.cases.measures import Measured, Span
from mashang.kernel import sql


def supervised_deductions(units: Sequence[int], span: Span) -> dict[int, Measured]:
    """督查扣分: the sum of points, over how many matters, with the matters that carry them."""
    rows = sql.run(
        """SELECT m.unit_id, sum(m.deduction), count(*), array_agg(c.number),
          array_agg(c.number) FILTER (WHERE m.deduction > 0)
        FROM supervision_matter m JOIN cases_case c ON c.id = m.case_id
        WHERE m.unit_id = ANY (%s::bigint[]) AND m.closed_at >= %s AND m.closed_at < %s GROUP BY m.unit_id""",
        [list(units), span.start, span.end],
    ).fetchall()
    return {
        unit: Measured(float(points), float(total), {"counted": numbers[:500], "against": (against or [])[:500]})
        for unit, points, total, numbers, against in rows
    }
