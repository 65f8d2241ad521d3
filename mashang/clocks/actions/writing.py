"""Keeping clocks: what the door of cases calls inside its transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from mashang.kernel import sql
from mashang.kernel.refused import Refused

from ..rules import ClockRow
from ..rules.limit import Limit

INSERT = """
insert into clocks_clock (case_id, step_id, code, label, kind, party, amount, unit, extended, started_at, due_at, warn_at,
  wake_at, state, fired_at, warned_at, stopped_at, pauses, extensions, rule_version, calendar_version, region, unit_id,
  effect)
select case_id, step_id, code, label, kind, party, amount, unit, extended, started_at, due_at, warn_at,
  wake_at, state, fired_at, warned_at, stopped_at, pauses::jsonb, extensions::jsonb, rule_version, calendar_version,
  region, unit_id, effect
from unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::int[], %s::text[], %s::int[],
  %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::timestamptz[], %s::timestamptz[],
  %s::timestamptz[], %s::text[], %s::text[], %s::int[], %s::int[], %s::text[], %s::bigint[], %s::text[])
  as n (case_id, step_id, code, label, kind, party, amount, unit, extended, started_at, due_at, warn_at, wake_at, state,
  fired_at, warned_at, stopped_at, pauses, extensions, rule_version, calendar_version, region, unit_id, effect)
"""
UPDATE = """
update clocks_clock c set extended = n.extended, due_at = n.due_at, warn_at = n.warn_at,
  wake_at = n.wake_at, state = n.state, fired_at = n.fired_at, warned_at = n.warned_at, stopped_at = n.stopped_at,
  pauses = n.pauses::jsonb, extensions = n.extensions::jsonb, calendar_version = n.calendar_version, party = n.party
from unnest(%s::bigint[], %s::int[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::timestamptz[],
  %s::timestamptz[], %s::timestamptz[], %s::text[], %s::text[], %s::int[], %s::text[])
  as n (id, extended, due_at, warn_at, wake_at, state, fired_at, warned_at, stopped_at, pauses, extensions,
  calendar_version, party)
where c.id = n.id
"""


def write(opened: Sequence[ClockRow] = (), changed: Sequence[ClockRow] = ()) -> None:
    """Keep new and changed clocks: at most one INSERT and one UPDATE, nothing fetched, in the caller's transaction.

    `changed` rows come from `queries.open_clocks`, which holds their locks.
    """
    if opened:
        sql.run(INSERT, columns([_inserted(row) for row in opened]))
    if changed:
        if not all(row.id for row in changed):
            raise Refused("clock.unwritten", "要更新的时钟还没有写入，请作为新时钟写入。")
        sql.run(UPDATE, columns([_updated(row) for row in changed]))


def columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _inserted(row: ClockRow) -> tuple[Any, ...]:
    limit = Limit.parse(row.limit, periods=True)
    return (
        row.case_id, row.step_id, row.code, row.label, row.kind, row.party, limit.amount, limit.unit, _extended(row),
        row.started_at, row.due_at, row.warn_at, row.wake_at, row.state, row.fired_at, row.warned_at, row.stopped_at,
        _json(row.pauses), _json(row.extensions), row.rule_version, row.calendar_version, row.region, row.unit_id,
        row.effect,
    )  # fmt: skip


def _updated(row: ClockRow) -> tuple[Any, ...]:
    return (
        row.id, _extended(row), row.due_at, row.warn_at, row.wake_at, row.state, row.fired_at, row.warned_at,
        row.stopped_at, _json(row.pauses), _json(row.extensions), row.calendar_version, row.party,
    )  # fmt: skip


def _extended(row: ClockRow) -> int:
    return sum(Limit.parse(extension.limit, periods=True).amount for extension in row.extensions)


def _json(values: Sequence[tuple[Any, ...]]) -> str:
    return json.dumps(values, default=datetime.isoformat, ensure_ascii=False) if values else "[]"


def stop_all(case_id: int, at: datetime) -> None:
    """A settled case has no running clock: stop what still runs, pauses that are open end with it. Nothing fetched."""
    sql.run(
        "update clocks_clock set state = 'stopped', wake_at = null, stopped_at = greatest(%s, started_at), pauses = coalesce((select"
        " jsonb_agg(case when p->>1 is null then jsonb_set(p, '{1}', to_jsonb(%s::timestamptz)) else p end)"
        " from jsonb_array_elements(pauses) p), '[]') where case_id = %s and state <> 'stopped'",
        [at, at, case_id],
    )
