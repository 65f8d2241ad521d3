"""Lists of cases: one page at a time by keyset, in one statement, at the same cost at any depth."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from mashang.kernel import clock, sql
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused
from mashang.kernel.said import said
from mashang.org import queries as org

from .. import rules
from ..procedure import registry

MAX_PAGE = 500
EPOCH = datetime(1970, 1, 1, tzinfo=clock.ZONE)


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is narrowed to; empty fields narrow nothing. `state` may be "open" or "settled" for either; `due_before`
    narrows an inbox to steps due before an instant."""

    kind: str = ""
    state: str = ""
    unit: int = 0
    region: str = ""
    channel: str = ""
    definition: int = 0
    words: str = ""
    late: bool | None = None
    supervised: bool | None = None
    opened_from: datetime | None = None
    opened_to: datetime | None = None
    settled_from: datetime | None = None
    settled_to: datetime | None = None
    updated_since: datetime | None = None
    due_before: datetime | None = None
    numbers: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A case as lists show it: nothing in it is personal data in clear."""

    id: int
    number: str
    kind: str
    title: str
    about: str
    state: str
    lead_unit_id: int
    region: str
    channel: str
    opened_at: datetime
    updated_at: datetime
    due_at: datetime | None
    settled_at: datetime | None
    held: bool
    late: bool
    supervised: bool

    @property
    def state_label(self) -> str:
        return registry[self.kind].state_label(self.state)

    @property
    def kind_label(self) -> str:
        return str(registry[self.kind].label)


@dataclass(frozen=True, slots=True)
class Page:
    """One page; `after` is the cursor of the next one, empty when this is the last."""

    rows: list[Row]
    after: str


COLUMNS = (
    "c.id, c.number, c.kind, c.title, c.about, c.state, c.lead_unit_id, c.region, c.channel, c.opened_at, c.updated_at,"
    " c.due_at, c.settled_at, c.held, c.late, c.supervised"
)


def conditions(filter: Filter) -> tuple[list[str], list[Any]]:
    """The filter as SQL over the alias `c`."""
    pairs: list[tuple[str, Any, bool]] = [
        ("c.kind = %s", filter.kind, bool(filter.kind)),
        ("c.units @> ARRAY[%s::int]", filter.unit, bool(filter.unit)),
        ("c.region LIKE %s", filter.region + "%", bool(filter.region)),
        ("c.channel = %s", filter.channel, bool(filter.channel)),
        ("c.definition = %s", filter.definition, bool(filter.definition)),
        ("c.late = %s", filter.late, filter.late is not None),
        ("c.supervised = %s", filter.supervised, filter.supervised is not None),
        ("c.opened_at >= %s", filter.opened_from, filter.opened_from is not None),
        ("c.opened_at < %s", filter.opened_to, filter.opened_to is not None),
        ("c.settled_at >= %s", filter.settled_from, filter.settled_from is not None),
        ("c.settled_at < %s", filter.settled_to, filter.settled_to is not None),
        ("c.updated_at >= %s", filter.updated_since, filter.updated_since is not None),
        ("c.number = ANY (%s)", list(filter.numbers or ()), filter.numbers is not None),
    ]
    where, values = [w for w, _, on in pairs if on], [v for _, v, on in pairs if on]
    if filter.state in ("open", "settled"):
        where.append("c.settled_at IS NULL" if filter.state == "open" else "c.settled_at IS NOT NULL")
    elif filter.state:
        where.append("c.state = %s")
        values.append(filter.state)
    if filter.words.strip():
        word_sql, word_values = by_words(filter.words)
        where.append(word_sql)
        values += word_values
    return where, values


def by_words(words: str) -> tuple[str, list[Any]]:
    """Words, a case number, pinyin initials, or a person's exact phone or identity number: whichever the asker typed."""
    quoted = rules.search_query(words)
    people = org.persons_by_exact(words.strip())
    by_word = "c.search @@ %s::tsquery" if quoted else "false"
    values: list[Any] = [quoted] if quoted else []
    return f"({by_word} OR c.persons && %s::int[])", [*values, people]


def page(by: Actor, filter: Filter, *, after: str = "", limit: int = 50, right: str = "cases.view") -> Page:
    """Cases the actor may see, newest change first; oldest first when `updated_since` is given (for followers)."""
    rows = [Row(*row) for row in sql.run(*_statement(by, filter, COLUMNS, after, limit, right)).fetchall()]
    return Page(rows[:limit], cursor(rows[limit - 1].updated_at, rows[limit - 1].id) if len(rows) > limit else "")


_LINE = (
    "c.number, c.kind, c.title, c.about, c.state, c.outcome, c.lead_unit_id AS lead_unit, c.region, c.channel, c.opened_at,"
    " c.updated_at, c.due_at, c.settled_at, c.held, c.late, c.supervised, c.revision"
)
OVERLAP = timedelta(seconds=10)
"""How far a follower looks back: acts that began before its last look may have been committed after it."""


def page_json(
    by: Actor, filter: Filter, *, now: datetime, after: str = "", limit: int = 100, right: str = "cases.view"
) -> str:
    """The same page as JSON text, built by the database and passed on unread: items, next, since.

    `since` is for followers: passed as `updated_since` next time, nothing is missed, though something may come twice.
    """
    inner, values = _statement(
        by, filter, f"(SELECT l FROM (SELECT {_LINE}) l) AS line, c.updated_at, c.id", after, limit, right
    )
    found = sql.run(
        f"""SELECT coalesce(json_agg(p.line)::text, '[]'), (array_agg(p.updated_at))[%s], (array_agg(p.id))[%s], count(*),
        max(p.updated_at) FROM ({inner}) p""",
        [limit, limit, *values[:-1], limit],
    ).fetchone()
    items, at, id, rows, newest = found or ("[]", None, 0, 0, None)
    following = cursor(at, id) if rows == limit else ""
    seen = newest if filter.updated_since is not None and newest is not None else now
    since = max(min(seen, now) - OVERLAP, filter.updated_since or EPOCH)
    return f'{{"items":{items},"next":"{following}","since":"{since.isoformat()}"}}'


def count(by: Actor, filter: Filter, *, right: str = "cases.view", most: int = 10_000) -> int:
    """How many the actor may see, counted up to `most`: no list needs more, and counting a million costs a second."""
    where, values = conditions(filter)
    seen, seen_values = org.visible_to(by, right, "c")
    body = " AND ".join([seen, *where])
    row = sql.run(
        f"SELECT count(*) FROM (SELECT 1 FROM cases_case c WHERE {body} LIMIT %s) x", [*seen_values, *values, most]
    ).fetchone()
    return int(row[0]) if row else 0


def _statement(by: Actor, filter: Filter, columns: str, after: str, limit: int, right: str) -> tuple[str, list[Any]]:
    if not 1 <= limit <= MAX_PAGE:
        raise Refused("page.limit", said("每页件数应在 1 到 {most} 之间。", most=MAX_PAGE), "limit")
    where, values = conditions(filter)
    seen, seen_values = org.visible_to(by, right, "c")
    forward = filter.updated_since is not None
    if after:
        where.append(f"(c.updated_at, c.id) {'>' if forward else '<'} (%s, %s)")
        values += read_cursor(after)
    order = "c.updated_at, c.id" if forward else "c.updated_at DESC, c.id DESC"
    body = " AND ".join([seen, *where])
    return f"SELECT {columns} FROM cases_case c WHERE {body} ORDER BY {order} LIMIT %s", [
        *seen_values,
        *values,
        limit + 1,
    ]


def cursor(at: datetime | None, id: int) -> str:
    """An opaque place in a list."""
    return base64.urlsafe_b64encode(json.dumps([at.isoformat() if at else None, id]).encode()).decode().rstrip("=")


def read_cursor(text: str) -> list[Any]:
    """The instant and id of a cursor. Refuses what `cursor` did not make."""
    try:
        at, id = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if type(id) is not int or not 0 <= id < 2**63:
            raise ValueError
        return [clock.local(datetime.fromisoformat(at)) if at else None, id]
    except (ValueError, TypeError, binascii.Error, OverflowError, RecursionError):
        raise Refused("page.cursor", "翻页位置无效，请从第一页重新开始。", "after") from None


def by_numbers(by: Actor, numbers: Sequence[str]) -> Mapping[str, Row]:
    """Those of the named cases that the actor may see, by number."""
    found = page(by, Filter(numbers=numbers), limit=MAX_PAGE).rows if numbers else []
    return {row.number: row for row in found}


def with_due(rows: Sequence[Row]) -> list[Row]:
    """The rows with the time by which each is due: where no clock runs for the whole case, that of its next open step."""
    steps = soonest([row.id for row in rows])
    return [replace(row, due_at=row.due_at or steps.get(row.id)) for row in rows]


def soonest(case_ids: Sequence[int]) -> Mapping[int, datetime]:
    """The earliest due time among each case's open steps; cases without one are left out."""
    rows = sql.run(
        "SELECT case_id, min(due_at) FROM cases_step WHERE case_id = ANY(%s) AND state = 'open' AND due_at IS NOT NULL GROUP BY case_id",
        [list(case_ids)],
    )
    return dict(rows.fetchall())
