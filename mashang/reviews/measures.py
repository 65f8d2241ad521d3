"""Satisfaction, said and assumed: both figures, never mixed."""

from __future__ import annotations

from collections.abc import Sequence

from mashang.cases.measures import Measured, Span, counted
from mashang.kernel import sql

ONE_A_SERVICE = """(NOT r.second AND (r.source = 'explicit' OR NOT EXISTS (
  SELECT 1 FROM reviews_rating e WHERE e.case_id = r.case_id AND e.source = 'explicit')))"""
"""Of the ratings `r` of a service the one that counts: the first that the person gave, else the default."""


def satisfaction(units: Sequence[int], span: Span) -> dict[int, Measured]:
    """好评率 over what people said themselves: the top three grades out of the first explicit rating of each service.

    A second rating after redress is kept and shown beside the first; it neither takes its place nor counts again.
    """
    return _satisfied(units, span, "AND r.source = 'explicit' AND NOT r.second")


def satisfaction_with_default(units: Sequence[int], span: Span) -> dict[int, Measured]:
    """The same with ratings filled in after seven days of silence (福建省): published beside the explicit one. A default over
    which the person rated later counts no more."""
    return _satisfied(units, span, f"AND {ONE_A_SERVICE}")


def _satisfied(units: Sequence[int], span: Span, only: str) -> dict[int, Measured]:
    rows = sql.run(
        f"""SELECT r.unit_id, count(*) FILTER (WHERE r.grade >= 3), count(*), array_agg(c.number),
          array_agg(nullif(r.redress, '')) FILTER (WHERE r.redress <> '')
        FROM reviews_rating r JOIN cases_case c ON c.id = r.case_id
        WHERE r.unit_id = ANY (%s::bigint[]) AND r.at >= %s AND r.at < %s {only} GROUP BY r.unit_id""",
        [list(units), span.start, span.end],
    ).fetchall()
    return counted(rows)
