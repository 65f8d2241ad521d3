"""Who may see what, told a second time: straight from the rows and the words of the rule, without a line of `mashang.org`.

The rule. A case is seen by units that take part in it, by those whose role reaches its units, its region and its kind, by
the persons whose case it is, and by helpers with a mandate of one of them that still runs. Closed kinds are seen only
by roles that name them. A stand-in has what the absent one has, but for roles that no one takes over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

VIEW = {
    "clerk", "handler", "lead", "dispatcher", "inspector", "office", "leader", "auditor", "citizen", "helper", "cases:read",
}  # fmt: skip
EXPORT = {"lead", "dispatcher", "office", "auditor"}
WATCH = {"lead", "handler", "inspector", "office", "leader"}
REPORT = {"lead", "handler", "office"}
REVEAL = {"clerk", "handler", "lead", "dispatcher", "office"}
ERASE = {"office"}
REVOKE = {"lead"}
ASSIGN = {"lead", "dispatcher"}
WORK = {
    "application": {
        "intake": {"clerk", "handler", "lead"}, "review": {"handler", "lead"}, "site_visit": {"handler", "lead"},
        "visit": {"handler", "lead"}, "decision": {"handler", "lead"}, "issue": {"clerk", "handler", "lead"},
        "site_check": {"handler", "inspector", "lead"},
    },
    "bad_rating": {"contact": {"lead"}, "office_contact": {"office"}, "put_right": {"clerk", "handler", "lead"}},
    "supervision": {"answer": {"handler", "lead"}, "check": {"inspector", "office"}},
}  # fmt: skip
NOT_HANDED_OVER = {"leader", "admin", "auditor", "catalogue_editor"}
NUMBER = re.compile(r"[\u4e00-\u9fff]{2,4}-[\u4e00-\u9fff]-\d{4}-\d{6}")


def rows(query: str, *values: Any) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@dataclass(frozen=True)
class Held:
    """A role in somebody's hands; None bounds nothing."""

    role: str
    units: frozenset[int] | None = None
    region: str = ""
    kinds: frozenset[str] | None = None
    persons: frozenset[int] | None = None


@dataclass
class Somebody:
    """One who asks. `id` is the account, or the client."""

    name: str
    kind: str
    id: int = 0
    unit: int = 0
    person: int = 0
    held: tuple[Held, ...] = ()
    stands_for: frozenset[int] = frozenset()

    @property
    def roles(self) -> set[str]:
        return {h.role for h in self.held} | {"public"}


@dataclass
class World:
    """The county as its tables have it at an instant."""

    now: datetime
    closed: frozenset[str]
    cases: dict[str, dict[str, Any]] = field(default_factory=dict)
    steps: list[dict[str, Any]] = field(default_factory=list)
    documents: list[dict[str, Any]] = field(default_factory=list)
    notices: list[dict[str, Any]] = field(default_factory=list)
    kin: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, now: datetime, closed: Iterable[str]) -> World:
        world = cls(now, frozenset(closed))
        world.cases = {r["number"]: r for r in rows("SELECT * FROM cases_case ORDER BY id")}
        world.steps = rows("SELECT s.*, c.number FROM cases_step s JOIN cases_case c ON c.id = s.case_id")
        world.documents = rows("SELECT d.*, c.number FROM cases_document d LEFT JOIN cases_case c ON c.id = d.case_id")
        world.notices = rows("SELECT n.*, c.number FROM cases_notice n LEFT JOIN cases_case c ON c.id = n.case_id")
        world.kin = {number: set() for number in world.cases}
        about = (
            "SELECT c.number AS one, m.about AS other FROM supervision_matter m JOIN cases_case c ON c.id = m.case_id"
        )
        parent = "SELECT c.number AS one, p.number AS other FROM cases_case c JOIN cases_case p ON p.id = c.parent_id"
        for pair in [*rows(about), *rows(parent)]:
            if pair["other"]:
                world.kin[pair["one"]].add(pair["other"])
                world.kin[pair["other"]].add(pair["one"])
        return world

    def seen(self, by: Somebody, roles: set[str] = VIEW) -> set[str]:
        return {number for number, case in self.cases.items() if self.sees(by, case, roles)}

    def sees(self, by: Somebody, case: dict[str, Any], roles: set[str] = VIEW) -> bool:
        return any(self._reaches(h, case) for h in by.held if h.role in roles)

    def _reaches(self, held: Held, case: dict[str, Any]) -> bool:
        if held.persons is not None and not held.persons & set(case["persons"]):
            return False
        if held.units is not None and not held.units & set(case["units"]):
            return False
        if held.kinds is not None:
            named = case["kind"] in held.kinds
        else:
            named = held.persons is not None or case["kind"] not in self.closed
        return named and case["region"].startswith(held.region)


def subtree(unit: int | None) -> frozenset[int] | None:
    if unit is None:
        return None
    query = """WITH RECURSIVE under AS (
      SELECT id FROM org_unit WHERE id = %s UNION SELECT u.id FROM org_unit u JOIN under ON u.parent_id = under.id)
      SELECT id FROM under"""
    return frozenset(row["id"] for row in rows(query, unit))


def kinds(text: str) -> frozenset[str] | None:
    return frozenset(text.split(",")) if text else None


RUNS = "starts_at <= %s AND (ends_at IS NULL OR ends_at > %s)"


def somebody(login: str, now: datetime) -> Somebody:
    """Whoever signs in with this account."""
    [account] = rows("SELECT id, kind FROM org_account WHERE username = %s", login)
    if person := rows("SELECT id FROM org_person WHERE account_id = %s", account["id"]):
        me = person[0]["id"]
        helps = rows(f"SELECT * FROM org_mandate WHERE helper_person_id = %s AND {RUNS}", me, now, now)
        held = (Held("citizen", persons=frozenset({me})), *(_helper(m) for m in helps))
        return Somebody(login, "person", account["id"], 0, me, held)
    [staff] = rows("SELECT account_id, unit_id FROM org_staff WHERE account_id = %s", account["id"])
    away = rows(f"SELECT staff_id FROM org_absence WHERE stand_in_id = %s AND {RUNS}", account["id"], now, now)
    others = frozenset(row["staff_id"] for row in away)
    held = []
    for grant in rows(f"SELECT * FROM org_grantrow WHERE {RUNS}", now, now):
        mine = grant["staff_id"] == account["id"]
        if mine or (grant["staff_id"] in others and grant["role"] not in NOT_HANDED_OVER):
            held.append(Held(grant["role"], subtree(grant["unit_id"]), grant["region"], kinds(grant["kinds"])))
    helps = rows(f"SELECT * FROM org_mandate WHERE helper_staff_id = %s AND {RUNS}", account["id"], now, now)
    held += [_helper(m) for m in helps]
    return Somebody(login, "staff", account["id"], staff["unit_id"], 0, tuple(held), others)


def _helper(mandate: dict[str, Any]) -> Held:
    return Held("helper", kinds=kinds(mandate["kinds"]), persons=frozenset({mandate["person_id"]}))


def client(id_: int, scopes: Iterable[str], unit: int | None, region: str) -> Somebody:
    """A calling system."""
    return Somebody(f"client {id_}", "client", id_, unit or 0, 0, tuple(Held(s, subtree(unit), region) for s in scopes))
