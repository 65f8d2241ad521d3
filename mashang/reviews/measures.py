"""Satisfaction, said and assumed: both figures, never mixed."""

from __future__ import annotations

from collections.abc import Sequence

from mashang.cases.measures import Measured, Span, counted
from mashang.kernel import sql


def satisfaction(units: Sequence[int], span: Span) -> dict[int, Measured]:
    """好评率 over what people said themselves: the top three grades out of all explicit ratings."""
    return _satisfied(units, span, "AND r.source = 'explicit'")


def satisfaction_with_default(units: Sequence[int], span: Span) -> dict[int, Measured]:
    """The same with ratings filled in after seven days of silence (福建省): published beside the explicit one."""
    return _satisfied(units, span, "")


def _satisfied(units: Sequence[int], span: Span, only: str) -> dict[int, Measured]:
    rows = sql.run(
        f"""SELECT r.unit_id, count(*) FILTER (WHERE r.grade >= 3), count(*), array_agg(c.number),
          array_agg(nullif(r.redress, '')) FILTER (WHERE r.redress <> '')
        FROM reviews_rating r JOIN cases_case c ON c.id = r.case_id
        WHERE r.unit_id = ANY (%s::bigint[]) AND r.at >= %s AND r.at < %s {only} GROUP BY r.unit_id""",
        [list(units), span.start, span.end],
    ).fetchall()
    return counted(rows)
