"""Who sees what: the Python form and the SQL form of the one predicate give the same answer on any grants and cases."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mashang.kernel import sql
from mashang.kernel.actor import Actor, Grant
from mashang.org import queries
from mashang.org.rules import CLOSED_KINDS, Facts, PersonGrant, covers, merged

ids = st.frozensets(st.integers(1, 6), max_size=3)
regions = st.sampled_from(["", "35", "3506", "350623", "350623101", "3508", "350690001"])
kinds = st.sampled_from(["approval", "appeal", *sorted(CLOSED_KINDS), ""])
kind_sets = st.none() | st.frozensets(kinds, min_size=1, max_size=2)
roles = st.sampled_from(["handler", "lead", "inspector", "auditor", "admin", "clerk", "system", "citizen", "public"])
plain = st.builds(Grant, roles, st.none() | ids, regions, kind_sets)
personal = st.builds(
    PersonGrant, st.sampled_from(["citizen", "helper"]), st.none() | ids, regions, kind_sets, persons=ids
)
actors = st.builds(
    Actor,
    st.sampled_from(["staff", "person", "client"]),
    st.integers(1, 6),
    st.integers(0, 6),
    st.just("某人"),
    st.just(0),
    st.lists(plain | personal, max_size=4).map(tuple),
)
facts = st.builds(Facts, ids, ids, regions, kinds)

ROWS = "unnest(%s::int[], %s::text[], %s::text[], %s::text[], %s::text[]) AS t (id, us, ps, region, kind)"
CASES = f"(SELECT id, us::int[] AS units, ps::int[] AS persons, region, kind FROM {ROWS}) c"


def seen_in_sql(actor: Actor, right: str, cases: list[Facts]) -> set[int]:
    condition, params = queries.visible_to(actor, right, "c")
    columns = [
        list(range(len(cases))),
        ["{" + ",".join(map(str, sorted(c.units))) + "}" for c in cases],
        ["{" + ",".join(map(str, sorted(c.persons))) + "}" for c in cases],
        [c.region for c in cases],
        [c.kind for c in cases],
    ]
    rows = sql.run(f"SELECT c.id FROM {CASES} WHERE {condition}", [*columns, *params]).fetchall()
    return {row[0] for row in rows}


@pytest.mark.django_db
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    actor=actors, cases=st.lists(facts, min_size=1, max_size=12), right=st.sampled_from(["cases.view", "cases.export"])
)
def test_python_and_sql_agree_on_who_sees_what(actor: Actor, cases: list[Facts], right: str) -> None:
    connection.ensure_connection()
    in_python = {i for i, case in enumerate(cases) if queries.may_see(actor, case, right)}
    assert seen_in_sql(actor, right, cases) == in_python


@settings(deadline=None)
@given(grants=st.lists(plain | personal, max_size=6), case=facts)
def test_merging_grants_changes_no_answer(grants: list[Grant], case: Facts) -> None:
    assert any(covers(g, case) for g in merged(grants)) == any(covers(g, case) for g in grants)


@settings(deadline=None)
@given(actor=actors, case=facts)
def test_may_with_all_facts_is_the_predicate(actor: Actor, case: Facts) -> None:
    said = queries.may(actor, "cases.view", units=case.units, persons=case.persons, region=case.region, kind=case.kind)
    assert said == queries.may_see(actor, case)


def test_nobody_and_everybody_need_no_condition() -> None:
    assert queries.visible_to(Actor("staff", 1), "cases.view") == ("false", [])
    assert queries.visible_to(Actor.system("sweep"), "cases.view") == ("true", [])


def test_many_grants_over_units_become_one_overlap() -> None:
    grants = tuple(Grant("handler", frozenset({n})) for n in range(1, 9))
    condition, params = queries.visible_to(Actor("staff", 1, 1, "李四", 1, grants))
    assert condition.count("&&") == 1 and params[0] == list(range(1, 9))
