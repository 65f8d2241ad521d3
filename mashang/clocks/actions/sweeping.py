"""Timed work: fire what ran out, warn of what is about to. Touches what is due, not all that is open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from mashang.kernel import sql
from mashang.kernel.clock import ZONE

# `id = any(array(select ...))` on purpose: with the locking select as a joined CTE PostgreSQL once hash-joined the
# whole table, a hundred times slower.
SWEEP = """
with woken as (
  update clocks_clock set warned_at = coalesce(warned_at, %s),
    fired_at = case when due_at <= %s then coalesce(fired_at, %s) else fired_at end,
    wake_at = case when due_at > %s and fired_at is null then due_at end
  where id = any (array(
    select id from clocks_clock where wake_at <= %s order by wake_at limit {limit} for no key update skip locked))
  returning id, case_id, step_id, code, label, kind, party, effect, due_at,
    case when fired_at = %s then 'due' when state = 'suspended' then 'pause' else 'warning' end as firing
), kept as (
  insert into clocks_firing (clock_id, case_id, kind, due_at, fired_at)
  select id, case_id, firing, due_at, %s from woken
)
select id, case_id, step_id, code, label, kind, party, effect, firing, (extract(epoch from due_at) * 1000000)::bigint from woken
"""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
    """Find, fire and record up to `limit` clocks due or to be warned of, in one statement, in the caller's transaction.

    What comes back is the caller's to act on before the commit; a missed or broken sweep changes only the hour of the
    warning. Clocks of a case that somebody is acting on are locked, so they are left for the next sweep.
    """
    found = sql.run(SWEEP.format(limit=int(limit)), [now] * 7).fetchall()
    # due times come as numbers and are few: the driver takes longer to read one than the server to fire a clock
    due = {micros: _instant(micros) for micros in {row[9] for row in found}}
    return [Firing._make((*row[:8], due[row[9]], row[8])) for row in found]


def _instant(micros: int | None) -> datetime | None:
    return None if micros is None else (_EPOCH + timedelta(microseconds=micros)).astimezone(ZONE)
