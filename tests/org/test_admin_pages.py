"""Administrators' pages: what they do is done by the room's actions, what is not theirs does not exist."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from mashang.kernel import clock
from mashang.kernel.actor import Actor, Grant
from mashang.kernel.refused import Forbidden, Refused
from mashang.ledger.queries import history
from mashang.org import actions, queries
from mashang.org.models import Account, ApiClient, GrantRow
from mashang.performance import actions as performance
from mashang.performance.seeds import SHIPPED
from mashang.site import procedures

from .builders import DAY, SYSTEM, actor, grant, make_region, make_staff, make_unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client: Client, settings: Any) -> Client:
    settings.MASHANG_MFA = False
    staff = make_staff(make_unit("武平县人民政府", kind="government"), "管理员")
    grant(staff, "admin")
    client.force_login(Account.objects.get(pk=staff), "allauth.account.auth_backends.AuthenticationBackend")
    return client


def press(browser: Client, path: str, do: str, **data: Any) -> Any:
    return browser.post(path, {"do": do, **data})


def test_a_unit_is_opened_staffed_and_given_rights_on_the_pages(admin: Client) -> None:
    form = {"name": "武平县林业局", "short_name": "林业局", "kind": "department", "region": "350824"}
    assert press(admin, reverse("admin:units"), "open", **form).status_code == 302
    unit = queries.unit_named("武平县林业局").id
    page = reverse("admin:unit", args=[unit])
    assert press(admin, page, "appoint", person="林木", username="linmu", phone="13800001111").status_code == 302
    (member,) = queries.staff_of([unit])
    assert member.phone == "138****1111"
    press(admin, page, "post", title="采伐审批岗", duties="审查采伐申请", holder=member.id)
    assert queries.posts_of([unit])[0].holder == member
    of_staff = reverse("admin:staff", args=[member.id])
    assert press(admin, of_staff, "grant", role="handler", unit=unit).status_code == 302
    assert queries.may(actor(member.id, clock.now()), "approvals.review", units=[unit], region="350824", kind="x")
    shown = admin.get(of_staff).content.decode()
    assert "承办人" in shown and "“武平县林业局”" in shown and "授予林木“承办人”角色。" in shown
    press(admin, of_staff, "revoke", grant=GrantRow.objects.get(staff_id=member.id).id)
    assert not queries.holds(actor(member.id, clock.now()), "approvals.review")


@pytest.fixture
def places() -> None:
    """Two counties, each with a town of the same name, and one that is no longer."""
    make_region("35", "福建省", "province")
    for city, name, county, called in (("3508", "龙岩市", "350824", "武平县"), ("3506", "漳州市", "350623", "漳浦县")):
        make_region(city, name, "city", "35")
        make_region(county, called, "county", city)
        make_region(f"{county}105", "桃溪镇", "township", county)
    make_region("350824106", "十方镇", "township", "350824")


def offered(admin: Client, words: str) -> dict[str, str]:
    """What a field offers for what is typed: name by code."""
    page = admin.get(reverse("admin:find_division"), {"region": words})
    assert page.status_code == 200
    return dict(re.findall(r'<option value="(\w+)">([^<]+)</option>', page.content.decode()))


@pytest.mark.usefixtures("places")
def test_a_field_for_a_region_offers_what_fits(admin: Client) -> None:
    assert offered(admin, "桃溪镇") == {"350824105": "龙岩市武平县桃溪镇", "350623105": "漳州市漳浦县桃溪镇"}
    assert offered(admin, "武平县桃溪镇") == {"350824105": "龙岩市武平县桃溪镇"}
    assert offered(admin, "漳浦县桃") == {"350623105": "漳州市漳浦县桃溪镇"}
    assert offered(admin, "十方") == {"350824106": "龙岩市武平县十方镇"}
    assert list(offered(admin, "350824")) == ["350824"] and "350824105" in offered(admin, "35082")
    assert set(offered(admin, "")) == {"3508", "3506"} and offered(admin, "没有<这里>") == {}
    form = admin.get(reverse("admin:units")).content.decode()
    assert f'hx-get="{reverse("admin:find_division")}"' in form and "<datalist" in form


@pytest.mark.usefixtures("places")
@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("武平县", "350824"),
        ("十方", "350824106"),
        ("漳浦县桃溪镇", "350623105"),
        ("3508", "3508"),
        (" 350824 ", "350824"),
        ("", ""),
    ],
)
def test_a_right_and_a_token_take_a_region_by_name_or_code(admin: Client, typed: str, kept: str) -> None:
    member = make_staff(make_unit("武平县水利局"))
    page = reverse("admin:staff", args=[member])
    assert press(admin, page, "grant", role="inspector", region=typed).status_code == 302
    assert GrantRow.objects.get(staff_id=member).region == kept
    admitted = press(
        admin, reverse("admin:clients"), "admit", name="甲系统", scopes=["cases:read"], region=typed, per_minute="60"
    )
    assert admitted.status_code in (200, 302) and ApiClient.objects.get(name="甲系统").region == kept


@pytest.mark.usefixtures("places")
def test_a_name_that_fits_none_or_several_is_told_with_those_to_choose_from(admin: Client) -> None:
    member = make_staff(make_unit("武平县水利局"))
    page = reverse("admin:staff", args=[member])
    for typed, told in (("桃溪镇", ("不止一处", "龙岩市武平县桃溪镇（350824105）", "漳州市漳浦县桃溪镇（350623105）")),
                        ("乌有镇", ("没有查到叫“乌有镇”的行政区划",))):  # fmt: skip
        answer = press(admin, page, "grant", role="inspector", region=typed)
        text = answer.content.decode()
        assert answer.status_code == 422 and all(words in text for words in told)
        assert f'value="{typed}"' in text and 'id="f-region-fault"' in text
    assert not GrantRow.objects.filter(staff_id=member).exists()


def test_a_unit_is_put_into_a_class_that_a_scheme_knows(admin: Client) -> None:
    scheme = SHIPPED.read_text("utf-8")
    office = Actor("staff", 7, 7, "效能办", 0, (Grant("office"),))
    written = performance.write_scheme(scheme, "350824", by=office, now=clock.now())
    performance.freeze_scheme(written, by=office, now=clock.now())
    form = {"name": "武平县林业局", "short_name": "林业局", "kind": "department", "region": "350824"}
    assert "县直部门" in admin.get(reverse("admin:units")).content.decode()
    press(admin, reverse("admin:units"), "open", **form, scheme_class="department")
    known = queries.unit_named("武平县林业局")
    assert known.scheme_class == "department"
    page = reverse("admin:unit", args=[known.id])
    assert press(admin, page, "classify", scheme_class="").status_code == 302
    assert queries.unit(known.id).scheme_class == ""
    assert press(admin, page, "classify", scheme_class="长" * 41).status_code == 422
    press(admin, page, "classify", scheme_class="township")
    shown = admin.get(page).content.decode()
    assert queries.unit(known.id).scheme_class == "township" and "“武平县林业局”不再单独考评。" in shown


def test_faults_come_back_all_at_once_with_what_was_typed(admin: Client) -> None:
    answer = press(
        admin, reverse("admin:units"), "open", name="", short_name="林业局", kind="circus", credit_code="123"
    )
    text = answer.content.decode()
    assert answer.status_code == 422 and 'value="林业局"' in text
    assert all(fault in text for fault in ("请填写单位全称", "请选择单位类型", "信用代码不正确"))


def test_nobody_grants_themselves_and_the_last_administrator_stays(admin: Client) -> None:
    me = Account.objects.get(staff__name="管理员").pk
    answer = press(admin, reverse("admin:staff", args=[me]), "grant", role="auditor")
    assert answer.status_code == 422 and "不能给自己授权" in answer.content.decode()
    answer = press(admin, reverse("admin:staff", args=[me]), "revoke", grant=GrantRow.objects.get(staff_id=me).id)
    assert "最后一位系统管理员" in answer.content.decode()


def test_a_role_that_begins_later_can_be_taken_back_before(admin: Client) -> None:
    staff = make_staff(make_unit())
    page, begins = reverse("admin:staff", args=[staff]), (clock.now() + 9 * DAY).date()
    assert press(admin, page, "grant", role="inspector", starts_at=begins.isoformat()).status_code == 302
    held = GrantRow.objects.get(staff_id=staff).pk
    assert 'value="revoke"' in admin.get(page).content.decode()
    assert press(admin, page, "revoke", grant=held).status_code == 302
    shown = admin.get(page).content.decode()
    assert 'value="revoke"' not in shown and "已结束" in shown
    assert press(admin, page, "revoke", grant=held).status_code == 404, "once is enough, also before its first day"


def test_a_token_stands_on_the_page_once_and_opens_what_it_says_until_taken_back(admin: Client) -> None:
    page = reverse("admin:clients")
    shown = press(admin, page, "admit", name="省政务网", scopes=["cases:read"], per_minute=60).content.decode()
    token = re.search(r"ms_[\w-]{40,}", shown)[0]  # type: ignore[index]
    assert token not in admin.get(page).content.decode()
    row = ApiClient.objects.get()
    assert token.encode() not in bytes(row.token_blind) and token[:9] == row.token_head
    known = queries.client_for(token, clock.now())
    assert known is not None and known.per_minute == 60 and known.actor.ref == f"client:{row.pk}"
    assert queries.holds(known.actor, "cases.view") and not queries.holds(known.actor, "cases.act")
    assert 'value="revoke"' not in admin.get(page).content.decode()
    asked = admin.get(page, {"revoke": row.pk}).content.decode()
    assert "收回“省政务网”的令牌？" in asked and 'value="revoke"' in asked
    assert queries.client_for(token, clock.now()) is not None
    press(admin, page, "revoke", client=row.pk)
    assert 'value="revoke"' not in admin.get(page, {"revoke": row.pk}).content.decode()
    assert queries.client_for(token, clock.now()) is None
    assert queries.client_for("ms_guess", clock.now()) is None


def test_the_last_administrator_cannot_be_let_go_either(admin: Client) -> None:
    me = Account.objects.get(staff__name="管理员").pk
    page = reverse("admin:staff", args=[me])
    assert "最后一位系统管理员" in press(admin, page, "leave").content.decode()
    grant(make_staff(make_unit(), "另一位"), "admin")
    assert press(admin, page, "leave").status_code == 302
    assert not Account.objects.get(pk=me).is_active


def test_the_last_administrator_is_not_moved_away_from_the_unit_that_the_role_is_bound_to() -> None:
    unit = make_unit()
    held = grant(staff := make_staff(unit), "admin", unit=unit)
    with pytest.raises(Refused, match="最后一位系统管理员"):
        actions.transfer(staff, make_unit(), by=SYSTEM, now=clock.now())
    assert GrantRow.objects.get(pk=held).ends_at is None and queries.staff_member(staff).unit == unit


def test_someone_is_moved_with_the_account_and_without_the_old_units_powers(admin: Client) -> None:
    old, new, closed = make_unit("林业局"), make_unit("农业农村局"), make_unit("园林局")
    staff, mate = make_staff(old), make_staff(old)
    bound, wide = grant(staff, "handler", unit=old), grant(staff, "inspector", region="350824")
    actions.open_post(actions.NewPost(old, "审批岗", "审查", holder=staff, stand_in=mate), by=SYSTEM, now=clock.now())
    actions.close_unit(closed, by=SYSTEM, now=clock.now())
    page = reverse("admin:staff", args=[staff])
    assert "已经在该单位" in press(admin, page, "transfer", to=old).content.decode()
    assert "这个单位已撤销" in press(admin, page, "transfer", to=closed).content.decode()
    assert press(admin, page, "transfer", to=new).status_code == 302
    assert queries.staff_member(staff).unit == new and Account.objects.get(pk=staff).is_active
    running = {row.pk for row in GrantRow.objects.filter(staff_id=staff, ends_at=None)}
    assert running == {wide} and bound not in running
    (post,) = queries.posts_of([old])
    assert (post.holder, post.stand_in.id if post.stand_in else None) == (None, mate)
    assert "由“林业局”调到“农业农村局”" in admin.get(page).content.decode()


def test_a_name_and_a_phone_are_corrected_and_the_phone_stays_sealed(admin: Client) -> None:
    staff = make_staff(make_unit(), "张叁")
    page = reverse("admin:staff", args=[staff])
    wrong = press(admin, page, "revise", name=" ", phone="12345").content.decode()
    assert 'id="f-name-fault"' in wrong and 'id="f-phone-fault"' in wrong
    assert "都没有变化" in press(admin, page, "revise", name="张叁", phone="").content.decode()
    assert press(admin, page, "revise", name="张三", phone="13800005678").status_code == 302
    known = queries.staff_member(staff)
    assert (known.name, known.phone) == ("张三", "138****5678")
    assert press(admin, page, "revise", name="张三丰", phone="").status_code == 302
    assert queries.staff_member(staff).phone == "138****5678"
    shown = admin.get(page).content.decode()
    assert "“张叁”的姓名改为“张三”。" in shown and "张三丰的手机号已更换。" in shown and "13800005678" not in shown
    assert [e.verb for e in history(f"org/staff:{staff}")][-3:] == [
        "staff.renamed",
        "staff.phone_changed",
        "staff.renamed",
    ]
    assert "13800005678" not in str([e.facts for e in history(f"org/staff:{staff}")])
    actions.let_go(staff, by=SYSTEM, now=clock.now())
    with pytest.raises(Refused, match="已经办理离岗"):
        actions.revise_staff(staff, "张四", "", by=SYSTEM, now=clock.now())


def test_a_unit_is_renamed_and_moved_but_not_below_itself(admin: Client) -> None:
    top, bureau = make_unit("武平县委"), make_unit("林业局")
    office = make_unit("林业站", parent=bureau)
    page = reverse("admin:unit", args=[bureau])
    again = press(admin, page, "revise", name="武平县委", short_name="", parent=office).content.decode()
    assert all(fault in again for fault in ("已有同名的单位", "请填写简称", "不能划转到自己或自己的下属单位"))
    assert press(admin, page, "revise", name="武平县林草局", short_name="林草局", parent=top).status_code == 302
    moved = queries.unit(bureau)
    assert (moved.name, moved.short_name, moved.parent) == ("武平县林草局", "林草局", top)
    assert office in queries.units_under(top)
    assert "“林业局”改名或划转，现名“武平县林草局”。" in admin.get(page).content.decode()


def test_renaming_keeps_a_superior_that_lies_beyond_ones_own_scope(client: Client, settings: Any) -> None:
    settings.MASHANG_MFA = False
    city = make_unit("龙岩市人民政府", region="3508")
    county = make_unit("武平县人民政府", parent=city)
    grant(staff := make_staff(county), "admin", region="350824")
    client.force_login(Account.objects.get(pk=staff), "allauth.account.auth_backends.AuthenticationBackend")
    page = reverse("admin:unit", args=[county])
    assert re.search(rf'value="{city}" (selected|checked)', client.get(page).content.decode())
    form = {"name": "武平县人民政府", "short_name": "县政府"}
    assert press(client, page, "revise", **form, parent=city).status_code == 302
    assert queries.unit(county).parent == city and queries.unit(county).short_name == "县政府"
    other = make_unit("漳州市人民政府", region="3506")
    assert press(client, page, "revise", **form, parent=other).status_code == 422  # below a stranger it may not go
    assert queries.unit(county).parent == city


def test_an_administrator_of_one_county_does_not_find_the_units_of_another(client: Client, settings: Any) -> None:
    settings.MASHANG_MFA = False
    here, there = make_unit(region="350824"), make_unit(region="350623")
    staff, stranger = make_staff(here), make_staff(there, "外县人")
    grant(staff, "admin", region="350824")
    client.force_login(Account.objects.get(pk=staff), "allauth.account.auth_backends.AuthenticationBackend")
    listed = client.get(reverse("admin:units")).content.decode()
    assert queries.unit(here).name in listed and queries.unit(there).name not in listed
    for path in (reverse("admin:unit", args=[there]), reverse("admin:staff", args=[stranger])):
        assert client.get(path).status_code == 404
        assert press(client, path, "leave").status_code == 404
    answer = press(client, reverse("admin:staff", args=[make_staff(here)]), "grant", role="handler")  # every region
    assert answer.status_code == 422 and "超出了您自己的管理范围" in answer.content.decode()
    with pytest.raises(Forbidden):
        actions.close_unit(there, by=actor(staff), now=clock.now())


def test_an_administrator_of_one_county_admits_systems_and_opens_units_there(client: Client, settings: Any) -> None:
    settings.MASHANG_MFA = False
    here, there = make_unit(region="350824"), make_unit(region="350623")
    staff = make_staff(here)
    grant(staff, "admin", region="350824")
    client.force_login(Account.objects.get(pk=staff), "allauth.account.auth_backends.AuthenticationBackend")
    page = reverse("admin:clients")
    system = {"name": "县政务网", "scopes": ["cases:read"], "per_minute": 60}
    shown = press(client, page, "admit", **system, unit=here)
    assert shown.status_code == 200 and "ms_" in shown.content.decode()
    row = ApiClient.objects.get()
    assert "县政务网" in client.get(page).content.decode()
    press(client, page, "revoke", client=row.pk)
    row.refresh_from_db()
    assert row.revoked_at is not None
    for beyond in ({}, {"unit": there}, {"region": "350623"}):
        answer = press(client, page, "admit", **system, **beyond)
        assert answer.status_code == 422 and "超出了您自己的管理范围" in answer.content.decode(), beyond
    assert ApiClient.objects.count() == 1
    office = {"name": "武平县试验局", "short_name": "试验局", "kind": "department"}
    answer = press(client, reverse("admin:units"), "open", **office, region="")
    assert answer.status_code == 422 and "请填写单位所在的地区" in answer.content.decode()
    assert "武平县试验局" in answer.content.decode(), "what was typed stays"


def test_an_unknown_region_is_told_at_its_field(admin: Client) -> None:
    office = {"name": "试验局", "short_name": "试验局", "kind": "department", "region": "没有这个地方"}
    answer = press(admin, reverse("admin:units"), "open", **office)
    assert answer.status_code == 422 and 'value="试验局"' in answer.content.decode()


PAGES = ["admin:units", "admin:absences", "admin:clients", "admin:why"]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("role", ["clerk", "handler", "leader", "catalogue_editor"])
def test_the_pages_are_shut_to_other_roles(client: Client, settings: Any, name: str, role: str) -> None:
    settings.MASHANG_MFA = False
    assert client.get(reverse(name)).status_code == 302  # signed out: to the sign-in page
    staff = make_staff(make_unit())
    grant(staff, role)
    client.force_login(Account.objects.get(pk=staff), "allauth.account.auth_backends.AuthenticationBackend")
    answer = client.get(reverse(name))
    assert answer.status_code == 403 and "您没有打开这个页面的权限" in answer.content.decode()


@pytest.mark.parametrize("name", [*PAGES, "admin:rights"])
def test_every_page_is_drawn(admin: Client, name: str) -> None:
    unit = make_unit()
    a, b = make_staff(unit, "甲"), make_staff(unit, "乙")
    now = clock.now()
    actions.register_absence(actions.NewAbsence(a, now, now + DAY, "出差", b), by=SYSTEM, now=now)
    answer = admin.get(reverse(name), headers={"Accept-Language": "en"})
    assert answer.status_code == 200


def test_an_absence_is_registered_and_ended_on_the_page(admin: Client) -> None:
    unit = make_unit()
    a, b = make_staff(unit, "甲"), make_staff(unit, "乙")
    now, page = clock.now(), reverse("admin:absences")
    form = {"staff": a, "stand_in": b, "starts_at": now.date(), "ends_at": now.date(), "reason": "出差"}
    assert press(admin, page, "register", **form).status_code == 302
    assert queries.stand_in(a, clock.now()) == b
    assert "甲" in admin.get(page).content.decode()
    assert press(admin, page, "register", **{**form, "starts_at": "then"}).status_code == 422
    (absence,) = queries.absences_from(clock.now())
    press(admin, page, "end", absence=absence.id)
    assert queries.absences_from(clock.now()) == []


def test_a_form_without_its_choice_comes_back_with_what_was_typed(admin: Client) -> None:
    make_staff(make_unit(), "甲")
    page, now = reverse("admin:absences"), clock.now()
    answer = press(admin, page, "register", starts_at=now.date(), ends_at=now.date(), reason="外出培训")
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert "请先选择。" in shown and "外出培训" in shown


def test_an_end_is_shown_as_the_day_that_was_typed(admin: Client) -> None:
    unit = make_unit()
    a, b = make_staff(unit, "甲"), make_staff(unit, "乙")
    page = reverse("admin:absences")
    with clock.at("2026-03-02 09:00"):
        form = {"staff": a, "stand_in": b, "starts_at": "2026-03-03", "ends_at": "2026-03-05", "reason": "出差"}
        assert press(admin, page, "register", **form).status_code == 302
        shown = admin.get(page).content.decode()
    assert "<td>03-05</td>" in shown and "03-06" not in shown


def test_a_role_is_granted_over_kinds_that_there_are(admin: Client) -> None:
    procedures.load()
    staff = make_staff(make_unit(), "甲")
    page = reverse("admin:staff", args=[staff])
    wrong = press(admin, page, "grant", role="inspector", kinds="乱写的类别")
    assert wrong.status_code == 422 and "没有“乱写的类别”这一类办件" in wrong.content.decode()
    assert press(admin, page, "grant", role="inspector", kinds="办件、supervision").status_code == 302
    assert GrantRow.objects.get(staff=staff).kinds == "application,supervision"


def test_a_short_password_is_refused_in_the_readers_language_and_not_written_back(admin: Client) -> None:
    staff = make_staff(make_unit(), "甲")
    answer = press(admin, reverse("admin:staff", args=[staff]), "password", password="Kurz-7x")
    shown = answer.content.decode()
    assert answer.status_code == 422 and "密码至少 10 位。" in shown
    assert "too short" not in shown and "Kurz-7x" not in shown


def test_a_calling_system_is_listed_with_what_it_may_and_how_far_it_reaches(admin: Client) -> None:
    unit = make_unit("热线办")
    form = actions.NewClient("12345热线", frozenset({"cases:read"}), unit, per_minute=60)
    actions.make_token(form, by=SYSTEM, now=clock.now())
    shown = admin.get(reverse("admin:clients")).content.decode()
    assert "接口：查询办件" in shown and "热线办" in shown and "cases:read</td>" not in shown
