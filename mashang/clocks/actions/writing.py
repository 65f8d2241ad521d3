"""Keeping clocks: what the door of cases calls inside its transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from mashang.kernel import sql
from mashang.kernel.refused import Refused

from ..rules import ClockRow
from ..rules.limit import Limit

_KEPT = (
    "case_id bigint, step_id bigint, code text, label text, kind text, party text, amount int, unit text, extended int,"
    " started_at timestamptz, due_at timestamptz, warn_at timestamptz, wake_at timestamptz, state text, fired_at timestamptz,"
    " warned_at timestamptz, stopped_at timestamptz, pauses jsonb, extensions jsonb, rule_version int,"
    " calendar_version int, region text, unit_id bigint, effect text"
)
_MOVED = (
    "id bigint, extended int, due_at timestamptz, warn_at timestamptz, wake_at timestamptz, state text,"
    " fired_at timestamptz, warned_at timestamptz, stopped_at timestamptz, pauses jsonb, extensions jsonb,"
    " calendar_version int, party text"
)
_NAMES, _CHANGED = ([column.split()[0] for column in columns.split(", ")] for columns in (_KEPT, _MOVED))
INSERT = f"""insert into clocks_clock ({", ".join(_NAMES)})
select {", ".join(_NAMES)} from jsonb_to_recordset(%s) as n ({_KEPT})"""
UPDATE = f"""update clocks_clock c set {", ".join(f"{name} = n.{name}" for name in _CHANGED[1:])}
from jsonb_to_recordset(%s) as n ({_MOVED}) where c.id = n.id"""


def write(opened: Sequence[ClockRow] = (), changed: Sequence[ClockRow] = ()) -> None:
    """Keep new and changed clocks: one statement, nothing fetched, in the caller's transaction.

    `changed` rows come from `queries.open_clocks`, which holds their locks.
    """
    if opened or changed:
        sql.together(writing(opened, changed))


def writing(opened: Sequence[ClockRow], changed: Sequence[ClockRow]) -> list[sql.Part]:
    """The same as parts of a statement that the caller sends with its own: an act then costs one round trip."""
    if not all(row.id for row in changed):
        raise Refused("clock.unwritten", "要更新的时钟还没有写入，请作为新时钟写入。")
    parts: list[sql.Part] = []
    if opened:
        parts.append(("clocks_opened", INSERT, [sql.as_json([_inserted(row) for row in opened])]))
    if changed:
        parts.append(("clocks_changed", UPDATE, [sql.as_json([_updated(row) for row in changed])]))
    return parts


def columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _inserted(row: ClockRow) -> dict[str, Any]:
    limit = Limit.parse(row.limit, periods=True)
    values = (
        row.case_id, row.step_id, row.code, row.label, row.kind, row.party, limit.amount, limit.unit, _extended(row),
        row.started_at, row.due_at, row.warn_at, row.wake_at, row.state, row.fired_at, row.warned_at, row.stopped_at,
        row.pauses, row.extensions, row.rule_version, row.calendar_version, row.region, row.unit_id, row.effect,
    )  # fmt: skip
    return dict(zip(_NAMES, values, strict=True))


def _updated(row: ClockRow) -> dict[str, Any]:
    values = (
        row.id, _extended(row), row.due_at, row.warn_at, row.wake_at, row.state, row.fired_at, row.warned_at,
        row.stopped_at, row.pauses, row.extensions, row.calendar_version, row.party,
    )  # fmt: skip
    return dict(zip(_CHANGED, values, strict=True))


def _extended(row: ClockRow) -> int:
    return sum(Limit.parse(extension.limit, periods=True).amount for extension in row.extensions)


def stop_all(case_id: int, at: datetime) -> None:
    """A settled case has no running clock: stop what still runs, pauses that are open end with it. Nothing fetched."""
    sql.run(
        "update clocks_clock set state = 'stopped', wake_at = null, stopped_at = greatest(%s, started_at), pauses = coalesce((select"
        " jsonb_agg(case when p->>1 is null then jsonb_set(p, '{1}', to_jsonb(%s::timestamptz)) else p end)"
        " from jsonb_array_elements(pauses) p), '[]') where case_id = %s and state <> 'stopped'",
        [at, at, case_id],
    )
