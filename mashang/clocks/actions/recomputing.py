"""A calendar changed: what runs is computed anew, and what moved is written, recorded and told.

Read as whole columns in one binary COPY, computed with `rules.batch`, and only the rows that moved are written: some
ten thousand clocks at a time, each such window committed by itself, so that nobody's act waits long for a row.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from mashang.kernel import sql
from mashang.kernel.clock import ZONE

from .. import queries
from ..rules import Calendar, ClockRule, Limit
from ..rules.arrays import Ints
from ..rules.batch import NAT, Times, due_batch, warning_batch

UNITS = ("wd", "nd", "wh", "h", "mo", "yr", "on")
WINDOW = 50_000  # ids read, computed and written at once
LANES = 2  # windows worked on side by side, each on a connection of its own
_RUNNING = """state = 'running' and due_at is not null and id >= {0.low} and id < {0.high}
  and greatest(started_at, due_at) >= '{0.since}'"""
# Whole columns as arrays: a row at a time would cost more in messages than all that is computed with them.
_READ = f"""copy (
select array_agg(id), array_agg(started_at), array_agg(due_at), array_agg(coalesce(warn_at, '-infinity')),
  array_agg((amount + extended)::bigint * 16 + array_position('{{{{{",".join(UNITS)}}}}}'::text[], unit::text) * 2
    - (pauses = '[]')::int),
  array_agg(hashtextextended(code, rule_version) # hashtextextended(region, coalesce(unit_id, -1)))
from clocks_clock where {_RUNNING}) to stdout (format binary)"""
_PAUSES = f"""copy (
select array_agg(id order by id, since), array_agg(since order by id, since), array_agg(until order by id, since)
from (select id, (p ->> 0)::timestamptz as since, (p ->> 1)::timestamptz as until
  from clocks_clock, jsonb_array_elements(pauses) p where {_RUNNING} and pauses <> '[]') as pause
) to stdout (format binary)"""
# The arrays are hidden in subselects so that the planner, not seeing how long they are, walks them in their order (by
# id, as everybody locks clocks) and looks each row up; a hash join would update all over the table, three times slower.
_WRITE = """
with done as (
  update clocks_clock c set due_at = to_timestamp(n.due), warn_at = to_timestamp(n.warn), calendar_version = %s,
    fired_at = case when n.due > %s then null else c.fired_at end,
    warned_at = case when n.warn > %s then null else c.warned_at end,
    wake_at = case
      when n.warn > %s or (n.warn is not null and c.warned_at is null) then to_timestamp(least(n.warn, n.due))
      when n.due > %s or c.fired_at is null then to_timestamp(n.due) end
  from unnest((select %s::bigint[]), (select %s::bigint[]), (select %s::bigint[]), (select %s::bigint[]))
    as n (id, old_due, due, warn)
  where c.id = n.id and c.state = 'running' and c.due_at = to_timestamp(n.old_due)
  returning c.id, c.case_id, n.old_due, n.due
), kept as (
  insert into clocks_move (clock_id, case_id, old_due_at, new_due_at, revision_id, moved_at)
  select id, case_id, to_timestamp(old_due), to_timestamp(due), %s, %s from done where old_due <> due
)
select count(*) from done where old_due <> due
"""
_LONG = 946_684_800_000_000  # PostgreSQL's epoch, 2000-01-01 UTC, in microseconds of the Unix epoch
_EAST = int(datetime(2026, 1, 1, tzinfo=ZONE).utcoffset().total_seconds())  # type: ignore[union-attr]  # always known
_NEVER = np.iinfo(np.int64).min  # '-infinity' as PostgreSQL sends it


class Recomputed(NamedTuple):
    """How many running clocks were looked at, and how many due times moved (`queries.moves_after` names them)."""

    revision: int
    looked: int
    moved: int


class _Window(NamedTuple):
    """Some ids, and the instant before which no day changed."""

    low: int
    high: int
    since: str


@dataclass(frozen=True, slots=True)
class _Rows:
    """Running clocks as columns; instants local."""

    ids: Ints
    starts: Times
    dues: Times
    warns: Times
    amounts: Ints
    units: Ints
    paused: Ints
    keys: Ints  # alike where rule version and place are

    def at(self, members: Ints) -> _Rows:
        return _Rows(*(getattr(self, name)[members] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class _Group:
    """Rows computed alike, between two ids."""

    calendar: Calendar
    rule: ClockRule
    unit: str
    paused: bool
    window: _Window


def recompute(*, now: datetime, since: datetime | None = None) -> Recomputed:
    """Compute every running clock on the newest calendars; write and record what moved. Where no day before `since`
    changed, clocks that lie before it whole are left out.

    Windows are committed one by one, unless the caller is in a transaction: then all of it stands or falls with that.
    Broken off and begun again, it moves the rest. Running it again moves nothing. Call it once more some seconds after a
    change (`queries.FRESH`), for clocks that another process began meanwhile on the calendar it still kept. A due time
    moved past `now` may fire again; rows that somebody changed since they were read are left alone: the change computed
    them anew.
    """
    queries.forget()
    with queries.recomputing():
        query = "select coalesce(min(id), 0), coalesce(max(id), -1) from clocks_clock"
        [(lowest, highest)] = sql.run(query).fetchall()
        first = since.isoformat() if since else "-infinity"
        windows = iter([_Window(low, low + WINDOW, first) for low in range(lowest, highest + 1, WINDOW)])
        revision = queries.revision()

        def lane() -> tuple[int, int]:
            done = [_window(window, revision, now) for window in windows]
            return sum(looked for looked, _ in done), sum(moved for _, moved in done)

        lanes = [lane()] if connection.in_atomic_block or highest - lowest < WINDOW else _side_by_side(lane)
    return Recomputed(revision, sum(looked for looked, _ in lanes), sum(moved for _, moved in lanes))


def _side_by_side(lane: Callable[[], tuple[int, int]]) -> list[tuple[int, int]]:
    """The lanes take the next window from one row of them; what breaks in one ends the whole when the others are done."""

    def alone() -> tuple[int, int]:
        try:
            return lane()
        finally:
            connection.close()  # this thread's own

    with ThreadPoolExecutor(LANES) as pool:
        return [running.result() for running in [pool.submit(alone) for _ in range(LANES)]]


def _window(window: _Window, revision: int, now: datetime) -> tuple[int, int]:
    """How many clocks were looked at and how many due times moved between two ids."""
    with transaction.atomic():
        rows = _read(window)
        return (len(rows.ids), _moved(rows, window, revision, now)) if rows else (0, 0)


def _moved(rows: _Rows, window: _Window, revision: int, now: datetime) -> int:
    dues, warns = np.empty(len(rows.ids), "datetime64[s]"), np.full(len(rows.ids), NAT)
    for group, members in _groups(rows, window):
        part = rows.at(members)
        due = dues[members] = _dues(group, part)
        if group.rule.warn and group.rule.direction == "after":
            warns[members] = warning_batch(group.calendar, part.starts, due, group.rule.warn)
    same = (dues == rows.dues) & ((warns == rows.warns) | (np.isnat(warns) & np.isnat(rows.warns)))
    changed = np.flatnonzero(~same)
    if not len(changed):
        return 0
    changed = changed[np.argsort(rows.ids[changed])]
    warn = warns[changed]
    columns = [
        _array(rows.ids[changed]),
        _array(_epoch(rows.dues[changed])),
        _array(_epoch(dues[changed])),
        _array(_epoch(warn), np.isnat(warn)),
    ]
    epoch = int(now.timestamp())
    found = sql.run(_WRITE, [revision, *[epoch] * 4, *columns, revision, now]).fetchall()
    return int(found[0][0])


def _dues(group: _Group, rows: _Rows) -> Times:
    calendar, unit, counting = group.calendar, group.unit, group.rule.counting
    if group.rule.direction == "before":
        pairs = zip(rows.starts.tolist(), rows.amounts.tolist(), strict=True)
        back = [calendar.back(start, Limit(amount, unit)).at.replace(tzinfo=None) for start, amount in pairs]
        return np.array(back, dtype="datetime64[s]")
    due = due_batch(calendar, rows.starts, rows.amounts, unit, None, counting)
    if not group.paused:
        return due
    begins, ends = _pauses(rows.ids, group.window)
    used = np.full(begins.shape, NAT), np.full(ends.shape, NAT)
    for column in range(begins.shape[1]):  # as one by one: a pause that begins after the due time changes nothing
        effective = begins[:, column] < due
        used[0][effective, column] = begins[effective, column]
        used[1][effective, column] = ends[effective, column]
        due = due_batch(calendar, rows.starts, rows.amounts, unit, used, replace(counting, over_pauses=True))
    return due


def _pauses(ids: Ints, window: _Window) -> tuple[Times, Times]:
    """The pauses of some rows, in order of their beginnings, as rows × most pauses; NaT where a row has fewer."""
    owners, since, until = _columns(_PAUSES, window)
    order = np.argsort(ids)
    place = order[np.minimum(np.searchsorted(ids, owners, sorter=order), len(ids) - 1)]
    mine = ids[place] == owners
    owners, place = owners[mine], place[mine]
    first = np.flatnonzero(np.r_[True, owners[1:] != owners[:-1]])
    rank = np.arange(len(owners)) - np.repeat(first, np.diff(np.r_[first, len(owners)]))
    shape = (len(ids), int(rank.max()) + 1)
    begins, ends = np.full(shape, NAT), np.full(shape, NAT)
    begins[place, rank], ends[place, rank] = _local(since[mine]), _local(until[mine])
    return begins, ends


def _groups(rows: _Rows, window: _Window) -> Iterator[tuple[_Group, Ints]]:
    """The rows cut into those computed alike, by calendar, way of counting, warning and unit."""
    _, samples, numbers = np.unique(rows.keys, return_index=True, return_inverse=True)
    wanted = rows.ids[samples].tolist()
    query = "select id, code, rule_version, region, unit_id from clocks_clock where id = any(%s::bigint[])"
    found = {row[0]: row for row in sql.run(query, [wanted])}
    rules = [queries.rule_for(found[row_id][1], found[row_id][2]) for row_id in wanted]
    places = [queries.calendar_for(found[row_id][3], found[row_id][4]) for row_id in wanted]
    kinds: dict[object, int] = {}
    of_key = [
        kinds.setdefault((r.counting, r.warn, r.direction, id(c.derived)), len(kinds))
        for r, c in zip(rules, places, strict=True)
    ]
    alike = (np.array(of_key)[numbers] * len(UNITS) + rows.units) * 2 + rows.paused
    order = np.argsort(alike, kind="stable")
    edges = np.flatnonzero(np.r_[True, np.diff(alike[order]) != 0, True])
    for begin, end in zip(edges, edges[1:], strict=False):
        one = order[begin]
        rule, calendar = rules[numbers[one]], places[numbers[one]]
        yield _Group(calendar, rule, UNITS[rows.units[one]], bool(rows.paused[one]), window), order[begin:end]


def _read(window: _Window) -> _Rows | None:
    """The running clocks between two ids; None where there are none."""
    columns = _columns(_READ, window)
    if not columns:
        return None
    ids, starts, dues, warns, packed, keys = columns
    warn = np.where(warns == _NEVER, NAT, _local(np.where(warns == _NEVER, 0, warns)))
    units = (packed % 16 + 1) // 2 - 1
    return _Rows(ids, _local(starts), _local(dues), warn, packed // 16, units, (packed + 1) % 2, keys)


def _columns(statement: str, window: _Window) -> list[Ints]:
    """The arrays of 8-byte values that a binary COPY sends in its one row."""
    with connection.cursor() as cursor, cursor.copy(statement.format(window)) as copy:
        data = b"".join(bytes(block) for block in copy)
    (count,) = struct.unpack_from(">h", data, 19)
    place, columns = 21, []
    for _ in range(count):
        (length,) = struct.unpack_from(">i", data, place)
        if length < 0:
            return []
        values = np.frombuffer(
            data, dtype=[("width", ">i4"), ("value", ">i8")], offset=place + 24, count=(length - 20) // 12
        )
        columns.append(values["value"].astype(np.int64))
        place += 4 + length
    return columns


def _local(micros: Any) -> Times:
    """PostgreSQL's microseconds since 2000 UTC as local datetime64[s]."""
    seconds = (micros + _LONG) // 1_000_000 + _EAST
    return seconds.view("datetime64[s]")  # type: ignore[no-any-return]  # a view keeps no type


def _epoch(moments: Times) -> NDArray[np.int64]:
    return moments.view(np.int64) - _EAST


def _array(values: Any, nulls: Any = None) -> str:
    """A PostgreSQL array literal: much faster to make than a list of adapted values."""
    texts = list(map(str, values.tolist()))
    for index in np.flatnonzero(nulls).tolist() if nulls is not None else ():
        texts[index] = "null"
    return "{" + ",".join(texts) + "}"
