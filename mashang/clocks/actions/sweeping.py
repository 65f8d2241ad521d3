"""Timed work: fire what ran out, warn of what is about to. Touches what is due, not all that is open."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from mashang.kernel import sql
from mashang.kernel.clock import ZONE

# `id = any(array(select ...))` on purpose: with the locking select as a joined CTE PostgreSQL once hash-joined the
# whole table, a hundred times slower. The same row must not be due and warned of in one statement.
SWEEP = """
with due as (
  update clocks_clock set fired_at = %s, warned_at = coalesce(warned_at, %s)
  where id = any (array(
    select id from clocks_clock where fired_at is null and state <> 'stopped' and due_at <= %s
    order by due_at limit {limit} for no key update skip locked))
  returning id, case_id, step_id, code, label, kind, party, effect, due_at, 'due' as firing
), warned as (
  update clocks_clock set warned_at = %s
  where id = any (array(
    select id from clocks_clock where warned_at is null and fired_at is null and state <> 'stopped' and warn_at <= %s
      and (due_at is null or due_at > %s)
    order by warn_at limit {limit} for no key update skip locked))
  returning id, case_id, step_id, code, label, kind, party, effect, due_at,
    case state when 'suspended' then 'pause' else 'warning' end as firing
), fired as (
  select * from due union all select * from warned
), kept as (
  insert into clocks_firing (clock_id, case_id, kind, due_at, fired_at)
  select id, case_id, firing, due_at, %s from fired
)
select id, case_id, step_id, code, label, kind, party, effect, due_at, firing from fired
"""


class Firing(NamedTuple):
    """A clock that fired: "due" (its limit ran out), "warning" (it soon will) or "pause" (suspended for too long)."""

    clock_id: int
    case_id: int
    step_id: int | None
    code: str
    label: str
    kind: str
    party: str
    effect: str
    due_at: datetime | None
    firing: str


def sweep(now: datetime, limit: int = 1000) -> list[Firing]:
    """Find, fire and record up to `limit` clocks due and as many warnings, in one statement, in the caller's transaction.

    What comes back is the caller's to act on before the commit; a missed or broken sweep changes only the hour of the
    warning. Clocks of a case that somebody is acting on are locked, so they are left for the next sweep.
    """
    found = sql.run(SWEEP.format(limit=int(limit)), [now] * 7).fetchall()
    return [Firing(*row)._replace(due_at=row[8] and row[8].astimezone(ZONE)) for row in found]
