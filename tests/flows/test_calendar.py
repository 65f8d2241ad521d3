"""Who may order which part of the calendar: a county its own regions and units, the platform's administrator what binds all."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client

from mashang.clocks import queries
from mashang.clocks.rules import Calendar
from mashang.kernel import clock
from mashang.kernel.actor import Actor
from mashang.ledger import queries as ledger
from mashang.org import actions as org_actions
from mashang.org import queries as org
from mashang.org.models import Account, GrantRow

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
NOW = datetime(2026, 7, 20, 9, 0, tzinfo=clock.ZONE)
PAGE = "/desk/admin/calendar"
STORM = {
    "do": "order",
    "first": "2026-07-22",
    "last": "2026-07-23",
    "reason": "台风停工",
    "document": "闽防指〔2026〕7 号",
}
NEXT = {
    "do": "load",
    "year": "2027",
    "days": "2027-01-01 元旦 休\n2027-01-03 元旦 班",
    "paper": "国办发明电〔2026〕9号",
}


def administrator(region: str) -> str:
    staff = GrantRow.objects.get(role="admin", region=region).staff_id
    return Account.objects.get(pk=staff).username


@pytest.fixture
def zhangpu(sign_in) -> Client:
    return sign_in(administrator("350623"))


@pytest.fixture
def platform(sign_in) -> Client:
    return sign_in(administrator(""))


def orders() -> list[tuple[str, str, int | None]]:
    return [(o.table, o.region, o.unit) for o in queries.orders()]


def test_a_county_orders_for_its_own_towns_and_units_alone(zhangpu: Client) -> None:
    before = orders()
    elsewhere = org.unit_named("武平县自然资源局")
    own = org.unit_named("漳浦县自然资源局")
    hours = {"do": "hours", "hours": "09:00-12:00,15:00-18:00", "rest_hours": ""}
    with clock.at(NOW):
        for region in ("350824", "3508", ""):
            assert zhangpu.post(PAGE, {**STORM, "region": region}).status_code == 404
        for place in ({"unit": str(elsewhere.id)}, {"region": "3506"}):
            assert zhangpu.post(PAGE, {**hours, **place}).status_code == 404
        assert zhangpu.post(PAGE, hours).status_code == 422  # nobody's hours
        assert orders() == before
        assert zhangpu.post(PAGE, {**STORM, "region": "350623108"}).status_code == 302
        assert zhangpu.post(PAGE, {**hours, "unit": own.id}).status_code == 302
    assert {("overlay", "350623108", None), ("opening", "350623", own.id)} <= {*orders()} - {*before}


def test_a_county_takes_back_what_it_ordered_and_nothing_of_others(zhangpu: Client, platform: Client) -> None:
    with clock.at(NOW):
        platform.post(PAGE, {**STORM, "region": "350824"})
        theirs = queries.orders()[0]
        zhangpu.post(PAGE, {**STORM, "region": "350623"})
        own = queries.orders()[0]
        page = zhangpu.get(PAGE).content.decode()
        assert f'name="row" value="{own.id}"' in page and f'name="row" value="{theirs.id}"' not in page
        back = {"do": "back", "table": "overlay"}
        assert zhangpu.post(PAGE, {**back, "row": theirs.id}).status_code == 404
        assert zhangpu.post(PAGE, {**back, "row": own.id}).status_code == 302
        again = zhangpu.post(PAGE, {**back, "row": own.id})
    assert again.status_code == 422 and "已经撤销" in again.content.decode()
    assert ("overlay", "350824", None) in orders() and ("overlay", "350623", None) not in orders()


def test_what_binds_everybody_is_the_platforms_administrators(zhangpu: Client, platform: Client) -> None:
    with clock.at(NOW):
        assert "由管理全部单位的系统管理员装入" in zhangpu.get(PAGE).content.decode()
        assert zhangpu.post(PAGE, NEXT).status_code == 422
        assert 2027 not in {n.year for n in queries.notices()}
        assert zhangpu.post("/desk/admin/clocks/XK-BZ", {"do": "preview", "limit": "4wd"}).status_code == 403
        wrong = platform.post(PAGE, {**NEXT, "days": "2027-01-01 元旦\n二月三日 春节 休"})
        assert wrong.status_code == 422 and "第 1 行" in wrong.content.decode() and "第 2 行" in wrong.content.decode()
        assert platform.post(PAGE, NEXT).status_code == 302
    assert 2027 in {n.year for n in queries.notices()}


def test_a_county_chooses_among_its_own_and_the_platform_types_a_code(zhangpu: Client, platform: Client) -> None:
    with clock.at(NOW):
        own = re.findall(r'<option value="(\d+)"', region_field(zhangpu))
        assert "350623" in own and "350623108" in own and all(code.startswith("350623") for code in own)
        assert "<input" in region_field(platform) and "<option" not in region_field(platform)
        for region in ("350623108", "3506", "35"):
            assert platform.post(PAGE, {**STORM, "region": region}).status_code == 302, region
            assert ("overlay", region, None) in orders()
        for region in ("", "350699", "3506230000000"):
            refused = platform.post(PAGE, {**STORM, "region": region})
            assert refused.status_code == 422 and 'id="f-region-fault"' in refused.content.decode(), region
        assert zhangpu.post(PAGE, {**STORM, "region": "3506230000000"}).status_code == 422


def test_an_administrator_of_one_unit_is_told_who_orders_for_regions(sign_in) -> None:
    unit = org.unit_named("漳浦县自然资源局").id
    staff = org.staff_of([unit])[0].id
    by, since = Actor.system("test"), NOW - timedelta(days=1)
    org_actions.grant_role(org_actions.NewGrant(staff, "admin", unit=unit), by=by, now=since)
    with clock.at(NOW):
        page = sign_in(Account.objects.get(pk=staff).username).get(PAGE).content.decode()
    assert "地区安排由管理该地区的系统管理员登记" in page and 'name="region"' not in page
    assert f'name="unit" value="{unit}"' in page  # its own hours


def region_field(browser: Client) -> str:
    page = browser.get(PAGE).content.decode().partition('<label for="f-region"')[2]
    return page.partition('<label for="f-first"')[0]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"hours": "8:00-12:00"}, "hours"),
        ({"hours": ",".join(f"{n:02}:00-{n:02}:30" for n in range(10))}, "hours"),
        ({"reason": "风" * 101}, "reason"),
        ({"document": "号" * 101}, "document"),
        ({"last": "2027-07-23"}, "last"),
        ({"last": "9999-12-31"}, "last"),
        ({**NEXT, "paper": "网" * 501}, "paper"),
        ({"do": "hours", "region": "", "hours": ",".join(f"{n:02}:00-{n:02}:30" for n in range(10))}, "hours-hours"),
        ({"do": "hours", "region": "", "hours": "09:00-12:00", "rest_hours": ",".join(f"{n:02}:00-{n:02}:30" for n in range(10))},
         "hours-rest_hours"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused_at_its_field_and_nothing_is_in_force(
    platform: Client, changes: dict[str, str], field: str
) -> None:
    """An order with hours that are none would stop every clock of its region."""
    before, unit = orders(), org.unit_named("漳浦县自然资源局").id
    with clock.at(NOW):
        refused = platform.post(PAGE, {**STORM, "region": "350623", "unit": str(unit), **changes})
    assert refused.status_code == 422 and f'id="f-{field}-fault"' in refused.content.decode()
    assert orders() == before
    assert queries.calendar_for("350623", None, NOW)


def at_work(calendar: Calendar, moment: datetime) -> bool:
    """Whether the second that begins then is one of working hours."""
    return calendar.elapsed(moment, moment + timedelta(seconds=1), "wh") == 1


def test_summer_hours_of_a_whole_county_move_its_closing_time_in_summer_alone(zhangpu: Client) -> None:
    summer = {"do": "hours", "region": "350623", "hours": "08:00-12:00,15:00-18:00", "season": "06-01 至 09-30"}
    with clock.at(NOW):
        assert zhangpu.post(PAGE, {**summer, "valid_from": "2026-07-01", "valid_to": "2028-12-31"}).status_code == 302
        page = zhangpu.get(PAGE).content.decode()
        english = zhangpu.get(PAGE, headers={"accept-language": "en"}).content.decode()
    assert (
        "06-01 to 09-30 of each year, 2026-07-01 to 2028-12-31" in english and "Withdraw: 漳州市漳浦县 Open" in english
    )
    assert "漳州市漳浦县" in page and "每年 06-01 至 09-30，2026-07-01 至 2028-12-31" in page
    zhangpu_town, others = (queries.calendar_for(region, None, NOW) for region in ("350623108", "350824"))
    half_past_five = datetime(2026, 7, 21, 17, 45, tzinfo=clock.ZONE)
    assert at_work(zhangpu_town, half_past_five) and not at_work(others, half_past_five)
    assert not at_work(zhangpu_town, half_past_five.replace(month=10, day=20))
    assert not at_work(zhangpu_town, half_past_five.replace(month=6, day=23))  # not yet in force


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"season": "夏天"}, "season"),
        ({"season": "06-01"}, "season"),
        ({"season": "06-01 至 13-01"}, "season"),
        ({"unit": "1"}, "unit"),
        ({"region": ""}, "unit"),
        ({"region": "350699"}, "region"),
        ({"valid_from": "2026-08-01", "valid_to": "2026-07-31"}, "valid_to"),
        ({"valid_from": "明天"}, "valid_from"),
        ({"rest_hours": "上午"}, "rest_hours"),
    ],
)
def test_hours_that_hold_nowhere_or_never_are_refused_at_their_field(
    platform: Client, changes: dict[str, str], field: str
) -> None:
    before = orders()
    with clock.at(NOW):
        asked = {"do": "hours", "region": "350623", "hours": "08:00-12:00,15:00-18:00", **changes}
        refused = platform.post(PAGE, asked)
    assert refused.status_code == 422 and f'id="f-hours-{field}-fault"' in refused.content.decode()
    assert orders() == before


def test_an_order_takes_a_region_by_name(platform: Client) -> None:
    with clock.at(NOW):
        assert platform.post(PAGE, {**STORM, "region": "漳浦县"}).status_code == 302
        several = platform.post(PAGE, {**STORM, "region": "城关"})
    assert [o.region for o in queries.orders()] == ["350623"]
    assert several.status_code == 422 and 'id="f-region-fault"' in several.content.decode()


def test_every_fault_of_a_form_is_told_at_once(platform: Client) -> None:
    wrong = {"do": "hours", "region": "", "hours": "整天", "season": "夏天", "valid_to": "31 号"}
    page = platform.post(PAGE, wrong).content.decode()
    assert all(f'id="f-hours-{field}-fault"' in page for field in ("unit", "hours", "season", "valid_to"))
    page = platform.post(
        PAGE, {**STORM, "region": "350699", "first": "", "hours": "整天", "reason": "", "document": " "}
    ).content.decode()
    assert all(f'id="f-{field}-fault"' in page for field in ("region", "first", "hours", "reason", "document"))
    assert "请填写地区代码" in platform.post(PAGE, {**STORM, "region": ""}).content.decode()
    blanks = {
        "do": "hours",
        "region": "350623",
        "hours": "08:00-12:00",
        "rest_hours": " ",
        "season": " ",
        "valid_to": "",
    }
    with clock.at(NOW):
        assert platform.post(PAGE, blanks).status_code == 302  # blanks are nothing
        assert platform.post(PAGE, {**STORM, "region": "350623", "hours": " "}).status_code == 302


def test_hours_are_recorded_with_their_season_and_their_period(platform: Client) -> None:
    summer = {"do": "hours", "region": "350623", "hours": "08:00-12:00,15:00-18:00", "season": "06-01 至 09-30"}
    with clock.at(NOW):
        platform.post(PAGE, {**summer, "valid_from": "2026-07-01", "rest_hours": "09:00-12:00"})
        platform.post(PAGE, {"do": "back", "table": "opening", "row": queries.orders()[0].id})
    whole = "08:00-12:00,15:00-18:00 (06-01/09-30; 2026-07-01/..; +09:00-12:00)"
    kept, back = ledger.history("clocks/calendar")[-2:]
    assert (kept.facts["hours"], back.facts["what"]) == (whole, whole)


def test_the_longest_order_is_kept(platform: Client) -> None:
    with clock.at(NOW):
        longest = {**STORM, "region": "350623", "reason": "风" * 100, "document": "号" * 100, "last": "2027-07-22"}
        assert platform.post(PAGE, longest).status_code == 302
    assert orders()[0] == ("overlay", "350623", None)
