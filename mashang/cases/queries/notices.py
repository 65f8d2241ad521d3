"""What the reader was told, and how much of it they have not seen yet."""

from __future__ import annotations

from typing import Any

from mashang.kernel import sql
from mashang.kernel.actor import Actor
from mashang.org import queries as org

from ..models import Notice
from .detail import facts_of

LISTED = 50
_PERSON = f"SELECT read_at FROM cases_notice WHERE person = %s ORDER BY at DESC LIMIT {LISTED}"
_STAFF = f"""
(SELECT n.at, n.read_at FROM cases_notice n WHERE n.staff = %s ORDER BY n.at DESC LIMIT {LISTED})
UNION ALL
(SELECT n.at, n.read_at FROM
  (SELECT at, read_at, case_id FROM cases_notice WHERE unit = %s ORDER BY at DESC LIMIT {4 * LISTED}) n
  LEFT JOIN cases_case c ON c.id = n.case_id WHERE n.case_id IS NULL OR {{seen}} ORDER BY n.at DESC LIMIT {LISTED})
ORDER BY at DESC LIMIT {LISTED}"""


def notices_for(by: Actor, limit: int = LISTED) -> list[Notice]:
    """The reader's notices, newest first: a person's own, or a staff member's own and, of cases they may see, their unit's."""
    if by.kind == "person":
        return list(Notice.objects.filter(person=by.person_id).order_by("-at")[:limit])
    own = Notice.objects.filter(staff=by.id).order_by("-at")[:limit]
    told = Notice.objects.filter(unit=by.unit_id).select_related("case").order_by("-at")[: 4 * limit]
    unit = [n for n in told if n.case is None or org.may_see(by, facts_of(n.case))][:limit]
    return sorted([*own, *unit], key=lambda n: n.at, reverse=True)[:limit]


def unread_sql(by: Actor) -> tuple[str, list[Any]]:
    """How many of the reader's listed notices are not seen yet, as a value of a statement."""
    count = "(SELECT count(*) FILTER (WHERE read_at IS NULL) FROM ({listed}) listed)"
    if by.kind == "person":
        return count.format(listed=_PERSON), [by.person_id]
    seen, bounds = org.visible_to(by, "cases.view", "c")
    return count.format(listed=_STAFF.format(seen=seen)), [by.id, by.unit_id, *bounds]


def unread(by: Actor) -> int:
    """The same count by itself, in one statement."""
    text, values = unread_sql(by)
    row = sql.run(f"SELECT {text}", values).fetchone()
    return int(row[0]) if row else 0
