"""Divisions that administrators keep: zones, new ones, corrected and ended ones."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from mashang.kernel import clock
from mashang.kernel.refused import Forbidden, Refused
from mashang.ledger.queries import history
from mashang.org import actions, queries
from mashang.org.models import Account, Region

from .builders import DAY, NOW, SYSTEM, actor, grant, make_region, make_staff, make_unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def county() -> str:
    make_region("35", "福建省", "province")
    make_region("3508", "龙岩市", "city", "35")
    return make_region("350824", "武平县", "county", "3508")


def register(name: str, code: str = "", parent: str = "", **more: Any) -> str:
    return actions.register_region(actions.NewRegion(name, code=code, parent=parent, **more), by=SYSTEM, now=NOW)


def refusals(no: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [f.code for f in no.value.faults]


def test_level_and_superior_follow_from_a_national_code(county: str) -> None:
    assert register("桃溪镇", "350824105", valid_from=date(2026, 3, 1), note="闽政文〔2026〕1号（演示）") == "350824105"
    assert register("新礤村", "350824105201") == "350824105201"
    town, village = queries.region("350824105"), queries.region("350824105201")
    assert (town.level, town.parent, town.short_name, town.national) == ("township", county, "桃溪", True)
    assert (village.level, village.parent) == ("village", "350824105")
    assert queries.region_path("350824105201") == "龙岩市武平县桃溪镇新礤村"
    assert [e.verb for e in history("org/region:350824105")] == ["region.registered"]


def test_zones_get_the_next_local_code_that_was_never_used(county: str) -> None:
    assert [register("高新区", parent="3508"), register("台商区", parent="3508")] == ["350890001", "350890002"]
    assert register("工业园区", parent=county) == "350824901"
    end = actions.Revision("台商区", valid_to=date(2026, 3, 1), successor="350890001")
    actions.revise_region("350890002", end, by=SYSTEM, now=NOW)
    assert register("新区", parent="3508") == "350890003"
    assert queries.region("350824901").level == "zone" and not queries.region("350824901").national


@pytest.mark.parametrize(
    ("form", "codes"),
    [
        ({"name": "", "code": "35082410"}, ["name.missing", "code.wrong"]),
        ({"name": "桃溪镇", "code": "３５０８２４１０５"}, ["code.wrong"]),  # full-width
        ({"name": "桃溪镇", "code": "350825105"}, ["code.parent"]),
        ({"name": "桃溪镇", "code": "350825105", "parent": "350824"}, ["code.elsewhere"]),
        ({"name": "武平县", "code": "350824"}, ["code.twice", "name.twice"]),
        ({"name": "园区", "parent": "35"}, ["parent.wrong"]),
        ({"name": "园区"}, ["parent.wrong"]),
        ({"name": "园" * 65, "parent": "350824"}, ["name.long"]),
        ({"name": "园" * 20, "parent": "350824"}, ["short_name.long"]),
        ({"name": "园区", "parent": "350824", "note": "文" * 201}, ["note.long"]),
    ],
)
def test_what_does_not_fit_is_refused_with_all_faults(county: str, form: dict[str, Any], codes: list[str]) -> None:
    with pytest.raises(Refused) as no:
        register(**form)
    assert refusals(no) == codes and Region.objects.count() == 3


def test_an_ended_division_leads_to_its_successor_and_never_back(county: str) -> None:
    old, new = register("帽村乡", "350824205"), register("永平镇", "350824106")
    unit = make_unit("帽村乡人民政府", region=old, kind="township")
    end = actions.Revision("帽村乡", valid_to=date(2026, 3, 1), successor=new)
    with pytest.raises(Refused, match="1个单位") as no:
        actions.revise_region(old, end, by=SYSTEM, now=NOW)
    assert refusals(no) == ["region.in_use"]
    actions.close_unit(unit, by=SYSTEM, now=NOW)
    actions.revise_region(old, end, by=SYSTEM, now=NOW)
    assert queries.current_region(old).code == new and queries.region_path(old).endswith("帽村乡")
    with pytest.raises(Refused) as no:
        back = actions.Revision("永平镇", valid_to=date(2026, 4, 1), successor=old)
        actions.revise_region(new, back, by=SYSTEM, now=NOW)
    assert refusals(no) == ["successor.circle"]
    assert [e.verb for e in history(f"org/region:{old}")] == ["region.registered", "region.ended"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"valid_to": date(2026, 3, 1)}, "successor.missing"),
        ({"successor": "3508"}, "successor.early"),
        ({"valid_to": date(2026, 3, 1), "successor": "999999"}, "successor.unknown"),
        ({"valid_to": date(2026, 3, 1), "successor": "350824105"}, "successor.circle"),
        ({"valid_from": date(2026, 3, 1), "valid_to": date(2026, 3, 1), "successor": "3508"}, "valid_to.early"),
    ],
)
def test_an_end_needs_a_day_and_a_successor_that_make_sense(county: str, more: dict[str, Any], code: str) -> None:
    town = register("桃溪镇", "350824105")
    with pytest.raises(Refused) as no:
        actions.revise_region(town, actions.Revision("桃溪镇", **more), by=SYSTEM, now=NOW)
    assert refusals(no) == [code]


def test_what_an_administrator_corrected_survives_the_next_loading(county: str) -> None:
    actions.load_regions(by=SYSTEM, now=NOW)
    form = actions.Revision("长乐市", valid_to=date(2017, 11, 30), successor="350112", note="核对后更正")
    actions.revise_region("350182", form, by=SYSTEM, now=NOW)
    assert actions.load_regions(by=SYSTEM, now=NOW + DAY) == 0
    assert queries.region("350182").valid_to == date(2017, 11, 30)


@given(words=st.text(max_size=8))
def test_any_words_are_searched_without_a_fault(words: str) -> None:
    found = queries.regions_named(words)
    assert len(found) <= queries.MOST_REGIONS and all(words in r.name or r.code.startswith(words) for r in found)


def signed_in(client: Client, settings: Any, region: str = "") -> Client:
    settings.MASHANG_MFA = False
    staff = make_staff(make_unit(), "管理员")
    grant(staff, "admin", region=region)
    client.force_login(Account.objects.get(pk=staff), "allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_a_zone_is_registered_corrected_and_ended_on_the_page(county: str, client: Client, settings: Any) -> None:
    admin, page = signed_in(client, settings), reverse("admin:division", args=[county])
    refused = admin.post(page, {"do": "register", "name": "", "code": "1", "valid_from": "2026-02-30"})
    assert refused.status_code == 422 and "日期不正确" in refused.content.decode()
    assert admin.post(page, {"do": "register", "name": "武平高新区", "note": "龙政综〔2026〕3号"}).status_code == 302
    shown = admin.get(page).content.decode()
    assert "武平高新区" in shown and "350824901" in shown and "本地代码" in shown
    zone = reverse("admin:division", args=["350824901"])
    form = {"do": "revise", "name": "武平高新技术产业园区", "valid_to": "2026-03-05", "successor": county}
    assert admin.post(zone, form).status_code == 302
    with clock.at(datetime(2027, 1, 4, 9, tzinfo=clock.ZONE)):
        shown = admin.get(zone).content.decode()
        english = admin.get(zone, headers={"Accept-Language": "en"}).content.decode()
    assert (
        "2026年3月5日起撤销" in shown and "5 Mar 2026" in english and "登记行政区划“武平高新区”（350824901）。" in shown
    )
    assert "武平县" in admin.get(reverse("admin:divisions"), {"q": "武平"}).content.decode()
    assert "没有找到" in admin.get(reverse("admin:divisions"), {"q": "%"}).content.decode()
    assert admin.get(reverse("admin:division", args=["000000"])).status_code == 404


def test_an_administrator_of_one_county_keeps_to_it(county: str, client: Client, settings: Any) -> None:
    make_region("350823", "上杭县", "county", "3508")
    admin = signed_in(client, settings, region=county)
    other = reverse("admin:division", args=["350823"])
    assert "登记下级区划" not in admin.get(other).content.decode()
    for do in ("register", "revise"):
        assert admin.post(other, {"do": do, "name": "园区"}).status_code == 422
    assert not history("org/region:350823") and not queries.regions_under("350823")
    by = actor(int(admin.session["_auth_user_id"]))
    for form in (
        actions.NewRegion("园区", parent="3508"),
        actions.NewRegion("园区", code="350823901"),
        actions.NewRegion("园区"),
    ):
        with pytest.raises(Forbidden):
            actions.register_region(form, by=by, now=NOW)
    assert actions.register_region(actions.NewRegion("园区", parent=county), by=by, now=NOW) == "350824901"
