"""What takes longest: steps and items by the days they took against the days promised."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from mashang.kernel import sql
from mashang.kernel.actor import Actor

from ..rules import Lens, Slow
from . import parts

WINDOW = timedelta(days=90)
FEWEST = 5


def slowest(by: Actor, place: str = "", *, now: datetime, most: int = 8) -> tuple[list[Slow], list[Slow]]:
    """(steps, items) of the last ninety days, those that overran most first; what happened fewer than five times is left
    out. Days are natural days with stopped time in them, and so are a step's promised days."""
    start = now - WINDOW
    steps, items = _steps(by, place, start, now), _items(by, place, start, now)
    return (
        sorted((_slow(row, "step", place, start, now) for row in steps), key=_worst)[:most],
        sorted((_slow(row, "item", place, start, now) for row in items), key=_worst)[:most],
    )


def _worst(found: Slow) -> tuple[float, float]:
    return -found.late / found.total, -found.over


def _steps(by: Actor, place: str, start: datetime, end: datetime) -> list[tuple[Any, ...]]:
    text, values = parts.paced(by, place, start, end)
    return sql.run(
        f"""WITH {text} SELECT title, step, count(*), count(*) FILTER (WHERE NOT hit),
          percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY extract(epoch FROM at - opened_at) / 86400),
          percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM due_at - opened_at) / 86400), ''
        FROM paced WHERE state = 'done' GROUP BY title, step HAVING count(*) >= %s""",
        [*values, FEWEST],
    ).fetchall()


def _items(by: Actor, place: str, start: datetime, end: datetime) -> list[tuple[Any, ...]]:
    text, values = parts.decided(by, place, start, end)
    return sql.run(
        f"""WITH {text} SELECT title, '', count(*), count(*) FILTER (WHERE late),
          percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY days), NULL::float, mode() WITHIN GROUP (ORDER BY promised)
        FROM decided GROUP BY title HAVING count(*) >= %s""",
        [*values, FEWEST],
    ).fetchall()


def _slow(row: tuple[Any, ...], what: Any, place: str, start: datetime, end: datetime) -> Slow:
    title, step, total, late, (middle, decile), due, limit = row
    lens = Lens(what, place, 0, start, end, title, step)
    return Slow(title, step, total, late, middle, decile, due, limit or "", lens)
