"""Divisions of Fujian as shipped, and units in a tree."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from unittest import mock

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from mashang.kernel.refused import NotFound, Refused
from mashang.ledger.queries import history
from mashang.org import actions, queries
from mashang.org.actions.regions import short_of
from mashang.org.models import Absence, GrantRow, Region
from mashang.org.queries import places

from .builders import DAY, NOW, SYSTEM, grant, make_staff, make_unit

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "divisions" / "fujian.json"


@pytest.mark.django_db
def test_fujian_is_loaded_once_to_the_township() -> None:
    changed = actions.load_regions(by=SYSTEM, now=NOW)
    assert changed == Region.objects.count() == 1 + 9 + 84 + 1170 + 8 + 8
    assert actions.load_regions(by=SYSTEM, now=NOW + DAY) == 0
    assert [e.verb for e in history("org/regions")] == ["region.loaded"]  # nothing changed, nothing recorded
    Region.objects.filter(pk="350824").update(name="误改")
    Region.objects.create(code="350824999", name="新设镇", short_name="新设", level="township", parent_id="350824")
    assert actions.load_regions(by=SYSTEM, now=NOW) == 1
    assert queries.region("350824").name == "武平县" and queries.region("350824999").name == "新设镇"


@pytest.mark.django_db
def test_superseded_counties_lead_to_their_successors_and_zones_lie_in_their_city() -> None:
    actions.load_regions(by=SYSTEM, now=NOW)
    assert queries.current_region("350681").name == "龙海区"
    assert queries.current_region("350402").code == queries.current_region("350403").code == "350404"
    on_2020 = {r.name for r in queries.regions_under("3506", day=date(2020, 1, 1))}
    on_2026 = {r.name for r in queries.regions_under("3506", day=date(2026, 1, 1))}
    assert "龙海市" in on_2020 - on_2026 and "龙海区" in on_2026 - on_2020
    gulei = queries.region("350690001")
    assert not gulei.national and gulei.code.startswith("3506") and queries.region_short(gulei.code) == "古雷"
    assert queries.region_path("350824105") == "龙岩市武平县桃溪镇"
    assert queries.region_short("350824105") == "武平" and queries.region_short("3508") == "龙岩"
    with pytest.raises(NotFound):
        queries.region("999999")


def test_what_is_shipped_is_what_was_published() -> None:
    if not SHARED.exists():
        pytest.skip("the shared data folder is not here: the shipped copy is not compared")
    shipped = Path(actions.regions.DATA / "fujian.json").read_text(encoding="utf-8")
    assert json.loads(shipped) == json.loads(SHARED.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("武平县", "武平"),  # county
        ("鼓楼区", "鼓楼"),  # district
        ("石狮市", "石狮"),  # city at county level
        ("沙县区", "沙县"),  # one ending only
        ("沙县", "沙县"),  # would shrink to one character
        ("福建省", "福建"),
    ],
)
def test_short_names(name: str, short: str) -> None:
    assert short_of(name) == short


@pytest.mark.django_db
def test_a_subtree_follows_units_as_they_open_and_keeps_closed_ones() -> None:
    top = make_unit()
    middle = make_unit(parent=top)
    leaf = make_unit(parent=middle)
    assert queries.units_under(top) == {top, middle, leaf} and queries.units_under(leaf) == {leaf}
    with pytest.raises(Refused) as no:
        actions.close_unit(middle, by=SYSTEM, now=NOW)
    assert [f.code for f in no.value.faults] == ["unit.has_units"]
    actions.close_unit(leaf, by=SYSTEM, now=NOW)
    assert leaf in queries.units_under(top)  # its old cases stay with the superior
    assert leaf not in {u.id for u in queries.units_in(day=NOW.date())}
    verbs = [e.verb for e in history(f"org/unit:{leaf}")]
    assert verbs == ["unit.opened", "unit.closed"]


@pytest.mark.django_db
def test_the_same_name_opens_again_only_after_closing() -> None:
    unit = make_unit("武平县林业局")
    with pytest.raises(Refused, match="同名"):
        make_unit("武平县林业局")
    actions.close_unit(unit, by=SYSTEM, now=NOW)
    assert make_unit("武平县林业局") != unit


@pytest.mark.django_db
def test_the_same_grant_twice_in_one_period_is_refused_and_again_later_is_not() -> None:
    unit = make_unit()
    staff = make_staff(unit)
    first = grant(staff, "handler", unit)
    with pytest.raises(Refused) as no:
        grant(staff, "handler", unit)
    assert no.value.code == "grant.twice"
    grant(staff, "handler", unit, kinds=frozenset({"appeal"}))  # another scope is another grant
    actions.revoke_role(first, by=SYSTEM, now=NOW)
    grant(staff, "handler", unit, starts_at=NOW)
    assert GrantRow.objects.filter(staff_id=staff).count() == 3  # ended, never deleted


@pytest.mark.django_db
def test_roles_that_bar_each_other_are_refused_also_when_they_only_overlap() -> None:
    staff = make_staff(make_unit())
    grant(staff, "auditor", starts_at=NOW + DAY)
    with pytest.raises(Refused, match="不能由同一人担任"):
        grant(staff, "admin")
    grant(staff, "admin", ends_at=NOW + DAY)


@pytest.mark.django_db
def test_the_database_itself_refuses_overlaps_and_half_rows() -> None:
    unit = make_unit()
    a, b = make_staff(unit), make_staff(unit)
    row = {"registered_by": "x", "registered_at": NOW, "reason": "x"}
    Absence.objects.create(staff_id=a, stand_in_id=b, starts_at=NOW, ends_at=NOW + DAY, **row)
    for changes in (
        {"starts_at": NOW + DAY / 2, "ends_at": NOW + 2 * DAY},  # overlaps
        {"starts_at": NOW + DAY, "ends_at": NOW},  # backwards
        {"starts_at": NOW + DAY, "ends_at": NOW + 2 * DAY, "stand_in_id": a},  # oneself
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Absence.objects.create(**{"staff_id": a, "stand_in_id": b, **row, **changes})
    Absence.objects.create(staff_id=a, stand_in_id=b, starts_at=NOW + DAY, ends_at=NOW + 2 * DAY, **row)


@given(parents=st.lists(st.integers(0, 9), min_size=1, max_size=9), named=st.sets(st.integers(1, 9)))
def test_each_unit_below_has_one_that_answers_for_it(parents: list[int], named: set[int]) -> None:
    """Unit n + 1 stands below one of those before it; 0 is the top."""
    above = {n + 1: min(parent, n) for n, parent in enumerate(parents)}

    def under(unit: int) -> frozenset[int]:
        return frozenset({unit}).union(*(under(n) for n, parent in above.items() if parent == unit))

    chosen = sorted(named & above.keys())
    with mock.patch.object(places, "units_under", under):
        answers = places.answering(chosen)
    assert answers.keys() == frozenset().union(*(under(unit) for unit in chosen))
    for unit, by in answers.items():
        line = [unit]
        while line[-1] not in chosen:
            line.append(above[line[-1]])
        assert by == line[-1]  # the nearest above, itself first
