"""The statements' common parts: one text counts a figure and lists its cases."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from mashang.clocks import queries as clocks
from mashang.clocks.rules import Limit
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.org import queries as org
from mashang.reviews.measures import ONE_A_SERVICE

from .places import RIGHT, counties

Part = tuple[str, list[Any]]
AHEAD = Limit.parse("1wd")
"""How long before its end a date counts as near: what is due by the end of the next working day."""


def seen(by: Actor, place: str) -> Part:
    """A condition on `cases_case c`: the actor's own reach, narrowed to a place."""
    reach, values = org.visible_to(by, RIGHT, "c")
    return (f"{reach} AND c.region ^@ %s", [*values, place]) if place else (reach, values)


def graded(by: Actor, place: str, now: datetime) -> Part:
    """`graded`: a row for each promise that is open now (a case to its applicant, a step to the case), with its level.

    Levels as `rules.LAMPS`: late, near its date, in time, stopped, without a date.
    """
    where, values = seen(by, place)
    here = counties(by)
    near = [clocks.calendar_for(code, None, now).due(now, AHEAD).at for code in here]
    midnight = (clock.local(now) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    text = f"""
    seen AS (SELECT c.id, c.kind, left(c.region, 6) AS county, c.lead_unit_id AS unit, c.due_at, c.held
      FROM cases_case c WHERE c.settled_at IS NULL AND {where}),
    owed AS (SELECT id, kind, county, unit, due_at, held, '' AS step FROM seen
      UNION ALL SELECT c.id, c.kind, c.county, s.unit_id, s.due_at, s.held, s.label
        FROM seen c JOIN cases_step s ON s.case_id = c.id WHERE s.state = 'open'),
    graded AS (SELECT o.id, o.kind, o.county, o.unit, o.step, o.due_at,
        CASE WHEN o.held THEN 1 WHEN o.due_at IS NULL THEN 0 WHEN o.due_at <= %s THEN 4 WHEN o.due_at <= k.near THEN 3
          ELSE 2 END AS level,
        NOT o.held AND o.due_at > %s AND o.due_at < %s AS today
      FROM owed o LEFT JOIN unnest(%s::text[], %s::timestamptz[]) AS k(county, near) ON k.county = o.county)"""
    return text, [*values, now, now, midnight, here, near]


def paced(by: Actor, place: str, start: datetime, end: datetime) -> Part:
    """`paced`: steps of applications done in the span, or still open and due in it; `hit` when done in time.

    The same count as the measure of on-time steps that scores are made of.
    """
    where, values = seen(by, place)
    text = f"""
    paced AS (SELECT c.id, c.title, s.unit_id AS unit, s.label AS step, s.state, s.opened_at, s.due_at,
        CASE WHEN s.state = 'done' THEN s.done_at ELSE s.due_at END AS at,
        s.state = 'done' AND s.done_at <= coalesce(s.due_at, s.done_at) AS hit
      FROM cases_step s JOIN cases_case c ON c.id = s.case_id
      WHERE c.kind = 'application' AND {where} AND (s.state = 'done' AND s.done_at >= %s AND s.done_at < %s
        OR s.state = 'open' AND NOT s.held AND s.due_at >= %s AND s.due_at < %s))"""
    return text, [*values, start, end, start, end]


def rated(by: Actor, place: str, start: datetime, end: datetime) -> Part:
    """`rated`: ratings given in the span, one a service; `said` by the person themself, else assumed from silence."""
    where, values = seen(by, place)
    text = f"""
    rated AS (SELECT c.id, r.unit_id AS unit, r.at, r.grade, r.source = 'explicit' AS said
      FROM reviews_rating r JOIN cases_case c ON c.id = r.case_id WHERE {where} AND {ONE_A_SERVICE} AND r.at >= %s AND r.at < %s)"""
    return text, [*values, start, end]


def taken(by: Actor, place: str, start: datetime, end: datetime) -> Part:
    """`taken`: applications taken in (`settled` false) and answered (true) in the span, by the unit that leads them.

    Answered is decided, or closed without a decision: a permit is answered long before its last check on site.
    """
    where, values = seen(by, place)
    text = f"""
    taken AS (SELECT c.id, c.lead_unit_id AS unit, w.at, w.settled
      FROM cases_case c LEFT JOIN approvals_application a ON a.case_id = c.id,
        LATERAL (VALUES (c.opened_at, false), (coalesce(a.decided_at, c.settled_at), true)) AS w(at, settled)
      WHERE c.kind = 'application' AND {where} AND w.at >= %s AND w.at < %s)"""
    return text, [*values, start, end]


def decided(by: Actor, place: str, start: datetime, end: datetime) -> Part:
    """`decided`: applications decided in the span, with the days from acceptance to decision and what was promised."""
    where, values = seen(by, place)
    text = f"""
    decided AS (SELECT c.id, c.title, c.lead_unit_id AS unit, c.late, a.promised, a.decided_at AS at,
        extract(epoch FROM a.decided_at - a.accepted_at) / 86400 AS days
      FROM approvals_application a JOIN cases_case c ON c.id = a.case_id
      WHERE {where} AND a.decided_at >= %s AND a.decided_at < %s AND a.accepted_at IS NOT NULL)"""
    return text, [*values, start, end]
