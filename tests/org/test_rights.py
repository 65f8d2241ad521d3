"""The table of rights is closed: what it does not say is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import mashang
from mashang.kernel.actor import ANONYMOUS, Actor, Grant
from mashang.org import queries
from mashang.org.rights import OPERATIONS, PAGES, PUBLIC, RIGHTS, ROLES, SIGNED_IN, STAFF_ROLES
from mashang.org.rules import PERSON_ROLES, Facts, PersonGrant

ROOT = Path(mashang.__file__).parent
CASE = Facts.of([7], [41], "350824101", "approval")


def holder(role: str, **bounds: object) -> Actor:
    return Actor("staff", 1, 1, "李四", 7, (Grant(role, **bounds),))  # type: ignore[arg-type]


def test_a_visitor_holds_only_what_the_table_gives_the_public() -> None:
    held = {right for right in RIGHTS if queries.holds(ANONYMOUS, right)}
    assert held == {"catalogue.view"}


@pytest.mark.parametrize("role", [*ROLES])
def test_a_role_holds_exactly_the_rights_that_name_it(role: str) -> None:
    actor = holder(role)
    for code, right in RIGHTS.items():
        assert queries.holds(actor, code) == (role in right.roles or PUBLIC in right.roles), code


def test_every_right_is_asked_for_by_a_page_an_operation_or_an_action() -> None:
    code = "".join(p.read_text("utf-8") for p in ROOT.rglob("*.py") if p.name != "rights.py")
    asked = {*PAGES.values(), *OPERATIONS.values(), *re.findall(r'"([a-z]+\.[a-z_]+)"', code)}
    assert RIGHTS.keys() <= asked


def test_an_unlisted_right_is_a_fault_of_the_program_not_a_yes() -> None:
    with pytest.raises(KeyError):
        queries.may(holder("admin"), "cases.delete_everything")


def test_a_role_of_no_table_holds_nothing() -> None:
    actor = holder("superuser")
    assert not [r for r, right in RIGHTS.items() if PUBLIC not in right.roles and queries.holds(actor, r)]


def test_every_page_and_operation_asks_for_a_right_that_is_listed() -> None:
    assert set(PAGES.values()) - RIGHTS.keys() <= {PUBLIC, SIGNED_IN}
    assert set(OPERATIONS.values()) - RIGHTS.keys() <= {PUBLIC, SIGNED_IN}


def test_every_role_that_can_be_granted_holds_something() -> None:
    assert not [r for r in STAFF_ROLES if not any(r in right.roles for right in RIGHTS.values())]


def test_administration_and_audit_bar_each_other_both_ways() -> None:
    for role, known in STAFF_ROLES.items():
        for other in known.bars:
            assert role in STAFF_ROLES[other].bars


# facts given (in words), and whether a handler over unit 7, Wuping, approvals may: each row leaves one bound unmet
ROWS = [
    ({"units": [7], "region": "350824101", "kind": "approval"}, True),  # all bounds met
    ({"units": [7, 9], "region": "350824", "kind": "approval"}, True),  # one of several units is enough
    ({"units": [9], "region": "350824101", "kind": "approval"}, False),  # another unit's case
    ({"units": [], "region": "350824101", "kind": "approval"}, False),  # no unit yet
    ({"units": [7], "region": "350823", "kind": "approval"}, False),  # another county
    ({"units": [7], "region": "3508", "kind": "approval"}, False),  # a wider region than the scope
    ({"units": [7], "region": "350824101", "kind": "appeal"}, False),  # another kind
    ({"region": "350824101", "kind": "approval"}, False),  # a fact left out is not met
    ({"units": [7], "kind": "approval"}, False),  # a fact left out is not met
    ({"units": [7], "region": "350824101"}, False),  # a fact left out is not met
    ({}, True),  # no facts: is it held at all
]


@pytest.mark.parametrize(("facts", "expected"), ROWS)
def test_each_bound_of_a_grant_must_be_met(facts: dict[str, object], expected: bool) -> None:
    actor = holder("handler", units=frozenset({7}), region="350824", kinds=frozenset({"approval"}))
    assert queries.may(actor, "approvals.review", **facts) is expected  # type: ignore[arg-type]


def test_a_citizen_meets_only_cases_they_take_part_in() -> None:
    citizen = Actor("person", 5, 41, "陈某某", 0, (PersonGrant("citizen", persons=frozenset({41})),))
    assert queries.may(citizen, "approvals.withdraw", units=[7], persons=[41], region="350824101", kind="approval")
    assert not queries.may(citizen, "approvals.withdraw", units=[7], persons=[42], region="350824101", kind="approval")
    assert not queries.may(citizen, "approvals.withdraw", units=[7], region="350824101", kind="approval")
    assert queries.may_see(citizen, CASE) and not queries.may_see(citizen, Facts.of([7], [42], "350824101", "approval"))


@pytest.mark.parametrize("role", sorted(PERSON_ROLES))
def test_a_bare_citizens_grant_never_means_everyone(role: str) -> None:
    assert not queries.may_see(Actor("person", 5, 42, "林某", 0, (Grant(role),)), CASE)
    assert not queries.may_see(Actor("person", 5, 0, "林某", 0, (Grant(role),)), CASE)
    assert not queries.may_see(Actor("staff", 41, 41, "李四", 7, (Grant(role),)), CASE)  # a staff id is no person id


@pytest.mark.row("B3")
def test_closed_kinds_are_kept_from_grants_that_do_not_name_them() -> None:
    secret = Facts.of([7], [41], "350824101", "conduct")
    assert not queries.may_see(holder("leader"), secret)
    assert not queries.may_see(holder("lead", units=frozenset({7})), secret)
    assert queries.may_see(holder("office", kinds=frozenset({"conduct"})), secret)
    assert queries.may_see(Actor.system("sweep"), secret)
    complainant = Actor("person", 5, 41, "陈某某", 0, (PersonGrant("citizen", persons=frozenset({41})),))
    assert queries.may_see(complainant, secret)


def test_rights_are_decided_without_a_statement() -> None:
    """No database mark here: a statement would fail the test."""
    actor = holder("handler", units=frozenset(range(500)))
    assert queries.may(actor, "approvals.review", units=[3], region="350824", kind="approval")
    assert queries.visible_to(actor)[1][0] == list(range(500))
