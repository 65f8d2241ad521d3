"""Timed work of the room. May be run again at any time."""

from __future__ import annotations

from datetime import datetime, timedelta

from mashang.kernel import sql

from . import queries
from .actions import recompute

_OPEN = """select id from clocks_revision r where at <= %s
  and not exists (select from clocks_caughtup c where c.revision_id = r.id) order by id"""

_CAUGHT_UP = """insert into clocks_caughtup (revision_id, at) select unnest(%s::bigint[]), %s
on conflict (revision_id) do nothing"""


def catch_up(now: datetime) -> int:
    """Move the clocks that other processes began on a calendar they still kept when it changed, and those that a
    recomputation which was broken off left; gives how many moved."""
    revisions = [row[0] for row in sql.run(_OPEN, [now - timedelta(seconds=2 * queries.FRESH)])]
    if not revisions:
        return 0
    moved = recompute(now=now).moved
    sql.run(_CAUGHT_UP, [revisions, now])
    return moved
