"""What applications count: in time, how far promises undercut the law, notices given twice, findings on site."""

from __future__ import annotations

from collections.abc import Sequence

from mashang.cases.measures import Measured, Span, counted, on_time_steps
from mashang.catalogue.rules import in_days
from mashang.kernel import sql


def on_time_rate(units: Sequence[int], span: Span) -> dict[int, Measured]:
    """按时办结率: steps of applications done within their limits, by the unit that worked them."""
    return on_time_steps("application", units, span)


def promise_cut(units: Sequence[int], span: Span) -> dict[int, Measured]:
    """承诺时限压缩率: the shares by which promised limits undercut statutory ones, summed over applications accepted."""
    rows = sql.run(
        """SELECT c.lead_unit_id, a.statutory, a.promised, count(*), array_agg(c.number)
        FROM approvals_application a JOIN cases_case c ON c.id = a.case_id
        WHERE c.lead_unit_id = ANY (%s::bigint[]) AND a.accepted_at >= %s AND a.accepted_at < %s AND a.statutory <> ''
        GROUP BY 1, 2, 3""",
        [list(units), span.start, span.end],
    ).fetchall()
    sums: dict[int, list[float]] = {}
    numbers: dict[int, list[str]] = {}
    for unit, statutory, promised, count, found in rows:
        kept = sums.setdefault(unit, [0.0, 0.0])
        kept[0] += count * float(1 - in_days(promised) / in_days(statutory))
        kept[1] += count
        numbers.setdefault(unit, []).extend(found)
    return {
        unit: Measured(cut, total, {"counted": numbers[unit][:500], "against": []})
        for unit, (cut, total) in sums.items()
    }


def site_violations(units: Sequence[int], span: Span) -> dict[int, Measured]:
    """Findings on site that did not conform, out of all, by the unit that checked (Longyan: 58 % before, 2 % after)."""
    rows = sql.run(
        """SELECT s.unit_id, count(*) FILTER (WHERE k.finding = 'bad'), count(*), array_agg(DISTINCT c.number),
          array_agg(DISTINCT c.number) FILTER (WHERE k.finding = 'bad')
        FROM approvals_sitecheck k JOIN cases_case c ON c.id = k.case_id JOIN cases_step s ON s.id = k.step
        WHERE s.unit_id = ANY (%s::bigint[]) AND k.at >= %s AND k.at < %s GROUP BY s.unit_id""",
        [list(units), span.start, span.end],
    ).fetchall()
    return counted(rows)
