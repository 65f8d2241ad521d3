"""The cases behind a figure, a page at a time: counted and listed by the same words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mashang.cases import queries as cases
from mashang.cases.queries.pages import cursor, read_cursor
from mashang.kernel import sql
from mashang.kernel.actor import Actor
from mashang.kernel.refused import Refused

from ..rules import HANDS, LAMPS, LEVELS, Lamp, Lens
from . import parts

_LEVEL = {lamp: f"max(level) = {level}" for lamp, level in LEVELS.items()} | {
    "open": "true", "today": "bool_or(today)", "supervised": "bool_or(kind = 'supervision')",
    "supervised_late": "bool_or(kind = 'supervision') AND max(level) = 4",
}  # fmt: skip
_BACK: Mapping[str, tuple[str, Any, str]] = {
    "counted": ("paced", parts.paced, "true"),
    "missed": ("paced", parts.paced, "NOT hit"),
    "step": ("paced", parts.paced, "state = 'done'"),
    "item": ("decided", parts.decided, "true"),
    "opened": ("taken", parts.taken, "NOT settled"),
    "settled": ("taken", parts.taken, "settled"),
    "said": ("rated", parts.rated, "said"),
    "rated": ("rated", parts.rated, "true"),
    "unhappy": ("rated", parts.rated, "grade < 3"),
}
_FAR = "'infinity'::timestamptz"


@dataclass(frozen=True, slots=True)
class Behind:
    """A case, the instant that put it here (a date owed, or when it happened), the steps and units concerned ("" stands
    for the case as a whole), and its lamp when it is open now."""

    case: cases.Row
    at: datetime | None
    steps: list[str]
    units: list[int]
    lamp: Lamp | None


@dataclass(frozen=True, slots=True)
class Found:
    """One page of a figure's cases; `total` counts them all; `after` opens the next page, "" when this is the last."""

    rows: list[Behind]
    total: int
    after: str


def behind(by: Actor, lens: Lens, *, now: datetime, after: str = "", limit: int = 50) -> Found:
    """The cases of a figure: what is owed soonest first, what is past newest first. Two statements."""
    text, values = _hands(by, lens, now) if lens.what in HANDS else _back(by, lens)
    ahead = lens.what in HANDS
    where, more = "", []
    if after:
        where = f"WHERE (coalesce(at, {_FAR}), id) {'>' if ahead else '<'} (coalesce(%s, {_FAR}), %s)"
        more = read_cursor(after)
    order = "ASC" if ahead else "DESC"
    rows = sql.run(
        f"""{text} SELECT f.id, c.number, f.at, f.steps, f.units, f.level, f.total
        FROM (SELECT *, (SELECT count(*) FROM found) AS total FROM found {where}
          ORDER BY coalesce(at, {_FAR}) {order}, id {order} LIMIT %s) f
        JOIN cases_case c ON c.id = f.id ORDER BY coalesce(f.at, {_FAR}) {order}, f.id {order}""",
        [*values, *more, limit + 1],
    ).fetchall()
    known = cases.by_numbers(by, [row[1] for row in rows[:limit]])
    shown = [
        Behind(known[number], at, steps or [], units or [], None if level is None else LAMPS[level])
        for _, number, at, steps, units, level, _ in rows[:limit]
        if number in known
    ]
    last = rows[limit - 1] if len(rows) > limit else None
    return Found(shown, rows[0][6] if rows else 0, cursor(last[2], last[0]) if last else "")


def _hands(by: Actor, lens: Lens, now: datetime) -> parts.Part:
    """`found` over cases open now: by the worst of what is owed in the unit's hands, or at all."""
    text, values = parts.graded(by, lens.place, now)
    concerned = f"level = {LEVELS[lens.what]}" if lens.what in LEVELS else "today" if lens.what == "today" else "true"
    return (
        f"""WITH {text}, found AS (SELECT id, min(due_at) FILTER (WHERE level > 1) AS at, max(level) AS level,
          array_agg(DISTINCT step) FILTER (WHERE {concerned}) AS steps,
          array_agg(DISTINCT unit) FILTER (WHERE {concerned}) AS units
          FROM graded WHERE unit = %s OR %s = 0 GROUP BY id HAVING {_LEVEL[lens.what]})""",
        [*values, lens.unit, lens.unit],
    )


def _back(by: Actor, lens: Lens) -> parts.Part:
    """`found` over a span that is past."""
    if lens.what not in _BACK or lens.start is None or lens.end is None:
        raise Refused("page.lens", "地址不完整，请回到驾驶舱重新打开。")
    name, part, only = _BACK[lens.what]
    text, values = part(by, lens.place, lens.start, lens.end)
    steps = "array_agg(DISTINCT step)" if name == "paced" else "NULL::text[]"
    where, more = [only, "(unit = %s OR %s = 0)"], [lens.unit, lens.unit]
    for column in ("title", "step"):
        if value := getattr(lens, column):
            where.append(f"{column} = %s")
            more.append(value)
    return (
        f"""WITH {text}, found AS (SELECT id, max(at) AS at, NULL::int AS level, {steps} AS steps, array_agg(DISTINCT unit) AS units
          FROM {name} WHERE {" AND ".join(where)} GROUP BY id)""",
        [*values, *more],
    )
